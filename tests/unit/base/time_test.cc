// core/base/time: text of times and what is read as one.
#include "core/base/time.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(time_text)

BOOST_AUTO_TEST_CASE(formats_with_microseconds) {
  BOOST_TEST(format_time(time_from_us(1795464714131466)) == "2026-11-23T20:11:54.131466Z");
  BOOST_TEST(format_time(time_from_us(0)) == "1970-01-01T00:00:00.000000Z");
  BOOST_TEST(format_time(time_from_us(-1)) == "1969-12-31T23:59:59.999999Z");
  BOOST_TEST(format_day(day_of(time_from_us(1795464714131466))) == "2026-11-23");
  BOOST_TEST(format_day(day_of(time_from_us(-1))) == "1969-12-31");
}

BOOST_AUTO_TEST_CASE(reads_every_form) {
  auto read = [](std::string_view text) {
    Time t;
    return parse_time(text, t) ? format_time(t) : "refused";
  };
  BOOST_TEST(read("2026-11-23") == "2026-11-23T00:00:00.000000Z");
  BOOST_TEST(read("2026-11-23T20:11") == "2026-11-23T20:11:00.000000Z");
  BOOST_TEST(read("2026-11-23 20:11:54") == "2026-11-23T20:11:54.000000Z");
  BOOST_TEST(read("2026-11-23t20:11:54z") == "2026-11-23T20:11:54.000000Z");
  BOOST_TEST(read("2026-11-23T20:11:54.5Z") == "2026-11-23T20:11:54.500000Z");
  BOOST_TEST(read("2026-11-23T20:11:54.131466789Z") == "2026-11-23T20:11:54.131466Z");
  BOOST_TEST(read("2026-11-23T20:11:54.131466+01:00") == "2026-11-23T19:11:54.131466Z");
  BOOST_TEST(read("2026-11-23T20:11-09:30") == "2026-11-24T05:41:00.000000Z");
  BOOST_TEST(read("2024-02-29") == "2024-02-29T00:00:00.000000Z");
  BOOST_TEST(read("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000000Z");
}

BOOST_AUTO_TEST_CASE(refuses_everything_else_and_leaves_the_result) {
  const char* bad[] = {"",
                       "2026",
                       "2026-11",
                       "2026-1-1",
                       "2026-13-01",
                       "2026-02-29",
                       "2026-00-10",
                       "2026-11-23T",
                       "2026-11-23T2",
                       "2026-11-23T20",
                       "2026-11-23T20:1",
                       "2026-11-23T24:00",
                       "2026-11-23T20:60",
                       "2026-11-23T20:11:61",
                       "2026-11-23T20:11:",
                       "2026-11-23T20:11:54.",
                       "2026-11-23T20:11:54.Z",
                       "2026-11-23T20:11:54,5",
                       "2026-11-23T20:11:54+1:00",
                       "2026-11-23T20:11:54+0100",
                       "2026-11-23T20:11:54+24:00",
                       "2026-11-23T20:11:54 Z",
                       "2026-11-23T20:11:54Zx",
                       " 2026-11-23",
                       "2026-11-23 ",
                       "-026-11-23",
                       "2026-11-23x"};
  for (auto text : bad) {
    Time t = time_from_us(42);
    BOOST_TEST(!parse_time(text, t), text);
    BOOST_TEST(to_us(t) == 42);
  }
}

BOOST_AUTO_TEST_CASE(what_is_printed_is_read_back) {
  for (int64_t us : {0ll, 1ll, 999'999ll, 1795464714131466ll, 253402300799999999ll, -62167219200000000ll}) {
    Time t;
    BOOST_TEST(parse_time(format_time(time_from_us(us)), t), us);
    BOOST_TEST(to_us(t) == us);
  }
}

BOOST_AUTO_TEST_SUITE_END()
