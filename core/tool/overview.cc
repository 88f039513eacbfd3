// `mailtrace overview`: all mails of a span of time, counted. Main thread.
#include <fmt/format.h>

#include <cstdio>

#include "core/answer/overview_json.h"
#include "core/tool/command.h"
#include "core/tool/overview_text.h"
#include "core/tool/pager.h"
#include "core/tool/search.h"
#include "core/tool/setup.h"
#include "core/usage/choices.h"

namespace mailtrace {
namespace {

constexpr std::chrono::hours usual_span(24);

struct Request {
  std::string since, until;
  size_t top = 20, width = 0;
  int seconds = 5;
  bool json = false, utc = false;
};

// In whole seconds, as they can be typed again.
bool read_span(const Request& r, OverviewQuery& query) {
  std::optional<Time> from, to;
  if (!read_time(r.since, "--since", false, r.utc, from) || !read_time(r.until, "--until", true, r.utc, to))
    return false;
  query.to = std::chrono::floor<std::chrono::seconds>(to.value_or(now()));
  query.from = std::chrono::floor<std::chrono::seconds>(from.value_or(query.to - usual_span));
  if (query.from < query.to) return true;
  fmt::print(stderr, "mailtrace: {}\n",
             wants_german() ? "--since muss vor --until liegen" : "--since must be before --until");
  return false;
}

void cut_lists(Json& overview, size_t top) {
  for (const char* key : {"reasons", "destinations", "senders", "recipients"})
    if (auto& list = overview.at(key); list.size() > top)
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(top), list.end());
}

int overview(const Common& common, const Request& r) {
  OverviewQuery query;
  if (!read_span(r, query)) return exit_code::usage;
  // A short list is the head of a longer one: the tops of days are joined.
  query.top = std::max(query.top, static_cast<int>(r.top));
  query.budget_ms = r.seconds * 1000;
  auto database = open_database(common);
  if (!database.reader) return database.code;
  auto counted = overview_json(*database.reader, query, load_explanations());
  if (!counted) return print_error(counted.error());
  cut_lists(*counted, r.top);
  auto terminal = Terminal::of_stdout();
  terminal.utc = r.utc;
  if (r.width) terminal.width = r.width;
  print_paged(r.json ? dump_line(*counted) + "\n" : overview_text(*counted, terminal), terminal,
              !common.no_pager);
  if (counts_anything(*counted)) return exit_code::found;
  // Nothing was found because nothing was looked at.
  return counted->value("complete", true) ? exit_code::nothing : exit_code::unavailable;
}

}  // namespace

void add_overview(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "overview", both("Counts all mails of a time: by hour, refused why, to where, from and to whom",
                       "Zählt alle Mails einer Zeit: je Stunde, warum abgelehnt, wohin, von wem und an wen"));
  auto r = std::make_shared<Request>();
  command
      ->add_option("--since", r->since,
                   both("came in at or after; default: a day before the end",
                        "eingegangen ab; sonst einen Tag vor dem Ende"))
      ->type_name("TIME");
  command
      ->add_option("--until", r->until,
                   both("came in before; a day: or on it; default: now",
                        "eingegangen vor; ein Tag: einschließlich; sonst jetzt"))
      ->type_name("TIME");
  command
      ->add_option("--top", r->top, both("entries of each list, default 20", "Einträge je Liste, sonst 20"))
      ->check(within(1, 1000))
      ->type_name("N");
  command
      ->add_option("--seconds", r->seconds,
                   both("how long to count at most, default 5; 0: to the end",
                        "wie lange höchstens gezählt wird, sonst 5; 0: bis zum Ende"))
      ->check(within(0, 86'400))
      ->type_name("N");
  command->add_flag("--json", r->json,
                    both("as JSON, as the API gives it", "als JSON, wie die API es liefert"));
  command->add_flag("--utc", r->utc, both("times in UTC, in and out", "Zeiten in UTC, bei Ein- und Ausgabe"));
  command
      ->add_option("--width", r->width,
                   both("columns; default: the terminal's", "Spalten; sonst die des Terminals"))
      ->type_name("N");
  command->callback([r, &common] { common.code = overview(common, *r); });
}

}  // namespace mailtrace
