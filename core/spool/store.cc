// Writing segments: one pwrite and one fdatasync a batch, a new file after an error. Writer thread.
#include "core/spool/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "core/base/counters.h"
#include "core/base/log.h"

namespace mailtrace {
namespace {

using namespace spool_format;

constexpr size_t most_spares = 2;
// A segment left earlier than this before its end is cut, not recycled.
constexpr uint64_t unused_worth_keeping = 2 * (max_record_bytes + 512);
constexpr uint64_t least_emergency_bytes = 256u << 10;

}  // namespace

SegmentStore::SegmentStore(FileSystem& files, std::string directory, uint64_t capacity,
                           RecoveredSpool recovered)
    : files_(files),
      directory_(std::move(directory)),
      capacity_(capacity),
      next_number_(recovered.number),
      previous_(recovered.previous),
      uuid_(recovered.uuid),
      accepted_(recovered.previous),
      stored_kept_(recovered.stored),
      durable_(recovered.previous),
      stored_(recovered.stored),
      segments_(std::move(recovered.segments)),
      spares_(std::move(recovered.spares)),
      spare_number_(recovered.next) {
  uint64_t bytes = 0;
  for (auto& segment : segments_) bytes += segment.bytes;
  closed_bytes_ = bytes;
  for (auto& spare : spares_) bytes += spare.bytes;
  reserved_bytes_ = bytes;
  // Numbers that are left out are known only by the name of the next segment: roll() makes that first.
  if (recovered.next == recovered.previous)
    state_ = make_state(files_, directory_, {uuid_, accepted_, stored_kept_});
}

bool SegmentStore::prepare(uint64_t sequence) { return active_ || roll(sequence, 0) || roll(sequence, 0); }

bool SegmentStore::fits(size_t bytes) const {
  return position_.load() + bytes + end_bytes <= header_.capacity;
}

bool SegmentStore::store(char* bytes, size_t size, uint64_t first) {
  size_t at = 0;
  uint64_t sequence = first;
  for (int failures = 0; at < size;) {
    bool ready = active_ && next_ == sequence && fits(encoded_size(bytes + at));
    uint64_t count = 0;
    if (ready || roll(sequence, size - at)) {
      size_t part = seal_part(bytes + at, size - at, count);
      int error = part ? write_part(bytes + at, part, sequence + count, at + part == size) : -ENOSPC;
      if (error == 0) {
        at += part;
        sequence += count;
        failures = 0;
        continue;
      }
      note("write " + segment_name(header_.base), error);
      leave_segment();
    }
    if (++failures == 2) return false;
  }
  return true;
}

size_t SegmentStore::seal_part(char* bytes, size_t size, uint64_t& count) const {
  size_t part = 0;
  while (part < size) {
    size_t record = encoded_size(bytes + part);
    if (!fits(part + record)) break;
    seal_record(bytes + part, header_.salt);
    part += record;
    ++count;
  }
  return part;
}

int SegmentStore::write_part(const char* bytes, size_t size, uint64_t next, bool with_end) {
  static constexpr char end[end_bytes] = {};
  uint64_t position = position_.load();
  int error = write_fully(*active_, bytes, size + (with_end ? end_bytes : 0), position);
  if (error == 0 && !with_end) error = write_fully(*active_, end, end_bytes, position + size);
  if (error == 0) error = active_->sync_data();
  if (error != 0) return error;
  position_ = position + size;
  next_ = previous_ = accepted_ = next;
  durable_.store(next, std::memory_order_release);
  update_state();
  return 0;
}

// Without a sync: it survives the death of the process, and a power loss only makes it older.
void SegmentStore::update_state() {
  if (!state_) return;
  stored_kept_ = stored_;
  if (write_state(*state_, {uuid_, accepted_, stored_kept_}) != 0) state_.reset();
}

void SegmentStore::keep_state() {
  if (stored_kept_ != stored_) update_state();
}

void SegmentStore::renew(const Uuid& id, uint64_t sequence) {
  {
    std::lock_guard lock(mutex_);
    uuid_ = id;
  }
  // The header of the newest segment tells the id. Where none can be made now, the next store() makes it.
  if (roll(sequence, 0) || roll(sequence, 0)) update_state();
}

bool SegmentStore::roll(uint64_t sequence, size_t waiting) {
  if (active_ && position_ + unused_worth_keeping < header_.capacity) give_back();
  leave_segment();
  SegmentHeader header;
  header.uuid = uuid_;
  header.number = next_number_;
  header.base = sequence;
  header.previous = previous_;
  header.created = now();
  header.capacity = capacity_;
  uint64_t least = std::max<uint64_t>(header_bytes + waiting + end_bytes, least_emergency_bytes);
  std::string spare = take_spare();
  int error = 0;
  auto file = make_segment(files_, directory_, header, spare, std::min(least, capacity_), error);
  if (!file) {
    note("make " + segment_name(sequence), error);
    return false;
  }
  if (!state_) state_ = make_state(files_, directory_, {uuid_, accepted_, stored_});
  active_ = std::move(file);
  header_ = header;
  ++next_number_;
  next_ = sequence;
  std::lock_guard lock(mutex_);
  if (!segments_.empty() && segments_.back().base == sequence) {
    // The new file took the name of one in which nothing ever became durable.
    reserved_bytes_ -= segments_.back().bytes;
    closed_bytes_ -= segments_.back().bytes;
    segments_.pop_back();
  }
  segments_.push_back({sequence, header.capacity});
  reserved_bytes_ += header.capacity;
  has_active_ = true;
  position_ = header_bytes;
  return true;
}

void SegmentStore::leave_segment() {
  if (!active_) return;
  active_.reset();
  std::lock_guard lock(mutex_);
  has_active_ = false;
  closed_bytes_ += segments_.back().bytes;
  position_ = 0;
}

void SegmentStore::give_back() {
  if (!active_ || next_ == header_.base || active_->truncate(position_) != 0) return;
  std::lock_guard lock(mutex_);
  reserved_bytes_ -= segments_.back().bytes - position_;
  segments_.back().bytes = position_;
}

void SegmentStore::close() {
  keep_state();
  give_back();
  leave_segment();
}

void SegmentStore::note(const std::string& what, int error) {
  static Counter& errors = counter("spool_errors_total");
  ++errors;
  {
    std::lock_guard lock(mutex_);
    last_error_ = fmt::format("{}: {}", what, error_text(error));
  }
  log_rarely(LogLevel::error, "spool.error",
             {{"directory", directory_}, {"tried", what}, {"error", error_text(error)}});
}

std::string SegmentStore::take_spare() {
  std::lock_guard lock(mutex_);
  if (spares_.empty()) return {};
  SpareFile spare = std::move(spares_.back());
  spares_.pop_back();
  // From now on its bytes are counted as the new segment's, or it is gone.
  reserved_bytes_ -= spare.bytes;
  return spare.name;
}

void SegmentStore::trim(uint64_t sequence) {
  if (sequence > stored_) stored_ = sequence;
  for (;;) {
    SegmentFile segment;
    {
      std::lock_guard lock(mutex_);
      // The active segment stays, so that its name keeps the sequence.
      if (segments_.size() < 2 || segments_[1].base > sequence) return;
      segment = segments_.front();
      segments_.pop_front();
      closed_bytes_ -= segment.bytes;
      reserved_bytes_ -= segment.bytes;
    }
    dispose(segment);
  }
}

void SegmentStore::dispose(const SegmentFile& segment) {
  std::string path = directory_ + "/" + segment_name(segment.base);
  std::string spare;
  {
    std::lock_guard lock(mutex_);
    if (segment.bytes == capacity_ && spares_.size() < most_spares)
      spare = fmt::format("spare.{}", ++spare_number_);
  }
  if (!spare.empty() && files_.rename(path, directory_ + "/" + spare) == 0) {
    std::lock_guard lock(mutex_);
    spares_.push_back({spare, segment.bytes});
    reserved_bytes_ += segment.bytes;
    return;
  }
  files_.unlink(path);
}

void SegmentStore::fill(SpoolStatus& status) const {
  std::lock_guard lock(mutex_);
  status.id = format_uuid(uuid_);
  status.durable_sequence = durable();
  status.stored_sequence = stored_;
  status.first_sequence = segments_.empty() ? durable() : segments_.front().base;
  status.bytes = reserved_bytes_;
  status.segments = segments_.size();
  status.last_error = last_error_;
}

}  // namespace mailtrace
