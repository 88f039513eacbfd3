// `mailtrace check` and `expire`: what the daemon's options do too, for people who look here
// first. Main thread.
#include <fmt/format.h>

#include "core/plugin/instances.h"
#include "core/store/expire.h"
#include "core/tool/command.h"
#include "core/tool/setup.h"

namespace mailtrace {
namespace {

int check(const Common& common) {
  ConfigErrors errors(common.config_file);
  if (!check_configuration(common.config_file, errors)) return print_errors(errors);
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
