#include "core/mail/coverage.h"

#include <algorithm>
#include <map>
#include <set>

namespace mailtrace {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// So many pauses must be known before one can be called unusual.
constexpr size_t fewest_pauses = 20;
constexpr minutes shortest_silence(15);
constexpr int times_the_usual = 5;

Time start_of(const HourRow& row) { return Time(row.day) + hours(row.hour); }

// Of one hour and program: what the receivers counted together, and what imports did.
struct Views {
  HourRow received, imported;
  void add(const HourRow& row) {
    HourRow& to = row.source.empty() ? imported : received;
    to.understood += row.understood;
    to.ignored += row.ignored;
    to.unknown += row.unknown;
    to.unparsed += row.unparsed;
  }
  const HourRow& larger() const { return imported.lines() > received.lines() ? imported : received; }
};

using ByHour = std::map<Time, std::map<std::string, Views>>;

std::map<std::string, ByHour> by_host(const std::vector<HourRow>& rows) {
  std::map<std::string, ByHour> out;
  for (const HourRow& row : rows) out[row.host][start_of(row)][row.program].add(row);
  return out;
}

void add_spoken(const HourRow& row, Time from, Time to, std::set<Time>& out) {
  for (int minute = 0; minute < 60; ++minute) {
    Time at = start_of(row) + minutes(minute);
    if ((row.minutes >> minute & 1) != 0 && at + minutes(1) > from && at < to) out.insert(at);
  }
}

std::map<std::string, std::set<Time>> spoken_minutes(const std::vector<HourRow>& rows, Time from, Time to) {
  std::map<std::string, std::set<Time>> out;
  for (const HourRow& row : rows) add_spoken(row, from, to, out[row.host]);
  return out;
}

// So many minutes with lines on other days make a time without any unusual: of chance it is less than one
// night in fifty.
constexpr size_t fewest_spoken = 10;

// Nights and Sundays are quiet: how many minutes of this time of day had lines on other days that are known.
// One quiet day in four is enough, for no day is like all others.
bool quiet_on_other_days(const std::set<Time>& spoken, Time from, Time to) {
  constexpr hours day(24);
  if (spoken.empty() || to - from >= day) return false;
  std::vector<size_t> counts;
  auto count = [&](Time start, Time end) {
    if (start < *spoken.begin() || end > *spoken.rbegin()) return;
    counts.push_back(static_cast<size_t>(std::distance(spoken.lower_bound(start), spoken.lower_bound(end))));
  };
  for (auto back = day; from - back >= *spoken.begin(); back += day) count(from - back, to - back);
  for (auto on = day; to + on <= *spoken.rbegin(); on += day) count(from + on, to + on);
  if (counts.empty()) return false;
  auto low = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 4);
  std::nth_element(counts.begin(), low, counts.end());
  return *low < fewest_spoken;
}

std::vector<Silence> silences(const std::set<Time>& spoken, Time to) {
  std::vector<Microseconds> pauses;
  for (auto at = spoken.begin(); at != spoken.end(); ++at)
    if (auto next = std::next(at); next != spoken.end()) pauses.push_back(*next - *at - minutes(1));
  if (pauses.size() < fewest_pauses) return {};
  auto sorted = pauses;
  auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 19 / 20);
  std::nth_element(sorted.begin(), nth, sorted.end());
  Microseconds usual = *nth;
  Microseconds limit = std::max<Microseconds>(shortest_silence, usual * times_the_usual);
  std::vector<Silence> out;
  auto add = [&](Time from, Time until, bool ended) {
    if (until - from >= limit && !quiet_on_other_days(spoken, from, until))
      out.push_back({from, until, usual, ended});
  };
  size_t index = 0;
  for (auto at = spoken.begin(); index < pauses.size(); ++at, ++index)
    add(*at + minutes(1), *at + minutes(1) + pauses[index], true);
  add(*spoken.rbegin() + minutes(1), to, false);
  return out;
}

}  // namespace

std::vector<HostCoverage> coverage(const std::vector<HostRow>& hosts, const std::vector<HourRow>& rows,
                                   Time from, Time to) {
  std::map<std::string, HostCoverage> out;
  for (const HostRow& row : hosts) {
    auto [at, added] = out.try_emplace(row.host);
    HostCoverage& host = at->second;
    host.host = row.host;
    host.first = added ? row.first_time : std::min(host.first, row.first_time);
    host.last = added ? row.last_time : std::max(host.last, row.last_time);
    host.lines += row.lines;
    host.unknown += row.unknown;
  }
  for (auto& [name, of_host] : by_host(rows)) {
    HostCoverage& host = out[name];
    host.lines = host.unknown = 0;
    if (host.host.empty()) host.first = of_host.begin()->first, host.last = of_host.rbegin()->first;
    host.host = name;
    for (auto& [start, programs] : of_host) {
      HourCount count{start};
      for (auto& [program, views] : programs) {
        count.lines += views.larger().lines();
        count.unknown += views.larger().unknown;
      }
      host.lines += count.lines;
      host.unknown += count.unknown;
      host.hours.push_back(count);
    }
  }
  for (auto& [name, spoken] : spoken_minutes(rows, from, to)) out[name].silences = silences(spoken, to);
  std::vector<HostCoverage> list;
  list.reserve(out.size());
  for (auto& [name, host] : out) list.push_back(std::move(host));
  return list;
}

bool is_quiet_time(const std::vector<HourRow>& rows, Time from, Time to) {
  std::set<Time> spoken;
  for (const HourRow& row : rows) add_spoken(row, Time::min(), Time::max(), spoken);
  return quiet_on_other_days(spoken, from, to);
}

std::vector<HourRow> by_program(const std::vector<HourRow>& rows) {
  std::map<std::string, HourRow> programs;
  for (auto& [host, of_host] : by_host(rows))
    for (auto& [start, of_hour] : of_host)
      for (auto& [program, views] : of_hour) {
        HourRow& to = programs[program];
        const HourRow& from = views.larger();
        to.program = program;
        to.understood += from.understood;
        to.ignored += from.ignored;
        to.unknown += from.unknown;
        to.unparsed += from.unparsed;
      }
  std::vector<HourRow> out;
  out.reserve(programs.size());
  for (auto& [program, row] : programs) out.push_back(row);
  std::stable_sort(out.begin(), out.end(),
                   [](const HourRow& a, const HourRow& b) { return a.lines() > b.lines(); });
  return out;
}

}  // namespace mailtrace
