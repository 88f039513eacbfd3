// HostCounts: each record counts once, also when it is read again.
#include "core/store/host_counts.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

LogLine line(uint64_t sequence, int64_t seconds, std::string_view host = "mx1") {
  LogLine out;
  out.sequence = sequence;
  out.time = time_from_us(seconds * 1'000'000);
  out.hostname = host;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_counts)

BOOST_AUTO_TEST_CASE(by_host_and_day) {
  HostCounts counts;
  counts.add(line(1, 10), "postfix", LineResult::understood);
  counts.add(line(2, 5), "postfix", LineResult::unknown);
  counts.add(line(3, 86'400), "postfix", LineResult::understood);
  counts.add(line(4, 10, "mx2"), "postfix", LineResult::understood);
  std::vector<HostRow> rows;
  std::vector<HourRow> hours;
  counts.collect(5, rows, hours);
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST(rows[0].host == "mx1");
  BOOST_TEST(rows[0].lines == 2);
  BOOST_TEST(rows[0].unknown == 1);
  BOOST_TEST(to_us(rows[0].first_time) == 5'000'000);
  BOOST_TEST(to_us(rows[0].last_time) == 10'000'000);
  rows.clear();
  counts.collect(5, rows, hours);
  BOOST_TEST(rows.empty());
}

// The sequencer may give a later record first: it is counted with the mark, not before.
BOOST_AUTO_TEST_CASE(waits_for_the_mark) {
  HostCounts counts;
  counts.add(line(7, 1), "postfix", LineResult::understood);
  counts.add(line(3, 2), "postfix", LineResult::unknown);
  std::vector<HostRow> rows;
  std::vector<HourRow> hours;
  counts.collect(5, rows, hours);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 1);
  BOOST_TEST(rows[0].unknown == 1);
  rows.clear();
  counts.collect(8, rows, hours);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 1);
  BOOST_TEST(rows[0].unknown == 0);
}

BOOST_AUTO_TEST_CASE(replayed_records_are_not_counted_again_and_imports_always) {
  HostCounts counts;
  counts.start_at(5);
  counts.add(line(4, 1), "postfix", LineResult::understood);
  counts.add(line(5, 1), "postfix", LineResult::understood);
  counts.add(line(0, 1), "postfix", LineResult::understood);
  std::vector<HostRow> rows;
  std::vector<HourRow> hours;
  counts.collect(6, rows, hours);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 2);
}

BOOST_AUTO_TEST_CASE(by_hour_program_and_result) {
  HostCounts counts;
  counts.add(line(0, 3 * 3600 + 59), "postfix", LineResult::understood);
  counts.add(line(0, 3 * 3600 + 61), "postfix", LineResult::ignored);
  counts.add(line(0, 3 * 3600 + 62), "dovecot", LineResult::unparsed);
  counts.add(line(0, 4 * 3600 - 1), "postfix", LineResult::unknown);
  std::vector<HostRow> rows;
  std::vector<HourRow> hours;
  counts.collect(0, rows, hours);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 4);
  BOOST_REQUIRE(hours.size() == 2u);
  BOOST_TEST(hours[0].hour == 3);
  BOOST_TEST(hours[0].program == "postfix");
  BOOST_TEST(hours[0].understood == 1);
  BOOST_TEST(hours[0].ignored == 1);
  BOOST_TEST(hours[0].unknown == 1);
  BOOST_TEST(hours[0].minutes == ((int64_t{1} << 59) | 3));
  BOOST_TEST(hours[1].unparsed == 1);
}

// A forged date is no hour of a host, but its line came.
BOOST_AUTO_TEST_CASE(nonsense_dates_count_when_they_were_received) {
  HostCounts counts;
  auto received = time_from_us(1'800'000'000'000'000);
  for (int64_t seconds :
       {-62'135'596'800ll, 253'402'300'799ll, 1'800'000'000ll - 11 * 366 * 86'400, 1'800'000'001ll}) {
    LogLine one = line(0, seconds);
    one.received = received;
    counts.add(one, "postfix", LineResult::understood);
  }
  LogLine delayed = line(0, 1'800'000'000 - 30 * 86'400);  // a month in the sender's queue
  delayed.received = received;
  counts.add(delayed, "postfix", LineResult::understood);
  std::vector<HostRow> rows;
  std::vector<HourRow> hours;
  counts.collect(0, rows, hours);
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST((rows[0].day == day_of(delayed.time)));
  BOOST_TEST((rows[1].day == day_of(received)));
  BOOST_TEST(rows[1].lines == 4);
  BOOST_TEST(hours.size() == 2u);
}

BOOST_AUTO_TEST_CASE(made_up_hosts_end_in_one) {
  HostCounts counts;
  std::string name;
  for (int i = 0; i < 11'000; ++i)
    counts.add(line(0, 1, name = "h" + std::to_string(i)), "postfix", LineResult::ignored);
  std::vector<HostRow> rows;
  std::vector<HourRow> hours;
  counts.collect(0, rows, hours);
  BOOST_TEST(rows.size() == 10'001u);
  BOOST_TEST(rows.front().host == "(other)");
  BOOST_TEST(rows.front().lines == 1000);
}

BOOST_AUTO_TEST_SUITE_END()
