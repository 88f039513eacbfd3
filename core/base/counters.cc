// The table of all counters of the process. Any thread.
#include "core/base/counters.h"

#include <map>
#include <mutex>

namespace mailtrace {
namespace {

struct Table {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, Counter> counters;  // a map never moves its values
};

// Never destroyed: threads may count while the process ends.
Table& table() {
  static auto* instance = new Table;
  return *instance;
}

}  // namespace

Counter& counter(std::string_view name, std::string_view label) {
  std::lock_guard lock(table().mutex);
  return table().counters[{std::string(name), std::string(label)}];
}

std::vector<CounterValue> all_counters() {
  std::lock_guard lock(table().mutex);
  std::vector<CounterValue> out;
  for (auto& [key, value] : table().counters) out.push_back({key.first, key.second, value.load()});
  return out;
}

}  // namespace mailtrace
