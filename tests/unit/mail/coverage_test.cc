// Coverage: silences of a host that used to speak, and counts that two views of the same lines do not double.
#include "core/mail/coverage.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const Day day = Day(std::chrono::days(20'000));

HourRow hour(int64_t number, int64_t mask, const std::string& source = "r1") {
  HourRow row;
  row.day = day;
  row.hour = number;
  row.host = "mx1";
  row.program = "postfix";
  row.source = source;
  row.understood = 10;
  row.minutes = mask;
  return row;
}

constexpr int64_t all = (int64_t{1} << 60) - 1, first_half = (int64_t{1} << 30) - 1,
                  second_half = all ^ first_half;

}  // namespace

BOOST_AUTO_TEST_SUITE(host_coverage)

BOOST_AUTO_TEST_CASE(an_hour_of_silence_is_seen_across_two_hours) {
  auto list = coverage({}, {hour(1, all), hour(2, first_half), hour(3, second_half), hour(4, all)}, Time(day),
                       Time(day) + hours(5));
  BOOST_REQUIRE(list.size() == 1u);
  BOOST_REQUIRE(list[0].silences.size() == 1u);
  BOOST_TEST((list[0].silences[0].from == Time(day) + hours(2) + minutes(30)));
  BOOST_TEST((list[0].silences[0].to == Time(day) + hours(3) + minutes(30)));
  BOOST_TEST(list[0].silences[0].ended);
  BOOST_TEST(list[0].hours.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_silence_may_last) {
  auto list = coverage({}, {hour(1, all)}, Time(day), Time(day) + hours(5));
  BOOST_REQUIRE(list[0].silences.size() == 1u);
  BOOST_TEST(!list[0].silences[0].ended);
  BOOST_TEST((list[0].silences[0].from == Time(day) + hours(2)));
  BOOST_TEST((list[0].silences[0].to == Time(day) + hours(5)));
}

BOOST_AUTO_TEST_CASE(who_speaks_every_ten_minutes_is_not_silent_for_half_an_hour) {
  int64_t sparse = 0;
  for (int minute = 0; minute < 60; minute += 10) sparse |= int64_t{1} << minute;
  std::vector<HourRow> rows;
  for (int64_t number = 0; number < 8; ++number) rows.push_back(hour(number, sparse));
  rows[3].minutes &= ~((int64_t{1} << 20) | (int64_t{1} << 30));
  auto list = coverage({}, rows, Time(day), Time(day) + hours(8));
  BOOST_TEST(list[0].silences.empty());
}

namespace {

// A line in every minute from 6 to 22 o'clock, in one minute of each hour of the night.
std::vector<HourRow> days_with_quiet_nights(int days) {
  std::vector<HourRow> rows;
  for (int number = 0; number < days; ++number)
    for (int64_t of_day = 0; of_day < 24; ++of_day) {
      auto row = hour(of_day, of_day >= 6 && of_day < 22 ? all : int64_t{1} << (of_day * 7 % 60));
      row.day = day + std::chrono::days(number);
      rows.push_back(row);
    }
  return rows;
}

std::vector<Silence> silences_of(const std::vector<HourRow>& rows, int days) {
  return coverage({}, rows, Time(day), Time(day) + std::chrono::days(days))[0].silences;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_quiet_night_is_no_outage) {
  auto rows = days_with_quiet_nights(4);
  // The first and the last hours have other days beside them, too.
  BOOST_TEST(silences_of(rows, 4).empty());
  // Nobody knows yet that nights are quiet here.
  BOOST_TEST(!silences_of(days_with_quiet_nights(1), 1).empty());
  Time night = Time(day) + hours(48 + 1);
  BOOST_TEST(is_quiet_time(rows, night, night + hours(4)));
  BOOST_TEST(!is_quiet_time({}, night, night + hours(4)));
}

BOOST_AUTO_TEST_CASE(a_silence_at_a_busy_hour_is_one) {
  auto rows = days_with_quiet_nights(4);
  auto& noon = rows[2 * 24 + 12];
  noon.minutes = first_half;
  auto found = silences_of(rows, 4);
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST((found[0].from == Time(day) + hours(2 * 24 + 12) + minutes(30)));
  BOOST_TEST((found[0].to == Time(day) + hours(2 * 24 + 13)));
  BOOST_TEST(!is_quiet_time(rows, found[0].from, found[0].to));
  // A night that lasts until noon is unusual, too.
  rows = days_with_quiet_nights(4);
  for (int of_day = 6; of_day < 12; ++of_day) rows[static_cast<size_t>(2 * 24 + of_day)].minutes = 0;
  BOOST_TEST(!silences_of(rows, 4).empty());
}

BOOST_AUTO_TEST_CASE(an_import_of_the_same_lines_counts_once) {
  auto imported = hour(1, all, "");
  auto other = hour(1, all, "r2");
  auto rows = std::vector<HourRow>{hour(1, all), imported};
  BOOST_TEST(coverage({}, rows, Time(day), Time(day) + hours(2))[0].lines == 10);
  BOOST_TEST(by_program(rows)[0].understood == 10);
  rows.push_back(other);  // two receivers share the lines of a host
  BOOST_TEST(coverage({}, rows, Time(day), Time(day) + hours(2))[0].lines == 20);
}

BOOST_AUTO_TEST_SUITE_END()
