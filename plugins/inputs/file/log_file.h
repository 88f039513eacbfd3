// LogFile: one open log file, read line by line from an offset, whatever happens to its name. Loop thread.
// Reads are plain preads of bounded chunks: what was just logged lies in the page cache, where a read costs
// less than the way to libuv's pool and back; a chunk from a slow disk holds up the loop for that chunk only.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/inputs/file/position.h"

namespace mailtrace {

struct FileLine {
  std::string_view bytes;
  uint8_t flags = 0;  // record_flag
};

class LogFile {
 public:
  enum class Read { some, end, changed, failed };

  // Null with an errno: no file, no right, not a regular file (EINVAL).
  static std::shared_ptr<LogFile> open(const std::string& path, int& error);
  // A gzip file's text in a file without a name in `directory`; null if it is none, is damaged, or there is
  // no room.
  static std::shared_ptr<LogFile> unpack(const LogFile& packed, const std::string& directory);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // The next chunk: appends its complete lines; they are valid until the next call of a member that is not
  // const. `changed`: it is no longer the file that was read so far (truncated), and nothing was appended.
  Read read(size_t max_line, std::vector<FileLine>& lines);
  // A last line without LF, flagged partial; none if there is none.
  void finish(std::vector<FileLine>& lines);
  // Truncated, or truncated and written again.
  bool is_changed() const;

  // What was appended since the last call is on its way to the disk.
  void take() { taken_ = complete_; }
  void go_to(uint64_t offset);
  // After the last complete line in the first `size` bytes, for those who want only what comes.
  void go_to_end(size_t max_line);
  // Lines before `offset` are durable.
  void set_durable(uint64_t offset) { durable_ = offset; }
  // Becomes the file opened as `other`, at the same offset: the copy that was made before a truncation.
  void continue_in(LogFile& other);

  bool matches(const Position& position) const;  // same file by its beginning, and long enough
  bool is_compressed() const;
  // Same, of the text of a gzip file. Reads no more than that beginning.
  bool is_packed(const Fingerprint& fingerprint) const;
  // Both are that file, or what was unpacked from it.
  bool is_same(const LogFile& other) const;
  bool is_deleted() const;
  uint64_t size() const;
  int64_t modified() const;  // nanoseconds since 1970
  uint64_t read_at() const { return read_at_; }
  uint64_t taken() const { return taken_; }
  uint64_t durable() const { return durable_; }
  uint64_t device() const { return device_; }
  uint64_t inode() const { return inode_; }
  const Fingerprint& fingerprint() const { return fingerprint_; }
  Position position() const { return {device_, inode_, durable_, fingerprint_, name}; }

  std::string path;          // where it lies now
  std::string name;          // where it is or was written to
  bool rotated = false;      // no longer under a followed name
  bool finished = false;     // nothing will come any more; goes when all of it is durable
  uint64_t quiet_since = 0;  // by the loop's clock; 0: there is more to read
  uint64_t stop_at = 0;      // while stopping: its size then
  size_t in_flight = 0;      // submits not yet answered
  unsigned attempt = 0;      // answers to submits of earlier attempts are void

 private:
  LogFile(int descriptor, const std::string& at);
  void cut_lines(size_t carried, size_t max_line, std::vector<FileLine>& lines);
  void keep_rest(size_t begin, size_t max_line);
  Fingerprint fingerprint_now(uint64_t length) const;

  int descriptor_;
  uint64_t device_ = 0, inode_ = 0;
  uint64_t packed_inode_ = 0;  // of what it was unpacked from
  Fingerprint fingerprint_;
  std::string buffer_;
  size_t carry_ = 0;       // where in `buffer_` the unfinished line begins
  bool skipping_ = false;  // that line is too long: its rest is not kept
  uint64_t read_at_ = 0;   // what is read next
  uint64_t complete_ = 0;  // behind the last complete line; <= read_at_
  uint64_t taken_ = 0, durable_ = 0;
};

}  // namespace mailtrace
