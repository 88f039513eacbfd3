// Mails with a short queue id whose later lines are stored before the earlier ones come.
#include <boost/test/unit_test.hpp>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

namespace {

constexpr auto queue_id = "7A12051CA6D";

struct Halves : TrackerFixture {
  // Each is one import: nothing but the rows is known to the next.
  void head(double start = 0) {
    apply(start + 1, opened(queue_id));
    apply(start + 1.1, message_id(queue_id, std::to_string(start) + "@example.org"));
    apply(start + 1.2, queued(queue_id));
  }
  void tail(double start = 0) {
    apply(start + 2, attempt(queue_id, "r@example.net"));
    apply(start + 2.1, removed(queue_id));
  }
  void next_import() {
    collect();
    restart();
  }
  Halves() { imported = true; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(halves, Halves)

BOOST_AUTO_TEST_CASE(the_older_half_joins_the_newer) {
  tail();
  next_import();
  Id id = mail(queue_id)->id;
  BOOST_TEST(mail(queue_id)->flags == (row_flag::partial_id | row_flag::removed));
  // The old log, then all of it, twice.
  for (int round = 0; round < 3; ++round) {
    head();
    if (round) tail();
    next_import();
    BOOST_REQUIRE(rows.connects.size() == 1u);
    BOOST_TEST((mail(queue_id)->id == id));
    BOOST_TEST((mail(queue_id)->connect_time == at(1)));
    BOOST_TEST(*mail(queue_id)->sender == "s@example.org");
    BOOST_TEST(ends(queue_id) == "sent:r@example.net");
    BOOST_TEST((deliveries(queue_id)[0].connect_time == at(1)));
    BOOST_TEST((deliveries(queue_id)[0].connect_id == id));
  }
}

BOOST_AUTO_TEST_CASE(behind_the_first_line_too) {
  apply(1.1, message_id(queue_id, "a@example.org"));
  apply(1.2, queued(queue_id));
  tail();
  next_import();
  apply(1, opened(queue_id));
  next_import();
  BOOST_REQUIRE(rows.connects.size() == 1u);
  BOOST_TEST((mail(queue_id)->connect_time == at(1)));
  BOOST_TEST(*mail(queue_id)->client_addr == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(a_lone_removed_waits_for_the_rest) {
  apply(2.1, removed(queue_id));
  collect();
  BOOST_TEST(rows.connects.empty());
  BOOST_TEST(rows.hints.size() == 1u);
}

// The queue id is used again: what the older log tells has ended before the newer begins.
BOOST_AUTO_TEST_CASE(a_mail_that_was_removed_has_no_later_half) {
  tail(100);
  next_import();
  head();
  tail();
  next_import();
  BOOST_TEST(rows.connects.size() == 2u);
  BOOST_TEST(ends(queue_id) == "sent:r@example.net sent:r@example.net");
  std::set<Id> mails;
  for (auto& row : deliveries(queue_id)) mails.insert(row.connect_id);
  BOOST_TEST(mails.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_last_mail_before_it_has_it) {
  tail(100);
  next_import();
  apply(1, opened(queue_id));  // the client went away
  head(100);
  next_import();
  BOOST_TEST(rows.connects.size() == 2u);
  BOOST_TEST((deliveries(queue_id)[0].connect_time == at(101)));
}

BOOST_AUTO_TEST_CASE(a_notice_has_no_first_line) {
  apply(100, message_id(queue_id, "b@example.org"));
  Notification about;
  about.queue_id = "BBBBBB1";
  about.child_queue_id = queue_id;
  apply(100.1, about);
  next_import();
  apply(1, opened(queue_id));
  next_import();
  size_t found = 0;
  for (auto& [id, row] : rows.connects) found += row.queue_id == queue_id;
  BOOST_TEST(found == 2u);
}

BOOST_AUTO_TEST_CASE(too_long_a_wait_is_no_wait) {
  tail(7 * 86400);
  next_import();
  head();
  next_import();
  BOOST_TEST(rows.connects.size() == 2u);
}

// The sender's connection was cut, and its queue comes after newer lines of the same host.
BOOST_AUTO_TEST_CASE(a_daemon_takes_late_lines_too) {
  imported = false;
  tail(10);
  pass(20);
  head(10);
  pass(20);
  BOOST_REQUIRE(rows.connects.size() == 1u);
  BOOST_TEST((mail(queue_id)->connect_time == at(11)));
  BOOST_TEST((deliveries(queue_id)[0].connect_time == at(11)));
  // Killed, the lines are read again.
  restart();
  tracker->read_before(sequence + 4);
  head(10);
  pass(20);
  BOOST_TEST(rows.connects.size() == 1u);
}

// A forged stamp is moved into the calendar, and no database knows an earlier moment.
BOOST_AUTO_TEST_CASE(a_mail_of_the_first_moment_is_found_once) {
  constexpr double first_moment = -62'135'596'800.0 - 1'795'464'000.0;  // 0001-01-01
  for (int round = 0; round < 2; ++round) {
    apply(first_moment, opened(queue_id));
    apply(first_moment, queued(queue_id));
    next_import();
    BOOST_TEST(rows.connects.size() == 1u);
  }
}

// Lines in order cost no question.
BOOST_AUTO_TEST_CASE(nobody_asks_for_what_comes_in_order) {
  imported = false;
  head();
  tail();
  pass(20);
  head(100);
  pass(20);
  BOOST_TEST(asked == 0);
}

BOOST_AUTO_TEST_SUITE_END()
