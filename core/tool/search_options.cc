// The options of `mailtrace search`. Main thread.
#include <fmt/format.h>

#include <cstdio>

#include "core/base/text.h"
#include "core/config/schema.h"
#include "core/tool/choices.h"
#include "core/tool/search.h"
#include "core/tool/when.h"

namespace mailtrace {
namespace {

constexpr const char* time_forms = "2026-11-23, \"2026-11-23 14:00\", 14:00, 2h (ago), yesterday";

void add_text(CLI::App* command, const std::string& name, std::optional<std::string>& to,
              const std::string& help) {
  command
      ->add_option_function<std::string>(
          name, [&to](const std::string& value) { to = value; }, help)
      ->type_name("TEXT")
      ->group("What to look for");
}

void add_criteria(CLI::App* command, SearchRequest& r) {
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
      ->check(one_of({"sent", "deferred", "bounced", "expired", "rejected", "blocked", "greylisted",
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
    auto* words = wants_german() ? "mailtrace: {}: erwartet eine Zeit wie {}, nicht \"{}\"\n"
                                 : "mailtrace: {}: expected a time such as {}, got \"{}\"\n";
    fmt::print(stderr, fmt::runtime(words), option, time_forms, printable(text));
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
          "anything: an address, an id, an IP address, a log line, headers, a bounce, \"yesterday noon\";\n"
          "- reads it from standard input")
      ->type_name("ANYTHING");
  add_criteria(command, r);
  const char* list = "The list";
  auto* sort = command->add_option("--sort", r.sort, "time, sender, recipient or status")
                   ->check(one_of({"time", "sender", "recipient", "status"}))
                   ->type_name("WORD")
                   ->group(list);
  auto* asc = command->add_flag("--asc", r.query.ascending, "oldest first, or A to Z")->group(list);
  command->add_option("--limit", r.query.limit, "results a page, default 25")
      ->check(within(1, 1000))
      ->type_name("N")
      ->group(list);
  auto* page = command->add_option("--page", r.page, "default 1")
                   ->check(within(1, 10000))
                   ->type_name("N")
                   ->group(list);
  auto* after = command
                    ->add_option("--after", r.query.after,
                                 "go on behind a page, as --json and --csv say on standard error")
                    ->excludes(page)
                    ->type_name("MARK")
                    ->group(list);
  auto* all = command->add_flag("--all", r.all, "every result, not a page; with --json or --csv")
                  ->excludes(page)
                  ->group(list);
  command
      ->add_flag("--attempts", r.attempts,
                 "each attempt of its own, not the last of each delivery; as --json, --csv and --watch do")
      ->group(list);
  auto* json = command->add_flag("--json", r.json, "one JSON object a line")->group(list);
  command->add_flag("--csv", r.csv, "a table for a spreadsheet, as the web page exports it")
      ->excludes(json)
      ->group(list);
  command->add_flag("--utc", r.utc, "times in UTC, in and out")->group(list);
  command->add_option("--width", r.width, "columns; default: the terminal's")->type_name("N")->group(list);
  const char* live = "Live";
  auto* watch =
      command->add_flag("--watch", r.watch, "the newest results, then new ones as they come, until Ctrl-C")
          ->group(live);
  for (auto* other : {sort, asc, page, after, all}) watch->excludes(other);
  command
      ->add_option_function<std::string>(
          "--interval", [&r](const std::string& text) { read_interval(text, r.interval); },
          "how often to look, with unit, default 2s")
      ->needs(watch)
      ->type_name("TIME")
      ->group(live);
}

}  // namespace mailtrace
