// The real file system behind the seam of file.h.
#include "core/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/base/faults.h"

namespace mailtrace {
namespace {

template <class Call>
auto retried(Call call) -> decltype(call()) {
  for (;;) {
    auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return static_cast<decltype(call())>(-errno);
  }
}

class RealFile final : public File {
 public:
  explicit RealFile(int fd) : fd_(fd) {}
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;
  ~RealFile() override { ::close(fd_); }

  int64_t pread(void* to, size_t size, uint64_t offset) override {
    return retried([&] { return ::pread(fd_, to, size, static_cast<off_t>(offset)); });
  }
  int64_t pwrite(const void* from, size_t size, uint64_t offset) override {
    return retried([&] { return ::pwrite(fd_, from, size, static_cast<off_t>(offset)); });
  }
  int allocate(uint64_t size) override {
    int result = retried([&] { return ::fallocate(fd_, 0, 0, static_cast<off_t>(size)); });
    // A file system that cannot reserve: the error then comes from the write itself.
    return result == -EOPNOTSUPP ? grow(size) : result;
  }
  int truncate(uint64_t size) override {
    return retried([&] { return ::ftruncate(fd_, static_cast<off_t>(size)); });
  }
  int sync_data() override {
    // Never retried, not even after EINTR: a second fdatasync may say yes to bytes the first one dropped.
    return ::fdatasync(fd_) == 0 ? 0 : -errno;
  }
  int64_t size() override {
    struct stat info;
    return ::fstat(fd_, &info) == 0 ? info.st_size : -errno;
  }

 private:
  int grow(uint64_t wanted) {
    int64_t now = size();
    if (now < 0) return static_cast<int>(now);
    return static_cast<uint64_t>(now) < wanted ? truncate(wanted) : 0;
  }

  int fd_;
};

class RealFileSystem final : public FileSystem {
 public:
  std::unique_ptr<File> open(const std::string& path, Mode mode, int& error) override {
    int flags = O_CLOEXEC | O_NOFOLLOW | (mode == Mode::read ? O_RDONLY : O_RDWR | O_CREAT);
    int fd = retried([&] { return ::open(path.c_str(), flags, 0600); });
    error = fd < 0 ? -fd : 0;
    return fd < 0 ? nullptr : std::make_unique<RealFile>(fd);
  }

  std::unique_ptr<File> lock(const std::string& path, int& error) override {
    int fd = retried([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); });
    if (fd == -EROFS) return lock_read_only(path, error);
    error = fd < 0 ? -fd : 0;
    if (fd < 0) return nullptr;
    auto file = std::make_unique<RealFile>(fd);
    struct flock whole = whole_file(F_WRLCK);
    if (::fcntl(fd, F_OFD_SETLK, &whole) == 0) return file;
    error = errno == EACCES ? EAGAIN : errno;
    return nullptr;
  }

  bool is_locked(const std::string& path) override {
    int fd = retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW); });
    if (fd < 0) return false;
    RealFile file(fd);
    struct flock whole = whole_file(F_WRLCK);
    return ::fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
  }

  int rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : -errno;
  }
  int unlink(const std::string& path) override { return ::unlink(path.c_str()) == 0 ? 0 : -errno; }

  int make_directory(const std::string& path) override {
    return ::mkdir(path.c_str(), 0700) == 0 ? 0 : -errno;
  }

  int sync_directory(const std::string& path) override {
    int fd = retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (fd < 0) return fd;
    RealFile directory(fd);
    return ::fsync(fd) == 0 ? 0 : -errno;
  }

  int list(const std::string& path, std::vector<std::string>& names) override {
    names.clear();
    DIR* directory = ::opendir(path.c_str());
    if (!directory) return -errno;
    errno = 0;
    while (dirent* entry = ::readdir(directory)) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    int error = errno;
    ::closedir(directory);
    return -error;
  }

  int free_bytes(const std::string& path, uint64_t& free) override {
    struct statvfs info;
    if (::statvfs(path.c_str(), &info) != 0) return -errno;
    free = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
    return 0;
  }

 private:
  // Open file description locks behave like flock(2) and can be asked about without being taken.
  static struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
  }

  // A lock to write needs a file open for writing. One to read keeps out who can write again later, and
  // flock(2) others that cannot either.
  static std::unique_ptr<File> lock_read_only(const std::string& path, int& error) {
    int fd = retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW); });
    error = fd < 0 ? -fd : 0;
    if (fd < 0) return nullptr;
    auto file = std::make_unique<RealFile>(fd);
    struct flock whole = whole_file(F_RDLCK);
    if (::fcntl(fd, F_OFD_SETLK, &whole) == 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return file;
    error = errno == EACCES ? EAGAIN : errno;
    return nullptr;
  }
};

}  // namespace

FileSystem& FileSystem::real() {
  static RealFileSystem files;
  return with_faults(files);
}

int64_t read_fully(File& file, void* to, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    int64_t moved = file.pread(static_cast<char*>(to) + done, size - done, offset + done);
    if (moved < 0) return moved;
    if (moved == 0) break;
    done += static_cast<size_t>(moved);
  }
  return static_cast<int64_t>(done);
}

int write_fully(File& file, const void* from, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    int64_t moved = file.pwrite(static_cast<const char*>(from) + done, size - done, offset + done);
    if (moved < 0) return static_cast<int>(moved);
    if (moved == 0) return -EIO;
    done += static_cast<size_t>(moved);
  }
  return 0;
}

Fault fault_of(int error) {
  switch (error < 0 ? -error : error) {
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EINVAL:
    case ENAMETOOLONG:
    case EAFNOSUPPORT:
      return Fault::config;
    default:
      return Fault::transient;
  }
}

std::string error_text(int error) { return std::generic_category().message(error < 0 ? -error : error); }

}  // namespace mailtrace
