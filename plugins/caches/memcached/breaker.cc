// A breaker is closed, or open until a time; each failed try doubles the pause. Pipeline thread.
#include "plugins/caches/memcached/breaker.h"

#include <algorithm>

namespace mailtrace {
namespace {
constexpr std::chrono::milliseconds first_pause{1000}, longest_pause{30000};
}

void Breaker::succeeded() {
  failures_ = 0;
  open_ = false;
  pause_ = std::chrono::milliseconds(0);
}

bool Breaker::failed(Clock::time_point at) {
  if (!open_ && ++failures_ < limit_) return false;
  pause_ = open_ ? std::min(pause_ * 2, longest_pause) : first_pause;
  open_ = true;
  until_ = at + pause_;
  return true;
}

}  // namespace mailtrace
