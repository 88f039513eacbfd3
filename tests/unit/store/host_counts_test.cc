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
  counts.add(line(1, 10), false);
  counts.add(line(2, 5), true);
  counts.add(line(3, 86'400), false);
  counts.add(line(4, 10, "mx2"), false);
  std::vector<HostRow> rows;
  counts.collect(5, rows);
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST(rows[0].host == "mx1");
  BOOST_TEST(rows[0].lines == 2);
  BOOST_TEST(rows[0].unknown == 1);
  BOOST_TEST(to_us(rows[0].first_time) == 5'000'000);
  BOOST_TEST(to_us(rows[0].last_time) == 10'000'000);
  rows.clear();
  counts.collect(5, rows);
  BOOST_TEST(rows.empty());
}

// The sequencer may give a later record first: it is counted with the mark, not before.
BOOST_AUTO_TEST_CASE(waits_for_the_mark) {
  HostCounts counts;
  counts.add(line(7, 1), false);
  counts.add(line(3, 2), true);
  std::vector<HostRow> rows;
  counts.collect(5, rows);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 1);
  BOOST_TEST(rows[0].unknown == 1);
  rows.clear();
  counts.collect(8, rows);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 1);
  BOOST_TEST(rows[0].unknown == 0);
}

BOOST_AUTO_TEST_CASE(replayed_records_are_not_counted_again_and_imports_always) {
  HostCounts counts;
  counts.start_at(5);
  counts.add(line(4, 1), false);
  counts.add(line(5, 1), false);
  counts.add(line(0, 1), false);
  std::vector<HostRow> rows;
  counts.collect(6, rows);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 2);
}

BOOST_AUTO_TEST_SUITE_END()
