// Loads plugins. Main thread, before any other thread runs.
#pragma once
#include <string>

#include "core/plugin/plugin.h"

namespace mailtrace {

// Opens <directory>/<kind>_<name>.so for the life of the process and checks, before any of its code runs:
// symbol, ABI number, build, kind and name. Each refusal is one sentence (Fault::config) that names file,
// found and expected. Opening the same file again is allowed.
Result<const PluginInfo*> load_plugin(const std::string& directory, PluginKind kind, const std::string& name);

// Where plugins are: $MAILTRACE_PLUGINS if set, else "mailtrace" beside the library this is linked into.
std::string plugin_directory();
// Names of all plugins of that kind in the directory, sorted; for did-you-mean and --options.
std::vector<std::string> plugin_names(const std::string& directory, PluginKind kind);

}  // namespace mailtrace
