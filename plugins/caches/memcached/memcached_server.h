// MemcachedServer: one server, one connection, one breaker. Pipeline thread only.
#pragma once
#include <libmemcached/memcached.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/counters.h"
#include "core/config/schema.h"
#include "plugins/caches/memcached/breaker.h"

namespace mailtrace {

class MemcachedServer {
 public:
  // `failed` counts the calls that the server did not answer as it should.
  MemcachedServer(SocketAddress address, Microseconds timeout, int failures, Counter& failed);

  void put(std::string_view key, std::string_view value, time_t seconds);
  // nullopt: nobody knows; false: the key exists.
  std::optional<bool> add(std::string_view key, std::string_view value, time_t seconds);
  // Fills `values[i]` for each key that is there. Sees the puts before it: same connection, same order.
  void get(std::span<const std::string> keys, std::span<std::optional<std::string>> values);
  void flush();

  const std::string& text() const { return text_; }
  const Breaker& breaker() const { return breaker_; }

 private:
  struct Free {
    void operator()(memcached_st* handle) const { memcached_free(handle); }
  };
  // Null while the breaker is open.
  memcached_st* handle();
  void done(memcached_return_t code, const char* what);
  void connect();

  SocketAddress address_;
  std::string text_;
  uint64_t timeout_ms_;
  Counter* failed_;
  Breaker breaker_;
  std::unique_ptr<memcached_st, Free> handle_;
};

}  // namespace mailtrace
