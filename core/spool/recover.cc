// Start of a spool: last durable point, torn tail, damage at the end; and the durable making of files.
#include "core/spool/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <random>

#include "core/spool/segment.h"

namespace mailtrace {
namespace {

using namespace spool_format;

void measure_files(FileSystem& files, const std::string& directory, const std::vector<std::string>& names,
                   RecoveredSpool& out) {
  for (auto& name : names) {
    uint64_t base = 0;
    bool is_segment = parse_segment_name(name, base) && base > 0;
    bool is_spare = name.starts_with("spare.");
    if (!is_segment && !is_spare) continue;
    int error = 0;
    auto file = files.open(fmt::format("{}/{}", directory, name), FileSystem::Mode::read, error);
    int64_t size = file ? file->size() : 0;
    uint64_t bytes = size > 0 ? static_cast<uint64_t>(size) : 0;
    if (is_segment)
      out.segments.push_back({base, bytes});
    else
      out.spares.push_back({name, bytes});
  }
  std::sort(out.segments.begin(), out.segments.end(), [](auto& a, auto& b) { return a.base < b.base; });
}

// The newest segment whose header can be read tells the uuid and how many segments there were.
bool newest_header(FileSystem& files, const std::string& directory, RecoveredSpool& out) {
  uint64_t behind = 1;
  for (auto at = out.segments.rbegin(); at != out.segments.rend(); ++at, ++behind) {
    int error = 0;
    auto cursor = SegmentCursor::open(files, directory, at->base, error);
    if (!cursor) continue;
    out.uuid = cursor->header().uuid;
    out.number = cursor->header().number + behind;
    return true;
  }
  return false;
}

// Ends the file behind its last record and makes sure that what we found is really on the disk.
void close_segment(FileSystem& files, const std::string& directory, SegmentFile& segment, uint64_t end) {
  int error = 0;
  auto file = files.open(directory + "/" + segment_name(segment.base), FileSystem::Mode::write, error);
  if (!file) return;
  if (file->truncate(end) == 0) segment.bytes = end;
  file->sync_data();
}

void recover_undecodable(const SegmentFile& last, bool has_state, const State& state, RecoveredSpool& out) {
  // How many records it held is unknown: none of their sequences may be given out again.
  out.next = std::max(last.base, state.durable) + last.bytes / head_bytes;
  out.previous = has_state && state.durable > last.base ? state.durable : out.next;
  out.gaps.push_back({last.base, out.previous, last.bytes, segment_name(last.base), "header damaged"});
}

void recover_last(FileSystem& files, const std::string& directory, bool has_state, const State& state,
                  RecoveredSpool& out) {
  SegmentFile& last = out.segments.back();
  int error = 0;
  auto cursor = SegmentCursor::open(files, directory, last.base, error);
  if (!cursor) return recover_undecodable(last, has_state, state, out);
  uint64_t expected = last.base;
  Record record;
  for (;;) {
    while (cursor->read(expected, record)) ++expected;
    uint64_t from = cursor->offset(), found = 0;
    if (!cursor->resync(expected, std::numeric_limits<uint64_t>::max(), found)) break;
    if (found == expected) continue;
    uint64_t bytes = cursor->offset() - from;
    out.gaps.push_back({expected, found, bytes, segment_name(last.base), "invalid record"});
    copy_aside(files, directory, cursor->file(), last.base, from, cursor->offset());
    expected = found;
  }
  out.next = out.previous = expected;
  uint64_t end = cursor->offset();
  if (expected < state.durable) {
    // Not a torn write: `state` is written after the sync, so these records were accepted.
    uint64_t bytes = cursor->torn_bytes();
    out.gaps.push_back({expected, state.durable, bytes, segment_name(last.base), "no valid record"});
    copy_aside(files, directory, cursor->file(), last.base, end, end + bytes);
    out.next = out.previous = state.durable;
    return;
  }
  cursor.reset();
  if (expected > last.base) close_segment(files, directory, last, end);
}

}  // namespace

Result<RecoveredSpool> recover_spool(FileSystem& files, const std::string& directory) {
  RecoveredSpool out;
  std::vector<std::string> names;
  if (int error = files.list(directory, names); error != 0)
    return Error{Fault::config,
                 fmt::format("cannot read spool directory {}: {}", directory, error_text(error))};
  measure_files(files, directory, names, out);
  State state;
  bool has_state = read_state(files, directory, state);
  if (!newest_header(files, directory, out)) out.uuid = has_state ? state.uuid : random_uuid();
  if (has_state && state.uuid != out.uuid) {
    has_state = false;
    state.durable = 0;
  }
  if (!out.segments.empty())
    recover_last(files, directory, has_state, state, out);
  else if (has_state)
    out.next = out.previous = state.durable;
  return out;
}

bool read_state(FileSystem& files, const std::string& directory, State& state) {
  int error = 0;
  auto file = files.open(directory + "/state", FileSystem::Mode::read, error);
  if (!file) return false;
  std::array<char, state_bytes> bytes{};
  if (read_fully(*file, bytes.data(), bytes.size(), 0) != static_cast<int64_t>(bytes.size())) return false;
  State read;
  if (!decode_state({bytes.data(), bytes.size()}, read)) return false;
  state = read;
  return true;
}

std::unique_ptr<File> make_state(FileSystem& files, const std::string& directory, const State& state) {
  std::string temporary = directory + "/new.tmp";
  files.unlink(temporary);
  int error = 0;
  auto file = files.open(temporary, FileSystem::Mode::write, error);
  if (!file) return nullptr;
  auto bytes = encode_state(state);
  if (write_fully(*file, bytes.data(), bytes.size(), 0) != 0 || file->sync_data() != 0) return nullptr;
  if (files.rename(temporary, directory + "/state") != 0) return nullptr;
  files.sync_directory(directory);
  return file;
}

std::unique_ptr<File> make_segment(FileSystem& files, const std::string& directory, SegmentHeader& header,
                                   const std::string& spare, uint64_t least, int& error) {
  std::string temporary = directory + "/new.tmp";
  files.unlink(temporary);
  if (!spare.empty()) {
    // The old name must be gone for good before the header changes: else a power loss leaves the old name on
    // a file that looks damaged.
    error = -files.rename(directory + "/" + spare, temporary);
    if (error == 0) error = -files.sync_directory(directory);
    if (error != 0) return nullptr;
  }
  auto file = files.open(temporary, FileSystem::Mode::write, error);
  if (!file) return nullptr;
  header.salt = random_salt();
  if (file->size() > static_cast<int64_t>(header.capacity)) file->truncate(header.capacity);
  error = -file->allocate(header.capacity);
  if (error != 0 && least < header.capacity) {
    header.capacity = least;
    error = -file->allocate(header.capacity);
  }
  auto bytes = encode_header(header);
  if (error == 0) error = -write_fully(*file, bytes.data(), bytes.size(), 0);
  // The first end mark: stale bytes of a spare are not taken for a torn write.
  std::array<char, end_bytes> end{};
  if (error == 0) error = -write_fully(*file, end.data(), end.size(), header_bytes);
  if (error == 0) error = -file->sync_data();
  if (error == 0) error = -files.rename(temporary, directory + "/" + segment_name(header.base));
  if (error == 0) error = -files.sync_directory(directory);
  if (error == 0) return file;
  files.unlink(temporary);
  return nullptr;
}

Uuid random_uuid() {
  std::random_device random;
  Uuid uuid;
  for (auto& byte : uuid) byte = static_cast<uint8_t>(random());
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 4122 4.4
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

uint32_t random_salt() { return std::random_device{}(); }

}  // namespace mailtrace
