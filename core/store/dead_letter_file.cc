#include "core/store/dead_letter_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/file.h"
#include "core/base/owner.h"
#include "core/mail/row_json.h"

namespace mailtrace {
namespace {

int sync_directory_of(const std::string& path) {
  return FileSystem::real().sync_directory(path.substr(0, path.rfind('/')));
}

// False for a line without a time: a human must look at it.
bool is_older(std::string_view line, Day before) {
  Json entry = Json::parse(line.begin(), line.end(), nullptr, false);
  auto at = entry.is_object() ? entry.find("time") : entry.end();
  Time time;
  return at != entry.end() && at->is_string() && parse_time(at->get<std::string>(), time) &&
         day_of(time) < before;
}

}  // namespace

std::string dead_letter_path(const std::string& state_directory) {
  return state_directory + "/dead-letter.jsonl";
}

DeadLetterFile::~DeadLetterFile() {
  if (fd_ >= 0) ::close(fd_);
}

Error DeadLetterFile::failed(const char* what, int error) const {
  return {Fault::transient, "dead-letter file " + path_ + ": " + what + ": " + error_text(error)};
}

bool DeadLetterFile::is_named() const {
  struct stat open {
  }, named{};
  return ::fstat(fd_, &open) == 0 && ::stat(path_.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

// Another process may be in the middle of its own line, or have died there. It may also have replaced the
// file while this one waited.
Result<bool> DeadLetterFile::lock(bool make) {
  do {
    if (fd_ >= 0) ::close(fd_);
    int error = 0;
    if (make && !FileSystem::real().open(path_, FileSystem::Mode::write, error)) return failed("open", error);
    fd_ = ::open(path_.c_str(), (make ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd_ < 0 && errno == ENOENT && !make) return false;
    if (fd_ < 0) return failed("open", errno);
    if (::flock(fd_, LOCK_EX) != 0) return failed("lock", errno);
  } while (!is_named());
  int error = 0;
  bytes_ = FileSystem::real().open(path_, make ? FileSystem::Mode::write : FileSystem::Mode::read, error);
  if (!bytes_) return failed("open", error);
  return true;
}

Result<std::string> DeadLetterFile::read() const { return read_end(SIZE_MAX); }

Result<std::string> DeadLetterFile::read_end(size_t most) const {
  int64_t size = bytes_->size();
  if (size < 0) return failed("read", static_cast<int>(-size));
  std::string text(std::min(most, static_cast<size_t>(size)), '\0');
  int64_t got = read_fully(*bytes_, text.data(), text.size(), static_cast<uint64_t>(size) - text.size());
  if (got < 0) return failed("read", static_cast<int>(-got));
  text.resize(static_cast<size_t>(got));
  return text;
}

Result<void> DeadLetterFile::append(std::string_view line) {
  int64_t size = bytes_->size();
  if (size < 0) return failed("append", static_cast<int>(-size));
  auto before = static_cast<uint64_t>(size);
  if (before == 0) own_like_directory(fd_, path_);
  auto last = read_end(1);
  if (!last) return last.error();
  std::string text;
  if (!last->empty() && last->front() != '\n') text += '\n';
  text.append(line) += '\n';
  if (int error = write_fully(*bytes_, text.data(), text.size(), before); error != 0) {
    auto told = failed("write", error);
    if (bytes_->truncate(before) != 0) told.text += "; half a line was left";
    return told;
  }
  auto synced = sync();
  // What could not be synced may never be (fsync(2)): the next try writes it again.
  if (!synced)
    if (int error = bytes_->truncate(before); error != 0) return failed("truncate", error);
  return synced;
}

Result<void> DeadLetterFile::sync() const {
  if (int error = bytes_->sync_data(); error != 0) return failed("fsync", error);
  if (int error = sync_directory_of(path_); error != 0) return failed("fsync of the directory", error);
  return {};
}

Result<void> DeadLetterFile::replace(const std::string& text) {
  FileSystem& files = FileSystem::real();
  std::string fresh = path_ + ".new";
  // The daemon goes on writing to it when root has called this.
  auto keep_owner = [&] {
    struct stat status {};
    return ::fstat(fd_, &status) != 0 || ::chown(fresh.c_str(), status.st_uid, status.st_gid) != 0 ? errno
                                                                                                   : 0;
  };
  int error = 0;
  auto to = files.open(fresh, FileSystem::Mode::write, error);
  if (to && (error = to->truncate(0)) == 0 && (error = write_fully(*to, text.data(), text.size(), 0)) == 0 &&
      (error = to->sync_data()) == 0 && (error = keep_owner()) == 0 &&
      (error = files.rename(fresh, path_)) == 0)
    error = sync_directory_of(path_);
  if (error != 0) return failed("replace", error);
  return {};
}

Result<size_t> expire_dead_letters(const std::string& state_directory, Day before, bool dry_run) {
  DeadLetterFile file(dead_letter_path(state_directory));
  auto locked = file.lock();
  if (!locked) return locked.error();
  if (!*locked) return size_t{0};
  auto text = file.read();
  if (!text) return text.error();
  std::string left;
  size_t old = 0;
  for (size_t at = 0; at < text->size();) {
    size_t end = std::min(text->find('\n', at), text->size() - 1) + 1;
    std::string_view line = std::string_view(*text).substr(at, end - at);
    if (is_older(line, before))
      ++old;
    else
      left += line;
    at = end;
  }
  if (old > 0 && !dry_run)
    if (auto replaced = file.replace(left); !replaced) return replaced.error();
  return old;
}

}  // namespace mailtrace
