// What is half seen goes into hints and comes back from them.
#include <boost/test/unit_test.hpp>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

namespace {

struct RecallFixture : TrackerFixture {
  // A new tracker that has the stored rows and hints, and nothing else.
  void recall(bool hints = true) {
    restart();
    std::vector<HintRow> stored;
    for (auto& [id, row] : rows.hints) stored.push_back(row);
    if (!hints) stored.clear();
    tracker->recall(stored, received, lines);
  }
  size_t living() const {
    size_t count = 0;
    for (auto& [id, row] : rows.hints) count += !row.data.empty();
    return count;
  }
  SessionTls tls() const { return {{"client.example.org", "192.0.2.7", 0}, {"", "TLSv1.3", ""}}; }
  std::vector<std::string> lines;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(recall, RecallFixture)

BOOST_AUTO_TEST_CASE(a_session_is_known_after_a_restart) {
  apply(1, tls());
  pass(20);
  BOOST_TEST(living() == 1u);
  recall();
  apply(30, opened("AAAAAA1"));
  collect();
  BOOST_TEST(mail("AAAAAA1")->tls.value_or("") == "TLSv1.3");
}

BOOST_AUTO_TEST_CASE(a_session_that_is_over_is_not) {
  apply(1, tls());
  pass(20);
  apply(25, SessionClosed{});
  collect(false);
  BOOST_TEST(living() == 0u);
  recall();
  apply(30, opened("AAAAAA1"));
  collect();
  BOOST_TEST(!mail("AAAAAA1")->tls);
}

// Only the hint says it, and the next client of that process takes its place.
BOOST_AUTO_TEST_CASE(what_a_stored_session_said_is_written_before_it_is_forgotten) {
  apply(1, tls());
  pass(20);
  apply(25, opened("AAAAAA1"));
  apply(25.1, SessionClosed{});
  collect(false);
  BOOST_TEST(living() == 0u);
  recall();
  apply(25, opened("AAAAAA1"));
  apply(25.1, SessionClosed{});
  apply(26, removed("AAAAAA1"));
  collect();
  BOOST_TEST(mail("AAAAAA1")->tls.value_or("") == "TLSv1.3");
}

BOOST_AUTO_TEST_CASE(what_a_stored_session_says_next_is_stored_at_once) {
  apply(1, tls());
  pass(20);
  Policy hold;
  hold.action = PolicyAction::hold;
  hold.client = tls().client;
  apply(25, hold);
  collect(false);
  BOOST_TEST(living() == 1u);
  BOOST_TEST(tracker->pinned(99) == 99u);
  recall();
  apply(26, opened("AAAAAA1"));
  collect();
  BOOST_TEST(mail("AAAAAA1")->tls.value_or("") == "TLSv1.3");
  BOOST_TEST((mail("AAAAAA1")->flags & row_flag::held) != 0u);
}

// One was read before the restart and the other, which is older, behind it.
BOOST_AUTO_TEST_CASE(lines_that_changed_places_over_a_restart) {
  SessionOpened connect;
  connect.client = tls().client;
  for (const Fact& late : {Fact(connect), Fact(SessionClosed{})}) {
    rows = {};
    restart();
    apply(1.001, tls());
    collect();
    recall();
    apply(1, late);
    apply(1.003, opened("AAAAAA1"));
    collect();
    BOOST_TEST(mail("AAAAAA1")->tls.value_or("") == "TLSv1.3");
  }
  // A clock that was set is no change of places.
  apply(100, tls());
  apply(50, connect);
  apply(50.1, opened("AAAAAA2"));
  collect();
  BOOST_TEST(!mail("AAAAAA2")->tls);
}

BOOST_AUTO_TEST_CASE(a_short_session_costs_no_hint) {
  apply(1, tls());
  apply(1.1, opened("AAAAAA1"));
  apply(1.2, removed("AAAAAA1"));
  apply(1.3, SessionClosed{});
  pass(30);
  BOOST_TEST(rows.hints.empty());
}

BOOST_AUTO_TEST_CASE(the_line_holds_the_checkpoint_until_the_hint_is_written) {
  apply(1, tls());
  pass(4);
  BOOST_TEST(tracker->pinned(99) == 1u);
  BOOST_TEST(rows.hints.empty());
  pass(2);
  BOOST_TEST(tracker->pinned(99) == 99u);
  BOOST_TEST(living() == 1u);
}

// From an own host and without its parent: read again at each start, but only until it is over.
BOOST_AUTO_TEST_CASE(lines_of_a_mail_that_is_over_are_not_read_again) {
  apply(1, opened("AAAAAA1", "10.0.0.1"));
  collect();
  recall();
  BOOST_TEST(lines.size() == 1u);
  apply(2, queued("AAAAAA1"));
  apply(3, removed("AAAAAA1"));
  collect();
  lines.clear();
  recall();
  BOOST_TEST(lines.empty());
  collect();
  for (auto& [id, row] : rows.hints) BOOST_TEST((row.data.empty() || row.data[1] != 'l'));
}

// It never ended, but another one has its queue id.
BOOST_AUTO_TEST_CASE(lines_of_a_queue_id_that_came_again_are_not_read_again) {
  apply(1, opened("AAAAAA1", "10.0.0.1"));
  collect();
  restart();
  apply(500, opened("AAAAAA1"));
  collect();
  recall();
  BOOST_TEST(lines.empty());
  apply(501, queued("AAAAAA1"));
  apply(502, removed("AAAAAA1"));
  collect();
  BOOST_REQUIRE(rows.connects.size() == 2u);
  for (auto& [id, row] : rows.connects)
    BOOST_TEST(((row.flags & row_flag::removed) != 0) == (row.connect_time == at(500)));
}

BOOST_AUTO_TEST_CASE(a_hand_over_waits_for_the_next_host) {
  apply(1, opened("AAAAAA1"));
  apply(1.5, handed_to("AAAAAA1", "BBBBBB2", "10.0.0.2"));
  apply(1.6, removed("AAAAAA1"));
  collect();
  for (bool hints : {false, true}) {
    recall(hints);
    host = "mx2";
    apply(2, opened("BBBBBB2", "10.0.0.1"));
    collect();
    BOOST_TEST(mail("BBBBBB2", "mx2")->origin_id.has_value() == hints);
  }
  BOOST_TEST((mail("BBBBBB2", "mx2")->origin_id == mail("AAAAAA1")->id));
  BOOST_TEST(mail("BBBBBB2", "mx2")->origin_kind.value_or("") == "relay");
}

BOOST_AUTO_TEST_CASE(damaged_hints_are_no_hints) {
  apply(1, tls());
  apply(1, opened("AAAAAA1"));
  apply(1.5, handed_to("AAAAAA1", "BBBBBB2", "10.0.0.2"));
  apply(1.5, Listed{"192.0.2.7", "bl.example.org", "127.0.0.2"});
  collect();
  BOOST_TEST(living() == 3u);
  auto good = rows.hints;
  for (auto& [id, row] : good)
    for (size_t i = 0; i <= row.data.size(); ++i) {
      auto bad = row;
      if (i < row.data.size())
        bad.data[i] = static_cast<char>(bad.data[i] ^ 0x20);
      else
        bad.data += "x";
      auto fresh = make();
      fresh->recall({bad}, received, lines);
      fresh->recall({{id, row.data.substr(0, i ? i - 1 : 0), {}}}, received, lines);
      Batch batch;
      fresh->collect(received, true, 1000, batch);
      BOOST_TEST(batch.hints.empty());
    }
  BOOST_TEST(lines.empty());
}

BOOST_AUTO_TEST_SUITE_END()
