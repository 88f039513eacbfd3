// Loads the plugins a configuration names. Main thread.
#include "core/plugin/instances.h"

#include "core/plugin/loader.h"

namespace mailtrace {

const std::vector<PluginEntry>& entries_of(const Config& config, PluginKind kind) {
  switch (kind) {
    case PluginKind::input:
      return config.inputs;
    case PluginKind::parser:
      return config.parsers;
    case PluginKind::sink:
      return config.sinks;
    case PluginKind::cache:
      return config.caches;
    case PluginKind::web:
      break;
  }
  return config.web;
}

PluginInstances load_instances(const Config& config, PluginKind kind, ConfigErrors& errors) {
  PluginInstances out;
  for (auto& entry : entries_of(config, kind)) {
    auto info = load_plugin(config.core.plugin_directory, kind, entry.plugin);
    if (info)
      out.emplace_back(entry, *info);
    else
      add_instance_error(entry, info.error().text, errors);
  }
  return out;
}

void add_instance_error(const PluginEntry& entry, const std::string& text, ConfigErrors& errors) {
  errors.add_at_key(*entry.node, text);
}

}  // namespace mailtrace
