// The file seam with crashes and power loss in it. See faults.h; empty in every other build.
#include "core/base/faults.h"

#ifdef MAILTRACE_FAULTS

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/file.h"

namespace mailtrace {
namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// What a power loss would take back: the old bytes of every unsynced change, and the directory entries as
// they were at the last sync of their directory. Pessimistic: nothing is on the disk before its sync.
class Power {
 public:
  static Power& get() {
    static Power power;
    return power;
  }
  std::recursive_mutex mutex;

  bool is_kept() const { return !folder_.empty(); }

  // Before bytes from `offset` change: all of them up to `size`, or to the end of the file.
  void will_change(const std::string& path, uint64_t offset, uint64_t size) {
    Inode* inode = find(path);
    if (!inode) return;
    struct stat info;
    if (::fstat(inode->fd, &info) != 0) return;
    auto end = static_cast<uint64_t>(info.st_size);
    Old old{offset, end, {}};
    if (offset < end) {
      old.bytes.resize(std::min(size, end - offset));
      if (::pread(inode->fd, old.bytes.data(), old.bytes.size(), static_cast<off_t>(offset)) < 0) abort();
    }
    inode->old.push_back(std::move(old));
  }
  void synced(const std::string& path) {
    if (Inode* inode = find(path)) inode->old.clear();
  }

  void will_make(const std::string& path) {
    if (is_kept() && ::access(path.c_str(), F_OK) != 0) entries_.push_back({Entry::made, path, "", ""});
  }
  void will_rename(const std::string& from, const std::string& to) {
    if (is_kept()) entries_.push_back({Entry::renamed, from, to, keep(to)});
  }
  void will_unlink(const std::string& path) {
    if (is_kept()) entries_.push_back({Entry::unlinked, path, "", keep(path)});
  }
  void directory_synced(const std::string& directory) {
    std::erase_if(entries_, [&](const Entry& entry) {
      return entry.path.substr(0, entry.path.find_last_of('/')) == directory;
    });
  }

  void lose() {
    for (auto& [key, inode] : inodes_)
      for (auto old = inode.old.rbegin(); old != inode.old.rend(); ++old) {
        if (!old->bytes.empty() &&
            ::pwrite(inode.fd, old->bytes.data(), old->bytes.size(), static_cast<off_t>(old->offset)) < 0)
          abort();
        if (::ftruncate(inode.fd, static_cast<off_t>(old->size)) != 0) abort();
      }
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (entry->kind == Entry::made) ::unlink(entry->path.c_str());
      if (entry->kind == Entry::renamed) ::rename(entry->to.c_str(), entry->path.c_str());
      const std::string& back = entry->kind == Entry::renamed ? entry->to : entry->path;
      if (!entry->kept.empty() && ::link(entry->kept.c_str(), back.c_str()) != 0) abort();
    }
  }

 private:
  struct Old {
    uint64_t offset, size;  // of the file
    std::string bytes;
  };
  struct Inode {
    int fd = -1;
    std::vector<Old> old;
  };
  struct Entry {
    enum Kind { made, renamed, unlinked } kind;
    std::string path, to, kept;
  };

  Inode* find(const std::string& path) {
    struct stat info;
    if (!is_kept() || ::stat(path.c_str(), &info) != 0) return nullptr;
    Inode& inode = inodes_[{info.st_dev, info.st_ino}];
    if (inode.fd < 0) inode.fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    return inode.fd < 0 ? nullptr : &inode;
  }
  std::string keep(const std::string& path) {
    std::string kept = folder_ + "/" + std::to_string(++kept_);
    return ::link(path.c_str(), kept.c_str()) == 0 ? kept : "";
  }

  const std::string folder_ = setting("MT_POWER");
  std::map<std::pair<dev_t, ino_t>, Inode> inodes_;
  std::vector<Entry> entries_;
  int kept_ = 0;
};

// 0, or -errno for a call that changes something.
int wanted_failure() {
  static const std::string file = setting("MT_FAIL");
  if (file.empty()) return 0;
  int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[16] = {};
  if (::read(fd, text, sizeof text - 1) < 0) abort();
  ::close(fd);
  return -std::atoi(text);
}

using Lock = std::lock_guard<std::recursive_mutex>;

