// `mailtrace check` and `expire`: what the daemon's options do too, for people who look here
// first. Main thread.
#include <fmt/format.h>
#include <uv.h>

#include <cstdio>

#include "core/parse/header.h"
#include "core/plugin/instances.h"
#include "core/store/expire.h"
#include "core/tool/command.h"
#include "core/tool/setup.h"

namespace mailtrace {
namespace {

// Inputs are made, never started: no line comes.
struct NoIntake final : Intake {
  bool submit(std::span<const RawLine>, Durable) noexcept override { return false; }
};

void make_inputs(Setup& setup) {
  uv_loop_t loop;
  if (uv_loop_init(&loop) != 0) return;
  NoIntake intake;
  {
    std::vector<std::unique_ptr<Input>> inputs;
    for (auto& [entry, info] : load_instances(setup.config(), PluginKind::input, setup.errors()))
      inputs.push_back(
          info->make_input(*entry.node, setup.errors(),
                           InputContext{.name = entry.name,
                                        .loop = &loop,
                                        .intake = &intake,
                                        .state_directory = setup.config().core.state_directory}));
  }
  uv_walk(
      &loop,
      [](uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle)) uv_close(handle, nullptr);
      },
      nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

int check(const Common& common) {
  auto setup = Setup::load_with_errors(common);
  if (!setup) return exit_code::config;
  auto& config = setup->config();
  auto& errors = setup->errors();
  setup->make_parsers();
  if (!config.sinks.empty()) setup->make_sinks();
  for (auto& [entry, info] : load_instances(config, PluginKind::cache, errors))
    info->make_cache(*entry.node, errors, setup->store_context(entry.name));
  if (config.caches.size() > 1)
    add_instance_error(config.caches[1], "only one cache can be used; remove all but one", errors);
  make_inputs(*setup);
  for (auto& [entry, info] : load_instances(config, PluginKind::web, errors)) {
    if (setup->sinks().empty()) continue;
    info->make_web(*entry.node, errors,
                   WebContext{setup->sinks().front().sink.get(), config.core.state_directory});
  }
  auto zone = find_zone(config.core.time_zone);
  if (!zone) errors.add(config.root, "time_zone: " + zone.error().text);
  if (!errors.empty()) return print_errors(errors);
  fmt::print("{}: ok\n", common.config_file);
  return exit_code::found;
}

}  // namespace

void add_check(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("check", "Reads the configuration and prints every mistake in it");
  command->callback([&common] { common.code = check(common); });
}

void add_expire(CLI::App& app, Common& common) {
  struct Request {
    int max_age = 0;
    bool dry_run = false, force = false;
  };
  auto* command = app.add_subcommand("expire", "Removes what is older than so many days from every database");
  auto r = std::make_shared<Request>();
  command->add_option("--max-age", r->max_age, "days to keep besides today")
      ->required()
      ->check(CLI::Range(1, 36'500))
      ->type_name("DAYS");
  command->add_flag("--dry-run", r->dry_run, "only say what would go");
  command->add_flag("--force", r->force, "also when it looks like a clock jump");
  command->callback(
      [r, &common] { common.code = expire_all(common.config_file, r->max_age, r->dry_run, r->force); });
}

}  // namespace mailtrace
