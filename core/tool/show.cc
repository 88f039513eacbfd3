// `mailtrace show`: everything that is known about a mail and its way. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "core/tool/command.h"
#include "core/tool/setup.h"
#include "core/tool/trace_text.h"

namespace mailtrace {
namespace {

struct Request {
  std::string what;
  size_t limit = 10, width = 0;
  bool json = false, utc = false, brief = false, verdict = false;
};

Detail detail_of(const Request& r) {
  return r.verdict ? Detail::verdict : r.brief ? Detail::brief : Detail::all;
}

// Without them the answers are general, which is better than none.
Explanations load_explanations() {
  auto loaded = Explanations::load();
  if (loaded) return *loaded;
  print_error(loaded.error());
  return {};
}

int show(const Common& common, const Request& r) {
  auto database = open_database(common);
  if (!database.reader) return database.code;
  auto ids = database.reader->find(r.what);
  if (!ids) return print_error(ids.error());

  auto terminal = Terminal::of_stdout();
  terminal.utc = r.utc;
  if (r.width) terminal.width = r.width;
  auto explanations = load_explanations();
  VerdictOptions options;
  options.explanations = &explanations;
  options.zone = zone_of(terminal);
  options.reader = database.reader.get();
  std::set<Id> shown;  // a queue id or Message-ID names several mails of one way
  size_t traces = 0;
  for (auto& id : *ids) {
    if (shown.contains(id)) continue;
    if (traces == r.limit) {
      fmt::print(stderr, "{} {}\n", terminal.say("more mails have this; see"), "--limit");
      break;
    }
    auto trace = database.reader->trace(id);
    if (!trace) return print_error(trace.error());
    for (auto& mail : trace->mails) shown.insert(mail.connect.id);
    if (trace->mails.empty()) continue;
    auto found = verdicts(*trace, options);
    if (r.json)
      fmt::print("{}\n", dump_line(trace_json(*trace, found)));
    else
      fmt::print("{}{}", traces ? "\n\n" : "", trace_text(*trace, found, terminal, detail_of(r)));
    ++traces;
  }
  if (traces > 0) return exit_code::found;
  if (!r.json) fmt::print("{}\n", terminal.say("nothing found"));
  return exit_code::nothing;
}

}  // namespace

void add_show(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("show", "Shows a mail's whole way, every attempt and the log lines");
  auto r = std::make_shared<Request>();
  command->add_option("what", r->what, "a queue id, a Message-ID, or an id from --json")
      ->required()
      ->type_name("ID");
  command->add_option("--limit", r->limit, "mails with the same id, default 10")
      ->check(CLI::Range(1, 100))
      ->type_name("N");
  command->add_flag("--brief", r->brief, "without the log lines");
  command->add_flag("--verdict", r->verdict, "only what became of it, and the way");
  command->add_flag("--json", r->json, "one JSON object a line for each way");
  command->add_flag("--utc", r->utc, "times in UTC");
  command->add_option("--width", r->width, "columns; default: the terminal's")->type_name("N");
  command->callback([r, &common] { common.code = show(common, *r); });
}

}  // namespace mailtrace
