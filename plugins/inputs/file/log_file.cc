#include "plugins/inputs/file/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/spool/record.h"

namespace mailtrace {
namespace {

constexpr size_t chunk = 256 * 1024;

ssize_t read_bytes(int descriptor, void* to, size_t size, uint64_t offset) {
  for (;;) {
    ssize_t got = ::pread(descriptor, to, size, static_cast<off_t>(offset));
    if (got >= 0 || errno != EINTR) return got;
  }
}

struct stat status_of(int descriptor) {
  struct stat status {};
  ::fstat(descriptor, &status);
  return status;
}

// The text of a gzip file, in pieces.
class Unpacker {
 public:
  explicit Unpacker(int descriptor) {
    int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    ::lseek(own, 0, SEEK_SET);
    file_ = own < 0 ? nullptr : ::gzdopen(own, "rb");
    if (!file_ && own >= 0) ::close(own);
  }
  ~Unpacker() {
    if (file_) ::gzclose(file_);
  }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  // Negative: damaged, or it ends too early.
  int read(char* to, unsigned size) {
    if (!file_) return -1;
    int got = ::gzread(file_, to, size), error = Z_OK;
    ::gzerror(file_, &error);
    return error == Z_OK || error == Z_STREAM_END ? got : -1;
  }

 private:
  gzFile file_ = nullptr;
};

bool write_all(int descriptor, const char* from, size_t size) {
  while (size > 0) {
    ssize_t written = ::write(descriptor, from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    from += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

std::shared_ptr<LogFile> LogFile::unpack(const LogFile& packed, const std::string& directory) {
  std::string name = directory + "/unpacked-XXXXXX";
  int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  ::unlink(name.c_str());
  std::string piece(chunk, '\0');
  Unpacker unpacker(packed.descriptor_);
  int got;
  while ((got = unpacker.read(piece.data(), static_cast<unsigned>(piece.size()))) > 0)
    if (!write_all(descriptor, piece.data(), static_cast<size_t>(got))) break;
  if (got != 0) {
    ::close(descriptor);
    return nullptr;
  }
  struct stat status = status_of(packed.descriptor_);
  timespec times[2] = {status.st_atim, status.st_mtim};
  ::futimens(descriptor, times);
  std::shared_ptr<LogFile> file(new LogFile(descriptor, packed.path));
  file->packed_inode_ = packed.inode_;
  return file;
}

bool LogFile::is_packed(const Fingerprint& fingerprint) const {
  std::array<char, Fingerprint::most> begin;
  int got = Unpacker(descriptor_).read(begin.data(), static_cast<unsigned>(fingerprint.length));
  return got >= 0 &&
         hash_fields({std::string_view(begin.data(), static_cast<size_t>(got))}) == fingerprint.hash;
}

bool LogFile::is_same(const LogFile& other) const {
  if (packed_inode_ != 0 && (packed_inode_ == other.inode_ || packed_inode_ == other.packed_inode_))
    return true;
  return device_ == other.device_ && inode_ == other.inode_;
}

std::shared_ptr<LogFile> LogFile::open(const std::string& path, int& error) {
  // Not blocking: somebody may have put a pipe there.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  error = descriptor < 0 ? errno : 0;
  if (descriptor < 0) return nullptr;
  if (!S_ISREG(status_of(descriptor).st_mode)) {
    ::close(descriptor);
    error = EINVAL;
    return nullptr;
  }
  return std::shared_ptr<LogFile>(new LogFile(descriptor, path));
}

LogFile::LogFile(int descriptor, const std::string& at) : path(at), name(at), descriptor_(descriptor) {
  struct stat status = status_of(descriptor_);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  fingerprint_ = fingerprint_now(Fingerprint::most);
}

LogFile::~LogFile() { ::close(descriptor_); }

Fingerprint LogFile::fingerprint_now(uint64_t length) const {
  std::array<char, Fingerprint::most> begin;
  ssize_t got = read_bytes(descriptor_, begin.data(), std::min<size_t>(length, begin.size()), 0);
  std::string_view bytes(begin.data(), got > 0 ? static_cast<size_t>(got) : 0);
  return {bytes.size(), hash_fields({bytes})};
}

bool LogFile::is_changed() const {
  return size() < read_at_ || fingerprint_now(fingerprint_.length) != fingerprint_;
}

bool LogFile::matches(const Position& position) const {
  if (size() < position.offset || fingerprint_now(position.fingerprint.length) != position.fingerprint)
    return false;
  char before = '\n';
  return position.offset == 0 ||
         (read_bytes(descriptor_, &before, 1, position.offset - 1) == 1 && before == '\n');
}

bool LogFile::is_compressed() const {
  char begin[4] = {};
  ssize_t got = read_bytes(descriptor_, begin, sizeof begin, 0);
  std::string_view bytes(begin, got > 0 ? static_cast<size_t>(got) : 0);
  for (std::string_view magic : {"\x1f\x8b",
                                 "\xfd"
                                 "7zX",
                                 "\x28\xb5\x2f\xfd", "BZh"})  // gzip, xz, zstd, bzip2
    if (bytes.starts_with(magic)) return true;
  return false;
}

bool LogFile::is_deleted() const { return status_of(descriptor_).st_nlink == 0; }
uint64_t LogFile::size() const { return static_cast<uint64_t>(status_of(descriptor_).st_size); }
int64_t LogFile::modified() const {
  timespec at = status_of(descriptor_).st_mtim;
  return at.tv_sec * 1'000'000'000 + at.tv_nsec;
}

void LogFile::go_to(uint64_t offset) {
  buffer_.clear();
  carry_ = 0;
  skipping_ = false;
  read_at_ = complete_ = taken_ = offset;
}

void LogFile::go_to_end(size_t max_line) {
  uint64_t end = size();
  std::string tail(static_cast<size_t>(std::min<uint64_t>(end, max_line)), '\0');
  ssize_t got = read_bytes(descriptor_, tail.data(), tail.size(), end - tail.size());
  if (got == static_cast<ssize_t>(tail.size()))
    if (size_t line_end = tail.rfind('\n'); line_end != std::string::npos) end -= tail.size() - line_end - 1;
  go_to(end);
  durable_ = end;
}

void LogFile::continue_in(LogFile& other) {
  std::swap(descriptor_, other.descriptor_);
  device_ = other.device_;
  inode_ = other.inode_;
  path = other.path;
  fingerprint_ = other.fingerprint_;
  go_to(taken_);
}

LogFile::Read LogFile::read(size_t max_line, std::vector<FileLine>& lines) {
  buffer_.erase(0, carry_);
  carry_ = 0;
  size_t carried = buffer_.size();
  buffer_.resize(carried + chunk);
  ssize_t got = read_bytes(descriptor_, buffer_.data() + carried, chunk, read_at_);
  buffer_.resize(carried + (got > 0 ? static_cast<size_t>(got) : 0));
  // Asked after the read: what was read before a truncation is good, what came with one is thrown away.
  if (got < 0 || is_changed()) {
    buffer_.resize(carried);
    return got < 0 ? Read::failed : Read::changed;
  }
  if (got == 0) return Read::end;
  if (fingerprint_.length < Fingerprint::most) fingerprint_ = fingerprint_now(Fingerprint::most);
  cut_lines(carried, max_line, lines);
  return Read::some;
}

// Behind `carried` bytes of an unfinished line, which has no LF, begins what was read at `read_at_`.
void LogFile::cut_lines(size_t carried, size_t max_line, std::vector<FileLine>& lines) {
  std::string_view all = buffer_;
  size_t begin = 0, search = carried;
  for (;;) {
    size_t end = all.find('\n', search);
    if (end == std::string_view::npos) break;
    std::string_view line = all.substr(begin, (skipping_ ? carried : end) - begin);
    // A writer that did not open for appending leaves a hole before its next line after a truncation.
    while (line.starts_with('\0')) line.remove_prefix(1);
    bool cut = skipping_;
    if (!cut && line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > max_line) {
      line = line.substr(0, max_line);
      cut = true;
    }
    if (!line.empty()) lines.push_back({line, cut ? record_flag::truncated : uint8_t{0}});
    skipping_ = false;
    begin = search = end + 1;
    complete_ = read_at_ + (begin - carried);
  }
  read_at_ += all.size() - carried;
  if (skipping_)
    buffer_.resize(carried);
  else
    keep_rest(begin, max_line);
}

void LogFile::keep_rest(size_t begin, size_t max_line) {
  carry_ = begin;
  while (carry_ < buffer_.size() && buffer_[carry_] == '\0') ++carry_;
  // One more than a line may have: a CR before the LF that is still to come.
  if (buffer_.size() - carry_ <= max_line + 1) return;
  buffer_.resize(carry_ + max_line);
  skipping_ = true;
}

void LogFile::finish(std::vector<FileLine>& lines) {
  std::string_view line = std::string_view(buffer_).substr(carry_);
  uint8_t flags = record_flag::partial;
  if (skipping_) flags |= record_flag::truncated;
  carry_ = buffer_.size();
  skipping_ = false;
  complete_ = read_at_;
  if (!line.empty()) lines.push_back({line, flags});
}

}  // namespace mailtrace
