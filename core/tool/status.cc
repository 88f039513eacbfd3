// `mailtrace status`: asks the daemon how it is, and the database what it has. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/base/text.h"
#include "core/store/expiry_record.h"
#include "core/tool/command.h"
#include "core/tool/control_client.h"
#include "core/tool/pager.h"
#include "core/tool/setup.h"
#include "core/tool/status_text.h"
#include "core/tool/stored_text.h"
#include "core/usage/choices.h"

namespace mailtrace {
namespace {

struct Request {
  int days = 7;
  bool json = false, utc = false, unknown = false;
};

int status(const Common& common, const Request& r) {
  auto database = open_database(common);
  if (!database.setup) return database.code;
  auto& directory = database.setup->config().core.state_directory;
  auto answer = ask_daemon((std::filesystem::path(directory) / "control.sock").string(), "status");
  auto daemon = answer ? Json::parse(*answer, nullptr, false) : Json(nullptr);
  bool runs = daemon.is_object();

  auto expiry = read_expiry_record(directory);
  auto terminal = Terminal::of_stdout();
  terminal.utc = r.utc;
  int code = runs ? exit_code::found : exit_code::unavailable;
  Result<Stored> stored = Error{Fault::transient, "no database"};
  if (database.reader) {
    stored = read_stored(*database.reader, r.days, r.unknown || r.json);
    if (!stored) code = print_error(stored.error());
  } else {
    code = database.code;
  }
  if (r.json) {
    Json out{{"daemon", std::move(daemon)},
             {"database", stored ? stored_json(*stored) : Json(nullptr)},
             {"retention", expiry ? to_json(*expiry) : Json(nullptr)}};
    print_paged(dump_line(out) + "\n", terminal, !common.no_pager);
    return code;
  }
  if (r.unknown) {
    if (stored) print_paged(unknown_text(stored->unknown, terminal), terminal, !common.no_pager);
    return code == exit_code::unavailable && stored ? exit_code::found : code;
  }
  auto text = runs ? daemon_text(daemon, terminal)
                   : fmt::format("{}: {}\n", terminal.say("mailtraced does not run here"),
                                 printable(answer ? "its answer is no JSON" : answer.error().text));
  if (stored) text += stored_text(*stored, terminal);
  text += expiry_text(expiry, terminal);
  print_paged(text, terminal, !common.no_pager);
  return code;
}

}  // namespace

void add_status(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "status", both("How the daemon is, and what the database has of which server",
                     "Wie es dem Dienst geht, und was die Datenbank von welchem Server hat"));
  auto r = std::make_shared<Request>();
  command
      ->add_option("--days", r->days,
                   both("of the servers' lines, default 7", "für die Zeilen der Server, sonst 7"))
      ->check(within(1, 3650))
      ->type_name("N");
  command->add_flag("--unknown", r->unknown,
                    both("samples of the lines that no parser understood",
                         "Beispiele der Zeilen, die kein Parser verstand"));
  command->add_flag("--json", r->json, both("as JSON", "als JSON"));
  command->add_flag("--utc", r->utc, both("times in UTC", "Zeiten in UTC"));
  command->callback([r, &common] { common.code = status(common, *r); });
}

}  // namespace mailtrace
