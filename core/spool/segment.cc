// Reading one segment: buffered pread, validation, search for the next valid record. Pipeline thread, or
// open().
#include "core/spool/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace mailtrace {
namespace {

using namespace spool_format;

constexpr size_t least_read = 16u << 10;
constexpr size_t most_read = 256u << 10;
constexpr size_t block = 4096;
constexpr uint64_t most_bad_bytes = 256u << 20;

}  // namespace

std::unique_ptr<SegmentCursor> SegmentCursor::open(FileSystem& files, const std::string& directory,
                                                   uint64_t base, int& error) {
  auto cursor = std::make_unique<SegmentCursor>();
  // An error may pass, and to give up costs a whole segment.
  for (int tries = 0; tries < 3 && !cursor->file_; ++tries) {
    cursor->file_ = files.open(directory + "/" + segment_name(base), FileSystem::Mode::read, error);
    if (error == ENOENT) break;
  }
  if (!cursor->file_) return nullptr;
  cursor->read_ahead_ = least_read;
  auto bytes = cursor->window(0, header_copy_bytes);
  auto kind = decode_header(bytes, cursor->header_);
  if (kind == HeaderKind::later_version) error = later_version;
  // A header of another base: a recycled file whose new name did not survive a power loss; consumed long ago.
  if (kind != HeaderKind::valid || cursor->header_.base != base) return nullptr;
  return cursor;
}

void SegmentCursor::fill(uint64_t offset, size_t need) {
  size_t wanted = std::max(need, read_ahead_);
  if (buffer_.size() < wanted) buffer_.resize(wanted);
  buffer_offset_ = offset;
  buffered_ = 0;
  while (buffered_ < need) {
    int64_t moved = file_->pread(buffer_.data() + buffered_, wanted - buffered_, offset + buffered_);
    if (moved == 0) return;
    if (moved > 0) {
      buffered_ += static_cast<size_t>(moved);
      continue;
    }
    // An unreadable block reads as zeros, so that the records behind it are still found.
    read_error_ = static_cast<int>(-moved);
    size_t hole = block - (offset + buffered_) % block;
    hole = std::min(hole, wanted - buffered_);
    moved = file_->pread(buffer_.data() + buffered_, hole, offset + buffered_);
    if (moved == 0) return;
    if (moved < 0) {
      int64_t size = file_->size();
      if (size < 0 || offset + buffered_ >= static_cast<uint64_t>(size)) return;
      std::memset(buffer_.data() + buffered_, 0, hole);
      moved = static_cast<int64_t>(hole);
    }
    buffered_ += static_cast<size_t>(moved);
  }
}

std::string_view SegmentCursor::window(uint64_t offset, size_t need) {
  if (offset < buffer_offset_ || offset + need > buffer_offset_ + buffered_) {
    // Reading on grows the read-ahead; after refresh() it starts small again, as little may be new.
    bool reading_on = buffered_ > 0 && offset >= buffer_offset_ && offset <= buffer_offset_ + buffered_;
    read_ahead_ = reading_on ? std::min(read_ahead_ * 2, most_read) : least_read;
    fill(offset, need);
    if (buffered_ < need) return {};
  }
  size_t skipped = static_cast<size_t>(offset - buffer_offset_);
  return {buffer_.data() + skipped, buffered_ - skipped};
}

bool SegmentCursor::read(uint64_t expected, Record& record) {
  for (;;) {
    auto bytes = window(offset_, head_bytes);
    RecordHead head;
    if (bytes.empty() || !decode_head(bytes.data(), header_.salt, head)) return false;
    if (head.sequence < header_.base || head.sequence > expected) return false;
    if (head.sequence < expected) {
      last_received_ = time_from_us(head.received_us);
      offset_ += head.record_bytes();
      continue;
    }
    if (bytes.size() < head.record_bytes()) bytes = window(offset_, head.record_bytes());
    if (bytes.empty() || !decode_body(bytes.data(), head, record)) return false;
    last_received_ = record.received;
    offset_ += head.record_bytes();
    return true;
  }
}

