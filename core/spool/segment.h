// SegmentCursor: walks over the records of one segment file. Owned by a reader (pipeline thread) or by
// open().
#pragma once
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"
#include "core/spool/format.h"

namespace mailtrace {

class SegmentCursor {
 public:
  static constexpr int later_version = ENOTSUP;
  // Null with `error` != 0: could not be opened or read, or is of a later version; null with 0: its header is
  // damaged.
  static std::unique_ptr<SegmentCursor> open(FileSystem& files, const std::string& directory, uint64_t base,
                                             int& error);

  const spool_format::SegmentHeader& header() const { return header_; }
  uint64_t base() const { return header_.base; }
  uint64_t offset() const { return offset_; }
  // When the last record before the offset that could be read was received; Time{}: there was none.
  Time last_received() const { return last_received_; }
  File& file() { return *file_; }

  // The record `expected` if it lies at the offset, whole; then steps behind it. Earlier ones are stepped
  // over. The views live until the next call of anything.
  bool read(uint64_t expected, Record& record);
  // Moves to the next valid head with a sequence in [expected, upper). False, and the offset untouched, if
  // there is none; a bad body at the offset counts as `expected` being lost.
  bool resync(uint64_t expected, uint64_t upper, uint64_t& found);
  // Forgets what was buffered: the file may have changed.
  void refresh() { buffered_ = 0; }
  // Whether the writer's end mark (or the end of the file) is at the offset: nothing was being written.
  bool at_clean_end();
  // Bytes from the offset to the first run of zeros or the end of the file.
  uint64_t torn_bytes();
  bool saw_read_error() const { return read_error_ != 0; }

 private:
  // At least `need` bytes from `offset` (more if buffered), or an empty view if the file is too short.
  std::string_view window(uint64_t offset, size_t need);
  void fill(uint64_t offset, size_t need);

  std::unique_ptr<File> file_;
  spool_format::SegmentHeader header_;
  uint64_t offset_ = spool_format::header_bytes;
  Time last_received_{};
  std::vector<char> buffer_;
  uint64_t buffer_offset_ = 0;
  size_t buffered_ = 0;
  size_t read_ahead_ = 0;
  int read_error_ = 0;
};

// Bases of the segments in the directory, ascending; -errno if it cannot be listed.
int list_segments(FileSystem& files, const std::string& directory, std::vector<uint64_t>& bases);

// No descriptors, no memory: passes by itself, and is not to be taken for damage.
bool is_shortage(int error);

// Copies [from, to) of the file into <directory>/bad/, once; bounded, and never an error.
void copy_aside(FileSystem& files, const std::string& directory, File& file, uint64_t base, uint64_t from,
                uint64_t to);

}  // namespace mailtrace
