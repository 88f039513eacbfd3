// Which lines belong to which mail, with long and short queue ids, before and after a restart.
#include <boost/test/unit_test.hpp>

#include "core/track/queue_id.h"
#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

namespace {

// A mail that no first line announces: its Message-ID comes first.
void notice(TrackerFixture& to, double start, const char* queue_id) {
  to.apply(start, message_id(queue_id, "notice@example.org"));
  to.apply(start + 0.1, queued(queue_id, ""));
  to.apply(start + 0.2, attempt(queue_id, "s@example.org"));
  to.apply(start + 0.3, removed(queue_id));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(identity, TrackerFixture)

constexpr auto short_id = "7A12051CA6D";
constexpr auto long_id = "4jYHGz1MFHzmN4q";

BOOST_AUTO_TEST_CASE(a_long_id_is_a_pure_function) {
  apply(1, removed(long_id));
  apply(0.5, attempt(long_id, "r@example.net"));
  collect();
  Time birth{};
  BOOST_REQUIRE(long_queue_id(long_id, birth));
  BOOST_REQUIRE(mail(long_id));
  BOOST_TEST((mail(long_id)->id == mail_id(birth, "mx1", long_id, "")));
  BOOST_TEST((mail(long_id)->connect_time == birth));
  BOOST_TEST((mail(long_id)->day == mail(long_id)->id.day()));
  BOOST_TEST((deliveries(long_id)[0].day == mail(long_id)->day));
}

BOOST_AUTO_TEST_CASE(a_short_id_is_born_with_its_first_line) {
  apply(1.25, opened(short_id));
  apply(1.3, queued(short_id));
  collect();
  BOOST_REQUIRE(mail(short_id));
  BOOST_TEST((mail(short_id)->id == mail_id(at(1.25), "mx1", short_id, std::to_string(to_us(at(1.25))))));
  BOOST_TEST(mail(short_id)->flags == row_flag::opened);
  BOOST_TEST(asked == 0);
}

BOOST_AUTO_TEST_CASE(a_bounce_is_born_with_its_message_id) {
  apply(1, message_id(short_id, "b@example.org"));
  apply(1.1, queued(short_id, ""));
  apply(1.2, attempt(short_id, "s@example.org"));
  apply(1.3, removed(short_id));
  collect();
  BOOST_TEST((mail(short_id)->connect_time == at(1)));
  BOOST_TEST(mail(short_id)->flags == row_flag::removed);
  BOOST_TEST(*mail(short_id)->sender == "");
}

BOOST_AUTO_TEST_CASE(without_its_first_line_a_mail_is_partial) {
  apply(1, queued(short_id));
  apply(2, attempt(short_id, "r@example.net"));
  collect();
  BOOST_TEST((mail(short_id)->connect_time == at(1)));
  BOOST_TEST(mail(short_id)->flags == row_flag::partial_id);
  BOOST_TEST(asked == 1);
}

BOOST_AUTO_TEST_CASE(a_late_first_line_is_adopted) {
  apply(1.5, queued(short_id));
  apply(1, opened(short_id));
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST((mail(short_id)->connect_time == at(1)));
  BOOST_TEST(mail(short_id)->flags == row_flag::opened);
}

BOOST_AUTO_TEST_CASE(a_new_opener_is_a_new_mail) {
  for (double start : {1.0, 1.35}) {
    apply(start, opened(short_id));
    apply(start + .1, message_id(short_id, start > 1 ? "b@x" : "a@x"));
    apply(start + .15, queued(short_id, start > 1 ? "b@example.org" : "a@example.org"));
    apply(start + .2, attempt(short_id, start > 1 ? "rb@example.net" : "ra@example.net"));
    apply(start + .3, removed(short_id));
  }
  collect();
  BOOST_REQUIRE(rows.connects.size() == 2u);
  BOOST_REQUIRE(rows.deliveries.size() == 2u);
  for (auto& [id, row] : rows.deliveries) {
    auto& connect = rows.connects.at(row.connect_id);
    BOOST_TEST(row.recipient->substr(1, 1) == connect.sender->substr(0, 1));
    BOOST_TEST(connect.message_id->substr(0, 1) == connect.sender->substr(0, 1));
  }
}

BOOST_AUTO_TEST_CASE(a_message_id_after_the_end_is_a_new_mail) {
  apply(1, opened(short_id));
  apply(1.1, message_id(short_id, "a@x"));
  apply(1.2, queued(short_id));
  apply(1.3, removed(short_id));
  apply(1.4, message_id(short_id, "b@x"));
  apply(1.5, queued(short_id, ""));
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_CASE(two_message_ids_of_one_mail) {
  apply(1, opened(short_id));
  apply(1.1, message_id(short_id, "z@x"));
  MessageId resent{short_id, "r@x", true};
  apply(1.1, resent);
  apply(1.2, queued(short_id));
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(*mail(short_id)->message_id == "r@x");
  BOOST_TEST(mail(short_id)->flags == (row_flag::opened | row_flag::resent_id));
}

BOOST_AUTO_TEST_CASE(late_facts_join_the_mail_of_their_time) {
  apply(1, opened(short_id));
  apply(1.1, queued(short_id, "a@example.org"));
  apply(1.2, removed(short_id));
  apply(9, opened(short_id));
  apply(1.15, attempt(short_id, "late@example.net"));
  collect();
  BOOST_REQUIRE(deliveries(short_id).size() == 1u);
  BOOST_TEST((deliveries(short_id)[0].connect_time == at(1)));
}

BOOST_AUTO_TEST_CASE(a_restart_finds_the_mail_in_the_database) {
  apply(1, opened(short_id));
  collect();
  restart();
  apply(400, queued(short_id));
  apply(401, attempt(short_id, "r@example.net"));
  apply(402, removed(short_id));
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(mail(short_id)->flags == (row_flag::opened | row_flag::removed));
  BOOST_TEST((deliveries(short_id)[0].connect_id == mail(short_id)->id));
}

BOOST_AUTO_TEST_CASE(a_finished_mail_in_the_database_is_not_taken_for_a_new_one) {
  apply(1, opened(short_id));
  apply(2, removed(short_id));
  collect();
  restart();
  apply(400, queued(short_id));
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_same_lines_again_change_nothing) {
  auto lines = [&] {
    apply(1, opened(short_id));
    apply(1.1, message_id(short_id, "a@x"));
    apply(1.2, queued(short_id));
    apply(1.3, attempt(short_id, "r@example.net", Outcome::deferred));
    apply(900, attempt(short_id, "r@example.net"));
    apply(900.1, removed(short_id));
  };
  lines();
  collect();
  auto once = rows.print(true);
  lines();
  collect();
  BOOST_TEST(rows.print(true) == once);
  restart();
  lines();
  collect();
  BOOST_TEST(rows.print(true) == once);
}

// Stamps of whole seconds: three mails with one id in one second, the same client line each time.
BOOST_AUTO_TEST_CASE(whole_seconds_count_the_mails_of_a_second) {
  whole_seconds = true;
  auto lines = [&](bool twice) {
    for (char c : {'a', 'b', 'c'}) {
      std::string name(1, c);
      std::string sender = name + "@example.org", recipient = "r" + name + "@example.net";
      for (int i = 0; i < (twice ? 2 : 1); ++i) apply(1, opened(short_id));
      for (int i = 0; i < (twice ? 2 : 1); ++i) apply(1, message_id(short_id, name));
      for (int i = 0; i < (twice ? 2 : 1); ++i) apply(1, queued(short_id, sender));
      for (int i = 0; i < (twice ? 2 : 1); ++i) apply(1, attempt(short_id, recipient));
      for (int i = 0; i < (twice ? 2 : 1); ++i) apply(1, removed(short_id));
    }
  };
  lines(false);
  collect();
  BOOST_REQUIRE(rows.connects.size() == 3u);
  for (auto& [id, row] : rows.deliveries)
    BOOST_TEST(row.recipient->substr(1, 1) == rows.connects.at(row.connect_id).sender->substr(0, 1));
  for (auto& [id, row] : rows.connects) BOOST_TEST(row.flags == (row_flag::opened | row_flag::removed));
  auto once = rows.print();
  lines(false);  // the file again
  collect();
  BOOST_TEST(rows.print() == once);
  restart();
  lines(true);  // every line doubled
  collect();
  BOOST_TEST(rows.print() == once);
}

BOOST_AUTO_TEST_CASE(another_server_is_another_mail) {
  apply(1, opened(short_id));
  host = "mx2";
  apply(1, opened(short_id));
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_CASE(instances_share_a_mail_through_the_cache) {
  auto other = make(&cache);
  restart(&cache);
  auto swap = [&] { tracker.swap(other); };
  apply(1, opened(short_id));
  swap();
  apply(1.1, message_id(short_id, "a@x"));
  swap();
  apply(1.2, queued(short_id));
  swap();
  apply(1.3, attempt(short_id, "r@example.net"));
  apply(1.4, removed(short_id));
  for (int i = 0; i < 2; ++i, swap()) pass(11);
  for (int i = 0; i < 2; ++i, swap()) collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(mail(short_id)->flags == (row_flag::opened | row_flag::removed));
  BOOST_TEST(*mail(short_id)->message_id == "a@x");
  BOOST_TEST((deliveries(short_id)[0].connect_id == mail(short_id)->id));
}

// A line of it is read again after a restart, the one that ended it is not: it stood before. Its queue id
// comes again for a notice, which no first line announces.
BOOST_AUTO_TEST_CASE(what_is_over_in_the_database_is_not_opened_by_a_line_that_is_read_again) {
  apply(1, opened("AAAAAA1"));
  apply(1.1, message_id("AAAAAA1", "first@example.org"));
  apply(1.2, queued("AAAAAA1"));
  apply(2.1, removed("AAAAAA1"));
  apply(2, attempt("AAAAAA1", "r@example.net"));
  collect();
  restart();
  apply(2, attempt("AAAAAA1", "r@example.net"));
  collect();
  notice(*this, 100, "AAAAAA1");
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
}

// The same, and the cache was away when the mail ended.
BOOST_AUTO_TEST_CASE(a_cache_that_missed_its_end_does_not_open_it) {
  tracker = make(&cache);
  apply(1, opened("AAAAAA1"));
  collect();
  MapCache stale = cache;
  apply(1.1, message_id("AAAAAA1", "first@example.org"));
  apply(1.2, queued("AAAAAA1"));
  apply(2.1, removed("AAAAAA1"));
  apply(2, attempt("AAAAAA1", "r@example.net"));
  collect();
  restart(&stale);
  apply(2, attempt("AAAAAA1", "r@example.net"));
  collect();
  pass(20);
  apply(99, opened("BBBBBB2"));
  apply(99.1, queued("BBBBBB2"));
  apply(99.9, attempt("BBBBBB2", "nobody@example.net", Outcome::bounced));
  apply(100, message_id("AAAAAA1", "notice@example.org"));
  apply(100.05, Notification{"BBBBBB2", "AAAAAA1", NotificationKind::bounce});
  apply(100.1, queued("AAAAAA1", ""));
  apply(100.15, removed("BBBBBB2"));
  apply(100.2, attempt("AAAAAA1", "s@example.org"));
  apply(100.3, removed("AAAAAA1"));
  collect();
  pass(20);
  BOOST_TEST(rows.connects.size() == 3u);
}

// Two mails later, the cache still tells of the first one as if it were under way.
BOOST_AUTO_TEST_CASE(a_cache_that_missed_two_mails_does_not_open_the_first) {
  tracker = make(&cache);
  apply(1, opened("AAAAAA1"));
  pass(20);
  MapCache stale = cache;
  apply(20, message_id("AAAAAA1", "first@example.org"));
  apply(20.1, queued("AAAAAA1"));
  apply(21, attempt("AAAAAA1", "r@example.net"));
  apply(22, removed("AAAAAA1"));
  apply(50, opened("AAAAAA1"));
  apply(50.1, message_id("AAAAAA1", "second@example.org"));
  apply(50.2, queued("AAAAAA1"));
  apply(50.3, attempt("AAAAAA1", "r@example.net"));
  apply(51, removed("AAAAAA1"));
  collect();
  BOOST_REQUIRE(rows.connects.size() == 2u);
  restart(&stale);
  notice(*this, 100, "AAAAAA1");
  collect();
  pass(20);
  BOOST_TEST(rows.connects.size() == 3u);
}

BOOST_AUTO_TEST_CASE(nor_does_one_that_missed_an_end_of_just_now) {
  tracker = make(&cache);
  apply(1, opened("AAAAAA1"));
  collect();
  MapCache stale = cache;
  apply(1.1, message_id("AAAAAA1", "first@example.org"));
  apply(1.2, queued("AAAAAA1"));
  apply(1.3, attempt("AAAAAA1", "r@example.net"));
  apply(1.4, removed("AAAAAA1"));
  collect();
  restart(&stale);
  notice(*this, 6, "AAAAAA1");
  collect();
  pass(20);
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
