#include "core/store/host_counts.h"

#include <algorithm>

namespace mailtrace {

HostRow& HostCounts::row_of(Day day, std::string_view host) {
  if (last_ && last_->day == day && last_->host == host) return *last_;
  auto [found, added] = rows_.try_emplace({day, std::string(host)});
  if (added) {
    found->second.day = day;
    found->second.host = host;
  }
  last_ = &found->second;
  return *last_;
}

void HostCounts::count(HostRow& row, Time time, bool unknown) {
  if (!row.lines || time < row.first_time) row.first_time = time;
  if (!row.lines || time > row.last_time) row.last_time = time;
  ++row.lines;
  row.unknown += unknown;
}

void HostCounts::add(const LogLine& line, bool unknown) {
  if (line.sequence && line.sequence < counted_) return;
  HostRow& row = row_of(day_of(line.time), line.hostname);
  if (line.sequence)
    waiting_.push_back({line.sequence, &row, line.time, unknown});
  else
    count(row, line.time, unknown);
}

void HostCounts::collect(uint64_t mark, std::vector<HostRow>& rows) {
  auto keep = std::remove_if(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
    if (waiting.sequence >= mark) return false;
    count(*waiting.row, waiting.time, waiting.unknown);
    return true;
  });
  waiting_.erase(keep, waiting_.end());
  for (auto& [key, row] : rows_) {
    if (!row.lines) continue;
    rows.push_back(row);
    row.lines = row.unknown = 0;
  }
  if (waiting_.empty() && rows_.size() > 10'000) {
    rows_.clear();
    last_ = nullptr;
  }
}

}  // namespace mailtrace
