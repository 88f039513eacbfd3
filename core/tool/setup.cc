// Loading and making of plugins for the command line. Main thread.
#include "core/tool/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/base/text.h"
#include "core/plugin/instances.h"
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
      return exit_code::unavailable;
    default:
      return exit_code::broken;
  }
}

std::unique_ptr<Setup> Setup::load_with_errors(const Common& common) {
  std::unique_ptr<Setup> setup(new Setup(common.config_file));
  setup->config_ = read_config(common.config_file, setup->errors_);
  if (setup->config_) return setup;
  print_errors(setup->errors_);
  return nullptr;
}

std::unique_ptr<Setup> Setup::load(const Common& common) {
  auto setup = load_with_errors(common);
  if (!setup || setup->errors_.empty()) return setup;
  print_errors(setup->errors_);
  return nullptr;
}

StoreContext Setup::store_context(const std::string& name) const {
  return {name, config_->core.state_directory};
}

bool Setup::make_sinks(const std::string& only) {
  std::vector<std::string_view> names;
  auto instances = load_instances(*config_, PluginKind::sink, errors_);
  for (auto& [entry, info] : instances) {
    names.push_back(entry.name);
    if (!only.empty() && entry.name != only) continue;
    auto sink = info->make_sink(*entry.node, errors_, store_context(entry.name));
    if (sink) sinks_.push_back({entry.name, std::move(sink)});
  }
  if (!errors_.empty()) return false;
  if (!sinks_.empty()) return true;
  if (only.empty()) {
    errors_.add(config_->root, "sinks: expected at least one database, found none");
    return false;
  }
  auto near = closest(only, names);
  errors_.add(config_->root, fmt::format("sinks: expected one named \"{}\", found none{}", only,
                                         near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  return false;
}

bool Setup::make_parsers() {
  for (auto& [entry, info] : load_instances(*config_, PluginKind::parser, errors_)) {
    auto parser = info->make_parser(*entry.node, errors_);
    if (!parser) continue;
    router_.add(*parser);
    parsers_.push_back(std::move(parser));
  }
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
  auto& sink = *database.setup->sinks().front().sink;
  database.description = sink.describe();
  auto reader = sink.open_reader();
  if (!reader) {
    database.code = print_error(reader.error());
    return database;
  }
  database.reader = std::move(*reader);
  return database;
}

}  // namespace mailtrace
