// What Spool::open finds in the directory and makes of its end. Loop thread, before the writer starts.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/spool/format.h"
#include "core/spool/spool.h"

namespace mailtrace {

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
  std::vector<SpoolGap> gaps;
};

// Never fails because of damage; an Error is a directory that cannot be listed.
Result<RecoveredSpool> recover_spool(FileSystem& files, const std::string& directory);

// Whether `state` could be read.
bool read_state(FileSystem& files, const std::string& directory, spool_format::State& state);
// Replaces `state` durably and opens it for updates; null if that failed, which harms nothing.
std::unique_ptr<File> make_state(FileSystem& files, const std::string& directory,
                                 const spool_format::State& state);

// A new segment, durable under its name: made from `spare` (a name, may be empty) or reserved anew; if there
// is no room for `header.capacity`, at least `least` bytes. Null with `error` set; nothing is left behind
// then but perhaps new.tmp.
std::unique_ptr<File> make_segment(FileSystem& files, const std::string& directory,
                                   spool_format::SegmentHeader& header, const std::string& spare,
                                   uint64_t least, int& error);

spool_format::Uuid random_uuid();
uint32_t random_salt();

}  // namespace mailtrace
