// Start of a spool: last durable point, torn tail, damage at the end; and the durable making of files.
#include "core/spool/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <random>

#include "core/base/log.h"
#include "core/spool/segment.h"

namespace mailtrace {
namespace {

using namespace spool_format;

// Without a state so many numbers are left out: what is gone without a trace may have had them.
constexpr uint64_t numbers_of_the_unknown = 1u << 25;

// Keeps the first shortage, which makes the whole recovery void. Rights that are wrong do not pass: lines are
// taken meanwhile, and the reader waits.
void note(int error, int& shortage) {
  if (shortage == 0 && error != EACCES && is_shortage(error)) shortage = error;
}

void measure_files(FileSystem& files, const std::string& directory, const std::vector<std::string>& names,
                   RecoveredSpool& out, int& shortage) {
  for (auto& name : names) {
    uint64_t base = 0;
    bool is_segment = parse_segment_name(name, base) && base > 0;
    bool is_spare = name.starts_with("spare.");
    if (!is_segment && !is_spare) continue;
    int error = 0;
    auto file = files.open(fmt::format("{}/{}", directory, name), FileSystem::Mode::read, error);
    note(error, shortage);
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
bool newest_header(FileSystem& files, const std::string& directory, RecoveredSpool& out, int& shortage) {
  uint64_t behind = 1;
  for (auto at = out.segments.rbegin(); at != out.segments.rend(); ++at, ++behind) {
    int error = 0;
    auto cursor = SegmentCursor::open(files, directory, at->base, error);
    note(error, shortage);
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

void recover_last(FileSystem& files, const std::string& directory, const State* state, RecoveredSpool& out,
                  int& shortage) {
  SegmentFile& last = out.segments.back();
  int error = 0;
  auto cursor = SegmentCursor::open(files, directory, last.base, error);
  note(error, shortage);
  if (!cursor) {
    auto end = judge_undecodable(last, state);
    out.next = end.next;
    out.previous = end.previous;
    if (error == SegmentCursor::later_version)
      log(LogLevel::error, "spool.later_version",
          {{"segment", segment_name(last.base)},
           {"reading", "not past it, until a version that can read it does"}});
    else
      out.gaps.push_back({last.base, end.previous, end.bytes, segment_name(last.base), end.reason});
    return;
  }
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
  auto end = judge_end(*cursor, expected, state);
  out.next = end.next;
  // One without a record is replaced by another of its name: what it left out is still not lost.
  out.previous = end.next == last.base ? cursor->header().previous : end.previous;
  uint64_t offset = cursor->offset();
  if (expected < end.previous) {
    out.gaps.push_back({expected, end.previous, end.bytes, segment_name(last.base), end.reason});
    copy_aside(files, directory, cursor->file(), last.base, offset, offset + end.bytes);
    return;
  }
  cursor.reset();
  if (expected > last.base) close_segment(files, directory, last, offset);
}

}  // namespace

// How many records it holds is unknown: none of their sequences may be given out again.
SegmentEnd judge_undecodable(const SegmentFile& segment, const State* state) {
  uint64_t durable = state ? std::max(segment.base, state->durable) : segment.base;
  uint64_t most = durable + segment.bytes / head_bytes;
  return {state ? most : most + numbers_of_the_unknown, durable > segment.base ? durable : most,
          segment.bytes, "header damaged"};
}

SegmentEnd judge_end(SegmentCursor& cursor, uint64_t expected, const State* state) {
  uint64_t bytes = cursor.torn_bytes();
  // `state` is written after the sync: what it counts was accepted, and anything else is a torn write.
  if (state) {
    uint64_t next = std::max(expected, state->durable);
    return {next, next, bytes, "no valid record"};
  }
  // Nobody knows. Zeros are what a segment is made of, but they may also be what is left of records.
  if (cursor.at_clean_end()) return {expected + numbers_of_the_unknown, expected, 0, ""};
  int64_t size = cursor.file().size();
  uint64_t end = cursor.offset() + bytes;
  // Cut off in a record: what followed is gone, too.
  if (size >= 0 && end >= static_cast<uint64_t>(size)) end = std::max(end, cursor.header().capacity);
  uint64_t previous = expected + (end - cursor.offset() + head_bytes - 1) / head_bytes;
  return {previous + numbers_of_the_unknown, previous, bytes,
          "no valid record, at most so many, and no state left to say whether any was accepted"};
}

Result<RecoveredSpool> recover_spool(FileSystem& files, const std::string& directory) {
  RecoveredSpool out;
  std::vector<std::string> names;
  int error = files.list(directory, names);
  if (error != 0)
    return Error{fault_of(error),
                 fmt::format("cannot read spool directory {}: {}", directory, error_text(error))};
  int shortage = 0;
  measure_files(files, directory, names, out, shortage);
  State read;
  const State* state = read_state(files, directory, read, error) ? &read : nullptr;
  note(error, shortage);
  if (!newest_header(files, directory, out, shortage)) out.uuid = state ? state->uuid : random_uuid();
  if (state && state->uuid != out.uuid) state = nullptr;
  if (state) out.stored = state->stored;
  if (!out.segments.empty())
    recover_last(files, directory, state, out, shortage);
  else if (state)
    out.next = out.previous = state->durable;
  if (shortage)
    return Error{fault_of(shortage),
                 fmt::format("cannot read spool directory {}: {}", directory, error_text(shortage))};
  return out;
}

bool read_state(FileSystem& files, const std::string& directory, State& state, int& error) {
  std::unique_ptr<File> file;
  for (int tries = 0; tries < 3 && !file; ++tries) {
    file = files.open(directory + "/state", FileSystem::Mode::read, error);
    if (error == ENOENT) break;
  }
  if (!file) return false;
  std::array<char, state_bytes> bytes{};
  int64_t size = read_fully(*file, bytes.data(), bytes.size(), 0);
  if (size < 0) {  // an unreadable copy is no reason to give up the other one
    size = state_bytes;
    for (size_t at : {size_t{0}, state_second_at}) read_fully(*file, bytes.data() + at, state_copy_bytes, at);
  }
  return decode_state({bytes.data(), static_cast<size_t>(size)}, state);
}

int write_state(File& file, const State& state) {
  auto copy = encode_state(state);
  for (size_t at : {size_t{0}, state_second_at})
    if (int error = write_fully(file, copy.data(), copy.size(), at); error != 0) return error;
  return 0;
}

std::unique_ptr<File> make_state(FileSystem& files, const std::string& directory, const State& state) {
  std::string temporary = directory + "/new.tmp";
  files.unlink(temporary);
  int error = 0;
  auto file = files.open(temporary, FileSystem::Mode::write, error);
  if (!file) return nullptr;
  if (write_state(*file, state) != 0 || file->sync_data() != 0) return nullptr;
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
