#include "core/store/kept_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/counters.h"
#include "core/base/log.h"

namespace mailtrace {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t files_in_all = 4;  // one file is at most a quarter of what may be kept
constexpr std::string_view ending = ".lines";

std::string directory_of(const std::string& state_directory) {
  return (fs::path(state_directory) / "unknown").string();
}

// By name, which is by time.
std::vector<fs::path> files_in(const std::string& directory) {
  std::vector<fs::path> out;
  std::error_code failed;
  for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed))
    if (at->path().extension() == ending) out.push_back(at->path());
  std::sort(out.begin(), out.end());
  return out;
}

uint64_t size_of(const fs::path& file) {
  std::error_code failed;
  auto size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// "<microseconds> <flags> <length of host> <length of line>\n<host><line>\n"
bool read_one(std::string_view& rest, Record& record) {
  int64_t numbers[4] = {};
  const char* at = rest.data();
  const char* end = at + rest.size();
  for (auto& number : numbers) {
    auto [stop, failed] = std::from_chars(at, end, number);
    if (failed != std::errc{} || stop == end) return false;
    at = stop + 1;
  }
  auto [us, flags, host, length] = numbers;
  auto left = static_cast<int64_t>(end - at);
  if (at[-1] != '\n' || host < 0 || length < 0 || host > left || length > left || host + length >= left)
    return false;
  record.received = time_from_us(us);
  record.transport = Transport::import;
  record.flags = static_cast<uint8_t>(flags);
  record.peer = {at, static_cast<size_t>(host)};
  record.bytes = {at + host, static_cast<size_t>(length)};
  at += host + length;
  if (*at != '\n') return false;
  rest.remove_prefix(static_cast<size_t>(at + 1 - rest.data()));
  return true;
}

}  // namespace

KeptLines::KeptLines(const std::string& state_directory, uint64_t most_bytes)
    : directory_(directory_of(state_directory)), most_bytes_(most_bytes) {}

KeptLines::~KeptLines() {
  flush();
  if (fd_ >= 0) ::close(fd_);
}

void KeptLines::add(const LogLine& line) {
  // What the disk cannot take in time is not worth the memory.
  if (buffer_.size() > most_bytes_ / files_in_all) return;
  buffer_ += fmt::format("{} 0 {} {}\n", to_us(line.received), line.hostname.size(), line.raw.size());
  buffer_.append(line.hostname).append(line.raw) += '\n';
  ++lines_;
}

// A file of its own for each run and day: a cut end stays the end.
bool KeptLines::open_file() {
  std::error_code failed;
  if (fs::create_directories(directory_, failed)) fs::permissions(directory_, fs::perms(0750), failed);
  Time at = now();
  day_ = day_of(at);
  auto path = fmt::format("{}/{}-{}{}", directory_, format_day(day_), to_us(at), ending);
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  written_ = 0;
  return fd_ >= 0;
}

void KeptLines::make_room() {
  auto files = files_in(directory_);
  uint64_t total = buffer_.size();
  for (auto& file : files) total += size_of(file);
  for (size_t i = 0; i + 1 < files.size() && total > most_bytes_; ++i) {
    total -= size_of(files[i]);
    std::error_code failed;
    fs::remove(files[i], failed);
  }
}

void KeptLines::flush() {
  static Counter& lost = counter("kept_lines_lost_total");
  if (buffer_.empty()) return;
  if (fd_ >= 0 && (day_ != day_of(now()) || written_ > most_bytes_ / files_in_all)) {
    ::close(fd_);
    fd_ = -1;
  }
  bool fresh = fd_ < 0;
  bool good = (fd_ >= 0 || open_file()) && write_all(fd_, buffer_) && ::fdatasync(fd_) == 0;
  if (good) {
    written_ += buffer_.size();
    if (fresh) make_room();
  } else {
    log_rarely(LogLevel::warning, "unknown.keep",
               {{"directory", directory_}, {"error", std::strerror(errno)}});
    lost += lines_;
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  buffer_.clear();
  lines_ = 0;
}

Result<uint64_t> read_kept_lines(const std::string& state_directory,
                                 const std::function<Result<void>(const Record&)>& each) {
  uint64_t lines = 0;
  for (auto& file : files_in(directory_of(state_directory))) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
      return Error{Fault::config, fmt::format("cannot read {}: {}", file.string(), std::strerror(errno))};
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::string_view rest = bytes;
    for (Record record; read_one(rest, record); ++lines)
      if (auto done = each(record); !done) return done.error();
  }
  return lines;
}

size_t expire_kept_lines(const std::string& state_directory, Day before, bool dry_run) {
  size_t count = 0;
  for (auto& file : files_in(directory_of(state_directory))) {
    if (file.filename().string().substr(0, 10) >= format_day(before)) continue;
    ++count;
    std::error_code failed;
    if (!dry_run) fs::remove(file, failed);
  }
  return count;
}

}  // namespace mailtrace