bool SegmentCursor::resync(uint64_t expected, uint64_t upper, uint64_t& found) {
  // No more records than this fit into a file, so no sequence behind it is possible.
  upper = std::min(upper, expected + std::max<uint64_t>(header_.capacity, most_bad_bytes) / head_bytes);
  uint64_t at = offset_;
  RecordHead head;
  auto bytes = window(at, head_bytes);
  if (bytes.empty()) return false;
  if (decode_head(bytes.data(), header_.salt, head) && head.sequence == expected) {
    at += head.record_bytes();
    ++expected;
  }
  for (;;) {
    bytes = window(at, head_bytes);
    if (bytes.empty()) return false;
    size_t slot = 0;
    for (; slot + head_bytes <= bytes.size(); slot += 8) {
      uint64_t sequence = peek_sequence(bytes.data() + slot);
      if (sequence < expected || sequence >= upper) continue;
      if (!decode_head(bytes.data() + slot, header_.salt, head)) continue;
      offset_ = at + slot;
      found = head.sequence;
      return true;
    }
    at += slot;
  }
}

bool SegmentCursor::at_clean_end() {
  auto bytes = window(offset_, end_bytes);
  if (bytes.empty()) {
    int64_t size = file_->size();
    return size >= 0 && static_cast<uint64_t>(size) <= offset_;
  }
  return std::all_of(bytes.begin(), bytes.begin() + end_bytes, [](char c) { return c == 0; });
}

uint64_t SegmentCursor::torn_bytes() {
  for (uint64_t at = offset_;; at += 8) {
    auto bytes = window(at, 64);
    if (bytes.empty()) {
      int64_t size = file_->size();
      return size > 0 && static_cast<uint64_t>(size) > offset_ ? static_cast<uint64_t>(size) - offset_ : 0;
    }
    if (std::all_of(bytes.begin(), bytes.begin() + 64, [](char c) { return c == 0; })) return at - offset_;
  }
}

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR || error == EACCES;
}

int list_segments(FileSystem& files, const std::string& directory, std::vector<uint64_t>& bases) {
  std::vector<std::string> names;
  bases.clear();
  if (int error = files.list(directory, names); error != 0) return error;
  for (auto& name : names)
    if (uint64_t base; parse_segment_name(name, base) && base > 0) bases.push_back(base);
  std::sort(bases.begin(), bases.end());
  return 0;
}

void copy_aside(FileSystem& files, const std::string& directory, File& file, uint64_t base, uint64_t from,
                uint64_t to) {
  if (to <= from) return;
  std::string folder = directory + "/bad";
  std::string name = fmt::format("{:016x}-{}-{}", base, from, to - from);
  int error = files.make_directory(folder);
  if (error != 0 && error != -EEXIST) return;
  std::vector<std::string> names;
  if (files.list(folder, names) != 0) return;
  uint64_t kept = 0;
  for (auto& other : names) {
    if (other == name) return;
    auto dash = other.rfind('-');
    if (dash != std::string::npos) kept += std::strtoull(other.c_str() + dash + 1, nullptr, 10);
  }
  if (kept + (to - from) > most_bad_bytes) return;
  int open_error = 0;
  auto copy = files.open(folder + "/" + name, FileSystem::Mode::write, open_error);
  if (!copy) return;
  std::vector<char> buffer(most_read);
  for (uint64_t at = from; at < to;) {
    size_t part = std::min<uint64_t>(buffer.size(), to - at);
    int64_t moved = read_fully(file, buffer.data(), part, at);
    if (moved <= 0 || write_fully(*copy, buffer.data(), static_cast<size_t>(moved), at - from) != 0) return;
    at += static_cast<uint64_t>(moved);
  }
}

}  // namespace mailtrace
