// GapWatch: holes of the spool and dropped lines as rows.
#include "core/daemon/gap_watch.h"

#include <boost/test/unit_test.hpp>

#include "core/base/counters.h"

using namespace mailtrace;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Time start = time_from_us(1'700'000'000'000'000);

SpoolGap hole(Time after) {
  return {.first_sequence = 5,
          .next_sequence = 9,
          .bytes = 100,
          .segment = "0001",
          .reason = "crc",
          .after = after};
}

std::vector<GapRow> rows_of(GapWatch& watch) {
  std::vector<GapRow> rows;
  watch.collect(rows);
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hole_lies_between_two_records) {
  auto run = [](bool from_before) {
    GapWatch watch("r1", "spool");
    watch.damaged(hole(from_before ? start : Time{}));
    BOOST_TEST(rows_of(watch).empty());
    watch.received(start + seconds(9));
    watch.received(start + seconds(10));
    auto rows = rows_of(watch);
    BOOST_REQUIRE(rows.size() == 1u);
    BOOST_TEST(rows_of(watch).empty());
    return rows[0];
  };
  auto row = run(true);
  BOOST_TEST(row.kind == "damage");
  BOOST_TEST(row.receiver == "r1");
  BOOST_TEST(row.lines == 4);
  BOOST_TEST(row.reason == "100 bytes in 0001: crc");
  BOOST_TEST((row.first_time == start));
  BOOST_TEST((row.last_time == start + seconds(9)));
  BOOST_TEST((row.id == run(true).id));  // read again after a crash: the same row
  BOOST_TEST((run(false).first_time == start + seconds(9)));
}

// Nothing may come for hours: then it would not be known for hours.
BOOST_AUTO_TEST_CASE(a_hole_at_the_end_is_told_when_all_is_read) {
  GapWatch watch("r1", "spool");
  watch.damaged(hole(start));
  watch.caught_up(start + seconds(9));
  auto rows = rows_of(watch);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].lines == 4);
  BOOST_TEST((rows[0].first_time == start));
  BOOST_TEST((rows[0].last_time == start + seconds(9)));
  watch.caught_up(start + seconds(10));
  watch.received(start + seconds(11));
  BOOST_TEST(rows_of(watch).empty());
}

BOOST_AUTO_TEST_CASE(drops_that_go_on_are_one_gap) {
  Counter& dropped = counter("dropped_lines_total", "transport=\"udp\"");
  dropped += 3;  // before this watch began
  GapWatch watch("r1", "spool");
  watch.look(start);
  BOOST_TEST(rows_of(watch).empty());
  dropped += 2;
  watch.look(start + seconds(2));
  auto first = rows_of(watch);
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST(first[0].kind == "dropped");
  BOOST_TEST(first[0].lines == 2);
  BOOST_TEST((first[0].first_time == start));
  dropped += 5;
  watch.look(start + seconds(4));
  auto second = rows_of(watch);
  BOOST_REQUIRE(second.size() == 1u);
  BOOST_TEST((second[0].id == first[0].id));
  BOOST_TEST(second[0].lines == 7);
  BOOST_TEST((second[0].last_time == start + seconds(4)));
  watch.look(start + minutes(10));
  dropped += 1;
  watch.look(start + minutes(11));
  auto third = rows_of(watch);
  BOOST_REQUIRE(third.size() == 1u);
  BOOST_TEST((third[0].id != first[0].id));
  BOOST_TEST(third[0].lines == 1);
}
