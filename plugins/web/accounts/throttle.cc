#include "plugins/web/accounts/throttle.h"

#include <arpa/inet.h>

#include <algorithm>

namespace mailtrace::accounts {
namespace {

constexpr std::chrono::hours forgotten_after{1};

}  // namespace

std::chrono::seconds Throttle::pause(const State& state) const {
  int beyond = state.failures - limits_.free;
  if (beyond < 0) return std::chrono::seconds(0);
  return std::min(limits_.longest, std::chrono::seconds(1LL << std::min(beyond, 20)));
}

std::chrono::seconds Throttle::wait(const std::string& key, Clock::time_point at) {
  std::lock_guard lock(mutex_);
  auto found = states_.find(key);
  if (found == states_.end()) return std::chrono::seconds(0);
  if (at - found->second.last > forgotten_after) {
    states_.erase(found);
    return std::chrono::seconds(0);
  }
  auto until = found->second.last + pause(found->second);
  if (until <= at) return std::chrono::seconds(0);
  return std::chrono::ceil<std::chrono::seconds>(until - at);
}

void Throttle::failed(const std::string& key, Clock::time_point at) {
  std::lock_guard lock(mutex_);
  if (states_.size() >= most_keys_) forget_old(at);
  auto& state = states_[key];
  ++state.failures;
  state.last = at;
}

void Throttle::succeeded(const std::string& key) {
  std::lock_guard lock(mutex_);
  states_.erase(key);
}

void Throttle::forget_old(Clock::time_point at) {
  for (auto entry = states_.begin(); entry != states_.end();)
    entry = at - entry->second.last > forgotten_after ? states_.erase(entry) : std::next(entry);
  // Somebody tries very many names: those with the fewest failures go.
  for (int failures = 1; states_.size() >= most_keys_; ++failures)
    for (auto entry = states_.begin(); entry != states_.end();)
      entry = entry->second.failures <= failures ? states_.erase(entry) : std::next(entry);
}

std::string network_of(const std::string& address) {
  unsigned char bytes[16] = {};
  char text[INET6_ADDRSTRLEN];
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) {
    bytes[3] = 0;
    return std::string(inet_ntop(AF_INET, bytes, text, sizeof text)) + "/24";
  }
  if (inet_pton(AF_INET6, address.c_str(), bytes) != 1) return address;
  std::fill(bytes + 8, bytes + 16, static_cast<unsigned char>(0));
  return std::string(inet_ntop(AF_INET6, bytes, text, sizeof text)) + "/64";
}

}  // namespace mailtrace::accounts
