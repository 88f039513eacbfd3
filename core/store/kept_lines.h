// KeptLines: whole lines nobody understood, in files, so that a later version can read them again: those a
// parser should know, and those of the mail facility whose program has no parser.
// <state_directory>/unknown/<day>-<microseconds>.lines, mode 0600, together at most `most_bytes`: the oldest
// file goes first. Writer: pipeline thread. The functions below: any process.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/parse/log_line.h"
#include "core/spool/record.h"

namespace mailtrace {

class KeptLines {
 public:
  static constexpr uint64_t default_bytes = 64u << 20;
  explicit KeptLines(const std::string& state_directory, uint64_t most_bytes = default_bytes);
  ~KeptLines();
  KeptLines(const KeptLines&) = delete;
  KeptLines& operator=(const KeptLines&) = delete;

  void add(const LogLine& line);
  // Writes and syncs what was added. A failure is logged, counted in kept_lines_lost_total, and passes.
  void flush();

 private:
  bool open_file();
  void make_room();

  std::string directory_, buffer_;
  uint64_t most_bytes_, lines_ = 0, written_ = 0;
  Day day_{};
  int fd_ = -1;
};

// Calls `each` for every kept line, oldest file first; the record borrows from a buffer. The number of lines.
Result<uint64_t> read_kept_lines(const std::string& state_directory,
                                 const std::function<Result<void>(const Record&)>& each);
// Removes files whose lines were all received before that day. The number of files.
size_t expire_kept_lines(const std::string& state_directory, Day before, bool dry_run);

}  // namespace mailtrace
