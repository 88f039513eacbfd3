// Networks: which addresses are the own hosts'.
#include "core/track/networks.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(networks)

BOOST_AUTO_TEST_CASE(contains_by_prefix) {
  Networks own(
      {"192.0.2.0/25", "2001:db8::/33", "198.51.100.7", "nonsense", "203.0.113.0/99", "203.0.113.0/"});
  for (auto inside : {"192.0.2.0", "192.0.2.127", "198.51.100.7", "2001:db8:7fff::1", "::ffff:192.0.2.1"})
    BOOST_TEST(own.contains(inside), inside);
  for (auto outside : {"192.0.2.128", "192.0.3.1", "198.51.100.8", "2001:db8:8000::1", "203.0.113.0", "",
                       "unknown", "private/dovecot-lmtp", "192.0.2.1 "})
    BOOST_TEST(!own.contains(outside), outside);
}

BOOST_AUTO_TEST_CASE(everything_and_nothing) {
  BOOST_TEST(!Networks({}).contains("192.0.2.1"));
  BOOST_TEST(Networks({"::/0"}).contains("192.0.2.1"));
  BOOST_TEST(!Networks({"0.0.0.0/0"}).contains("2001:db8::1"));
}

BOOST_AUTO_TEST_SUITE_END()
