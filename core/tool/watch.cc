// Looks, prints, waits. Main thread.
#include "core/tool/watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "core/base/text.h"
#include "core/tool/command.h"
#include "core/tool/setup.h"

namespace mailtrace {
namespace {

constexpr std::chrono::seconds longest_wait(30);

int signal_pipe[2] = {-1, -1};

void on_signal(int number) {
  auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] auto written = ::write(signal_pipe[1], &byte, 1);
}

// The first signal is waited for; a second one of the kind ends the program at once.
bool catch_signals() {
  if (::pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  return ::sigaction(SIGINT, &action, nullptr) == 0 && ::sigaction(SIGTERM, &action, nullptr) == 0;
}

enum class Woken { time, signal, reader_gone };

Woken wait(std::chrono::milliseconds time) {
  auto end = News::Clock::now() + time;
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - News::Clock::now());
    if (left.count() < 0) left = {};
    // Without events a pipe still tells that nobody reads it any more.
    pollfd places[] = {{signal_pipe[0], POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
    int count = ::poll(places, 2, static_cast<int>(left.count()));
    if (count < 0 && errno == EINTR) continue;
    if (places[0].revents != 0) return Woken::signal;
    if ((places[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return Woken::reader_gone;
    return Woken::time;
  }
}

void end_by_signal() {
  unsigned char number = SIGINT;
  [[maybe_unused]] auto got = ::read(signal_pipe[0], &number, 1);
  std::fflush(nullptr);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

class Watch {
 public:
  Watch(News& news, HitWriter& writer, const Terminal& terminal, std::chrono::milliseconds interval)
      : news_(news), writer_(writer), terminal_(terminal), interval_(interval), pause_(interval) {}

  int run() {
    if (!catch_signals()) return print_error({Fault::transient, "signals cannot be caught"});
    while (true) {
      std::fflush(stdout);
      auto woken = wait(pause_);
      if (woken == Woken::signal) end_by_signal();
      if (woken == Woken::reader_gone) return exit_code::found;
      auto found = news_.look(now(), News::Clock::now());
      if (!found && is_final(found.error())) return print_error(found.error());
      if (!found) {
        trouble(found.error());
        continue;
      }
      if (away_) fmt::print(stderr, "mailtrace: {}\n", terminal_.say("the database answers again"));
      away_ = false;
      pause_ = interval_;
      fmt::print("{}", writer_.rows(*found));
    }
  }

 private:
  static bool is_final(const Error& error) {
    return error.fault != Fault::transient && error.fault != Fault::slow;
  }

  void trouble(const Error& error) {
    if (!away_)
      fmt::print(stderr, "mailtrace: {}; {}\n", printable(error.text), terminal_.say("trying again"));
    away_ = true;
    pause_ = std::min<std::chrono::milliseconds>(
        pause_ * 2, std::max<std::chrono::milliseconds>(interval_, longest_wait));
  }

  News& news_;
  HitWriter& writer_;
  const Terminal& terminal_;
  const std::chrono::milliseconds interval_;
  std::chrono::milliseconds pause_;
  bool away_ = false;
};

}  // namespace

int watch(News& news, HitWriter& writer, const Terminal& terminal, std::chrono::milliseconds interval) {
  return Watch(news, writer, terminal, interval).run();
}

}  // namespace mailtrace
