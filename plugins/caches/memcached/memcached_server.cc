// One libmemcached handle for one server. Pipeline thread only.
#include "plugins/caches/memcached/memcached_server.h"

#include <algorithm>
#include <unordered_map>

#include "core/base/log.h"

namespace mailtrace {
namespace {

// What the server or the way to it did not answer as it should; everything else is an answer.
bool is_failure(memcached_return_t code) {
  switch (code) {
    case MEMCACHED_SUCCESS:
    case MEMCACHED_BUFFERED:
    case MEMCACHED_STORED:
    case MEMCACHED_NOTSTORED:
    case MEMCACHED_DATA_EXISTS:
    case MEMCACHED_NOTFOUND:
    case MEMCACHED_END:
    case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
    case MEMCACHED_E2BIG:
      return false;
    default:
      return true;
  }
}

}  // namespace

MemcachedServer::MemcachedServer(SocketAddress address, Microseconds timeout, int failures, Counter& failed)
    : address_(std::move(address)),
      text_(address_.text()),
      timeout_ms_(static_cast<uint64_t>(std::max<int64_t>(1, timeout.count() / 1000))),
      failed_(&failed),
      breaker_(failures) {}

// ASCII protocol: as quick as binary when buffered, twice as quick for single calls, and its order on one
// connection makes a get see the puts before it. The config string parser of libmemcached refuses documented
// options, so everything is set one by one.
void MemcachedServer::connect() {
  handle_.reset(memcached_create(nullptr));
  if (!handle_) return;
  const std::pair<memcached_behavior_t, uint64_t> behaviors[] = {
      {MEMCACHED_BEHAVIOR_NO_BLOCK, 1},
      {MEMCACHED_BEHAVIOR_TCP_NODELAY, 1},
      {MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, timeout_ms_},
      {MEMCACHED_BEHAVIOR_POLL_TIMEOUT, timeout_ms_},
      {MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, 1},
      {MEMCACHED_BEHAVIOR_BUFFER_REQUESTS, 1},
      {MEMCACHED_BEHAVIOR_NOREPLY, 1},
  };
  for (auto& [behavior, value] : behaviors) memcached_behavior_set(handle_.get(), behavior, value);
  memcached_server_add(handle_.get(), address_.host.c_str(), static_cast<in_port_t>(address_.port));
}

memcached_st* MemcachedServer::handle() {
  if (!breaker_.allows(Breaker::Clock::now())) return nullptr;
  if (!handle_) connect();
  return handle_.get();
}

void MemcachedServer::done(memcached_return_t code, const char* what) {
  if (code == MEMCACHED_BUFFERED) return;  // no answer of the server: neither good nor bad
  if (!is_failure(code)) {
    if (breaker_.open()) log(LogLevel::info, "cache.back", {{"server", text_}});
    breaker_.succeeded();
    return;
  }
  failed_->fetch_add(1, std::memory_order_relaxed);
  std::string reason = memcached_strerror(handle_.get(), code);
  // A late answer would be taken for the next one's: never go on with this connection.
  handle_.reset();
  if (!breaker_.failed(Breaker::Clock::now())) return;
  log_rarely(LogLevel::warning, "cache.off",
             {{"server", text_},
              {"call", what},
              {"reason", reason},
              {"pause_ms", std::to_string(breaker_.pause().count())}});
}

void MemcachedServer::put(std::string_view key, std::string_view value, time_t seconds) {
  auto* to = handle();
  if (!to) return;
  auto code = memcached_set(to, key.data(), key.size(), value.data(), value.size(), seconds, 0);
  // Without reply, success only says that the bytes are in a buffer.
  if (is_failure(code)) done(code, "set");
}

std::optional<bool> MemcachedServer::add(std::string_view key, std::string_view value, time_t seconds) {
  auto* to = handle();
  if (!to) return std::nullopt;
  // Without a reply, `add` would always say it stored. It is never buffered itself and sends what is.
  memcached_behavior_set(to, MEMCACHED_BEHAVIOR_NOREPLY, 0);
  auto code = memcached_add(to, key.data(), key.size(), value.data(), value.size(), seconds, 0);
  memcached_behavior_set(to, MEMCACHED_BEHAVIOR_NOREPLY, 1);
  done(code, "add");
  if (code == MEMCACHED_SUCCESS || code == MEMCACHED_STORED) return true;
  if (code == MEMCACHED_NOTSTORED || code == MEMCACHED_DATA_EXISTS) return false;
  return std::nullopt;
}

void MemcachedServer::get(std::span<const std::string> keys, std::span<std::optional<std::string>> values) {
  auto* to = handle();
  if (!to || keys.empty()) return;
  std::vector<const char*> pointers;
  std::vector<size_t> sizes;
  std::unordered_multimap<std::string_view, size_t> places;
  for (size_t i = 0; i < keys.size(); ++i) {
    pointers.push_back(keys[i].data());
    sizes.push_back(keys[i].size());
    places.emplace(keys[i], i);
  }
  auto code = memcached_mget(to, pointers.data(), sizes.data(), pointers.size());
  if (code != MEMCACHED_SUCCESS) return done(code, "get");

  memcached_result_st result;
  memcached_result_create(to, &result);
  while (memcached_fetch_result(to, &result, &code)) {
    std::string_view key(memcached_result_key_value(&result), memcached_result_key_length(&result));
    std::string_view value(memcached_result_value(&result), memcached_result_length(&result));
    auto [first, last] = places.equal_range(key);
    for (; first != last; ++first) values[first->second].emplace(value);
  }
  memcached_result_free(&result);
  done(code, "get");
}

void MemcachedServer::flush() {
  if (!handle_ || breaker_.open()) return;
  auto code = memcached_flush_buffers(handle_.get());
  if (is_failure(code)) done(code, "flush");
}

}  // namespace mailtrace
