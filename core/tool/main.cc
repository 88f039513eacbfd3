// `mailtrace`: the command line of the product. Main thread.
#include <fmt/format.h>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "core/base/log.h"
#include "core/tool/command.h"
#include "core/tool/completion.h"
#include "core/tool/terminal.h"
#include "core/usage/help.h"
#include "core/usage/usage.h"

namespace mailtrace {

std::string default_config_file() {
  const char* named = std::getenv("MAILTRACE_CONFIG");
  return named && *named ? named : "/etc/mailtrace/mailtrace.yaml";
}

namespace {

int run(int argc, char** argv) {
  Common common;
  common.config_file = default_config_file();
  CLI::App app(both("Finds out what happened to a mail, and looks after the database that knows it.",
                    "Findet heraus, was aus einer Mail wurde, und pflegt die Datenbank, die es weiß."),
               "mailtrace");
  app.set_help_flag("-h,--help", help_text());
  app.set_version_flag("--version", "mailtrace " MAILTRACE_VERSION, version_text());
  app.require_subcommand(1);
  app.fallthrough();
  app.formatter(help_format(wants_german()));
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return usage_error(*failed, error, wants_german());
  });
  app.add_option(
         "-c,--config", common.config_file,
         both("the configuration; default $MAILTRACE_CONFIG", "die Konfiguration; sonst $MAILTRACE_CONFIG"))
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--sink", common.sink,
                 both("which configured database is asked; default the first",
                      "welche der eingerichteten Datenbanken gefragt wird; sonst die erste"))
      ->type_name("NAME");
  app.add_flag("--no-pager", common.no_pager,
               both("print long texts at once, also on a terminal",
                    "lange Texte am Stück ausgeben, auch auf einem Terminal"));
  add_search(app, common);
  add_show(app, common);
  add_overview(app, common);
  add_import(app, common);
  add_reparse(app, common);
  add_status(app, common);
  add_check(app, common);
  add_options(app, common);
  add_spool(app, common);
  add_expire(app, common);
  add_dead_letter(app, common);
  add_user(app, common);
  add_completion(app, common.code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code::usage;
  }
  return common.code;
}

}  // namespace
}  // namespace mailtrace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `mailtrace search … | head` ends quietly
  mailtrace::set_log_level(mailtrace::LogLevel::warning);
  try {
    return mailtrace::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mailtrace: {}\n", error.what());
    return mailtrace::exit_code::broken;
  }
}
