// Loading and making of plugins for the command line. Main thread.
#include "core/tool/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/base/text.h"
#include "core/tool/command.h"

namespace mailtrace {

int print_errors(const ConfigErrors& errors) {
  for (auto& line : errors.lines()) fmt::print(stderr, "{}\n", printable(line));
  return exit_code::config;
}

int print_error(const Error& error) {
  fmt::print(stderr, "mailtrace: {}\n", printable(error.text));
  switch (error.fault) {
    case Fault::config:
    case Fault::schema:
      return exit_code::config;
    case Fault::transient:
    case Fault::slow:
      return exit_code::unavailable;
    default:
      return exit_code::broken;
  }
}

std::unique_ptr<Setup> Setup::load(const Common& common) {
  std::unique_ptr<Setup> setup(new Setup(common.config_file));
  setup->config_ = load_config(common.config_file, setup->errors_);
  if (setup->config_) return setup;
  print_errors(setup->errors_);
  return nullptr;
}

bool Setup::make_sinks(const std::string& only) {
  sinks_ = mailtrace::make_sinks(*config_, errors_, only);
  if (!errors_.empty()) return false;
  if (!sinks_.empty()) return true;
  if (only.empty()) {
    errors_.add(config_->root, "sinks: expected at least one database, found none");
    return false;
  }
  std::vector<std::string_view> names;
  for (auto& entry : config_->sinks) names.push_back(entry.name);
  auto near = closest(only, names);
  errors_.add(config_->root, fmt::format("sinks: expected one named \"{}\", found none{}", only,
                                         near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  return false;
}

bool Setup::make_parsers() {
  parsers_ = mailtrace::make_parsers(*config_, errors_);
  for (auto& parser : parsers_) router_.add(*parser);
  return errors_.empty();
}

Database open_database(const Common& common) {
  Database database;
  database.setup = Setup::load(common);
  if (!database.setup) {
    database.code = exit_code::config;
    return database;
  }
  if (!database.setup->make_sinks(common.sink)) {
    database.code = print_errors(database.setup->errors());
    return database;
  }
  auto& sink = *database.setup->sinks().front().plugin;
  database.description = sink.describe();
  auto reader = sink.open_reader();
  if (!reader) {
    database.code = print_error(reader.error());
    return database;
  }
  database.reader = std::move(*reader);
  return database;
}

Explanations load_explanations() {
  auto loaded = Explanations::load();
  if (loaded) return *loaded;
  print_error(loaded.error());
  return {};
}

}  // namespace mailtrace
