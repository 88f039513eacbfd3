// One question, one answer, at most five seconds. Main thread.
#include "core/tool/control_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mailtrace {

Result<std::string> ask_daemon(const std::string& socket_path, const std::string& command) {
  auto failed = [&](const char* what) {
    return Error{Fault::transient, std::string(what) + " " + socket_path + ": " + std::strerror(errno)};
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return failed("connect to");
  }
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size());
  struct Socket {
    int fd;
    ~Socket() { ::close(fd); }
  } socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return failed("connect to");
  auto line = command + "\n";
  if (::send(socket.fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return failed("write to");
  std::string answer;
  char piece[16384];
  for (;;) {
    ssize_t n = ::recv(socket.fd, piece, sizeof piece, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read from");
    if (n == 0) break;
    answer.append(piece, static_cast<size_t>(n));
    constexpr size_t longest_answer = 64 << 20;
    if (answer.ends_with('\n') || answer.size() > longest_answer) break;
  }
  if (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

}  // namespace mailtrace
