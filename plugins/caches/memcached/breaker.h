// Breaker: keeps a dead server from costing its timeout at every call. Pipeline thread.
#pragma once
#include <chrono>

namespace mailtrace {

class Breaker {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Breaker(int failures) : limit_(failures) {}

  // False while the server is left alone. After the pause one call is let through to try it.
  bool allows(Clock::time_point at) const { return !open_ || at >= until_; }
  void succeeded();
  // True when this failure opened the breaker (or kept it open after a try).
  bool failed(Clock::time_point at);
  bool open() const { return open_; }
  std::chrono::milliseconds pause() const { return pause_; }

 private:
  int limit_;
  int failures_ = 0;
  bool open_ = false;
  std::chrono::milliseconds pause_{0};
  Clock::time_point until_{};
};

}  // namespace mailtrace
