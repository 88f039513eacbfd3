// Starts the pager and feeds it. Main thread.
#include "core/tool/pager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace mailtrace {
namespace {

bool is_installed(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    auto end = std::min(rest.find(':'), rest.size());
    auto file = fmt::format("{}/{}", rest.substr(0, end), program);
    if (end > 0 && ::access(file.c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// While it stands, Ctrl-C belongs to the pager, and a pager that was left is no end of this program.
class Patience {
 public:
  Patience() {
    for (auto& each : kept_) each.before = std::signal(each.number, SIG_IGN);
  }
  ~Patience() {
    for (auto& each : kept_) std::signal(each.number, each.before);
  }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

 private:
  struct Kept {
    int number;
    void (*before)(int);
  } kept_[3] = {{SIGINT, SIG_DFL}, {SIGQUIT, SIG_DFL}, {SIGPIPE, SIG_DFL}};
};

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    auto count = ::write(to, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // it was left
    text.remove_prefix(static_cast<size_t>(count));
  }
}

[[noreturn]] void become(const std::string& command, int input) {
  ::dup2(input, STDIN_FILENO);
  for (int number : {SIGINT, SIGQUIT, SIGPIPE}) std::signal(number, SIG_DFL);
  ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

// False: there is no such program, and nothing was shown.
bool show(const std::string& command, std::string_view text) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  // Quit if it fits, keep colours, leave the text on the screen; not where the user chose.
  ::setenv("LESS", "FRX", 0);
  ::setenv("LV", "-c", 0);
  Patience patience;
  auto pid = ::fork();
  if (pid == 0) {
    ::close(ends[1]);
    become(command, ends[0]);
  }
  ::close(ends[0]);
  if (pid > 0) write_all(ends[1], text);
  ::close(ends[1]);
  if (pid < 0) return false;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  // What a shell says of a command that it cannot find or run.
  return !WIFEXITED(status) || (WEXITSTATUS(status) != 127 && WEXITSTATUS(status) != 126);
}

// A line that is too long takes several rows; an escape sequence counts as text, so some texts are paged
// early.
bool is_longer(std::string_view text, const Terminal& terminal) {
  size_t rows = 1;  // the prompt behind it
  while (!text.empty() && rows <= terminal.height) {
    auto end = std::min(text.find('\n'), text.size());
    rows += 1 + (terminal.width ? display_width(text.substr(0, end)) / (terminal.width + 1) : 0);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return rows > terminal.height;
}

}  // namespace

std::string pager_command() {
  for (const char* name : {"MAILTRACE_PAGER", "PAGER"})
    if (const char* value = std::getenv(name)) return std::string_view(value) == "cat" ? "" : value;
  return is_installed("less") ? "less" : "";
}

void print_paged(std::string_view text, const Terminal& terminal, bool paged) {
  if (paged && terminal.is_terminal && is_longer(text, terminal)) {
    auto command = pager_command();
    std::fflush(stdout);
    if (!command.empty() && show(command, text)) return;
    if (!command.empty())
      fmt::print(stderr, "mailtrace: {}: {}\n", terminal.say("the pager cannot be started"), command);
  }
  fmt::print("{}", text);
}

}  // namespace mailtrace
