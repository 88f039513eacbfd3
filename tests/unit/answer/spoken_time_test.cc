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
  return (spoken->from ? show(*spoken->from) : "") + ".." + show(spoken->to) +
         (spoken->rest.empty() ? "" : " " + spoken->rest);
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

BOOST_AUTO_TEST_CASE(edges_and_ranges) {
  static constexpr std::pair<std::string_view, std::string_view> phrases[] = {
      {"gestern um 12", "11-26T10:15..11-26T11:45"},
      {"yesterday at 12", "11-26T10:15..11-26T11:45"},
      {"um 12 gestern", "11-26T10:15..11-26T11:45"},
      {"gestern gegen 14", "11-26T12:15..11-26T13:45"},
      {"vorgestern um 12 Uhr", "11-25T10:15..11-25T11:45"},
      {"the day before yesterday", "11-24T23:00..11-25T23:00"},
      {"the day before yesterday at 12", "11-25T10:15..11-25T11:45"},
      {"gestern zwischen 12 und 14 Uhr", "11-26T11:00..11-26T13:00"},
      {"zwischen 12 und 14 Uhr gestern", "11-26T11:00..11-26T13:00"},
      {"yesterday between 9 and 11", "11-26T08:00..11-26T10:00"},
      {"between 2 and 4 pm yesterday", "11-26T13:00..11-26T15:00"},
      {"between 11 and 1pm yesterday", "11-26T10:00..11-26T12:00"},
      {"zwischen 8 und 9 Uhr", "11-27T07:00..11-27T08:00"},
      {"zwischen 12 und 14 Uhr", "11-26T11:00..11-26T13:00"},  // it is morning
      {"heute 7-9 Uhr", "11-27T06:00..11-27T08:00"},
      {"heute 14–16 Uhr", "11-27T13:00..11-27T15:00"},
      {"gestern 14 - 16", "11-26T13:00..11-26T15:00"},
      {"gestern 14:15-16:30", "11-26T13:15..11-26T15:30"},
      {"gestern 12 bis 14 Uhr", "11-26T11:00..11-26T13:00"},
      {"gestern von 12 bis 14 Uhr", "11-26T11:00..11-26T13:00"},
      {"yesterday from 9 to 11", "11-26T08:00..11-26T10:00"},
      {"gestern 22-2 Uhr", "11-26T21:00..11-27T01:00"},  // over midnight
      {"zwischen 22 und 2 Uhr", "11-26T21:00..11-27T01:00"},
      {"gestern 22 Uhr bis heute 2 Uhr", "11-26T21:00..11-27T01:00"},
      {"Montag bis Mittwoch", "11-22T23:00..11-25T23:00"},
      {"from Monday to Wednesday", "11-22T23:00..11-25T23:00"},
      {"gestern ab 14 Uhr", "11-26T13:00..11-26T23:00"},
      {"yesterday from 2pm", "11-26T13:00..11-26T23:00"},
      {"ab gestern 14 Uhr", "11-26T13:00..11-27T08:30"},
      {"since 14:00 yesterday", "11-26T13:00..11-27T08:30"},
      {"ab 8", "11-27T07:00..11-27T08:30"},
      {"seit gestern", "11-25T23:00..11-27T08:30"},
      {"since yesterday", "11-25T23:00..11-27T08:30"},
      {"seit Montag", "11-22T23:00..11-27T08:30"},
      {"mails from yesterday", "11-25T23:00..11-26T23:00 mails"},
      {"before 9 yesterday", "11-25T23:00..11-26T08:00"},
      {"gestern vor 9 Uhr", "11-25T23:00..11-26T08:00"},
      {"yesterday until 12", "11-25T23:00..11-26T11:00"},
      {"gestern bis 24 Uhr", "11-25T23:00..11-26T23:00"},
      {"vor gestern", "..11-25T23:00"},
      {"bis gestern", "..11-26T23:00"},
      {"from anna@example.org yesterday at 12", "11-26T10:15..11-26T11:45 from anna@example.org"}};
  for (auto& [phrase, window] : phrases) BOOST_TEST(said(phrase) == window, phrase << ": " << said(phrase));
}

BOOST_AUTO_TEST_CASE(days_on_which_clocks_are_changed) {
  // 02:00 to 03:00 is twice there on 25 October, and never on 29 March.
  BOOST_TEST(said("25.10.2026 zwischen 2 und 3 Uhr") == "10-25T00:00..10-25T02:00");
  BOOST_TEST(said("25.10.2026 bis 2:30") == "10-24T22:00..10-25T01:30");
  BOOST_TEST(said("25.10.2026") == "10-24T22:00..10-25T23:00");
  BOOST_TEST(said("29.03.2026 zwischen 2 und 3 Uhr") == "03-29T01:00..03-29T02:00");
}

BOOST_AUTO_TEST_CASE(spans) {
  BOOST_TEST(said("letzte 2 Stunden") == "11-27T06:30..11-27T08:30");
  BOOST_TEST(said("the last hour") == "11-27T07:30..11-27T08:30");
  BOOST_TEST(said("vor zwei Stunden") == "11-27T05:30..11-27T07:30");
  BOOST_TEST(said("10 minutes ago") == "11-27T08:15..11-27T08:25");
  BOOST_TEST(said("vor 3 Tagen") == "11-22T20:30..11-25T20:30");
}

BOOST_AUTO_TEST_CASE(what_is_no_time) {
  for (auto* text : {"",
                     "noon",
                     "mittag",
                     "morgen",
                     "14",
                     "stunden",
                     "letzte",
                     "1.2",
                     "192.0.2.1",
                     "anna",
                     "um",
                     "vor der",
                     "9223372036854775807 hours ago",
                     "vor 99999999999 Stunden",
                     "99 Uhr",
                     "32.13.",
                     "12-14",
                     "12 bis 14",
                     "um 25",
                     "zwischen 12 und 25 Uhr",
                     "ab 99",
                     "zwischen 12 Uhr",
                     "heute bis gestern",
                     "vor anna",
                     "2026-11"})
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
