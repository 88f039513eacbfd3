#include "core/store/host_counts.h"

#include <algorithm>
#include <map>

#include "core/mail/plausible.h"

namespace mailtrace {
namespace {

// Names come from the lines, and anybody who may send lines could make up more.
constexpr size_t most_hosts = 10'000, most_entries = 20'000;
constexpr std::string_view other_hosts = "(other)";

}  // namespace

HostCounts::Entry& HostCounts::entry_of(Time time, std::string_view host, std::string_view program) {
  int64_t hour = std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
  std::string_view hour_bytes(reinterpret_cast<const char*>(&hour), sizeof hour);
  auto key = hash_fields({hour_bytes, host, program});
  if (auto found = entries_.find(key); found != entries_.end()) return found->second;
  if (!hosts_.contains(host)) {
    if (hosts_.size() < most_hosts)
      hosts_.emplace(host);
    else if (host != other_hosts)
      return entry_of(time, other_hosts, program);
  }
  Entry& entry = entries_[key];
  entry.row.day = day_of(time);
  entry.row.hour = hour - std::chrono::hours(entry.row.day.time_since_epoch()).count();
  entry.row.host = host;
  entry.row.program = program;
  return entry;
}

void HostCounts::count(Entry& entry, Time time, LineResult result) {
  HourRow& row = entry.row;
  if (!row.lines()) {
    entry.first = entry.last = time;
    touched_.push_back(&entry);
  }
  entry.first = std::min(entry.first, time);
  entry.last = std::max(entry.last, time);
  row.minutes |= int64_t{1} << (std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count() -
                                std::chrono::minutes(row.day.time_since_epoch()).count()) %
                                   60;
  switch (result) {
    case LineResult::understood:
      ++row.understood;
      return;
    case LineResult::ignored:
      ++row.ignored;
      return;
    case LineResult::unknown:
      ++row.unknown;
      return;
    case LineResult::unparsed:
      ++row.unparsed;
      return;
  }
}

void HostCounts::add(const LogLine& line, std::string_view program, LineResult result) {
  if (is_counted(line)) return;
  Time time = counted_time(line.time, line.received);
  Entry& entry = entry_of(time, line.hostname, program);
  if (line.sequence)
    waiting_.push_back({line.sequence, &entry, time, result});
  else
    count(entry, time, result);
}

void HostCounts::collect(uint64_t mark, std::vector<HostRow>& hosts, std::vector<HourRow>& hours) {
  auto keep = std::remove_if(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
    if (waiting.sequence >= mark) return false;
    count(*waiting.entry, waiting.time, waiting.result);
    return true;
  });
  waiting_.erase(keep, waiting_.end());
  std::map<std::pair<Day, std::string_view>, HostRow> days;
  for (Entry* entry : touched_) {
    HourRow& row = entry->row;
    HostRow& day = days[{row.day, row.host}];
    if (!day.lines) {
      day = {row.day, row.host, entry->first, entry->last, 0, 0};
    }
    day.first_time = std::min(day.first_time, entry->first);
    day.last_time = std::max(day.last_time, entry->last);
    day.lines += row.lines();
    day.unknown += row.unknown;
    hours.push_back(row);
    row.understood = row.ignored = row.unknown = row.unparsed = row.minutes = 0;
  }
  touched_.clear();
  for (auto& [key, row] : days) hosts.push_back(row);
  if (waiting_.empty() && entries_.size() > most_entries) entries_.clear();
}

}  // namespace mailtrace
