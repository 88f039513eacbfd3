// Times as people type them, in a zone with summer time.
#include "core/tool/when.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ctime>

using namespace mailtrace;

namespace {

struct Berlin {
  Berlin() {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
  }
  ~Berlin() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

Time at(const char* text) {
  Time t;
  BOOST_REQUIRE(parse_time(text, t));
  return t;
}

std::string span(std::string_view text, bool utc = false) {
  When when;
  if (!parse_when(text, at("2026-11-23T13:30:00Z"), utc, when)) return "no time";
  auto from = format_time(when.from).substr(0, 19);
  return when.from == when.to ? from : from + " " + format_time(when.to).substr(0, 19);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(when_in_berlin, Berlin)

BOOST_AUTO_TEST_CASE(days_are_spans) {
  BOOST_TEST(span("2026-11-23") == "2026-11-22T23:00:00 2026-11-23T23:00:00");
  BOOST_TEST(span("23.11.2026") == "2026-11-22T23:00:00 2026-11-23T23:00:00");
  BOOST_TEST(span("2026-11-23", true) == "2026-11-23T00:00:00 2026-11-24T00:00:00");
  BOOST_TEST(span("today") == "2026-11-22T23:00:00 2026-11-23T23:00:00");
  BOOST_TEST(span("heute") == span("today"));
  BOOST_TEST(span("yesterday") == "2026-11-21T23:00:00 2026-11-22T23:00:00");
  BOOST_TEST(span("gestern") == span("Yesterday"));
  // The day on which summer time ends has 25 hours.
  BOOST_TEST(span("2026-10-25") == "2026-10-24T22:00:00 2026-10-25T23:00:00");
  BOOST_TEST(span("2026-12-31") == "2026-12-30T23:00:00 2026-12-31T23:00:00");
}

BOOST_AUTO_TEST_CASE(moments) {
  BOOST_TEST(span("2026-11-23 14:00") == "2026-11-23T13:00:00");
  BOOST_TEST(span("2026-11-23T14:00:05") == "2026-11-23T13:00:05");
  BOOST_TEST(span("2026-11-23 14:00", true) == "2026-11-23T14:00:00");
  BOOST_TEST(span("23.11.2026 14:00") == "2026-11-23T13:00:00");
  BOOST_TEST(span("9:05") == "2026-11-23T08:05:00");
  BOOST_TEST(span("2026-07-01 14:00") == "2026-07-01T12:00:00");
  BOOST_TEST(span("2026-11-23T14:00:00Z") == "2026-11-23T14:00:00");
  BOOST_TEST(span("2026-11-23T14:00:00-05:00") == "2026-11-23T19:00:00");
  BOOST_TEST(span("now") == "2026-11-23T13:30:00");
}

BOOST_AUTO_TEST_CASE(ago) {
  BOOST_TEST(span("2h") == "2026-11-23T11:30:00");
  BOOST_TEST(span("30m") == "2026-11-23T13:00:00");
  BOOST_TEST(span("30 min") == "2026-11-23T13:00:00");
  BOOST_TEST(span("90s ago") == "2026-11-23T13:28:30");
  BOOST_TEST(span("3d") == "2026-11-20T13:30:00");
  BOOST_TEST(span("1w") == "2026-11-16T13:30:00");
}

BOOST_AUTO_TEST_CASE(everything_else_is_refused) {
  for (auto text : {"",
                    " ",
                    "soon",
                    "2026",
                    "2026-13-01",
                    "2026-02-30",
                    "31.11.2026",
                    "24:00",
                    "12:60",
                    "12",
                    "2h30",
                    "2x",
                    "-2h",
                    "2026-11-23 ",
                    "2026-11-23 14",
                    "99999999999999999999h",
                    "4000000000w",
                    "2026-11-23 14:00 x",
                    "1969-12-31",
                    "hin",
                    "5hin"})
    BOOST_TEST(span(text) == "no time", text);
}

BOOST_AUTO_TEST_SUITE_END()
