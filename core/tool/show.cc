// `mailtrace show`: everything that is known about a mail and its way. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "core/answer/proof.h"
#include "core/answer/ticket.h"
#include "core/plugin/instances.h"
#include "core/tool/command.h"
#include "core/tool/pager.h"
#include "core/tool/setup.h"
#include "core/tool/trace_text.h"
#include "core/usage/choices.h"

namespace mailtrace {
namespace {

struct Request {
  std::string what, audience = "customer";
  size_t limit = 10, width = 0;
  bool json = false, utc = false, brief = false, verdict = false, ticket = false;
};

Detail detail_of(const Request& r) {
  return r.verdict ? Detail::verdict : r.brief ? Detail::brief : Detail::all;
}

// Where people call the page, if this configuration has one and says it.
std::string page_address(Setup& setup) {
  if (setup.config().web.empty()) return "";
  auto& errors = setup.errors();
  auto webs = make_webs(setup.config(), setup.sinks().front().plugin.get(), errors);
  // The ticket is good without its link, too.
  if (!errors.empty()) print_errors(errors);
  return webs.empty() ? "" : webs.front().plugin->public_address();
}

TicketOptions ticket_options(const Request& r, const Terminal& terminal) {
  TicketOptions out;
  out.audience = r.audience == "admin" ? Audience::admin : Audience::customer;
  out.language = terminal.german ? Language::german : Language::english;
  out.zone = zone_of(terminal);
  return out;
}

struct Asked {
  const Request& r;
  const Terminal& terminal;
  Reader& reader;
  std::string page;  // its address; empty: none
};

std::string one_way(const Asked& asked, const Id& id, const Trace& trace,
                    const std::vector<MailVerdict>& found) {
  auto& [r, terminal, reader, page] = asked;
  if (r.ticket) {
    auto options = ticket_options(r, terminal);
    if (!page.empty()) options.link = fmt::format("{}/#/mail/{}", page, id.hex());
    return ticket_text(trace, found, options);
  }
  ProofOptions options;
  options.zone = zone_of(terminal);
  options.read_now = !r.json;
  auto others = companies(reader, trace, found, options);
  if (r.json) return dump_line(trace_json(trace, found, others)) + "\n";
  return trace_text(trace, found, terminal, detail_of(r), others);
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
  options.read_now = !r.ticket && !r.json;
  options.reader = database.reader.get();
  Asked asked{r, terminal, *database.reader, r.ticket ? page_address(*database.setup) : ""};
  std::set<Id> shown;  // a queue id or Message-ID names several mails of one way
  size_t traces = 0;
  bool more = false;
  std::string text;
  for (auto& id : *ids) {
    if (shown.contains(id)) continue;
    more = traces == r.limit;
    if (more) break;
    auto trace = database.reader->trace(id);
    if (!trace) return print_error(trace.error());
    for (auto& mail : trace->mails) shown.insert(mail.connect.id);
    if (trace->mails.empty()) continue;
    auto found = verdicts(*trace, options);
    if (traces && !r.json) text += "\n\n";
    text += one_way(asked, id, *trace, found);
    ++traces;
  }
  print_paged(text, terminal, !common.no_pager);
  if (more) fmt::print(stderr, "{} --limit\n", terminal.say("more mails have this; see"));
  if (traces > 0) return exit_code::found;
  if (!r.json) fmt::print("{}\n", terminal.say("nothing found"));
  return exit_code::nothing;
}

}  // namespace

void add_show(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("show", both("Shows a mail's whole way, every attempt and the log lines",
                                      "Zeigt den ganzen Weg einer Mail, jeden Versuch und die Log-Zeilen"));
  auto r = std::make_shared<Request>();
  command
      ->add_option("what", r->what,
                   both("a queue id, a Message-ID, or an id from --json",
                        "eine Queue-ID, eine Message-ID oder eine ID aus --json"))
      ->required()
      ->type_name("ID");
  command
      ->add_option("--limit", r->limit,
                   both("mails with the same id, default 10", "Mails mit derselben ID, sonst 10"))
      ->check(within(1, 100))
      ->type_name("N");
  auto* brief = command->add_flag("--brief", r->brief, both("without the log lines", "ohne die Log-Zeilen"));
  auto* verdict =
      command->add_flag("--verdict", r->verdict,
                        both("only what became of it, and the way", "nur, was daraus wurde, und der Weg"));
  auto* json = command->add_flag(
      "--json", r->json,
      both("one JSON object a line for each way", "ein JSON-Objekt je Zeile für jeden Weg"));
  auto* ticket = command->add_flag("--ticket", r->ticket,
                                   both("the answer for a ticket, to be sent as it stands",
                                        "die Antwort für ein Ticket, zum Absenden, wie sie dasteht"));
  for (auto* other : {brief, verdict, json}) ticket->excludes(other);
  command
      ->add_option(
          "--audience", r->audience,
          both("of the ticket: customer (addresses of others masked, the default) or admin",
               "für wen das Ticket ist: customer (Adressen anderer unkenntlich, so ist es sonst) oder admin"))
      ->check(one_of({"customer", "admin"}))
      ->needs(ticket)
      ->type_name("WORD");
  command->add_flag("--utc", r->utc, both("times in UTC", "Zeiten in UTC"));
  command
      ->add_option("--width", r->width,
                   both("columns; default: the terminal's", "Spalten; sonst die des Terminals"))
      ->type_name("N");
  command->callback([r, &common] { common.code = show(common, *r); });
}

}  // namespace mailtrace
