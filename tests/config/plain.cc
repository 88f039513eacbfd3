// A parser without options, for the golden files. Pipeline thread.
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

class Plain : public Parser {
 public:
  struct Config {};
  static std::span<const Option> options() { return {}; }
  explicit Plain(const Config&) {}
  std::span<const std::string> tags() const noexcept override { return tags_; }
  Parsed parse(const LogLine&, Fact&) noexcept override { return Parsed::unknown; }

 private:
  std::vector<std::string> tags_{"plain"};
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Plain, "plain", "no options at all");
