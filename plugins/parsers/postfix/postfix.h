// PostfixParser: the plugin's one class. Pipeline thread only.
#pragma once
#include <string>
#include <vector>

#include "core/config/schema.h"
#include "core/plugin/parser.h"

namespace mailtrace {

class PostfixParser : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"postfix"};
    std::string address_format = "external";
  };
  static std::span<const Option> options();
  explicit PostfixParser(Config config);

  std::span<const std::string> tags() const noexcept override { return tags_; }
  Parsed parse(const LogLine& line, Fact& fact) noexcept override;
  std::string_view doubt(const LogLine& line) const noexcept override;

 private:
  std::vector<std::string> tags_;
  bool external_;
};

}  // namespace mailtrace
