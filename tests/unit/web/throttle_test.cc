// Throttle: pauses grow with each failure, end with success or time, and keep their size whatever is tried.
#include "plugins/web/accounts/throttle.h"

#include <boost/test/unit_test.hpp>

namespace mailtrace::accounts {
namespace {

using std::chrono::seconds;

struct Clocked {
  Throttle throttle;
  Throttle::Clock::time_point at{std::chrono::hours(1000)};
  explicit Clocked(Throttle::Limits limits, size_t keys = 1000) : throttle(limits, keys) {}
  int64_t wait(const std::string& key = "a") { return throttle.wait(key, at).count(); }
  void fail(int times, const std::string& key = "a") {
    for (int i = 0; i < times; ++i) throttle.failed(key, at);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest) {
  Clocked t({3, seconds(10)});
  t.fail(2);
  BOOST_TEST(t.wait() == 0);
  for (int64_t pause : {1, 2, 4, 8, 10, 10}) {
    t.fail(1);
    BOOST_TEST(t.wait() == pause);
    t.at += seconds(pause);
    BOOST_TEST(t.wait() == 0);
  }
  t.fail(1000);
  BOOST_TEST(t.wait() == 10);
}

BOOST_AUTO_TEST_CASE(success_and_quiet_forget) {
  Clocked t({1, seconds(600)});
  t.fail(5);
  BOOST_TEST(t.wait() > 0);
  BOOST_TEST(t.wait("b") == 0);
  t.throttle.succeeded("a");
  BOOST_TEST(t.wait() == 0);
  t.fail(5);
  t.at += std::chrono::hours(2);
  BOOST_TEST(t.wait() == 0);
  t.fail(1);
  BOOST_TEST(t.wait() == 1);  // counted from the start again
}

BOOST_AUTO_TEST_CASE(many_names_do_not_free_a_guesser) {
  Clocked t({1, seconds(600)}, 100);
  t.fail(8, "guessed");
  for (int i = 0; i < 5000; ++i) t.fail(1, "name" + std::to_string(i));
  BOOST_TEST(t.wait("guessed") > 0);
}

BOOST_AUTO_TEST_CASE(networks_of_one_guesser) {
  BOOST_TEST(network_of("192.0.2.77") == "192.0.2.0/24");
  BOOST_TEST(network_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  BOOST_TEST(network_of("nonsense") == "nonsense");
}

}  // namespace mailtrace::accounts
