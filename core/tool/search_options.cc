// The options of `mailtrace search`. Main thread.
#include <fmt/format.h>

#include <cstdio>

#include "core/base/text.h"
#include "core/config/schema.h"
#include "core/tool/search.h"
#include "core/tool/when.h"
#include "core/usage/choices.h"
#include "core/usage/language.h"

namespace mailtrace {
namespace {

std::string_view time_forms(bool german) {
  return german ? "2026-11-23, \"23.11.2026 14:00\", 14:00, 2h (vorher), gestern"
                : "2026-11-23, \"2026-11-23 14:00\", 14:00, 2h (ago), yesterday";
}

std::string what_to_look_for() { return both("What to look for", "Wonach gesucht wird"); }

void add_text(CLI::App* command, const std::string& name, std::optional<std::string>& to,
              const std::string& help) {
  command
      ->add_option_function<std::string>(
          name, [&to](const std::string& value) { to = value; }, help)
      ->type_name("TEXT")
      ->group(what_to_look_for());
}

void add_criteria(CLI::App* command, SearchRequest& r) {
  auto& q = r.query;
  add_text(command, "--address", q.address,
           both("sender or recipient; @example.org for a domain, * at either end for a part",
                "Absender oder Empfänger; @example.org für eine Domain, * an einem Ende für einen Teil"));
  add_text(command, "--from", q.sender,
           both("sender; \"\" is the null sender of bounces",
                "Absender; \"\" ist der leere Absender von Unzustellbarkeitsmeldungen"));
  add_text(command, "--to", q.recipient,
           both("recipient, or the address before an alias", "Empfänger, oder die Adresse vor einem Alias"));
  add_text(command, "--message-id", q.message_id, both("with or without <>", "mit oder ohne <>"));
  command
      ->add_option("--status", q.status,
                   both("any of sent deferred bounced expired rejected blocked greylisted discarded filtered "
                        "held deleted",
                        "eines oder mehrere von sent deferred bounced expired rejected blocked greylisted "
                        "discarded filtered held deleted"))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(one_of({"sent", "deferred", "bounced", "expired", "rejected", "blocked", "greylisted",
                      "discarded", "filtered", "held", "deleted"}))
      ->type_name("WORD")
      ->group(what_to_look_for());
  auto add_time = [&](const char* name, std::string& to, const std::string& help) {
    command->add_option(name, to, help)->type_name("TIME")->group(what_to_look_for());
  };
  add_time("--connect-from,--since", r.connect_from,
           both(fmt::format("came in at or after: {}", time_forms(false)),
                fmt::format("eingegangen ab: {}", time_forms(true))));
  add_time("--connect-to,--until", r.connect_to,
           both("came in before; a day: or on it", "eingegangen vor; ein Tag: einschließlich"));
  add_time("--deliver-from", r.deliver_from, both("tried at or after", "versucht ab"));
  add_time("--deliver-to", r.deliver_to,
           both("tried before; a day: or on it", "versucht vor; ein Tag: einschließlich"));
  add_text(command, "--response", q.response,
           both("the answer of the other server, *part*", "die Antwort des anderen Servers, *Teil*"));
  add_text(command, "--queue-id", q.queue_id, both("on the way in or out", "beim Eingang oder Ausgang"));
  add_text(command, "--queue-id-connect", q.queue_id_connect, both("of the mail", "der Mail"));
  add_text(command, "--queue-id-deliver", q.queue_id_deliver, both("of the delivery", "der Zustellung"));
  add_text(command, "--received-from", q.received_from,
           both("name or address of the client", "Name oder Adresse des einliefernden Servers"));
  add_text(command, "--sent-to", q.sent_to,
           both("name or address of the relay", "Name oder Adresse des annehmenden Servers"));
  add_text(command, "--logged-by", q.logged_by,
           both("the server that logged it", "der Server, der es protokolliert hat"));
  add_text(command, "--user", q.sasl_user,
           both("who logged in to send it", "wer sich zum Senden angemeldet hat"));
  add_text(command, "--subject", q.subject,
           both("if the servers log subjects", "wenn die Server Betreffe protokollieren"));
}

// "500ms", "2s", "1m"
void read_interval(const std::string& text, std::chrono::microseconds& to) {
  using std::chrono::milliseconds;
  Node node;
  node.kind = Node::Kind::scalar;
  node.scalar = text;
  Microseconds value{};
  if (!decode_value(node, value) || value < milliseconds(100) || value > std::chrono::hours(1))
    throw CLI::ValidationError(
        "--interval", wants_german() ? "Zeit mit Einheit zwischen 100ms und 1h, etwa 2s, nicht " + text
                                     : "a time with unit within 100ms and 1h, such as 2s, not " + text);
  to = value;
}

}  // namespace

bool read_time(const std::string& text, const char* option, bool upper, bool utc, std::optional<Time>& to) {
  if (text.empty()) return true;
  When when;
  if (!parse_when(text, now(), utc, when)) {
    bool german = wants_german();
    auto* words = german ? "mailtrace: {}: erwartet eine Zeit wie {}, nicht \"{}\"\n"
                         : "mailtrace: {}: expected a time such as {}, got \"{}\"\n";
    fmt::print(stderr, fmt::runtime(words), option, time_forms(german), printable(text));
    return false;
  }
  to = upper ? when.to : when.from;  // a day as the end means all of it
  return true;
}

bool read_times(SearchRequest& r) {
  auto& q = r.query;
  // Either name may have been typed.
  auto* since = wants_german() ? "--connect-from oder --since" : "--connect-from or --since";
  auto* until = wants_german() ? "--connect-to oder --until" : "--connect-to or --until";
  return read_time(r.connect_from, since, false, r.utc, q.connect_from) &&
         read_time(r.connect_to, until, true, r.utc, q.connect_to) &&
         read_time(r.deliver_from, "--deliver-from", false, r.utc, q.deliver_from) &&
         read_time(r.deliver_to, "--deliver-to", true, r.utc, q.deliver_to);
}

void add_search_options(CLI::App& app, SearchRequest& r) {
  auto* command = &app;
  command
      ->add_option(
          "text", r.paste,
          both("anything: an address, an id, an IP address, a log line, headers, a bounce, "
               "\"yesterday noon\"; - reads it from standard input",
               "irgendetwas: eine Adresse, eine ID, eine IP-Adresse, eine Log-Zeile, Kopfzeilen, "
               "eine Unzustellbarkeitsmeldung, \"gestern Mittag\"; - liest es von der Standardeingabe"))
      ->type_name("ANYTHING");
  add_criteria(command, r);
  const auto list = both("The list", "Die Liste");
  auto* sort = command
                   ->add_option("--sort", r.sort,
                                both("time, sender, recipient or status",
                                     "time (Zeit), sender (Absender), recipient (Empfänger) oder status"))
                   ->check(one_of({"time", "sender", "recipient", "status"}))
                   ->type_name("WORD")
                   ->group(list);
  auto* asc = command
                  ->add_flag("--asc", r.query.ascending,
                             both("oldest first, or A to Z", "die ältesten zuerst, oder A bis Z"))
                  ->group(list);
  command
      ->add_option("--limit", r.query.limit, both("results a page, default 25", "Treffer je Seite, sonst 25"))
      ->check(within(1, 1000))
      ->type_name("N")
      ->group(list);
  auto* page = command->add_option("--page", r.page, both("default 1", "sonst 1"))
                   ->check(within(1, 10000))
                   ->type_name("N")
                   ->group(list);
  auto* after =
      command
          ->add_option(
              "--after", r.query.after,
              both("go on behind a page, as --json and --csv say on standard error",
                   "hinter einer Seite weitermachen, wie es --json und --csv auf der Fehlerausgabe nennen"))
          ->excludes(page)
          ->type_name("MARK")
          ->group(list);
  auto* all = command
                  ->add_flag("--all", r.all,
                             both("every result, not a page; with --json or --csv",
                                  "jeder Treffer, nicht eine Seite; mit --json oder --csv"))
                  ->excludes(page)
                  ->group(list);
  command
      ->add_flag(
          "--attempts", r.attempts,
          both("each attempt of its own, not the last of each delivery; as --json, --csv and --watch do",
               "jeden Versuch einzeln, nicht den letzten jeder Zustellung; wie --json, --csv und --watch"))
      ->group(list);
  auto* json = command->add_flag("--json", r.json, both("one JSON object a line", "ein JSON-Objekt je Zeile"))
                   ->group(list);
  command
      ->add_flag("--csv", r.csv,
                 both("a table for a spreadsheet, as the web page exports it",
                      "eine Tabelle für ein Rechenblatt, wie die Webseite sie exportiert"))
      ->excludes(json)
      ->group(list);
  command->add_flag("--utc", r.utc, both("times in UTC, in and out", "Zeiten in UTC, bei Ein- und Ausgabe"))
      ->group(list);
  command
      ->add_option("--width", r.width,
                   both("columns; default: the terminal's", "Spalten; sonst die des Terminals"))
      ->type_name("N")
      ->group(list);
  const auto live = both("Live", "Fortlaufend");
  auto* watch = command
                    ->add_flag("--watch", r.watch,
                               both("the newest results, then new ones as they come, until Ctrl-C",
                                    "die neuesten Treffer, dann neue, sobald sie da sind, bis Strg-C"))
                    ->group(live);
  for (auto* other : {sort, asc, page, after, all}) watch->excludes(other);
  command
      ->add_option_function<std::string>(
          "--interval", [&r](const std::string& text) { read_interval(text, r.interval); },
          both("how often to look, with unit, default 2s", "wie oft nachgesehen wird, mit Einheit, sonst 2s"))
      ->needs(watch)
      ->type_name("TIME")
      ->group(live);
}

}  // namespace mailtrace
