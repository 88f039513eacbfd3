// OpenCall: since when somebody waits for the answer of a database, once that takes unusually long. One
// thread calls, any thread asks since().
#pragma once
#include <atomic>
#include <chrono>

#include "core/base/time.h"

namespace mailtrace {

class OpenCall {
 public:
  // Under way as long as this object lives.
  class Scope {
   public:
    explicit Scope(OpenCall& call) : call_(call) { call_.begun_ = Clock::now(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { call_.begun_ = Clock::time_point{}; }

   private:
    OpenCall& call_;
  };

  // Zero: nothing is waited for, or not for long.
  Time since() const {
    auto begun = begun_.load();
    auto waited = Clock::now() - begun;
    if (begun == Clock::time_point{} || waited < usual) return {};
    return now() - std::chrono::duration_cast<Microseconds>(waited);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds usual{10};
  std::atomic<Clock::time_point> begun_{};
};

}  // namespace mailtrace
