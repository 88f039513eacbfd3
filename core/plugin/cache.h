// Cache: a store outside the process that may forget anything at any time; nothing may depend on it.
// Pipeline thread only. No call blocks longer than the plugin's own limit (memcached: its option timeout); a
// broken server is a miss.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace mailtrace {

class Cache {
 public:
  virtual ~Cache() = default;
  virtual Result<void> open() noexcept = 0;  // only wrong configuration is an error
  // Buffered: may be written later or never. `seconds`: forget after, at most 30 days.
  virtual void put(std::string_view key, std::string_view value, int seconds) noexcept = 0;
  // Atomic, first wins, synchronous: true if this call stored it; false if the key existed or nobody knows.
  virtual bool add(std::string_view key, std::string_view value, int seconds) noexcept = 0;
  // One round trip for all; same order as `keys`. Sees this object's own earlier put().
  virtual std::vector<std::optional<std::string>> get(std::span<const std::string> keys) noexcept = 0;
  virtual void flush() noexcept = 0;  // send what is buffered
  virtual std::string describe() const noexcept = 0;
};

}  // namespace mailtrace
