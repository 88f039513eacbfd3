// What became of a mail at its mailbox: joined by LMTP session, whichever line comes first.
#include "core/track/mailboxes.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

namespace {

Attempt to_mailbox(std::string_view queue_id, std::string_view recipient, std::string_view session) {
  Attempt fact = attempt(queue_id, recipient);
  fact.transport = "lmtp";
  fact.relay = {"mx1.example.net", "private/dovecot-lmtp", 0};
  fact.lmtp_session = session;
  return fact;
}
Mailbox mailbox(std::string_view session, std::string_view outcome, std::string_view folder,
                std::string_view target = "") {
  Mailbox fact;
  fact.session = session;
  fact.user = "r@example.net";
  fact.outcome = outcome;
  fact.folder = folder;
  fact.target = target;
  return fact;
}

struct MailboxFixture : TrackerFixture {
  void told(double seconds, const Mailbox& fact, const std::string& where = "mx1") {
    host = where;
    program = "dovecot";
    apply(seconds, fact);
    host = "mx1";
    program = "postfix/lmtp";
  }
  void mail(double seconds, std::string_view queue_id, std::string_view session) {
    apply(seconds, opened(queue_id));
    apply(seconds + 0.1, queued(queue_id));
    apply(seconds + 0.2, to_mailbox(queue_id, "r@example.net", session));
    apply(seconds + 0.3, removed(queue_id));
  }
  std::string folder(const std::string& queue_id) {
    collect();
    auto found = deliveries(queue_id);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].status.value_or("-") == "sent");
    return found[0].folder.value_or("-");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mailboxes, MailboxFixture)

BOOST_AUTO_TEST_CASE(saved_before_the_answer) {
  told(0.1, mailbox("s1", "saved", "INBOX"));
  mail(0, "4F00", "s1");
  BOOST_TEST(folder("4F00") == "INBOX");
}

BOOST_AUTO_TEST_CASE(saved_after_the_mail_was_written) {
  mail(0, "4F00", "s1");
  collect();
  told(0.4, mailbox("s1", "saved", "INBOX"));
  BOOST_TEST(folder("4F00") == "INBOX");
}

BOOST_AUTO_TEST_CASE(not_of_another_session) {
  told(0.1, mailbox("s1:R2", "saved", "INBOX"));
  mail(0, "4F00", "s1");
  BOOST_TEST(folder("4F00") == "-");
}

BOOST_AUTO_TEST_CASE(each_recipient_of_a_session_has_its_own) {
  apply(0, opened("4F00"));
  apply(0.2, to_mailbox("4F00", "a@example.net", "s1"));
  told(0.1, mailbox("s1", "saved", "INBOX"));
  told(0.1, mailbox("s1:R2", "saved", "Work"));
  apply(0.2, to_mailbox("4F00", "b@example.net", "s1:R2"));
  collect();
  auto found = deliveries("4F00");
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_TEST(found[0].folder.value_or("-") == "INBOX");
  BOOST_TEST(found[1].folder.value_or("-") == "Work");
}

BOOST_AUTO_TEST_CASE(several_outcomes_in_any_order_written_at_any_time) {
  const std::vector<Mailbox> outcomes = {
      mailbox("s1", "saved", "INBOX"), mailbox("s1", "saved", "INBOX.Spam"),
      mailbox("s1", "saved", "INBOX more"), mailbox("s1", "redirected", "", "copy@example.org"),
      mailbox("s1", "vacation", "", "s@example.org")};
  const std::string all =
      "INBOX.Spam, INBOX, INBOX more, (vacation to <s@example.org>), (redirected to <copy@example.org>)";
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    tracker = make();
    rows = {};
    std::vector<size_t> order = {0, 1, 2, 3, 4, 5};  // 5: the mail
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i : order) {
      if (i == 5)
        mail(0, "4F00", "s1");
      else
        told(0.1 + 0.01 * static_cast<double>(i), outcomes[i]);
      if (random() % 2) collect();
    }
    BOOST_REQUIRE_EQUAL(folder("4F00"), all);
  }
}

BOOST_AUTO_TEST_CASE(doubled_lines_change_nothing) {
  for (int i = 0; i < 2; ++i) {
    told(0.1, mailbox("s1", "saved", "INBOX"));
    mail(0, "4F00", "s1");
    collect();
  }
  BOOST_TEST(folder("4F00") == "INBOX");
  BOOST_REQUIRE_EQUAL(rows.lines.size(), 1u);
  BOOST_TEST(rows.lines.begin()->second.size() == 5u);  // opened, queued, sent, removed and the mailbox's own
}

BOOST_AUTO_TEST_CASE(its_line_is_a_line_of_the_mail_in_both_orders) {
  told(0.1, mailbox("s1", "saved", "INBOX"));
  mail(0, "4F00", "s1");
  mail(1, "4F01", "s2");
  told(1.4, mailbox("s2", "saved", "INBOX"));
  collect();
  for (auto& [id, lines] : rows.lines)
    BOOST_TEST(std::count_if(lines.begin(), lines.end(),
                             [](auto& line) { return line.starts_with("mailbox "); }) == 1);
}

// The session is in the mail's header: whoever reads it may answer it to somebody else's mail.
BOOST_AUTO_TEST_CASE(a_foreign_server_that_names_a_session_gets_no_folder) {
  told(0.1, mailbox("s1", "saved", "INBOX"));
  apply(0, opened("4F00"));
  Attempt fact = to_mailbox("4F00", "r@example.net", "s1");
  fact.relay = {"mx.example.net", "198.51.100.1", 25};
  apply(0.2, fact);
  BOOST_TEST(folder("4F00") == "-");
}

