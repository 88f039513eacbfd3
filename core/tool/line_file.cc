// Cuts decompressed bytes into lines. Main thread.
#include "core/tool/line_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mailtrace {

Result<LineFile> LineFile::open(const std::string& path) {
  LineFile file;
  auto source = open_bytes(path);
  if (!source) return source.error();
  file.source_ = std::move(*source);
  file.path_ = path;
  file.modified_ = now();
  if (path == "-") return file;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return Error{Fault::permanent, "stat " + path + ": " + std::strerror(errno)};
  if (S_ISDIR(status.st_mode)) return Error{Fault::permanent, path + " is a directory; name the files in it"};
  if (S_ISREG(status.st_mode)) {
    file.size_ = static_cast<uint64_t>(status.st_size);
    file.modified_ =
        Time(std::chrono::seconds(status.st_mtim.tv_sec) + Microseconds(status.st_mtim.tv_nsec / 1000));
  }
  return file;
}

bool LineFile::fill() {
  if (at_end_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  constexpr size_t piece = 256 * 1024;
  size_t before = buffer_.size();
  buffer_.resize(before + piece);
  auto n = source_->read(buffer_.data() + before, piece);
  buffer_.resize(before + (n ? *n : 0));
  if (!n) end_ = n.error();
  at_end_ = !n || *n == 0;
  return !at_end_;
}

bool LineFile::next(std::string_view& line, bool& truncated) {
  truncated = false;
  size_t searched = 0;
  for (;;) {
    auto rest = std::string_view(buffer_).substr(at_);
    auto end = rest.find('\n', searched);
    if (end == std::string_view::npos && !at_end_) {
      if (rest.size() > longest_line && skipping_) at_ = buffer_.size();  // the tail of a line that was cut
      searched = buffer_.size() - at_;
      if (searched <= longest_line || skipping_) {
        fill();
        continue;
      }
      truncated = skipping_ = true;
      line = rest.substr(0, longest_line);
      at_ += longest_line;
      return true;
    }
    if (end == std::string_view::npos) {  // the last line lacks its LF, or there is none
      if (rest.empty() || skipping_) return false;
      line = rest;
      at_ = buffer_.size();
    } else {
      at_ += end + 1;
      searched = 0;
      if (skipping_) {
        skipping_ = false;
        continue;
      }
      line = rest.substr(0, end);
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > longest_line) {
      line = line.substr(0, longest_line);
      truncated = true;
    }
    return true;
  }
}

}  // namespace mailtrace
