// What the plugins of the loader test are made of. None of it is ever called, except by `good` and
// `make_fails`.
#pragma once
#include "core/plugin/plugin.h"

namespace mailtrace {

class Sample : public Parser {
 public:
  struct Config {
    std::string tag = "sample";
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("tag", &Config::tag, "program whose lines are read")};
    return table;
  }
  static void check(const Config& config, const Node& n, ConfigErrors& errors) {
    if (config.tag == "forbidden") errors.add(n, "this tag is never read");
  }
  explicit Sample(const Config& config) : tags_{config.tag} {}
  std::span<const std::string> tags() const noexcept override { return tags_; }
  Parsed parse(const LogLine&, Fact&) noexcept override { return Parsed::ignored; }

 private:
  std::vector<std::string> tags_;
};

inline constexpr auto make_sample = &make_plugin<Sample, Parser>;

}  // namespace mailtrace

// Everything but what is wrong with it.
#define ANNOUNCE(abi, build, kind, name, options, input, parser)                                           \
  extern "C" __attribute__((visibility("default"), used)) const mailtrace::PluginInfo mailtrace_plugin = { \
      abi, build, kind, name, "test of the loader", options, input, parser, nullptr, nullptr, nullptr}
