// Throttle: slows down whoever guesses passwords, without ever locking anybody out. Any thread.
#pragma once
#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

namespace mailtrace::accounts {

// Each failure of a key beyond the first few doubles the pause until its next try, up to a limit; quiet time
// forgets. Names nobody has are throttled like others, so that nothing is learnt from it.
class Throttle {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    int free = 5;  // failures without a pause
    std::chrono::seconds longest{900};
  };
  explicit Throttle(Limits limits, size_t most_keys = 20'000) : limits_(limits), most_keys_(most_keys) {}

  // Seconds to wait before the next try; 0: now.
  std::chrono::seconds wait(const std::string& key, Clock::time_point at);
  void failed(const std::string& key, Clock::time_point at);
  void succeeded(const std::string& key);

 private:
  struct State {
    int failures = 0;
    Clock::time_point last{};
  };
  std::chrono::seconds pause(const State& state) const;
  void forget_old(Clock::time_point at);

  Limits limits_;
  size_t most_keys_;
  std::mutex mutex_;
  std::unordered_map<std::string, State> states_;
};

// "192.0.2.0/24" or "2001:db8:1:2::/64": one guesser has as many addresses as these.
std::string network_of(const std::string& address);

}  // namespace mailtrace::accounts
