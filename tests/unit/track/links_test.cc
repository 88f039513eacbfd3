// Which mail came from which: hops, content filters, and claims that must not become links.
#include <boost/test/unit_test.hpp>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

BOOST_FIXTURE_TEST_SUITE(links, TrackerFixture)

constexpr auto own = "10.0.0.2";
constexpr auto parent_id = "AAAAAA1";
constexpr auto child_id = "BBBBBB1";

struct Hop {
  TrackerFixture& f;
  void parent(const char* addr = own, double time = 1.0) {
    f.host = "mx1";
    f.apply(time, opened(parent_id));
    f.apply(time + .5, handed_to(parent_id, child_id, addr));
  }
  void child(const char* client = "10.0.0.1", double time = 1.4, const char* server = "out1") {
    f.host = server;
    f.apply(time, opened(child_id, client));
  }
  std::string origin(const char* server = "out1") {
    f.collect();
    auto* row = f.mail(child_id, server);
    if (!row || !row->origin_id) return "none";
    auto* from = f.mail(parent_id);
    return *row->origin_kind + (from && from->id == *row->origin_id ? "" : " of another");
  }
};

BOOST_AUTO_TEST_CASE(a_hop_between_own_hosts_in_both_orders) {
  Hop hop{*this};
  hop.child();
  hop.parent();
  BOOST_TEST(hop.origin() == "relay");
  auto one = rows.print();
  rows = {};
  restart();
  hop.parent();
  hop.child();
  BOOST_TEST(hop.origin() == "relay");
  BOOST_TEST(rows.print() == one);
}

BOOST_AUTO_TEST_CASE(when_the_child_was_written_long_ago) {
  config.linger = std::chrono::seconds(1);
  restart();
  Hop hop{*this};
  hop.child();
  host = "out1";
  apply(1.6, removed(child_id));
  pass(30);
  pass(30);
  BOOST_TEST(tracker->status().open_mails == 0u);
  hop.parent();
  BOOST_TEST(hop.origin() == "relay");
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_between_child_and_parent) {
  Hop hop{*this};
  hop.child();
  collect();
  restart();
  host = "out1";
  apply(1.45, queued(child_id));
  hop.parent();
  BOOST_TEST(hop.origin() == "relay");
}

// Behind a balancer that cuts connections, the mail before began at one instance and was handed on at
// another, which does not know yet whose queue id it is; and the mail behind comes last.
BOOST_AUTO_TEST_CASE(a_hand_over_at_another_instance_than_the_beginning) {
  auto other = make(&cache);
  restart(&cache);
  apply(1, opened(parent_id));
  tracker.swap(other);
  apply(1.5, handed_to(parent_id, child_id, own));
  apply(1.6, removed(parent_id));
  for (int i = 0; i < 3; ++i) pass(11);
  BOOST_REQUIRE(mail(parent_id));
  BOOST_TEST(ends(parent_id) == "sent:r@example.net");
  tracker.swap(other);
  Hop hop{*this};
  hop.child();
  apply(1.7, removed(child_id));
  for (int i = 0; i < 3; ++i) pass(11);
  BOOST_TEST(hop.origin() == "relay");
  BOOST_TEST(rows.connects.size() == 2u);
}

// The link is a row of the other mail, which nothing else would write again after a crash.
BOOST_AUTO_TEST_CASE(a_link_found_in_the_cache_holds_the_checkpoint_until_it_is_written) {
  auto other = make(&cache);
  restart(&cache);
  Hop hop{*this};
  hop.child();
  tracker.swap(other);
  uint64_t before = sequence;
  hop.parent();
  apply(1.6, removed(parent_id));
  bool written = false;
  for (int round = 0; !written && round < 9; ++round) {
    Batch batch;
    if (!tracker->collect(received, false, 1000, batch)) received += std::chrono::seconds(11);
    for (auto& row : batch.connects) written |= row.origin_id.has_value();
    if (!written) BOOST_TEST(tracker->pinned(sequence + 1) == before + 1);
    rows.take(batch);
  }
  BOOST_TEST(written);
  BOOST_TEST(tracker->pinned(sequence + 1) == sequence + 1);
}

BOOST_AUTO_TEST_CASE(on_one_host_it_is_a_filter) {
  Hop hop{*this};
  hop.child("127.0.0.1", 1.4, "mx1");
  hop.parent("127.0.0.1");
  BOOST_TEST(hop.origin("mx1") == "filter");
  BOOST_TEST(mail(child_id)->flags == (row_flag::opened | row_flag::filtered));
}

BOOST_AUTO_TEST_CASE(a_foreign_claim_is_no_link) {
  Hop hop{*this};
  hop.child();
  hop.parent("198.51.100.9");
  BOOST_TEST(hop.origin() == "none");
}

BOOST_AUTO_TEST_CASE(a_foreign_client_is_no_link) {
  Hop hop{*this};
  hop.child("198.51.100.9");
  hop.parent();
  BOOST_TEST(hop.origin() == "none");
}

BOOST_AUTO_TEST_CASE(times_must_fit) {
  Hop hop{*this};
  hop.child("10.0.0.1", 60);
  hop.parent();
  BOOST_TEST(hop.origin() == "none");
}

