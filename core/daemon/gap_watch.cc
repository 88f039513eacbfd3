#include "core/daemon/gap_watch.h"

#include <fmt/format.h>

#include <algorithm>

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

// The same hole makes the same row if it is found again, after a crash or for another database.
void GapWatch::end_holes(Time at) {
  for (auto& gap : open_) {
    // Where nothing is left of what was before it, nobody knows since when lines are lost.
    Time first = gap.after == Time{} ? at : gap.after;
    done_.push_back(row("damage", first, std::max(first, at),
                        fmt::format("{} bytes in {}: {}", gap.bytes, gap.segment, gap.reason),
                        fmt::format("{}-{}", gap.first_sequence, gap.next_sequence)));
    done_.back().lines =
        static_cast<int64_t>(gap.next_sequence - std::min(gap.next_sequence, gap.first_sequence));
  }
  open_.clear();
}

uint64_t GapWatch::dropped() {
  uint64_t sum = 0;
  for (auto& value : all_counters())
    for (std::string_view name : {"dropped_lines_total", "input_kernel_drops_total"})
      if (value.name.ends_with(name)) sum += value.value;
  return sum;
}

void GapWatch::look(Time now) {
  if (now >= looked_ && now - looked_ < look_every) return;  // or the clock was set back
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
