// MemcachedCache: the cache on one or several memcached servers. Pipeline thread only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/counters.h"
#include "core/plugin/plugin.h"
#include "plugins/caches/memcached/memcached_server.h"

namespace mailtrace {

class MemcachedCache final : public Cache {
 public:
  struct Config {
    std::vector<std::string> servers{"127.0.0.1:11211"};
    std::string prefix = "mailtrace";
    Microseconds timeout{std::chrono::milliseconds(20)};
    int64_t failures = 3;
  };
  static std::span<const Option> options();
  static void check(const Config& config, const Node& node, ConfigErrors& errors);

  MemcachedCache(Config config, const StoreContext& context);
  Result<void> open() noexcept override;
  void put(std::string_view key, std::string_view value, int seconds) noexcept override;
  bool add(std::string_view key, std::string_view value, int seconds) noexcept override;
  std::vector<std::optional<std::string>> get(std::span<const std::string> keys) noexcept override;
  void flush() noexcept override;
  std::string describe() const noexcept override;

 private:
  // Any bytes become 32 hex digits: memcached refuses blanks and more than 250 bytes, and a refused key puts
  // the ASCII stream out of step.
  std::string stored_key(std::string_view key) const;
  // Every receiver with the same servers, in any order, finds the same one (rendezvous hashing).
  size_t server_of(std::string_view stored) const;

  Config config_;
  Counter &gets_, &hits_, &puts_, &adds_, &unanswered_, &failed_, &too_big_, &wrong_;
  std::vector<MemcachedServer> servers_;
};

}  // namespace mailtrace
