// The breaker on a clock of the test's own.
#include "plugins/caches/memcached/breaker.h"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using mailtrace::Breaker;

BOOST_AUTO_TEST_CASE(opens_only_after_so_many_failures_in_a_row) {
  Breaker breaker(3);
  Breaker::Clock::time_point t{};
  BOOST_TEST(!breaker.failed(t));
  BOOST_TEST(!breaker.failed(t));
  breaker.succeeded();
  BOOST_TEST(!breaker.failed(t));
  BOOST_TEST(!breaker.failed(t));
  BOOST_TEST(breaker.allows(t));
  BOOST_TEST(breaker.failed(t));
  BOOST_TEST(breaker.open());
  BOOST_TEST(!breaker.allows(t + 999ms));
  BOOST_TEST(breaker.allows(t + 1s));
}

BOOST_AUTO_TEST_CASE(each_failed_try_doubles_the_pause_up_to_30_seconds) {
  Breaker breaker(1);
  Breaker::Clock::time_point t{};
  for (auto expected : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    BOOST_TEST(breaker.failed(t));
    BOOST_TEST(breaker.pause().count() == std::chrono::milliseconds(expected).count());
    BOOST_TEST(!breaker.allows(t + expected - 1ms));
    t += expected;
    BOOST_TEST(breaker.allows(t));
  }
  breaker.succeeded();
  BOOST_TEST(!breaker.open());
  BOOST_TEST(breaker.failed(t));
  BOOST_TEST(breaker.pause().count() == 1000);
}