BOOST_AUTO_TEST_CASE(two_possible_children_are_no_link) {
  Hop hop{*this};
  hop.child("10.0.0.1", 1.4, "out1");
  hop.child("10.0.0.1", 1.4, "out2");
  hop.parent();
  BOOST_TEST(hop.origin("out1") == "none");
  BOOST_TEST(hop.origin("out2") == "none");
}

// A short queue id comes again while the mail that is handed on the second time has waited since before the
// first.
BOOST_AUTO_TEST_CASE(a_queue_id_that_comes_again_is_the_last_mail_before_the_answer) {
  constexpr auto other_parent = "CCCCCC1";
  auto first_pair = [&] {
    host = "out1";
    apply(2.4, opened(child_id, "10.0.0.1"));
    host = "mx1";
    apply(2, opened(other_parent));
    apply(2.5, handed_to(other_parent, child_id, own));
    host = "out1";
    apply(3, removed(child_id));
  };
  auto second = [&](bool parent_first) {
    host = "mx1";
    apply(1, opened(parent_id));
    if (parent_first) apply(8.5, handed_to(parent_id, child_id, own));
    host = "out1";
    apply(8.4, opened(child_id, "10.0.0.1"));
    host = "mx1";
    if (!parent_first) apply(8.5, handed_to(parent_id, child_id, own));
  };
  for (bool parent_first : {false, true}) {
    rows = {};
    restart();
    first_pair();
    second(parent_first);
    collect();
    std::string origins;
    for (auto& [id, row] : rows.connects) {
      if (row.queue_id != child_id) continue;
      BOOST_TEST_REQUIRE(row.origin_id.has_value());
      origins += rows.connects.at(*row.origin_id).queue_id.value_or("") + " ";
    }
    BOOST_TEST(origins == "CCCCCC1 AAAAAA1 ");
  }
}

BOOST_AUTO_TEST_CASE(two_recipients_of_one_transaction_are_one_link) {
  Hop hop{*this};
  hop.parent();
  host = "mx1";
  Attempt second = handed_to(parent_id, child_id, own);
  second.recipient = "second@example.net";
  apply(1.5, second);
  hop.child();
  BOOST_TEST(hop.origin() == "relay");
}

BOOST_AUTO_TEST_CASE(xforward_names_the_mail_before_the_filter) {
  apply(1, opened(parent_id));
  Opened back = opened(child_id, "127.0.0.1");
  back.orig_queue_id = parent_id;
  apply(1.3, back);
  Hop hop{*this};
  BOOST_TEST(hop.origin("mx1") == "filter");
}

BOOST_AUTO_TEST_CASE(xforward_after_a_restart) {
  apply(1, opened(parent_id));
  collect();
  restart();
  Opened back = opened(child_id, "127.0.0.1");
  back.orig_queue_id = parent_id;
  apply(1.3, back);
  Hop hop{*this};
  BOOST_TEST(hop.origin("mx1") == "filter");
  BOOST_TEST(rows.connects.size() == 2u);
}

BOOST_AUTO_TEST_CASE(xforward_of_a_mail_nobody_knows) {
  for (auto unknown : {"AAAAAA1", "4jYHGz1MFHzmN4q"}) {
    Opened back = opened(child_id, "127.0.0.1");
    back.orig_queue_id = unknown;
    apply(1.3, back, unknown);
  }
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(!mail(child_id)->origin_id);
}

BOOST_AUTO_TEST_CASE(xforward_from_outside_is_not_believed) {
  apply(1, opened(parent_id));
  Opened back = opened(child_id, "198.51.100.9");
  back.orig_queue_id = parent_id;
  apply(1.3, back);
  Hop hop{*this};
  BOOST_TEST(hop.origin("mx1") == "none");
}

struct Pipe {
  TrackerFixture& f;
  void parent(const char* id, double start, double end, const char* mid = "m@x") {
    f.apply(start, opened(id));
    f.apply(start + .01, message_id(id, mid));
    Attempt through = attempt(id, "r@example.org");
    through.transport = "pipe";
    through.relay = {"filter", "", 0};
    f.apply(end, through);
  }
  void child(const char* id, double time, const char* mid = "m@x") {
    f.apply(time, picked_up(id));
    f.apply(time + .01, message_id(id, mid));
  }
};

BOOST_AUTO_TEST_CASE(a_pipe_filter_links_by_message_id) {
  Pipe pipe{*this};
  pipe.child(child_id, 1.4);
  pipe.parent(parent_id, 1, 1.5);
  Hop hop{*this};
  BOOST_TEST(hop.origin("mx1") == "filter");
}

BOOST_AUTO_TEST_CASE(the_same_message_id_later_is_another_mail) {
  Pipe pipe{*this};
  pipe.parent(parent_id, 1, 1.5);
  pipe.child(child_id, 30);
  Hop hop{*this};
  BOOST_TEST(hop.origin("mx1") == "none");
}

BOOST_AUTO_TEST_CASE(another_message_id_or_host_is_no_link) {
  Pipe pipe{*this};
  pipe.parent(parent_id, 1, 1.5);
  pipe.child(child_id, 1.4, "other@x");
  host = "mx2";
  pipe.child("CCCCCC1", 1.4);
  Hop hop{*this};
  BOOST_TEST(hop.origin("mx1") == "none");
  BOOST_TEST(!mail("CCCCCC1", "mx2")->origin_id);
}

BOOST_AUTO_TEST_SUITE_END()
