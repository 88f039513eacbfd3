#include "core/daemon/gap_watch.h"

#include <fmt/format.h>

#include "core/base/counters.h"

namespace mailtrace {
namespace {

constexpr Microseconds look_every = std::chrono::seconds(1), calm = std::chrono::minutes(1);

}  // namespace

GapRow GapWatch::row(const char* kind, Time first, Time last, std::string reason,
                     std::string_view what) const {
  GapRow out;
  out.id = make_id(first, hash_fields({receiver_, spool_, kind, what}));
  out.day = day_of(first);
  out.receiver = receiver_;
  out.kind = kind;
  out.first_time = first;
  out.last_time = last;
  out.reason = std::move(reason);
  return out;
}

void GapWatch::received(Time at) {
  for (GapRow& gap : open_) {
    if (gap.first_time == Time{}) {
      // Nothing was read before it in this run.
      auto lines = gap.lines;
      gap = row("damage", at, at, std::move(gap.reason), std::to_string(lines));
      gap.lines = lines;
    }
    gap.last_time = std::max(gap.first_time, at);
    done_.push_back(std::move(gap));
  }
  open_.clear();
  last_received_ = at;
}

void GapWatch::damaged(const SpoolGap& gap) {
  open_.push_back(row("damage", last_received_, last_received_,
                      fmt::format("{} bytes in {}: {}", gap.bytes, gap.segment, gap.reason),
                      fmt::format("{}-{}", gap.first_sequence, gap.next_sequence)));
  open_.back().lines =
      static_cast<int64_t>(gap.next_sequence - std::min(gap.next_sequence, gap.first_sequence));
}

uint64_t GapWatch::dropped() {
  uint64_t sum = 0;
  for (auto& value : all_counters())
    for (std::string_view name : {"dropped_lines_total", "unstored_lines_total", "input_kernel_drops_total"})
      if (value.name.ends_with(name)) sum += value.value;
  return sum;
}

void GapWatch::look(Time now) {
  if (now - looked_ < look_every) return;
  Time before = looked_ == Time{} ? now : looked_;
  looked_ = now;
  uint64_t sum = dropped();
  if (sum == dropped_) {
    if (drops_ && !drops_grew_ && now - drops_->last_time > calm) drops_.reset();
    return;
  }
  if (!drops_)
    drops_ =
        row("dropped", before, now, "the spool took no more, its disk failed, or the kernel had no room", "");
  drops_->lines += static_cast<int64_t>(sum - dropped_);
  drops_->last_time = now;
  dropped_ = sum;
  drops_grew_ = true;
}

void GapWatch::collect(std::vector<GapRow>& rows) {
  rows.insert(rows.end(), std::make_move_iterator(done_.begin()), std::make_move_iterator(done_.end()));
  done_.clear();
  if (drops_ && drops_grew_) rows.push_back(*drops_);
  drops_grew_ = false;
}

}  // namespace mailtrace
