// How long a failing database is left alone: longer each time, up to a most, and never the same for all.
#include "core/store/backoff.h"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(backoff)

BOOST_AUTO_TEST_CASE(doubles_up_to_the_most_within_a_quarter) {
  for (int run = 0; run < 200; ++run) {
    Backoff backoff(Backoff::Milliseconds(200), Backoff::Milliseconds(30'000));
    for (Backoff::Milliseconds::rep wanted :
         {200, 400, 800, 1600, 3200, 6400, 12'800, 25'600, 30'000, 30'000}) {
      auto wait = backoff.next().count();
      BOOST_REQUIRE_GE(wait, wanted - wanted / 4);
      BOOST_REQUIRE_LE(wait, wanted + wanted / 4);
    }
  }
}

BOOST_AUTO_TEST_CASE(jitter_spreads_the_waits_evenly) {
  std::set<Backoff::Milliseconds::rep> waits;
  int shorter = 0;
  constexpr int runs = 1000;
  for (int run = 0; run < runs; ++run) {
    auto wait = Backoff(Backoff::Milliseconds(10'000), Backoff::Milliseconds(10'000)).next().count();
    waits.insert(wait);
    shorter += wait < 10'000;
  }
  BOOST_TEST(waits.size() > 500u);  // of 5001 that are possible
  BOOST_TEST(shorter > runs / 3);
  BOOST_TEST(shorter < runs * 2 / 3);
}

BOOST_AUTO_TEST_CASE(reset_begins_anew) {
  Backoff backoff(Backoff::Milliseconds(100), Backoff::Milliseconds(10'000));
  for (int i = 0; i < 5; ++i) backoff.next();
  backoff.reset();
  BOOST_TEST(backoff.next().count() <= 125);
}

BOOST_AUTO_TEST_SUITE_END()
