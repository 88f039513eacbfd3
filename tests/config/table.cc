// A parser with one option of every type, for the golden files. Pipeline thread.
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

class Table : public Parser {
 public:
  struct Config {
    std::string tag;
    bool strict = false;
    int64_t count = 5;
    int64_t any_number = -1;
    double ratio = 0.5;
    Microseconds wait{std::chrono::seconds(10)};
    Microseconds any_wait{0};
    Bytes limit{1 << 20};
    Bytes any_size;
    Secret password;
    SocketAddress listen{"127.0.0.1", 2514};
    std::vector<std::string> hosts;
    std::string mode = "fast";
  };
  static std::span<const Option> options() {
    using C = Config;
    static const Option table[] = {
        required(option("tag", &C::tag, "program whose lines are read")),
        option("strict", &C::strict, "refuse what is odd"),
        option("count", &C::count, 1, 10, "a number with a range"),
        option("any_number", &C::any_number, "a number without one"),
        option("ratio", &C::ratio, 0.0, 1.0, "a part of a whole"),
        option("wait", &C::wait, std::chrono::seconds(1), std::chrono::hours(1), "a duration with a range"),
        option("any_wait", &C::any_wait, "a duration without one"),
        option("limit", &C::limit, 1024, 1 << 30, "a size with a range"),
        option("any_size", &C::any_size, "a size without one"),
        option("password", &C::password, "a secret"),
        option("listen", &C::listen, "an address"),
        option("hosts", &C::hosts, "a list"),
        one_of("mode", &C::mode, {"fast", "safe"}, "a choice"),
    };
    return table;
  }
  static void check(const Config& config, const Node& n, ConfigErrors& errors) {
    if (config.strict && config.mode == "fast") errors.add(n, "strict needs mode safe");
  }

  explicit Table(const Config& config) : tags_{config.tag} {}
  std::span<const std::string> tags() const noexcept override { return tags_; }
  Parsed parse(const LogLine&, Fact&) noexcept override { return Parsed::unknown; }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Table, "table", "every type of option");
