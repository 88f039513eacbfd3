// What Spool::open finds in the directory and makes of its end. Loop thread, before the writer starts.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/spool/format.h"
#include "core/spool/spool.h"

namespace mailtrace {

class SegmentCursor;

struct SegmentFile {
  uint64_t base = 0;
  uint64_t bytes = 0;  // size of the file
};

struct SpareFile {
  std::string name;
  uint64_t bytes = 0;
};

struct RecoveredSpool {
  spool_format::Uuid uuid{};
  std::deque<SegmentFile> segments;  // ascending
  std::vector<SpareFile> spares;
  uint64_t next = 1;      // sequence of the next record
  uint64_t previous = 1;  // `previous` of the next segment
  uint64_t number = 1;    // of the next segment
  uint64_t stored = 0;    // records before this were in every database; 0: not known
  std::vector<SpoolGap> gaps;
};

// What lies behind the last valid record, `expected - 1`, of the last segment, as far as `state` tells.
struct SegmentEnd {
  uint64_t next;       // number of the next record that is accepted
  uint64_t previous;   // of the next segment: records in [expected, previous) count as accepted
  uint64_t bytes;      // up to the first zeros, or the end of the file
  std::string reason;  // why [expected, previous) are gone
};
// `state` null: no copy of it is left, or it is another spool's.
SegmentEnd judge_end(SegmentCursor& cursor, uint64_t expected, const spool_format::State* state);
// The same of a last segment whose header says nothing: `expected` is its base.
SegmentEnd judge_undecodable(const SegmentFile& segment, const spool_format::State* state);

// Never fails because of damage; an Error is a directory that cannot be listed, or a file that cannot be
// opened for want of descriptors or memory.
Result<RecoveredSpool> recover_spool(FileSystem& files, const std::string& directory);

// Whether `state` could be read; `error`: of opening it.
bool read_state(FileSystem& files, const std::string& directory, spool_format::State& state, int& error);
// Replaces `state` durably and opens it for updates; null if that failed: to be tried again.
std::unique_ptr<File> make_state(FileSystem& files, const std::string& directory,
                                 const spool_format::State& state);
// Both copies, without a sync; 0 or -errno.
int write_state(File& file, const spool_format::State& state);

// A new segment, durable under its name: made from `spare` (a name, may be empty) or reserved anew; if there
// is no room for `header.capacity`, at least `least` bytes. Null with `error` set; nothing is left behind
// then but perhaps new.tmp.
std::unique_ptr<File> make_segment(FileSystem& files, const std::string& directory,
                                   spool_format::SegmentHeader& header, const std::string& spare,
                                   uint64_t least, int& error);

spool_format::Uuid random_uuid();
uint32_t random_salt();

}  // namespace mailtrace
