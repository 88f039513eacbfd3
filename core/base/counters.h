// Named counters: what was received, dropped, understood, stored. Shown by `mailtrace status` and /metrics.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

using Counter = std::atomic<uint64_t>;

// The counter `<name>{label}`; the same arguments give the same counter. Valid for the life of the process.
// Takes a lock: call it once and keep the reference. Names end in `_total` if they only grow.
// `label` is empty or like `input="relp"`.
Counter& counter(std::string_view name, std::string_view label = {});

struct CounterValue {
  std::string name, label;
  uint64_t value;
};
std::vector<CounterValue> all_counters();  // sorted by name, then label

}  // namespace mailtrace
