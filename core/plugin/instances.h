// Which plugins a configuration wants, loaded and made. Main thread, before any other thread runs; the daemon
// makes them a second time on SIGHUP, to see whether a changed file is right.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/parse/host_rules.h"
#include "core/parse/router.h"
#include "core/plugin/plugin.h"

namespace date {
class time_zone;
}

namespace mailtrace {

using PluginInstances = std::vector<std::pair<PluginEntry, const PluginInfo*>>;

// The entries of that kind, in file order.
const std::vector<PluginEntry>& entries_of(const Config& config, PluginKind kind);
// Loads the plugin of each entry. What cannot be loaded is reported at its place in the file and left out.
PluginInstances load_instances(const Config& config, PluginKind kind, ConfigErrors& errors);
// An error of a plugin that was made (bad address, file that cannot be read) at its place in the file.
void add_instance_error(const PluginEntry& entry, const std::string& text, ConfigErrors& errors);

template <class Kind>
struct NamedPlugin {
  std::string name;  // as configured: "relp", "tcp/lan"
  std::unique_ptr<Kind> plugin;
};

// Makes the plugins of one kind. One that has errors is left out and the others are made all the same, so
// that the admin sees all mistakes at once: use them only if `errors` is empty.
std::vector<std::unique_ptr<Parser>> make_parsers(const Config& config, ConfigErrors& errors);
// `only`: the one of that name, unless it is empty.
std::vector<NamedPlugin<Sink>> make_sinks(const Config& config, ConfigErrors& errors,
                                          std::string_view only = {});
std::unique_ptr<Cache> make_cache(const Config& config, ConfigErrors& errors);
std::vector<NamedPlugin<Input>> make_inputs(const Config& config, uv_loop_s* loop, Intake& intake,
                                            ConfigErrors& errors);
// They read from `sink`, which outlives them; null: there is none, so that they are only loaded.
std::vector<NamedPlugin<Web>> make_webs(const Config& config, Sink* sink, ConfigErrors& errors,
                                        const std::function<std::string()>& status = {});

// The zone of stamps without one; null: reported at its place in the file.
const date::time_zone* configured_zone(const Config& config, ConfigErrors& errors);
// `peers` and `host_time_zones`; zones that do not exist are reported at their place in the file.
std::shared_ptr<const HostRules> configured_hosts(const Config& config, ConfigErrors& errors);

// Everything the daemon runs, made and not started. The web plugins read from the first sink.
struct PluginSet {
  std::vector<std::unique_ptr<Parser>> parsers;
  Router router;  // to `parsers`
  const date::time_zone* zone = nullptr;
  std::shared_ptr<const HostRules> hosts;
  std::vector<NamedPlugin<Sink>> sinks;
  std::unique_ptr<Cache> cache;
  std::vector<NamedPlugin<Input>> inputs;
  std::vector<NamedPlugin<Web>> webs;
};
PluginSet make_plugins(const Config& config, uv_loop_s* loop, Intake& intake, ConfigErrors& errors,
                       const std::function<std::string()>& status = {});

// `mailtraced --check` and `mailtrace check`: reads the file and makes every plugin it names. Opens no file
// of theirs and no socket. True: `errors` is empty.
bool check_configuration(const std::string& file, ConfigErrors& errors);

}  // namespace mailtrace
