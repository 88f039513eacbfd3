#include "core/store/dead_letter.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/owner.h"
#include "core/mail/row_json.h"

namespace mailtrace {
namespace {

const char* table_of(const ConnectRow&) { return "connectlog"; }
const char* table_of(const DeliverRow&) { return "deliverlog"; }
const char* table_of(const LinesRow&) { return "lines"; }

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(-1); }
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool is_named(int fd, const std::string& path) {
  struct stat open {
  }, named{};
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
         open.st_ino == named.st_ino;
}

}  // namespace

DeadLetter::DeadLetter(std::string state_directory, std::string sink)
    : file_(std::move(state_directory) + "/dead-letter.jsonl"), sink_(std::move(sink)) {}

template <class Row>
Result<void> DeadLetter::add(const Row& row, const std::string& error) {
  Json entry{{"time", format_time(now())}, {"sink", sink_}, {"error", error}, {"table", table_of(row)}};
  entry["row"] = to_json(row);
  return append(dump_line(entry) + "\n");
}

template Result<void> DeadLetter::add(const ConnectRow&, const std::string&);
template Result<void> DeadLetter::add(const DeliverRow&, const std::string&);
template Result<void> DeadLetter::add(const LinesRow&, const std::string&);

Result<void> DeadLetter::append(const std::string& line) {
  auto failed = [&](const char* what) {
    return Error{Fault::transient, "dead-letter file " + file_ + ": " + what + ": " + std::strerror(errno)};
  };
  Descriptor fd;
  // Another process may be in the middle of its own line, or have died there. A retry may have replaced the
  // file while this one waited.
  do {
    fd.reset(::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (fd.get() < 0) return failed("open");
    if (::flock(fd.get(), LOCK_EX) != 0) return failed("lock");
  } while (!is_named(fd.get(), file_));
  off_t before = ::lseek(fd.get(), 0, SEEK_END);
  if (before == 0) own_like_directory(fd.get(), file_);
  size_t done = 0;
  while (done < line.size()) {
    ssize_t n = ::write(fd.get(), line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      auto error = failed("write");
      if (before >= 0 && ::ftruncate(fd.get(), before) != 0) error.text += "; half a line was left";
      return error;
    }
    done += static_cast<size_t>(n);
  }
  if (::fsync(fd.get()) != 0) return failed("fsync");
  auto slash = file_.rfind('/');
  Descriptor directory(::open(file_.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return failed("fsync of the directory");
  return {};
}

}  // namespace mailtrace
