// `mailtrace search`: asks one database and shows a page of results. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "core/answer/proof.h"
#include "core/answer/understand.h"
#include "core/base/text.h"
#include "core/mail/row_json.h"
#include "core/tool/command.h"
#include "core/tool/result_table.h"
#include "core/tool/setup.h"
#include "core/tool/when.h"

namespace mailtrace {
namespace {

struct Request {
  Query query;
  std::string paste, sort = "time";
  std::string connect_from, connect_to, deliver_from, deliver_to;
  int page = 1;
  size_t width = 0;
  bool json = false, utc = false;
};

constexpr const char* time_forms = "2026-11-23, \"2026-11-23 14:00\", 14:00, 2h (ago), yesterday";

// A choice whose words stand in the help text, not again in the option's type.
CLI::Validator words(std::vector<std::string> choices) {
  return static_cast<CLI::Validator>(CLI::IsMember(std::move(choices))).description("");
}

CLI::Validator range(int low, int high) {
  return static_cast<CLI::Validator>(CLI::Range(low, high)).description("");
}

void add_text(CLI::App* command, const std::string& name, std::optional<std::string>& to,
              const std::string& help) {
  command
      ->add_option_function<std::string>(
          name, [&to](const std::string& value) { to = value; }, help)
      ->type_name("TEXT")
      ->group("What to look for");
}

void add_criteria(CLI::App* command, Request& r) {
  auto& q = r.query;
  add_text(command, "--address", q.address,
           "sender or recipient; @example.org for a domain, * at either end for a part");
  add_text(command, "--from", q.sender, "sender; \"\" is the null sender of bounces");
  add_text(command, "--to", q.recipient, "recipient, or the address before an alias");
  add_text(command, "--message-id", q.message_id, "with or without <>");
  command
      ->add_option("--status", q.status,
                   "any of sent deferred bounced expired rejected blocked\n"
                   "greylisted discarded filtered held deleted")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(words({"sent", "deferred", "bounced", "expired", "rejected", "blocked", "greylisted",
                     "discarded", "filtered", "held", "deleted"}))
      ->type_name("WORD")
      ->group("What to look for");
  auto add_time = [&](const char* name, std::string& to, const std::string& help) {
    command->add_option(name, to, help)->type_name("TIME")->group("What to look for");
  };
  add_time("--connect-from,--since", r.connect_from, std::string("came in at or after: ") + time_forms);
  add_time("--connect-to,--until", r.connect_to, "came in before; a day: or on it");
  add_time("--deliver-from", r.deliver_from, "tried at or after");
  add_time("--deliver-to", r.deliver_to, "tried before; a day: or on it");
  add_text(command, "--response", q.response, "the answer of the other server, *part*");
  add_text(command, "--queue-id", q.queue_id, "on the way in or out");
  add_text(command, "--queue-id-connect", q.queue_id_connect, "of the mail");
  add_text(command, "--queue-id-deliver", q.queue_id_deliver, "of the delivery");
  add_text(command, "--received-from", q.received_from, "name or address of the client");
  add_text(command, "--sent-to", q.sent_to, "name or address of the relay");
  add_text(command, "--logged-by", q.logged_by, "the server that logged it");
  add_text(command, "--user", q.sasl_user, "who logged in to send it");
  add_text(command, "--subject", q.subject, "if the servers log subjects");
}

bool read_time(const std::string& text, const char* option, bool upper, bool utc, std::optional<Time>& to) {
  if (text.empty()) return true;
  When when;
  if (!parse_when(text, now(), utc, when)) {
    fmt::print(stderr, "mailtrace: {}: expected a time such as {}, got \"{}\"\n", option, time_forms,
               printable(text));
    return false;
  }
  to = upper ? when.to : when.from;  // a day as the end means all of it
  return true;
}

bool read_times(Request& r) {
  auto& q = r.query;
  return read_time(r.connect_from, "--connect-from", false, r.utc, q.connect_from) &&
         read_time(r.connect_to, "--connect-to", true, r.utc, q.connect_to) &&
         read_time(r.deliver_from, "--deliver-from", false, r.utc, q.deliver_from) &&
         read_time(r.deliver_to, "--deliver-to", true, r.utc, q.deliver_to);
}

// The page that was asked for: every page before it is walked, as the way to it is only known from there.
Result<Page> turn_pages(Reader& reader, Query query, int page) {
  for (int at = 1;; ++at) {
    auto result = reader.search(query);
    if (!result || at == page) return result;
    if (result->next.empty()) return Page{};
    query.after = result->next;
  }
}

void print_json(const Page& page) {
  for (auto& hit : page.hits) {
    Json json;
    json["connect"] = to_json(hit.connect);
    json["deliver"] = hit.deliver ? to_json(*hit.deliver) : Json(nullptr);
    fmt::print("{}\n", dump_line(json));
  }
  if (!page.next.empty()) fmt::print(stderr, "next: --after {}\n", page.next);
}

void print_table(Reader& reader, const Page& page, const Request& r) {
  auto terminal = Terminal::of_stdout();
  terminal.utc = r.utc;
  if (r.width) terminal.width = r.width;
  auto deliveries_of = [&](const Id& id) {
    auto trace = reader.trace(id);
    for (auto& mail : trace ? trace->mails : std::vector<Mail>())
      if (mail.connect.id == id) return mail.deliveries;
    return std::vector<DeliverRow>();
  };
  fmt::print("{}", result_table(page.hits, terminal, deliveries_of));
  auto footer = fmt::format("{} {}, {} {}", page.hits.size(),
                            terminal.say(page.hits.size() == 1 ? "result" : "results"),
                            terminal.say("times in"), terminal.zone(page.hits.front().connect.connect_time));
  if (!page.next.empty()) footer += fmt::format("; {}: --page {}", terminal.say("more"), r.page + 1);
  fmt::print("\n{}\n", terminal.paint(Colour::dim, footer));
}

// Nothing found, why that is true, and what comes near.
void print_nothing(Reader& reader, const Query& query, const Request& r) {
  auto terminal = Terminal::of_stdout();
  terminal.utc = r.utc;
  fmt::print("{}\n", terminal.say("nothing found"));
  ProofOptions options;
  options.zone = zone_of(terminal);
  auto proof = prove_nothing(reader, query, options);
  if (!proof) return;
  auto language = terminal.german ? Language::german : Language::english;
  fmt::print("\n{}\n", printable(proof->sentence.in(language)));
  for (auto& host : proof->hosts) fmt::print("  {}\n", printable(host.sentence.in(language)));
  for (auto& loss : proof->losses) fmt::print("  {}\n", printable(loss.words.in(language)));
  if (!proof->near.empty()) fmt::print("\n{}\n", terminal.say("What comes near"));
  for (auto& miss : proof->near) fmt::print("  {}\n", printable(miss.words.in(language)));
}

// The deliveries of one mail's way, for a pasted id of ours.
int list_trace(Reader& reader, const Id& id, const Request& r) {
  auto trace = reader.trace(id);
  if (!trace) return print_error(trace.error());
  Page page;
  for (auto& mail : trace->mails) {
    if (mail.deliveries.empty()) page.hits.push_back({mail.connect, std::nullopt});
    for (auto& delivery : mail.deliveries) page.hits.push_back({mail.connect, delivery});
  }
  if (!page.hits.empty()) r.json ? print_json(page) : print_table(reader, page, r);
  if (page.hits.empty() && !r.json) fmt::print("{}\n", Terminal::of_stdout().say("nothing found"));
  return page.hits.empty() ? exit_code::nothing : exit_code::found;
}

int search(const Common& common, Request& r) {
  static const std::map<std::string, Query::Sort> sorts{{"time", Query::Sort::time},
                                                        {"sender", Query::Sort::sender},
                                                        {"recipient", Query::Sort::recipient},
                                                        {"status", Query::Sort::status}};
  r.query.sort = sorts.at(r.sort);
  if (!read_times(r)) return exit_code::usage;
  auto database = open_database(common);
  if (!database.reader) return database.code;

  HeaderOptions words;
  words.zone = zone_of(Terminal::of_stdout());
  auto understood = understand(r.paste, r.query, words);
  if (understood.id) return list_trace(*database.reader, *understood.id, r);
  auto& queries = understood.tries;
  if (queries.empty()) queries.push_back(r.query);
  for (auto& query : queries) {
    auto page = turn_pages(*database.reader, query, r.page);
    if (!page) return print_error(page.error());
    if (page->hits.empty()) continue;
    r.json ? print_json(*page) : print_table(*database.reader, *page, r);
    return exit_code::found;
  }
  if (!r.json) print_nothing(*database.reader, queries.front(), r);
  return exit_code::nothing;
}

}  // namespace

void add_search(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("search", "Lists deliveries, newest first");
  auto r = std::make_shared<Request>();
  command
      ->add_option(
          "text", r->paste,
          "anything: an address, an id, an IP address, a log line, headers, a bounce, \"yesterday noon\"")
      ->type_name("ANYTHING");
  add_criteria(command, *r);
  const char* list = "The list";
  command->add_option("--sort", r->sort, "time, sender, recipient or status")
      ->check(words({"time", "sender", "recipient", "status"}))
      ->type_name("WORD")
      ->group(list);
  command->add_flag("--asc", r->query.ascending, "oldest first, or A to Z")->group(list);
  command->add_option("--limit", r->query.limit, "results a page, default 25")
      ->check(range(1, 1000))
      ->type_name("N")
      ->group(list);
  auto* page = command->add_option("--page", r->page, "default 1")
                   ->check(range(1, 10000))
                   ->type_name("N")
                   ->group(list);
  command->add_option("--after", r->query.after, "go on behind a page, as --json says on standard error")
      ->excludes(page)
      ->type_name("MARK")
      ->group(list);
  command->add_flag("--json", r->json, "one JSON object a line")->group(list);
  command->add_flag("--utc", r->utc, "times in UTC, in and out")->group(list);
  command->add_option("--width", r->width, "columns; default: the terminal's")->type_name("N")->group(list);
  command->callback([r, &common] { common.code = search(common, *r); });
}

}  // namespace mailtrace
