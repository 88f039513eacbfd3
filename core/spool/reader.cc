// Reading across segments, past damage. Pipeline thread; `mailtrace spool`.
#include "core/spool/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace mailtrace {
namespace {

using spool_format::segment_name;

constexpr uint64_t no_limit = std::numeric_limits<uint64_t>::max();

}  // namespace

Result<std::unique_ptr<SpoolReader>> SpoolReader::open(const std::string& directory, uint64_t sequence,
                                                       bool keep_damage, FileSystem* files) {
  FileSystem& system = files ? *files : FileSystem::real();
  std::vector<uint64_t> bases;
  if (int error = list_segments(system, directory, bases); error != 0)
    return Error{Fault::config,
                 fmt::format("cannot read spool directory {}: {}", directory, error_text(error))};
  return std::unique_ptr<SpoolReader>(
      std::make_unique<DirectoryReader>(system, directory, sequence, keep_damage));
}

SpoolReader::Next DirectoryReader::next(Record& record, SpoolGap& gap, uint64_t limit) {
  for (;;) {
    if (expected_ >= limit) return Next::end;
    if (cursor_ && expected_ > 0) {
      if (expected_ >= fresh_until_) {
        if (!find_end()) return Next::end;
        cursor_->refresh();
        fresh_until_ = limit;
      }
      if (expected_ < end_ && cursor_->read(expected_, record)) {
        ++expected_;
        return Next::record;
      }
    }
    switch (find_on(gap, limit)) {
      case Step::moved:
        break;
      case Step::gap:
        return Next::gap;
      case Step::end:
        return Next::end;
    }
  }
}

// What the segment has from `end_` on was stored again, or given to other lines after a crash, in the next
// one. What is durable before the limit lies in segments that are there already: one look will do for all of
// it.
bool DirectoryReader::find_end() {
  std::vector<uint64_t> bases;
  if (list_segments(files_, directory_, bases) != 0) return false;
  auto after = std::upper_bound(bases.begin(), bases.end(), base_);
  end_ = after == bases.end() ? no_limit : *after;
  return true;
}

// The record `expected_` is not at the cursor: it is in a later segment, behind damage, or gone. Each Step
// that is not `end` moves to a later segment, a later offset or a later sequence, so this cannot loop.
DirectoryReader::Step DirectoryReader::find_on(SpoolGap& gap, uint64_t limit) {
  std::vector<uint64_t> bases;
  if (list_segments(files_, directory_, bases) != 0) return Step::end;
  if (expected_ == 0 && !bases.empty()) expected_ = bases.front();
  // The segment that is responsible for `expected_`.
  auto after = std::upper_bound(bases.begin(), bases.end(), expected_);
  if (after != bases.begin() && *(after - 1) > base_) return enter(*(after - 1), no_limit, gap);
  if (was_replaced()) {
    after_ = last_received();
    base_ = 0;
    cursor_.reset();
    return Step::moved;
  }
  uint64_t upper = after == bases.end() ? limit : *after;
  bool found = false;
  if (Step step = search_current(upper, gap, found); found) return step;
  if (after != bases.end()) return enter(*after, bytes_left(), gap);
  if (limit == no_limit) {
    fresh_until_ = 0;
    return Step::end;
  }
  return lose(limit, bytes_left(), cursor_ ? "no valid record" : "segment missing or undecodable", gap);
}

// A file whose first write failed was replaced by one of the same name.
bool DirectoryReader::was_replaced() {
  if (!cursor_) return false;
  int error = 0;
  auto now = SegmentCursor::open(files_, directory_, base_, error);
  return now && now->header().salt != cursor_->header().salt;
}

DirectoryReader::Step DirectoryReader::search_current(uint64_t upper, SpoolGap& gap, bool& found) {
  if (!cursor_) return Step::end;
  uint64_t from = cursor_->offset(), sequence = 0;
  found = cursor_->resync(expected_, std::min(upper, end_), sequence);
  if (!found) return Step::end;
  if (sequence == expected_) return Step::moved;
  return lose(sequence, cursor_->offset() - from, "invalid record", gap);
}

// Goes to the segment `base`; what lies between `expected_` and it is lost.
DirectoryReader::Step DirectoryReader::enter(uint64_t base, uint64_t lost_bytes, SpoolGap& gap) {
  int error = 0;
  auto cursor = SegmentCursor::open(files_, directory_, base, error);
  if (!cursor && error == SegmentCursor::later_version) return stop_before(base, gap);
  later_version_ = 0;
  if (!cursor && is_shortage(error)) return Step::end;
  uint64_t previous = cursor ? cursor->header().previous : base;
  Step step = Step::moved;
  if (expected_ < previous) {
    bool whole = !cursor_ || lost_bytes == 0;
    step = lose(previous, lost_bytes, whole ? "segment missing or undecodable" : "no valid record", gap);
  }
  after_ = last_received();
  cursor_ = std::move(cursor);
  base_ = base;
  fresh_until_ = 0;
  expected_ = std::max(expected_, base);
  return step;
}

// What is in it is not lost, and so nothing behind it may be read before; unless the segment that follows was
// made by a build that knew from the state how far it goes, and that is behind us.
DirectoryReader::Step DirectoryReader::stop_before(uint64_t base, SpoolGap& gap) {
  std::vector<uint64_t> bases;
  if (list_segments(files_, directory_, bases) != 0) return Step::end;
  auto after = std::upper_bound(bases.begin(), bases.end(), base);
  int error = 0;
  if (auto next = after == bases.end() ? nullptr : SegmentCursor::open(files_, directory_, *after, error);
      next && next->header().previous <= expected_)
    return enter(*after, 0, gap);
  later_version_ = base;
  return Step::end;
}

std::string DirectoryReader::later_version() const {
  return later_version_ ? segment_name(later_version_) : "";
}

DirectoryReader::Step DirectoryReader::lose(uint64_t next_sequence, uint64_t bytes, std::string reason,
                                            SpoolGap& gap) {
  gap.first_sequence = expected_;
  gap.next_sequence = next_sequence;
  gap.bytes = bytes;
  gap.segment = base_ ? segment_name(base_) : "";
  gap.reason = std::move(reason);
  gap.after = last_received();
  if (cursor_ && cursor_->saw_read_error()) gap.reason += ", read error";
  if (cursor_ && keep_damage_ && bytes > 0) {
    // After a search the offset is behind the damage, else in front of it.
    bool searched = gap.reason.starts_with("invalid");
    uint64_t from = searched ? cursor_->offset() - bytes : cursor_->offset();
    copy_aside(files_, directory_, cursor_->file(), base_, from, from + bytes);
  }
  expected_ = next_sequence;
  return Step::gap;
}

Time DirectoryReader::last_received() const {
  return cursor_ && cursor_->last_received() != Time{} ? cursor_->last_received() : after_;
}

uint64_t DirectoryReader::bytes_left() { return cursor_ ? cursor_->torn_bytes() : 0; }

}  // namespace mailtrace
