// DeadLetterFile: the file of refused rows, locked against other writers for the life of the object, so that
// nothing of theirs is lost when it is replaced. For DeadLetter, `mailtrace dead-letter` and retention.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/base/file.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace mailtrace {

// <state_directory>/dead-letter.jsonl
std::string dead_letter_path(const std::string& state_directory);

class DeadLetterFile {
 public:
  explicit DeadLetterFile(std::string path) : path_(std::move(path)) {}
  ~DeadLetterFile();
  DeadLetterFile(const DeadLetterFile&) = delete;
  DeadLetterFile& operator=(const DeadLetterFile&) = delete;

  // Waits for the lock. False: there is no such file. `make`: then it is made, mode 0600.
  Result<bool> lock(bool make = false);
  Result<std::string> read() const;
  // The last bytes, at most `most`.
  Result<std::string> read_end(size_t most) const;
  // Adds one line, without its LF, and syncs. It begins anew behind one that was never finished.
  Result<void> append(std::string_view line);
  Result<void> sync() const;
  // In one step, durably: it is the old file or the new one, whatever happens. This object then has no lock
  // any more on what is there.
  Result<void> replace(const std::string& text);

 private:
  bool is_named() const;
  Error failed(const char* what, int error) const;
  std::string path_;
  int fd_ = -1;  // has the lock
  std::unique_ptr<File> bytes_;
};

// Removes entries older than that day; lines that cannot be understood stay. The number of entries.
Result<size_t> expire_dead_letters(const std::string& state_directory, Day before, bool dry_run);

}  // namespace mailtrace
