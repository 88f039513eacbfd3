// From the configuration file to sinks, readers and parsers. Main thread.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/answer/explain.h"
#include "core/config/config.h"
#include "core/plugin/instances.h"

namespace mailtrace {

struct Common;

// Prints all errors, one a line, to stderr; the return value is exit_code::config.
int print_errors(const ConfigErrors& errors);
// "mailtrace: <text>" to stderr, and the exit code of that kind of fault.
int print_error(const Error& error);

// The configuration with the plugins of it that a subcommand needs. Nothing is opened.
class Setup {
 public:
  // Null: errors were printed.
  static std::unique_ptr<Setup> load(const Common& common);

  const Config& config() const { return *config_; }
  ConfigErrors& errors() { return errors_; }
  // False: reported in errors(). make_sinks() takes only the one of --sink if that is given.
  bool make_sinks(const std::string& only = {});
  bool make_parsers();
  std::vector<NamedPlugin<Sink>>& sinks() { return sinks_; }
  const Router& router() const { return router_; }

 private:
  explicit Setup(std::string file) : errors_(std::move(file)) {}
  ConfigErrors errors_;
  std::unique_ptr<Config> config_;
  std::vector<NamedPlugin<Sink>> sinks_;
  std::vector<std::unique_ptr<Parser>> parsers_;
  Router router_;
};

// What search, show and status read from: the first sink of the configuration, or the one of --sink.
struct Database {
  std::unique_ptr<Setup> setup;
  std::unique_ptr<Reader> reader;
  std::string description;
  int code = 0;  // not 0: why `reader` is null; already printed
};
Database open_database(const Common& common);

// Without them the answers are general, which is better than none; why is then said.
Explanations load_explanations();

}  // namespace mailtrace
