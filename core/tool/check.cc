// `mailtrace check` and `expire`: what the daemon's options do too, for people who look here
// first. Main thread.
#include <fmt/format.h>

#include "core/plugin/instances.h"
#include "core/store/expire.h"
#include "core/tool/command.h"
#include "core/tool/setup.h"
#include "core/usage/choices.h"
#include "core/usage/language.h"

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
  auto* command = app.add_subcommand("check", both("Reads the configuration and prints every mistake in it",
                                                   "Liest die Konfiguration und nennt jeden Fehler darin"));
  command->callback([&common] { common.code = check(common); });
}

void add_expire(CLI::App& app, Common& common) {
  struct Request {
    int max_age = 0;
    bool dry_run = false, force = false;
  };
  auto* command =
      app.add_subcommand("expire", both("Removes what is older than so many days from every database",
                                        "Entfernt aus jeder Datenbank, was älter ist als so viele Tage"));
  auto r = std::make_shared<Request>();
  command
      ->add_option("--max-age", r->max_age,
                   both("days to keep besides today", "Tage, die außer heute bleiben"))
      ->required()
      ->check(within(1, 36'500))
      ->type_name("DAYS");
  command->add_flag("--dry-run", r->dry_run, both("only say what would go", "nur sagen, was wegfiele"));
  command->add_flag(
      "--force", r->force,
      both("also when it looks like a clock jump", "auch wenn es nach einem Sprung der Uhr aussieht"));
  command->callback(
      [r, &common] { common.code = expire_all(common.config_file, r->max_age, r->dry_run, r->force); });
}

}  // namespace mailtrace
