// Keys, limits and the choice of the server; the servers themselves: memcached_server.h. Pipeline thread
// only.
#include "plugins/caches/memcached/memcached_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/id.h"

namespace mailtrace {
namespace {

// A larger expiry would be read as a date of 1970: stored and gone at once (memcached protocol.txt).
constexpr int longest_expiry = 30 * 86400;
// memcached's item limit is 1 MiB with key and header.
constexpr size_t largest_value = 900 * 1024;

bool read_address(const std::string& text, SocketAddress& to) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.scalar = text;
  return decode_value(node, to) && to.port > 0;
}

Counter& cache_counter(std::string_view what, const StoreContext& context) {
  return counter(fmt::format("mailtrace_cache_{}_total", what), fmt::format("cache=\"{}\"", context.name));
}

// A value goes with a hash of its key and itself: one that was put under another key, or half a one, is as
// good as none.
constexpr size_t sum_size = 8;

uint64_t sum_of(std::string_view stored, std::string_view value) { return hash_fields({stored, value}).low; }

std::string sealed(std::string_view stored, std::string_view value) {
  uint64_t sum = sum_of(stored, value);
  std::string out(value);
  return out.append(reinterpret_cast<const char*>(&sum), sum_size);
}

bool unseal(std::string_view stored, std::string& value) {
  if (value.size() < sum_size) return false;
  uint64_t sum;
  std::memcpy(&sum, value.data() + value.size() - sum_size, sum_size);
  value.resize(value.size() - sum_size);
  return sum == sum_of(stored, value);
}

time_t expiry(int seconds) { return std::clamp(seconds, 1, longest_expiry); }

}  // namespace

std::span<const Option> MemcachedCache::options() {
  static const std::vector<Option> table{
      option("servers", &Config::servers,
             "list of host:port; addresses rather than names, names are looked up at every connect"),
      option("prefix", &Config::prefix, "receivers with the same prefix share their half-seen mails"),
      option("timeout", &Config::timeout, Microseconds(std::chrono::milliseconds(1)),
             Microseconds(std::chrono::seconds(1)),
             "longest wait for a server, for connect and for an answer; meanwhile no line is read"),
      option("failures", &Config::failures, 1, 100,
             "after so many failures in a row a server is left alone for 1 s, doubling up to 30 s"),
  };
  return table;
}

void MemcachedCache::check(const Config& config, const Node& node, ConfigErrors& errors) {
  const Node* list = node.find("servers");
  for (size_t i = 0; i < config.servers.size(); ++i) {
    SocketAddress address;
    if (read_address(config.servers[i], address)) continue;
    bool is_item = list && list->kind == Node::Kind::list && i < list->children.size();
    report_mismatch(is_item ? list->children[i] : node, "host:port", errors);
  }
  if (config.servers.empty()) errors.add(list ? *list : node, "expected at least one host:port");
}

MemcachedCache::MemcachedCache(Config config, const StoreContext& context)
    : config_(std::move(config)),
      gets_(cache_counter("gets", context)),
      hits_(cache_counter("hits", context)),
      puts_(cache_counter("puts", context)),
      adds_(cache_counter("adds", context)),
      unanswered_(cache_counter("unanswered", context)),
      failed_(cache_counter("failures", context)),
      too_big_(cache_counter("too_big", context)),
      wrong_(cache_counter("wrong", context)) {
  for (auto& text : config_.servers) {
    SocketAddress address;
    if (read_address(text, address))
      servers_.emplace_back(std::move(address), config_.timeout, static_cast<int>(config_.failures), failed_);
  }
}

Result<void> MemcachedCache::open() noexcept {
  if (servers_.empty())
    return Error{Fault::config, "cache memcached has no server; set servers: [host:port]"};
  return {};
}

std::string MemcachedCache::stored_key(std::string_view key) const {
  auto hash = hash_fields({config_.prefix, key});
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

size_t MemcachedCache::server_of(std::string_view stored) const {
  if (servers_.size() == 1) return 0;
  size_t best = 0;
  Hash128 most{};
  for (size_t i = 0; i < servers_.size(); ++i) {
    auto weight = hash_fields({servers_[i].text(), stored});
    if (i != 0 && weight <= most) continue;
    most = weight;
    best = i;
  }
  return best;
}

void MemcachedCache::put(std::string_view key, std::string_view value, int seconds) noexcept {
  puts_.fetch_add(1, std::memory_order_relaxed);
  if (value.size() > largest_value) {
    too_big_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto stored = stored_key(key);
  auto& server = servers_[server_of(stored)];
  if (server.breaker().open()) unanswered_.fetch_add(1, std::memory_order_relaxed);
  server.put(stored, sealed(stored, value), expiry(seconds));
}

bool MemcachedCache::add(std::string_view key, std::string_view value, int seconds) noexcept {
  adds_.fetch_add(1, std::memory_order_relaxed);
  if (value.size() > largest_value) {
    too_big_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  auto stored = stored_key(key);
  auto answer = servers_[server_of(stored)].add(stored, sealed(stored, value), expiry(seconds));
  if (!answer) unanswered_.fetch_add(1, std::memory_order_relaxed);
  return answer.value_or(false);
}

std::vector<std::optional<std::string>> MemcachedCache::get(std::span<const std::string> keys) noexcept {
  gets_.fetch_add(keys.size(), std::memory_order_relaxed);
  std::vector<std::optional<std::string>> out(keys.size());
  std::vector<std::vector<std::string>> wanted(servers_.size());
  std::vector<std::vector<size_t>> places(servers_.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    auto stored = stored_key(keys[i]);
    auto at = server_of(stored);
    wanted[at].push_back(std::move(stored));
    places[at].push_back(i);
  }
  for (size_t at = 0; at < servers_.size(); ++at) {
    std::vector<std::optional<std::string>> found(wanted[at].size());
    servers_[at].get(wanted[at], found);
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) continue;
      if (!unseal(wanted[at][i], *found[i])) {
        wrong_.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      out[places[at][i]] = std::move(found[i]);
      hits_.fetch_add(1, std::memory_order_relaxed);
    }
    if (!wanted[at].empty() && servers_[at].breaker().open())
      unanswered_.fetch_add(wanted[at].size(), std::memory_order_relaxed);
  }
  return out;
}

void MemcachedCache::flush() noexcept {
  for (auto& server : servers_) server.flush();
}

std::string MemcachedCache::describe() const noexcept {
  std::string text = "memcached";
  for (auto& server : servers_)
    text += fmt::format(" {}{}", server.text(), server.breaker().open() ? " (off)" : "");
  return text;
}

}  // namespace mailtrace
