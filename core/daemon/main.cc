// mailtraced: what it is, receiver or web server or both, is what its YAML enables.
#include <CLI/CLI.hpp>

#include "core/daemon/daemon.h"
#include "core/plugin/options.h"
#include "core/store/expire.h"
#include "core/usage/choices.h"
#include "core/usage/help.h"
#include "core/usage/language.h"
#include "core/usage/usage.h"

constexpr int exit_usage = 64;  // sysexits.h

int main(int argc, char** argv) {
  using namespace mailtrace;
  CLI::App app{both("Receives mail logs and writes what happened to each mail into a database.",
                    "Empfängt Mail-Logs und schreibt in eine Datenbank, was aus jeder Mail wurde."),
               "mailtraced"};
  bool german = wants_german();
  app.set_help_flag("-h,--help", help_text());
  app.formatter(help_format(german));
  app.failure_message([german](const CLI::App* failed, const CLI::Error& error) {
    return usage_error(*failed, error, german);
  });
  const char* from_environment = std::getenv("MAILTRACE_CONFIG");
  std::string config = from_environment ? from_environment : "/etc/mailtrace/mailtrace.yaml", options_of;
  bool check = false, dry_run = false, force = false;
  int max_age = 0;
  app.add_option(
         "-c,--config", config,
         both("the configuration; default $MAILTRACE_CONFIG", "die Konfiguration; sonst $MAILTRACE_CONFIG"))
      ->type_name("FILE");
  app.add_flag("--check", check,
               both("print every mistake in the configuration and end; changes nothing",
                    "jeden Fehler in der Konfiguration nennen und enden; ändert nichts"));
  auto* options =
      app.add_option("--options", options_of,
                     both("print the options of the core, or of one plugin such as input.relp, and end",
                          "die Optionen des Kerns nennen, oder eines Plugins, etwa input.relp, und enden"))
          ->expected(0, 1)
          ->type_name("KIND.NAME");
  app.add_option("--max-age", max_age,
                 both("remove everything older than so many days from every database and end",
                      "alles, was älter ist als so viele Tage, aus jeder Datenbank entfernen und enden"))
      ->check(within(1, 36'500))
      ->type_name("DAYS");
  app.add_flag("--dry-run", dry_run,
               both("with --max-age: only say what would go", "mit --max-age: nur sagen, was wegfiele"))
      ->needs("--max-age");
  app.add_flag("--force", force,
               both("with --max-age: also when it looks like a clock jump",
                    "mit --max-age: auch wenn es nach einem Sprung der Uhr aussieht"))
      ->needs("--max-age");
  app.set_version_flag("--version", MAILTRACE_VERSION, version_text());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (options->count()) return print_options(options_of);
  if (check) return Daemon::check(config);
  if (max_age) return expire_all(config, max_age, dry_run, force);
  return Daemon(config).run();
}
