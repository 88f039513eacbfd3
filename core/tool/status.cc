// `mailtrace status`: asks the daemon how it is, and the database what it has. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/base/text.h"
#include "core/tool/command.h"
#include "core/tool/control_client.h"
#include "core/tool/setup.h"
#include "core/tool/status_text.h"

namespace mailtrace {
namespace {

struct Request {
  int days = 7;
  bool json = false, utc = false;
};

struct Stored {
  std::vector<HostRow> hosts;
  std::vector<Checkpoint> checkpoints;
};

Result<Stored> read_stored(Reader& reader, int days) {
  auto span = reader.days();
  if (!span) return span.error();
  auto hosts = reader.hosts(span->second - std::chrono::days(days - 1), span->second);
  if (!hosts) return hosts.error();
  auto checkpoints = reader.checkpoints();
  if (!checkpoints) return checkpoints.error();
  return Stored{joined_hosts(*hosts), std::move(*checkpoints)};
}

Json to_json(const Stored& stored) {
  Json hosts = Json::array(), checkpoints = Json::array();
  for (auto& row : stored.hosts)
    hosts.push_back({{"host", row.host},
                     {"first_time", format_time(row.first_time)},
                     {"last_time", format_time(row.last_time)},
                     {"lines", row.lines},
                     {"unknown", row.unknown}});
  for (auto& c : stored.checkpoints)
    checkpoints.push_back({{"receiver", c.receiver}, {"spool", c.spool}, {"sequence", c.sequence}});
  return {{"hosts", std::move(hosts)}, {"checkpoints", std::move(checkpoints)}};
}

int status(const Common& common, const Request& r) {
  auto database = open_database(common);
  if (!database.setup) return database.code;
  auto& directory = database.setup->config().core.state_directory;
  auto answer = ask_daemon((std::filesystem::path(directory) / "control.sock").string(), "status");
  auto daemon = answer ? Json::parse(*answer, nullptr, false) : Json(nullptr);
  bool runs = daemon.is_object();

  auto terminal = Terminal::of_stdout();
  terminal.utc = r.utc;
  int code = runs ? exit_code::found : exit_code::unavailable;
  Result<Stored> stored = Error{Fault::transient, "no database"};
  if (database.reader) {
    stored = read_stored(*database.reader, r.days);
    if (!stored) code = print_error(stored.error());
  } else {
    code = database.code;
  }
  if (r.json) {
    Json out{{"daemon", std::move(daemon)}, {"database", stored ? to_json(*stored) : Json(nullptr)}};
    fmt::print("{}\n", dump_line(out));
    return code;
  }
  if (runs)
    fmt::print("{}", daemon_text(daemon, terminal));
  else
    fmt::print("{}: {}\n", terminal.say("mailtraced does not run here"),
               printable(answer ? "its answer is no JSON" : answer.error().text));
  if (stored) fmt::print("{}", database_text(stored->hosts, stored->checkpoints, terminal));
  return code;
}

}  // namespace

void add_status(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("status", "How the daemon is, and what the database has of which server");
  auto r = std::make_shared<Request>();
  command->add_option("--days", r->days, "of the servers' lines, default 7")
      ->check(CLI::Range(1, 3650))
      ->type_name("N");
  command->add_flag("--json", r->json, "as JSON");
  command->add_flag("--utc", r->utc, "times in UTC");
  command->callback([r, &common] { common.code = status(common, *r); });
}

}  // namespace mailtrace