BOOST_AUTO_TEST_CASE(over_the_network_the_mailbox_server_is_another_host) {
  told(0.1, mailbox("s1", "saved", "INBOX"), "store1");
  told(0.1, mailbox("s2", "saved", "INBOX"), "store1");
  apply(0, opened("4F00"));
  Attempt fact = to_mailbox("4F00", "r@example.net", "s1");
  fact.relay = {"store1.example.net", "10.0.0.5", 24};
  apply(0.2, fact);
  BOOST_TEST(folder("4F00") == "INBOX");
  mail(1, "4F01", "s2");  // by a socket: the host itself
  BOOST_TEST(folder("4F01") == "-");
}

BOOST_AUTO_TEST_CASE(a_crash_between_the_two_lines_loses_nothing) {
  told(0.1, mailbox("s1", "saved", "INBOX"));
  collect(false);
  BOOST_TEST(tracker->pinned(sequence + 1) == 1u);
  mail(0, "4F00", "s1");
  uint64_t first = sequence - 3;
  pass(1);
  BOOST_TEST(folder("4F00") == "INBOX");
  mail(2, "4F01", "s2");
  pass(1);
  BOOST_TEST(tracker->pinned(sequence + 1) <= sequence - 1);
  BOOST_TEST(first > 1u);
  pass(20);
  BOOST_TEST(tracker->pinned(sequence + 1) == sequence + 1);
}

BOOST_AUTO_TEST_CASE(lines_of_two_instances_meet_in_the_cache) {
  auto mine = make(&cache), other = make(&cache);
  auto turn = [&] { std::swap(tracker, other); };
  tracker = std::move(mine);
  told(0.1, mailbox("s1", "saved", "INBOX"));
  told(0.1, mailbox("s2", "saved", "INBOX"), "store1");
  turn();
  told(0.1, mailbox("s1", "vacation", "", "s@example.org"));
  mail(0, "4F00", "s1");
  mail(0, "4F01", "s2");  // by a socket: not the other host's
  BOOST_TEST(folder("4F00") == "INBOX, (vacation to <s@example.org>)");
  BOOST_TEST(folder("4F01") == "-");
}

BOOST_AUTO_TEST_CASE(a_folder_is_no_outcome) {
  BOOST_TEST(outcome_text(mailbox("s", "saved", "INBOX")) == "INBOX");
  BOOST_TEST(outcome_text(mailbox("s", "saved", "")) == "(saved)");
  BOOST_TEST(outcome_text(mailbox("s", "saved", "(discarded)")) == "\"(discarded)\"");
  BOOST_TEST(outcome_text(mailbox("s", "saved", "a, (b\"")) == "\"a, (b'\"");
  BOOST_TEST(outcome_text(mailbox("s", "saved", "\"a")) == "\"'a\"");
  BOOST_TEST(outcome_text(mailbox("s", "discarded", "")) == "(discarded)");
  BOOST_TEST(outcome_text(mailbox("s", "failed", "Spam")) == "(failed: Spam)");
  BOOST_TEST(outcome_text(mailbox("s", "rejected", "", "a@b")) == "(rejected to <a@b>)");
}

BOOST_AUTO_TEST_CASE(one_outcome_more_is_always_the_greater_text) {
  const std::vector<std::string> some = {
      "INBOX", "INBOX.Spam", "INBOX more", "INBOX/a",     "INBOX,x",
      "Z",     "a",          "\"(a\"",     "(discarded)", "(redirected to <a@b>)",
      "é"};
  for (unsigned set = 1; set < 1u << some.size(); ++set) {
    std::vector<std::string> outcomes;
    for (size_t i = 0; i < some.size(); ++i)
      if (set >> i & 1) outcomes.push_back(some[i]);
    auto whole = folder_text(outcomes);
    for (size_t left_out = 0; left_out < outcomes.size(); ++left_out) {
      auto less = outcomes;
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(left_out));
      BOOST_REQUIRE_LT(folder_text(less), whole);
    }
  }
}

BOOST_AUTO_TEST_CASE(memory_is_bounded) {
  Mailboxes some(100);
  LogLine line;
  for (uint64_t i = 1; i <= 1000; ++i) {
    line.sequence = i;
    line.received = at(static_cast<double>(i));
    line.identity = {i, i};
    some.tell("s" + std::to_string(i), line, 0, mailbox("", "saved", "INBOX"), true);
  }
  BOOST_TEST(some.size() == 100u);
  BOOST_TEST(some.pinned(5000, at(0)) == 901u);
  BOOST_TEST(some.pinned(5000, at(950)) == 951u);
  some.forget_before(at(951));
  BOOST_TEST(some.size() == 50u);
  some.forget_before(at(2000));
  BOOST_TEST(some.size() == 0u);
  BOOST_TEST(some.pinned(5000, at(0)) == 5000u);
}

BOOST_AUTO_TEST_CASE(the_number_in_a_notice_of_amavis) {
  BOOST_TEST(amavis_number("VSVDi2H7Yq9LR1@mx1.example.org") == "VDi2H7Yq9LR1");
  BOOST_TEST(amavis_number("SALdrYj3z-F7_F@mx1.example.org") == "LdrYj3z-F7_F");
  for (auto* other : {"", "VS@x", "VSVDi2H7Yq9L@x", "VSVDi2H7Yq9LR1", "XSVDi2H7Yq9LR1@x", "VXVDi2H7Yq9LR1@x",
                      "VSVDi2H7 q9LR1@x"})
    BOOST_TEST(amavis_number(other).empty(), other);
}

BOOST_AUTO_TEST_SUITE_END()
