// Which plugins a configuration wants, loaded. Main thread, before any other thread runs.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/plugin/plugin.h"

namespace mailtrace {

using PluginInstances = std::vector<std::pair<PluginEntry, const PluginInfo*>>;

// The entries of that kind, in file order.
const std::vector<PluginEntry>& entries_of(const Config& config, PluginKind kind);
// Loads the plugin of each entry. What cannot be loaded is reported at its place in the file and left out.
PluginInstances load_instances(const Config& config, PluginKind kind, ConfigErrors& errors);
// An error of a plugin that was made (bad address, file that cannot be read) at its place in the file.
void add_instance_error(const PluginEntry& entry, const std::string& text, ConfigErrors& errors);

}  // namespace mailtrace
