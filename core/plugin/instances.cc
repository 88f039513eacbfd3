// Loads and makes the plugins a configuration names. Main thread.
#include "core/plugin/instances.h"

#include <uv.h>

#include "core/parse/header.h"
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

namespace {

StoreContext store_context(const Config& config, const PluginEntry& entry) {
  return {.name = entry.name, .state_directory = config.core.state_directory};
}

// For inputs that are made to be checked: no line comes.
struct NoIntake final : Intake {
  bool submit(std::span<const RawLine>, Durable) noexcept override { return false; }
};

}  // namespace

std::vector<std::unique_ptr<Parser>> make_parsers(const Config& config, ConfigErrors& errors) {
  std::vector<std::unique_ptr<Parser>> out;
  for (auto& [entry, info] : load_instances(config, PluginKind::parser, errors))
    if (auto made = info->make_parser(*entry.node, errors)) out.push_back(std::move(made));
  return out;
}

std::vector<NamedPlugin<Sink>> make_sinks(const Config& config, ConfigErrors& errors, std::string_view only) {
  std::vector<NamedPlugin<Sink>> out;
  for (auto& [entry, info] : load_instances(config, PluginKind::sink, errors)) {
    if (!only.empty() && entry.name != only) continue;
    if (auto made = info->make_sink(*entry.node, errors, store_context(config, entry)))
      out.push_back({entry.name, std::move(made)});
  }
  return out;
}

std::unique_ptr<Cache> make_cache(const Config& config, ConfigErrors& errors) {
  std::unique_ptr<Cache> out;
  auto caches = load_instances(config, PluginKind::cache, errors);
  if (caches.size() > 1)
    add_instance_error(caches[1].first, "only one cache can be used; remove all but one", errors);
  for (auto& [entry, info] : caches)
    out = info->make_cache(*entry.node, errors, store_context(config, entry));
  return out;
}

std::vector<NamedPlugin<Input>> make_inputs(const Config& config, uv_loop_s* loop, Intake& intake,
                                            ConfigErrors& errors) {
  std::vector<NamedPlugin<Input>> out;
  for (auto& [entry, info] : load_instances(config, PluginKind::input, errors)) {
    InputContext context{
        .name = entry.name, .loop = loop, .intake = &intake, .state_directory = config.core.state_directory};
    if (auto made = info->make_input(*entry.node, errors, context))
      out.push_back({entry.name, std::move(made)});
  }
  return out;
}

std::vector<NamedPlugin<Web>> make_webs(const Config& config, Sink* sink, ConfigErrors& errors,
                                        const std::function<std::string()>& status) {
  std::vector<NamedPlugin<Web>> out;
  for (auto& [entry, info] : load_instances(config, PluginKind::web, errors)) {
    if (!sink) continue;
    WebContext context{
        .name = entry.name, .sink = sink, .state_directory = config.core.state_directory, .status = status};
    if (auto made = info->make_web(*entry.node, errors, context))
      out.push_back({entry.name, std::move(made)});
  }
  return out;
}

const date::time_zone* configured_zone(const Config& config, ConfigErrors& errors) {
  auto zone = find_zone(config.core.time_zone);
  if (zone) return *zone;
  const Node* at = config.root.find("time_zone");
  errors.add(at ? *at : config.root, zone.error().text);
  return nullptr;
}

std::shared_ptr<const HostRules> configured_hosts(const Config& config, ConfigErrors& errors) {
  auto rules = std::make_shared<HostRules>();
  for (auto& [peer, hosts] : config.core.peers.entries) rules->allow(peer, hosts);
  const Node* at = config.root.find("host_time_zones");
  for (auto& [host, zones] : config.core.host_time_zones.entries) {
    const Node* place = at ? at->find(host) : nullptr;
    if (!place) place = &config.root;
    if (zones.size() != 1) {
      errors.add(*place, "expected one zone such as Europe/Berlin");
      continue;
    }
    auto zone = zones.front().empty()
                    ? Result<const date::time_zone*>(Error{Fault::config, "must not be empty"})
                    : find_zone(zones.front());
    if (zone)
      rules->set_zone(host, *zone);
    else
      errors.add(*place, zone.error().text);
  }
  return rules;
}

PluginSet make_plugins(const Config& config, uv_loop_s* loop, Intake& intake, ConfigErrors& errors,
                       const std::function<std::string()>& status) {
  PluginSet out;
  out.parsers = make_parsers(config, errors);
  for (auto& parser : out.parsers) out.router.add(*parser);
  out.sinks = make_sinks(config, errors);
  out.cache = make_cache(config, errors);
  out.inputs = make_inputs(config, loop, intake, errors);
  out.webs = make_webs(config, out.sinks.empty() ? nullptr : out.sinks.front().plugin.get(), errors, status);
  if (!config.web.empty() && config.sinks.empty())
    errors.add(*config.root.find("web"), "expected a database in \"sinks\" to search in, found none");
  out.zone = configured_zone(config, errors);
  out.hosts = configured_hosts(config, errors);
  return out;
}

bool check_configuration(const std::string& file, ConfigErrors& errors) {
  auto config = read_config(file, errors);
  if (!config) return false;
  uv_loop_t loop;
  if (int error = uv_loop_init(&loop); error != 0) {
    errors.add(config->root, std::string("cannot make an event loop: ") + uv_strerror(error));
    return false;
  }
  NoIntake intake;
  make_plugins(*config, &loop, intake, errors);
  uv_walk(
      &loop,
      [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
      },
      nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  return errors.empty();
}

}  // namespace mailtrace
