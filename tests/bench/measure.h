// What a part of a benchmark took: wall clock for lines a second, CPU time of the process for the cost of a
// line.
#pragma once
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace mailtrace::bench {

inline double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Cost {
  double wall = 0, cpu = 0;  // seconds a line

  double lines_a_second() const { return 1 / wall; }
  double cpu_ns() const { return cpu * 1e9; }
  void print(const char* what) const {
    fmt::print("{:34} {:>10.0f} lines/s {:>7.1f} CPU ns/line\n", what, lines_a_second(), cpu_ns());
  }
};

class Stopwatch {
 public:
  Cost cost(uint64_t lines) const {
    auto count = static_cast<double>(lines);
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count() / count,
            (cpu_seconds() - cpu_) / count};
  }

 private:
  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  double cpu_ = cpu_seconds();
};

// The least of nine rounds: what the machine's other work adds is noise. A round is repeated until it is long
// beside the grain of the CPU clock.
template <class Round>
Cost best_of_nine(uint64_t lines, Round round) {
  Stopwatch once;
  round();
  uint64_t repeats = 1 + static_cast<uint64_t>(0.05 / std::max(1e-6, once.cost(1).wall));
  Cost best{1e9, 1e9};
  for (int i = 0; i < 9; ++i) {
    Stopwatch watch;
    for (uint64_t r = 0; r < repeats; ++r) round();
    Cost cost = watch.cost(lines * repeats);
    best = {std::min(best.wall, cost.wall), std::min(best.cpu, cost.cpu)};
  }
  return best;
}

}  // namespace mailtrace::bench