class FaultyFile final : public File {
 public:
  FaultyFile(std::unique_ptr<File> file, const std::string& path)
      : file_(std::move(file)), link_("/proc/self/fd/"), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    link_ += std::to_string(fd_);
  }
  ~FaultyFile() override { ::close(fd_); }
  FaultyFile(const FaultyFile&) = delete;
  FaultyFile& operator=(const FaultyFile&) = delete;

  int64_t pread(void* to, size_t size, uint64_t offset) override { return file_->pread(to, size, offset); }
  int64_t pwrite(const void* from, size_t size, uint64_t offset) override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("write.before");
    Power::get().will_change(link_, offset, size);
    if (size > 1) {
      int64_t half = file_->pwrite(from, size / 2, offset);
      if (half < 0) return half;
      crash_point("write.half");
    }
    int64_t moved = file_->pwrite(from, size, offset);
    crash_point("write.after");
    return moved;
  }
  int allocate(uint64_t size) override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("allocate.before");
    Power::get().will_change(link_, 0, 0);
    int error = file_->allocate(size);
    crash_point("allocate.after");
    return error;
  }
  int truncate(uint64_t size) override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("truncate.before");
    Power::get().will_change(link_, size, UINT64_MAX);
    int error = file_->truncate(size);
    crash_point("truncate.after");
    return error;
  }
  int sync_data() override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("sync.before");
    if (is_switched_off("no_fsync")) return 0;
    int error = file_->sync_data();
    if (error == 0) Power::get().synced(link_);
    crash_point("sync.after");
    return error;
  }
  int64_t size() override { return file_->size(); }

 private:
  std::unique_ptr<File> file_;
  std::string link_;  // names the file whatever its name is now
  int fd_;
};

class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& real) : real_(real) {}

  std::unique_ptr<File> open(const std::string& path, Mode mode, int& error) override {
    if (mode == Mode::read) return real_.open(path, mode, error);
    Lock lock(Power::get().mutex);
    error = -wanted_failure();
    if (error) return nullptr;
    crash_point("open.before");
    Power::get().will_make(path);
    auto file = real_.open(path, mode, error);
    crash_point("open.after");
    if (!file) return nullptr;
    return std::make_unique<FaultyFile>(std::move(file), path);
  }
  std::unique_ptr<File> lock(const std::string& path, int& error) override { return real_.lock(path, error); }
  bool is_locked(const std::string& path) override { return real_.is_locked(path); }
  int rename(const std::string& from, const std::string& to) override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("rename.before");
    Power::get().will_rename(from, to);
    int error = real_.rename(from, to);
    crash_point("rename.after");
    return error;
  }
  int unlink(const std::string& path) override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("unlink.before");
    Power::get().will_unlink(path);
    int error = real_.unlink(path);
    crash_point("unlink.after");
    return error;
  }
  int make_directory(const std::string& path) override { return real_.make_directory(path); }
  int sync_directory(const std::string& path) override {
    Lock lock(Power::get().mutex);
    if (int error = wanted_failure()) return error;
    crash_point("dirsync.before");
    if (is_switched_off("no_dirsync")) return 0;
    int error = real_.sync_directory(path);
    if (error == 0) Power::get().directory_synced(path);
    crash_point("dirsync.after");
    return error;
  }
  int list(const std::string& path, std::vector<std::string>& names) override {
    return real_.list(path, names);
  }
  int free_bytes(const std::string& path, uint64_t& free) override { return real_.free_bytes(path, free); }

 private:
  FileSystem& real_;
};

[[noreturn]] void die() {
  Lock lock(Power::get().mutex);
  Power::get().lose();
  for (;;) ::kill(::getpid(), SIGKILL);
}

}  // namespace

void crash_point(const char* site) {
  static const std::string wanted = setting("MT_CRASH_AT");
  static const size_t colon = wanted.find(':');
  static const uint64_t pass =
      colon == std::string::npos ? 0 : std::strtoull(&wanted[colon + 1], nullptr, 10);
  static std::atomic<uint64_t> passed{0};
  if (pass == 0 || wanted.compare(0, colon, site) != 0) return;
  if (++passed == pass) die();
}

bool is_switched_off(const char* control) {
  static const std::string name = setting("MT_CONTROL");
  return name == control;
}

FileSystem& with_faults(FileSystem& real) {
  static FaultyFileSystem files(real);
  return files;
}

}  // namespace mailtrace

#endif
