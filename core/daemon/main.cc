// mailtraced: what it is, receiver or web server or both, is what its YAML enables.
#include <CLI/CLI.hpp>

#include "core/daemon/daemon.h"
#include "core/plugin/options.h"
#include "core/store/expire.h"

constexpr int exit_usage = 64;  // sysexits.h

int main(int argc, char** argv) {
  using namespace mailtrace;
  CLI::App app{"Receives mail logs and writes what happened to each mail into a database."};
  const char* from_environment = std::getenv("MAILTRACE_CONFIG");
  std::string config = from_environment ? from_environment : "/etc/mailtrace/mailtrace.yaml", options_of;
  bool check = false, dry_run = false, force = false;
  int max_age = 0;
  app.add_option("-c,--config", config, "configuration file")->capture_default_str();
  app.add_flag("--check", check, "print every mistake in the configuration and end; changes nothing");
  auto* options =
      app.add_option("--options", options_of,
                     "print the options of the core, or of one plugin such as input.relp, and end")
          ->expected(0, 1);
  app.add_option("--max-age", max_age,
                 "remove everything older than so many days from every database and end")
      ->check(CLI::Range(1, 36'500));
  app.add_flag("--dry-run", dry_run, "with --max-age: only say what would go")->needs("--max-age");
  app.add_flag("--force", force, "with --max-age: also when it looks like a clock jump")->needs("--max-age");
  app.set_version_flag("--version", MAILTRACE_VERSION);
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
