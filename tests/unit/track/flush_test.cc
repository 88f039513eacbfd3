// When rows are written, what holds the checkpoint, and what leaves memory.
#include <boost/test/unit_test.hpp>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

BOOST_FIXTURE_TEST_SUITE(flush, TrackerFixture)

constexpr auto qid = "AAAAAA1";

BOOST_AUTO_TEST_CASE(a_finished_mail_is_written_at_once) {
  apply(1, opened(qid));
  apply(1.1, removed(qid));
  BOOST_TEST(tracker->pinned(99) == 1u);
  collect(false);
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(tracker->pinned(99) == 99u);
}

BOOST_AUTO_TEST_CASE(a_half_seen_mail_is_written_after_ten_seconds) {
  apply(1, opened(qid));
  pass(9.9);
  BOOST_TEST(rows.connects.empty());
  BOOST_TEST(tracker->pinned(99) == 1u);
  pass(0.2);
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(tracker->pinned(99) == 99u);
  apply(20, queued(qid));
  BOOST_TEST(tracker->pinned(99) == 2u);
  BOOST_TEST(!mail(qid)->size);
  pass(11);
  BOOST_TEST(*mail(qid)->size == 1000);
}

BOOST_AUTO_TEST_CASE(the_lowest_unwritten_sequence_holds_the_checkpoint) {
  apply(1, opened("AAAAAA1"));
  apply(1, opened("AAAAAA2"));
  apply(1, removed("AAAAAA1"));
  collect(false);
  BOOST_TEST(tracker->pinned(99) == 2u);
  Policy refusal;
  apply(2, refusal);
  apply(2, removed("AAAAAA2"));
  BOOST_TEST(tracker->pinned(99) == 2u);
  collect(false);
  BOOST_TEST(tracker->pinned(99) == 99u);
}

BOOST_AUTO_TEST_CASE(the_tls_line_of_a_session_holds_the_checkpoint_for_a_while) {
  apply(1, SessionTls{{"c", "192.0.2.7", 0}, {"", "TLSv1.3", ""}});
  pass(1);
  BOOST_TEST(tracker->pinned(99) == 1u);
  pass(10);
  BOOST_TEST(tracker->pinned(99) == 99u);
}

BOOST_AUTO_TEST_CASE(at_most_about_as_many_rows_as_asked) {
  for (int i = 0; i < 50; ++i) {
    std::string id = "AAAA" + std::to_string(10 + i);
    apply(1, opened(id));
    apply(2, removed(id));
  }
  Batch batch;
  BOOST_TEST(tracker->collect(received, false, 10, batch));
  BOOST_TEST(batch.rows() <= 12u);
  rows.take(batch);
  size_t batches = 1;
  for (bool more = true; more; ++batches) {
    Batch next;
    more = tracker->collect(received, false, 10, next);
    rows.take(next);
  }
  BOOST_TEST(rows.connects.size() == 50u);
  BOOST_TEST(batches >= 10u);
}

BOOST_AUTO_TEST_CASE(a_batch_has_one_row_for_each_key) {
  apply(1, opened(qid));
  apply(1.1, attempt(qid, "a@example.net"));
  apply(1.1, attempt(qid, "a@example.net"));
  Batch batch;
  tracker->collect(received, true, 1000, batch);
  BOOST_TEST(batch.connects.size() == 1u);
  BOOST_TEST(batch.deliveries.size() == 1u);
}

BOOST_AUTO_TEST_CASE(memory_is_given_back) {
  config.linger = std::chrono::seconds(60);
  config.forget_after = std::chrono::seconds(600);
  restart();
  apply(1, opened("AAAAAA1"));
  apply(2, removed("AAAAAA1"));
  apply(3, opened("AAAAAA2"));
  pass(30);
  BOOST_TEST(tracker->status().open_mails == 2u);
  pass(40);
  BOOST_TEST(tracker->status().open_mails == 1u);
  pass(600);
  BOOST_TEST(tracker->status().open_mails == 0u);
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_CASE(too_many_open_mails_are_written_and_found_again) {
  config.max_open_mails = 10;
  restart();
  for (int i = 0; i < 40; ++i) apply(1 + i * .01, opened("AAAA" + std::to_string(10 + i)));
  collect(false);
  BOOST_TEST(tracker->status().open_mails == 10u);
  BOOST_TEST(rows.connects.size() == 30u);
  apply(3, attempt("AAAA10", "a@example.net"));
  apply(3.1, removed("AAAA10"));
  collect();
  BOOST_TEST(rows.connects.size() == 40u);
  BOOST_TEST((deliveries("AAAA10")[0].connect_id == mail("AAAA10")->id));
}

BOOST_AUTO_TEST_CASE(raw_lines_of_a_mail) {
  apply(1, opened(qid));
  apply(1.1, std::monostate{}, "warning: AAAAAA1: something odd");
  apply(1.2, std::monostate{}, "AAAAAA2: of a mail nobody knows");
  apply(1.3, removed(qid));
  collect();
  BOOST_REQUIRE(rows.lines.size() == 1u);
  BOOST_TEST(rows.lines.begin()->second.size() == 3u);
  rows = {};
  config.keep_lines = false;
  restart();
  apply(1, opened(qid));
  collect();
  BOOST_TEST(rows.lines.empty());
}

// A daemon that was stopped twice began with a line of before and went on with new ones: the chunk that had
// begun so before was longer, and was kept instead.
BOOST_AUTO_TEST_CASE(chunks_that_only_begin_alike_are_two) {
  auto chunk = [&](bool again) {
    restart();
    apply(1, opened("7A12051CA6D"));
    if (!again) apply(1.1, message_id("7A12051CA6D", std::string(200, 'x')));
    apply(again ? 2 : 1.2, queued("7A12051CA6D"));
    Batch batch;
    tracker->collect(received, true, 1000, batch);
    BOOST_REQUIRE(batch.lines.size() == 1u);
    rows.take(batch);
    return batch.lines[0].id;
  };
  Id first = chunk(false);
  BOOST_TEST((chunk(true) != first));
  BOOST_TEST((chunk(false) == first));
}

BOOST_AUTO_TEST_SUITE_END()
