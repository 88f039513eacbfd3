// Long queue ids of Postfix and the time they hold.
#include "core/track/queue_id.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

Time at(const char* text) {
  Time out{};
  BOOST_REQUIRE(parse_time(text, out));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(queue_id)

// The lab's smtpd logged client= for this id at 19:58:54.972960+: the id holds its birth.
BOOST_AUTO_TEST_CASE(long_id_holds_its_birth) {
  Time birth{};
  BOOST_TEST(long_queue_id("4jYGwZ6vpmz1cvvZ", birth));
  BOOST_TEST(format_time(birth) == "2026-11-23T19:58:54.972960Z");
}

BOOST_AUTO_TEST_CASE(z_may_stand_in_the_time) {
  Time birth{};
  // 51 is the digit z: seconds ...z, then the separator at its fixed place.
  BOOST_TEST(long_queue_id("4jYHGz1MFHzmN4q", birth));
  BOOST_TEST(format_time(birth).substr(0, 19) == "2026-11-23T20:14:51");
}

BOOST_AUTO_TEST_CASE(others_are_not_long_ids) {
  Time birth = at("2020-01-01");
  for (auto text :
       {"", "7A12051CA6D", "4jYHGz1MFH", "4jYHGz1MFHz", "4jYHGz1MFHxmN4q", "4jYHGz1MFHzmNzq",
        "4jYHGzzzzzzmN4q", "1hAbCd-000abc-XX", "4jYHGa1MFHzmN4A5", "4jYHGz1MFHzmN4q4jYHGz1MFHzmN4q"})
    BOOST_TEST(!long_queue_id(text, birth), text);
  BOOST_TEST(format_time(birth) == "2020-01-01T00:00:00.000000Z");
}

BOOST_AUTO_TEST_CASE(ids_differ_by_server_queue_id_and_generation) {
  Time birth = at("2026-11-23T20:16:41.552261Z");
  Id id = mail_id(birth, "mx1", "7A12051CA6D", "1");
  BOOST_TEST((id == mail_id(birth, "mx1", "7A12051CA6D", "1")));
  BOOST_TEST((id != mail_id(birth, "mx2", "7A12051CA6D", "1")));
  BOOST_TEST((id != mail_id(birth, "mx1", "7A12051CA6E", "1")));
  BOOST_TEST((id != mail_id(birth, "mx1", "7A12051CA6D", "2")));
  BOOST_TEST(to_us(id.birth()) == to_us(birth) / 1000 * 1000);
}

BOOST_AUTO_TEST_SUITE_END()
