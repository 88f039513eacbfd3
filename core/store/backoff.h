// Backoff: how long to wait before the next try. One thread.
#pragma once
#include <algorithm>
#include <chrono>
#include <random>

namespace mailtrace {

class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;
  explicit Backoff(Milliseconds first = Milliseconds(200), Milliseconds most = Milliseconds(30'000))
      : first_(first), most_(most), next_(first) {}

  // Doubles up to the most, with jitter of a quarter, so that many receivers do not return in step.
  Milliseconds next() {
    std::uniform_int_distribution<Milliseconds::rep> jitter(-next_.count() / 4, next_.count() / 4);
    auto wait = next_ + Milliseconds(jitter(random_));
    next_ = std::min(next_ * 2, most_);
    return wait;
  }
  void reset() { next_ = first_; }

 private:
  Milliseconds first_, most_, next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace mailtrace
