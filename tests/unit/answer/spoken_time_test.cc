// Times as people say them, German and English, as windows of time.
#include "core/answer/spoken_time.h"

#include <date/tz.h>

#include <boost/test/unit_test.hpp>

#include "core/answer/understand.h"

using namespace mailtrace;

namespace {

const date::time_zone* berlin() { return date::locate_zone("Europe/Berlin"); }

// Friday, 27 November 2026, 09:30 in Berlin.
Time friday() {
  Time at;
  BOOST_REQUIRE(parse_time("2026-11-27T08:30:00Z", at));
  return at;
}

// "from..to rest" in UTC, "-" for none.
std::string said(std::string_view text, const date::time_zone* zone = berlin()) {
  auto spoken = read_spoken_time(text, friday(), zone);
  if (!spoken) return "-";
  auto show = [](Time time) { return format_time(time).substr(5, 11); };
  return show(spoken->from) + ".." + show(spoken->to) + (spoken->rest.empty() ? "" : " " + spoken->rest);
}

}  // namespace

BOOST_AUTO_TEST_CASE(days_and_their_parts) {
  BOOST_TEST(said("gestern mittag") == "11-26T10:00..11-26T13:00");
  BOOST_TEST(said("Gestern gegen Mittag") == "11-26T10:00..11-26T13:00");
  BOOST_TEST(said("yesterday around noon") == "11-26T10:00..11-26T13:00");
  BOOST_TEST(said("yesterday around noon", nullptr) == "11-26T11:00..11-26T14:00");
  BOOST_TEST(said("heute früh") == "11-27T04:00..11-27T09:00");
  BOOST_TEST(said("this morning") == "11-27T04:00..11-27T11:00");
  BOOST_TEST(said("in the morning") == "11-27T04:00..11-27T11:00");
  BOOST_TEST(said("vorgestern") == "11-24T23:00..11-25T23:00");
  BOOST_TEST(said("last night") == "11-26T19:00..11-27T05:00");
  BOOST_TEST(said("heute nacht") == "11-26T19:00..11-27T05:00");
  BOOST_TEST(said("am Mittwoch nachmittag") == "11-25T11:00..11-25T17:00");
  BOOST_TEST(said("Freitag") == "11-26T23:00..11-27T23:00");
  BOOST_TEST(said("letzten Freitag") == "11-19T23:00..11-20T23:00");
  BOOST_TEST(said("on Saturday") == "11-20T23:00..11-21T23:00");
}

BOOST_AUTO_TEST_CASE(hours_and_dates) {
  BOOST_TEST(said("gestern um 14 Uhr") == "11-26T12:15..11-26T13:45");
  BOOST_TEST(said("gestern gegen 14.30 Uhr") == "11-26T12:45..11-26T14:15");
  BOOST_TEST(said("yesterday at 2pm") == "11-26T12:15..11-26T13:45");
  BOOST_TEST(said("yesterday at 2 pm.") == "11-26T12:15..11-26T13:45");
  BOOST_TEST(said("08:15") == "11-27T06:30..11-27T08:00");
  BOOST_TEST(said("14 Uhr") == "11-26T12:15..11-26T13:45");  // it is morning: that of yesterday
  BOOST_TEST(said("24.11. 9 Uhr") == "11-24T07:15..11-24T08:45");
  BOOST_TEST(said("24.11.2026") == "11-23T23:00..11-24T23:00");
  BOOST_TEST(said("2026-11-24 noon") == "11-24T10:00..11-24T13:00");
  BOOST_TEST(said("31.12.") == "12-30T23:00..12-31T23:00");  // of last year
  BOOST_TEST(said("30.2.2026") == "-");
}

BOOST_AUTO_TEST_CASE(spans) {
  BOOST_TEST(said("letzte 2 Stunden") == "11-27T06:30..11-27T08:30");
  BOOST_TEST(said("the last hour") == "11-27T07:30..11-27T08:30");
  BOOST_TEST(said("vor zwei Stunden") == "11-27T05:30..11-27T07:30");
  BOOST_TEST(said("10 minutes ago") == "11-27T08:15..11-27T08:25");
  BOOST_TEST(said("vor 3 Tagen") == "11-22T20:30..11-25T20:30");
}

BOOST_AUTO_TEST_CASE(what_is_no_time) {
  for (auto* text :
       {"", "noon", "mittag", "morgen", "14", "stunden", "letzte", "1.2", "192.0.2.1", "anna", "um",
        "vor der", "9223372036854775807 hours ago", "vor 99999999999 Stunden", "99 Uhr", "32.13."})
    BOOST_TEST(said(text) == "-", text);
}

BOOST_AUTO_TEST_CASE(with_an_address) {
  BOOST_TEST(said("anna@example.org gestern mittag") == "11-26T10:00..11-26T13:00 anna@example.org");
  auto read = [](std::string_view text) { return understand(text, {}, {.zone = berlin()}, friday()); };
  auto only = read("gestern mittag");
  BOOST_TEST(paste_kind_name(only.kind) == "time");
  BOOST_TEST(format_time(*only.tries[0].connect_from).substr(0, 16) == "2026-11-26T10:00");
  BOOST_TEST(!only.tries[0].subject);
  auto both = read("anna@example.org yesterday around noon");
  BOOST_TEST(paste_kind_name(both.kind) == "address");
  BOOST_TEST(*both.tries[0].address == "anna@example.org");
  BOOST_TEST(format_time(*both.tries[0].connect_to).substr(0, 16) == "2026-11-26T13:00");
  // A subject may name a day.
  auto subject = read("Rechnung von gestern bitte");
  BOOST_TEST(paste_kind_name(subject.kind) == "text");
  BOOST_TEST(!subject.tries[0].connect_from);
}
