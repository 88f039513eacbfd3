// LineFile: the lines of a log file, plain or compressed (gzip, xz, zstd, told apart by their first bytes,
// not by name). Main thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"

namespace mailtrace {

// Gives the bytes of a file in pieces, decompressed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // 0: the end. Fault::corrupt: the compressed data is damaged or ends too early; what came before is good.
  virtual Result<size_t> read(char* to, size_t size) = 0;
  virtual uint64_t consumed() const = 0;  // bytes of the file itself, for a progress bar
};

// "-" is standard input.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);

class LineFile {
 public:
  // Longer lines are cut and the rest thrown away, as the inputs do.
  static constexpr size_t longest_line = 64 * 1024;

  static Result<LineFile> open(const std::string& path);

  // False: the end, or damage (see error()). `line` without LF or CRLF, valid until the next call.
  bool next(std::string_view& line, bool& truncated);
  // Set when the file could not be read to its end.
  const Result<void>& end() const { return end_; }

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }  // of the file itself; 0 for a pipe
  uint64_t consumed() const { return source_->consumed(); }
  Time modified() const { return modified_; }  // now for a pipe

 private:
  LineFile() = default;
  bool fill();

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  uint64_t size_ = 0;
  Time modified_{};
  std::string buffer_;
  size_t at_ = 0;
  bool at_end_ = false, skipping_ = false;
  Result<void> end_;
};

}  // namespace mailtrace
