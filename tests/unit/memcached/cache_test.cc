// The cache against real memcached servers, which are killed and stopped under it.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "plugins/caches/memcached/memcached_cache.h"

using namespace mailtrace;

namespace {

int free_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool answers(int port) {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

class Server {
 public:
  Server() : port_(free_port()) { start(); }
  ~Server() { kill(SIGKILL); }
  Server(const Server&) = delete;
  void start() {
    auto port = std::to_string(port_);
    pid_ = ::fork();
    if (pid_ == 0) {
      if (::geteuid() == 0)
        ::execlp("memcached", "memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", port.c_str(), "-m", "16",
                 nullptr);
      ::execlp("memcached", "memcached", "-l", "127.0.0.1", "-p", port.c_str(), "-m", "16", nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 500 && !answers(port_); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    BOOST_REQUIRE_MESSAGE(answers(port_), "memcached did not start; is it installed?");
  }
  void kill(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    // Each of its threads stops by itself; until the last one has, an answer may still come.
    if (signal == SIGSTOP) ::waitpid(pid_, nullptr, WUNTRACED);
    if (signal != SIGKILL) return;
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_;
  pid_t pid_ = 0;
};

std::unique_ptr<MemcachedCache> connect(const std::vector<std::string>& servers,
                                        const std::string& prefix = "test") {
  MemcachedCache::Config config;
  config.timeout = std::chrono::seconds(1);  // a busy machine may not answer within the default 20 ms
  config.servers = servers;
  config.prefix = prefix;
  static int number = 0;
  auto cache =
      std::make_unique<MemcachedCache>(config, StoreContext{"memcached/" + std::to_string(++number), "/"});
  BOOST_REQUIRE(cache->open());
  return cache;
}

std::optional<std::string> get(Cache& cache, const std::string& key) {
  std::vector<std::string> keys{key};
  return cache.get(keys)[0];
}

uint64_t total(const std::string& name) {
  uint64_t sum = 0;
  for (auto& c : all_counters())
    if (c.name == name) sum += c.value;
  return sum;
}

// Puts and gets until the server is used again: the breaker waits a while before it tries.
bool comes_back(Cache& cache) {
  for (int i = 0; i < 3000; ++i) {
    cache.put("back", "yes", 60);
    if (get(cache, "back") == "yes") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_get_sees_the_puts_before_it) {
  Server server;
  auto cache = connect({server.address()});
  for (int i = 0; i < 3000; ++i) {
    auto key = "key" + std::to_string(i % 7);
    cache->put(key, "value" + std::to_string(i), 60);
    BOOST_REQUIRE(get(*cache, key) == "value" + std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(get_keeps_the_order_of_the_keys) {
  Server server;
  auto cache = connect({server.address()});
  for (int i = 0; i < 1000; i += 2) cache->put(std::to_string(i), "v" + std::to_string(i), 60);
  std::vector<std::string> keys;
  for (int i = 999; i >= 0; --i) keys.push_back(std::to_string(i));
  keys.push_back("998");  // asked twice
  auto values = cache->get(keys);
  BOOST_REQUIRE(values.size() == keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    bool is_even = std::stoi(keys[i]) % 2 == 0;
    BOOST_TEST_REQUIRE(values[i].has_value() == is_even);
    if (is_even) BOOST_TEST(*values[i] == "v" + keys[i]);
  }
  BOOST_TEST(cache->get({}).empty());
}

BOOST_AUTO_TEST_CASE(the_first_add_wins_also_after_a_buffered_put) {
  Server server;
  auto one = connect({server.address()}), two = connect({server.address()});
  BOOST_TEST(one->add("mail", "first", 60));
  BOOST_TEST(!two->add("mail", "second", 60));
  BOOST_TEST(!one->add("mail", "again", 60));
  BOOST_TEST(*get(*two, "mail") == "first");
  for (int i = 0; i < 500; ++i) {
    auto key = "put" + std::to_string(i);
    one->put(key, "put", 60);
    BOOST_TEST_REQUIRE(!one->add(key, "added", 60));
  }
}

BOOST_AUTO_TEST_CASE(another_process_sees_what_was_flushed) {
  Server server;
  auto one = connect({server.address()}), two = connect({server.address()}),
       stranger = connect({server.address()}, "other");
  one->put("mail", "value", 60);
  one->flush();
  for (int i = 0; i < 500 && !get(*two, "mail"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_TEST(get(*two, "mail").value_or("") == "value");
  BOOST_TEST(!get(*stranger, "mail"));
}

BOOST_AUTO_TEST_CASE(any_bytes_are_a_key_and_a_value) {
  Server server;
  auto cache = connect({server.address()});
  using namespace std::string_literals;
  std::vector<std::string> odd{
      ""s, " "s, "a b"s, "x\r\nset y 0 0 1\r\n1"s, "nul\0nul"s, "\xff\xfe"s, std::string(5000, 'k')};
  for (auto& text : odd) cache->put(text, text, 60);
  auto values = cache->get(odd);
  for (size_t i = 0; i < odd.size(); ++i) BOOST_TEST(values[i].value_or("miss") == odd[i]);
}

BOOST_AUTO_TEST_CASE(long_expiry_is_shortened_and_large_values_are_not_taken) {
  Server server;
  auto cache = connect({server.address()});
  cache->put("long", "kept", 40 * 86400);
  BOOST_TEST(get(*cache, "long").value_or("") == "kept");
  cache->put("large", std::string(899 * 1024, 'x'), 60);
  BOOST_TEST(get(*cache, "large").value_or("").size() == 899u * 1024);
  cache->put("too large", std::string(2 << 20, 'x'), 60);
  BOOST_TEST(!get(*cache, "too large"));
  BOOST_TEST(!cache->add("too large", std::string(2 << 20, 'x'), 60));
  BOOST_TEST(get(*cache, "long").value_or("") == "kept");  // the stream is still in step
}

BOOST_AUTO_TEST_CASE(keys_spread_over_servers_and_one_lost_server_costs_only_its_keys) {
  Server one, two;
  auto cache = connect({one.address(), two.address()});
  auto reversed = connect({two.address(), one.address()});
  std::vector<std::string> keys;
  for (int i = 0; i < 400; ++i) keys.push_back("spread" + std::to_string(i));
  for (auto& key : keys) BOOST_TEST_REQUIRE(cache->add(key, key, 60));
  auto values = reversed->get(keys);
  for (size_t i = 0; i < keys.size(); ++i) BOOST_TEST_REQUIRE(values[i].value_or("miss") == keys[i]);
  two.kill(SIGKILL);
  int found = 0;
  for (auto& key : keys) found += get(*cache, key).has_value();
  BOOST_TEST(found > 100);
  BOOST_TEST(found < 300);
}

BOOST_AUTO_TEST_CASE(a_killed_server_is_a_miss_and_comes_back) {
  Server server;
  auto cache = connect({server.address()});
  cache->put("mail", "value", 60);
  BOOST_TEST(get(*cache, "mail").value_or("") == "value");
  server.kill(SIGKILL);
  for (int i = 0; i < 1000; ++i) {
    cache->put("mail", "value", 60);
    BOOST_TEST_REQUIRE(!get(*cache, "mail"));
    BOOST_TEST_REQUIRE(!cache->add("new", "value", 60));
    cache->flush();
  }
  BOOST_TEST(cache->describe().ends_with("(off)"));
  server.start();
  BOOST_TEST(comes_back(*cache));
  BOOST_TEST(cache->add("new", "value", 60));
}

BOOST_AUTO_TEST_CASE(a_hung_server_is_asked_only_a_few_times) {
  Server server;
  auto cache = connect({server.address()});
  cache->put("mail", "value", 60);
  BOOST_TEST(get(*cache, "mail").value_or("") == "value");
  server.kill(SIGSTOP);
  auto failures = total("mailtrace_cache_failures_total");
  auto unanswered = total("mailtrace_cache_unanswered_total");
  for (int i = 0; i < 20000; ++i) BOOST_TEST_REQUIRE(!get(*cache, "mail"));
  // Three open the breaker; a slow machine may see a try or two more.
  BOOST_TEST(total("mailtrace_cache_failures_total") - failures >= 3u);
  BOOST_TEST(total("mailtrace_cache_failures_total") - failures < 10u);
  BOOST_TEST(total("mailtrace_cache_unanswered_total") - unanswered > 19000u);
  server.kill(SIGCONT);
  BOOST_TEST(comes_back(*cache));
  BOOST_TEST(get(*cache, "mail").value_or("") == "value");  // no late answer is taken for this one
}

BOOST_AUTO_TEST_CASE(a_server_that_never_was_there_does_not_stop_the_start) {
  auto cache = connect({"127.0.0.1:" + std::to_string(free_port())});
  BOOST_TEST(!get(*cache, "mail"));
  BOOST_TEST(!cache->add("mail", "x", 60));
}
