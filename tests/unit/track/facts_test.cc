// What each fact does to the rows.
#include <boost/test/unit_test.hpp>

#include <array>

#include "core/base/text.h"
#include "core/track/shadow.h"
#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

BOOST_FIXTURE_TEST_SUITE(facts, TrackerFixture)

constexpr auto qid = "4jYHGz1MFHzmN4q";
constexpr auto child = "4jYHGz1PVGzmN4Y";

BOOST_AUTO_TEST_CASE(each_attempt_is_a_row) {
  apply(1, opened(qid));
  apply(2, attempt(qid, "a@example.net"));
  apply(2, attempt(qid, "b@example.net", Outcome::deferred));
  apply(900, attempt(qid, "b@example.net", Outcome::bounced));
  collect();
  BOOST_TEST(ends(qid) == "sent:a@example.net deferred:b@example.net bounced:b@example.net");
}

BOOST_AUTO_TEST_CASE(expiry_ends_those_that_waited) {
  apply(1, opened(qid));
  apply(2, attempt(qid, "a@example.net"));
  apply(2.1, attempt(qid, "b@example.net", Outcome::deferred));
  apply(2.2, attempt(qid, "c@example.net", Outcome::deferred));
  apply(3, attempt(qid, "c@example.net"));
  apply(4, Expired{qid, "s@example.org", false});
  collect();
  BOOST_TEST(ends(qid) ==
             "sent:a@example.net deferred:b@example.net deferred:c@example.net sent:c@example.net "
             "expired:b@example.net");
  BOOST_TEST(asked == 0);
}

BOOST_AUTO_TEST_CASE(expiry_after_a_restart_asks_who_waited) {
  apply(1, opened(qid));
  apply(2, attempt(qid, "a@example.net", Outcome::deferred));
  apply(2.1, attempt(qid, "b@example.net", Outcome::deferred));
  apply(3, attempt(qid, "b@example.net"));
  collect();
  restart();
  apply(400, Expired{qid, "s@example.org", false});
  collect();
  BOOST_TEST(ends(qid).ends_with(" expired:a@example.net"));
  BOOST_TEST(deliveries(qid).size() == 4u);
}

BOOST_AUTO_TEST_CASE(an_expiry_that_comes_again_alone_adds_nothing) {
  apply(1, opened(qid));
  apply(2, attempt(qid, "a@example.net", Outcome::deferred));
  apply(400, Expired{qid, "s@example.org", false});
  collect();
  auto before = ends(qid);
  restart();
  apply(400, Expired{qid, "s@example.org", false});
  collect();
  BOOST_TEST(ends(qid) == before);
  BOOST_TEST(deliveries(qid).size() == 2u);
}

BOOST_AUTO_TEST_CASE(expiry_of_nobody_known_is_one_row) {
  apply(1, opened(qid));
  apply(4, Expired{qid, std::nullopt, true});
  collect();
  BOOST_TEST(ends(qid) == "expired:-");
}

// The cache knows what the killed daemon had not stored yet.
BOOST_AUTO_TEST_CASE(an_end_that_only_the_cache_was_told_of_is_written) {
  restart(&cache);
  apply(1, opened(qid));
  apply(1.1, queued(qid));
  apply(2, attempt(qid, "a@example.net", Outcome::deferred));
  collect();
  auto stored = rows;
  for (int round = 0; round < 2; ++round) {
    apply(400, Expired{qid, "s@example.org", false});
    collect();
    BOOST_TEST(ends(qid) == "deferred:a@example.net expired:a@example.net");
    if (!round) rows = stored;
    restart(&cache);
  }
  apply(400, Expired{qid, "s@example.org", false});
  collect();
  BOOST_TEST(ends(qid) == "deferred:a@example.net expired:a@example.net");
}

// Another instance has the attempt before; it asks the cache who is waiting.
BOOST_AUTO_TEST_CASE(who_had_the_mail_is_in_the_cache) {
  restart(&cache);
  apply(1, opened(qid));
  apply(1.1, queued(qid));
  apply(2, attempt(qid, "a@example.net"));
  collect();
  auto known = decode_shadow(cache.get(std::array{mail_key("mx1", qid)})[0].value_or(""));
  BOOST_REQUIRE(known);
  BOOST_REQUIRE(known->recipients.size() == 1u);
  BOOST_TEST(!known->recipients[0].waiting);
}

// One receiver wrote the expiry without the attempt that another had read before.
BOOST_AUTO_TEST_CASE(an_attempt_is_the_end_whatever_expires_later) {
  Recipient sent{"a@example.net", "", at(2), false}, expired{"a@example.net", "", at(9), false, true};
  for (bool in_order : {true, false}) {
    std::vector<Recipient> recipients;
    keep_latest(recipients, in_order ? sent : expired);
    keep_latest(recipients, in_order ? expired : sent);
    BOOST_REQUIRE(recipients.size() == 1u);
    BOOST_TEST(!recipients[0].ended);
  }
}

BOOST_AUTO_TEST_CASE(deleted_by_an_admin) {
  apply(1, opened(qid));
  apply(2, attempt(qid, "a@example.net", Outcome::deferred));
  apply(3, AdminAction{qid, AdminKind::deleted});
  collect();
  BOOST_TEST(ends(qid) == "deferred:a@example.net deleted:a@example.net");
  BOOST_TEST(mail(qid)->flags == (row_flag::opened | row_flag::removed));
  BOOST_TEST((*mail(qid)->end_time == at(3)));
}

BOOST_AUTO_TEST_CASE(held_by_an_admin) {
  apply(1, opened(qid));
  apply(3, AdminAction{qid, AdminKind::held});
  collect();
  BOOST_TEST(ends(qid) == "held:-");
  BOOST_TEST(mail(qid)->flags == (row_flag::opened | row_flag::held));
}

BOOST_AUTO_TEST_CASE(a_notification_comes_from_its_mail_in_any_order) {
  apply(1, opened(qid));
  apply(2, message_id(child, "b@x"));
  apply(2.1, Notification{qid, child, NotificationKind::bounce});
  collect();
  BOOST_REQUIRE(mail(child));
  BOOST_TEST((*mail(child)->origin_id == mail(qid)->id));
  BOOST_TEST(*mail(child)->origin_kind == "bounce");
  auto in_order = rows.print();
  rows = {};
  restart();
  apply(2.1, Notification{qid, child, NotificationKind::bounce});
  apply(2, message_id(child, "b@x"));
  apply(1, opened(qid));
  collect();
  BOOST_TEST(rows.print() == in_order);
}

BOOST_AUTO_TEST_CASE(a_notification_with_short_ids_after_a_restart) {
  apply(1, opened("AAAAAA1"));
  apply(2, message_id("BBBBBB1", "b@x"));
  collect();
  restart();
  apply(2.1, Notification{"AAAAAA1", "BBBBBB1", NotificationKind::bounce});
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
  BOOST_REQUIRE(mail("BBBBBB1")->origin_id);
  BOOST_TEST((*mail("BBBBBB1")->origin_id == mail("AAAAAA1")->id));
}

BOOST_AUTO_TEST_CASE(forwarded_and_resent) {
  apply(1, opened(qid));
  Attempt forward = attempt(qid, "a@example.org");
  forward.next_queue_id = child;
  forward.forwarded = true;
  apply(2, forward);
  Opened again = picked_up("AAAAAA1");
  again.resent_queue_id = qid;
  apply(3, again);
  collect();
  BOOST_TEST(*mail(child)->origin_kind == "forward");
  BOOST_TEST((*mail(child)->origin_id == mail(qid)->id));
  BOOST_TEST(*mail("AAAAAA1")->origin_kind == "resend");
  BOOST_TEST((*mail("AAAAAA1")->origin_id == mail(qid)->id));
}

BOOST_AUTO_TEST_CASE(probes_are_no_mail) {
  apply(1, message_id("AAAAAA1", "20261123200001.AAAAAA1@mx1"));
  apply(1.1, queued("AAAAAA1", "double-bounce@mx1"));
  pass(0.1);
  apply(1.2, attempt("AAAAAA1", "a@example.net", Outcome::deliverable));
  apply(1.3, removed("AAAAAA1"));
  collect();
  BOOST_TEST(rows.connects.empty());
  BOOST_TEST(rows.deliveries.empty());
  BOOST_TEST(tracker->pinned(99) == 99u);
}

BOOST_AUTO_TEST_CASE(an_undecided_probe_stays_in_the_spool) {
  apply(1, message_id("AAAAAA1", "20261123200001.AAAAAA1@mx1"));
  apply(1.1, queued("AAAAAA1", "double-bounce@mx1"));
  pass(20);
  collect();
  BOOST_TEST(rows.connects.empty());
  BOOST_TEST(tracker->pinned(99) == 1u);
  apply(30, attempt("AAAAAA1", "postmaster@example.org"));
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(tracker->pinned(99) == 99u);
}

// Another instance may bring the rest, but the checkpoint does not wait for ever.
BOOST_AUTO_TEST_CASE(with_a_cache_what_belongs_to_no_mail_leaves_the_spool) {
  restart(&cache);
  apply(1, removed("AAAAAA1"));
  apply(1.1, AdminAction{"AAAAAA2", AdminKind::held});
  for (int i = 0; i < 8; ++i) pass(5);
  BOOST_TEST(mail("AAAAAA1") == nullptr);
  BOOST_TEST(tracker->pinned(99) == 99u);
}

BOOST_AUTO_TEST_CASE(a_lone_removed_of_nothing_known_is_no_mail) {
  apply(1, removed(qid));
  collect();
  BOOST_TEST(rows.connects.empty());
}

BOOST_AUTO_TEST_CASE(refusal_without_queue_id) {
  Policy fact;
  fact.service = "smtpd";
  fact.stage = "RCPT";
  fact.client = {"bad.example.org", "192.0.2.66", 0};
  fact.smtp_code = 550;
  fact.dsn = "5.1.1";
  fact.text = "no such user";
  fact.sender = "";
  fact.recipient = "x@example.org";
  fact.helo = "bad";
  apply(1, fact);
  apply(1, fact);  // the same line
  fact.greylisted = true;
  apply(2, fact);
  fact.greylisted = false;
  fact.blocked = true;
  apply(3, fact);
  collect();
  BOOST_REQUIRE(rows.connects.size() == 3u);
  std::string statuses;
  for (auto& [id, row] : rows.deliveries) {
    statuses += *row.status + " ";
    BOOST_TEST(*row.smtp_code == 550);
    auto& connect = rows.connects.at(row.connect_id);
    BOOST_TEST(connect.flags == row_flag::refused);
    BOOST_TEST(!connect.queue_id);
    BOOST_TEST(*connect.sender == "");
    BOOST_TEST(*connect.helo == "bad");
    BOOST_TEST((connect.connect_time == row.deliver_time));
  }
  BOOST_TEST(statuses == "rejected greylisted blocked ");
}

BOOST_AUTO_TEST_CASE(policies_that_do_not_refuse) {
  for (auto action : {PolicyAction::warn, PolicyAction::info, PolicyAction::accept, PolicyAction::prepend,
                      PolicyAction::replace, PolicyAction::bcc, PolicyAction::redirect, PolicyAction::filter,
                      PolicyAction::delay}) {
    Policy fact;
    fact.action = action;
    fact.text = "note";
    apply(1, fact);
    fact.queue_id = qid;
    fact.helo = "h.example.org";
    apply(1.5, fact, std::to_string(static_cast<int>(action)));
  }
  collect();
  BOOST_TEST(rows.deliveries.empty());
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(*mail(qid)->helo == "h.example.org");
}

BOOST_AUTO_TEST_CASE(hold_before_and_after_the_queue_id) {
  Policy fact;
  fact.action = PolicyAction::hold;
  fact.client = {"client.example.org", "192.0.2.7", 0};
  apply(1, fact);
  apply(1.1, opened(qid));
  apply(1.2, opened(child));
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
  BOOST_TEST(mail(qid)->flags == (row_flag::opened | row_flag::held));
  BOOST_TEST(mail(child)->flags == row_flag::opened);
  fact.queue_id = child;
  apply(1.3, fact);
  collect();
  BOOST_TEST(mail(child)->flags == (row_flag::opened | row_flag::held));
  BOOST_TEST(ends(child) == "held:-");
}

BOOST_AUTO_TEST_CASE(milter_and_discard) {
  Policy fact;
  fact.queue_id = qid;
  fact.milter = true;
  fact.recipient = "a@example.org";
  fact.text = "spam";
  apply(1, fact);
  fact.milter = false;
  fact.action = PolicyAction::discard;
  apply(2, fact);
  collect();
  BOOST_TEST(ends(qid) == "rejected:a@example.org discarded:a@example.org");
  BOOST_TEST(deliveries(qid)[0].flags == row_flag::milter);
  BOOST_TEST(mail(qid)->flags == row_flag::milter);
}

BOOST_AUTO_TEST_CASE(tls_belongs_to_its_session) {
  Peer client{"client.example.org", "192.0.2.7", 0};
  Tls tls{"Anonymous", "TLSv1.3", "TLS_AES_256_GCM_SHA384"};
  apply(1, SessionOpened{client});
  apply(1.1, SessionTls{client, tls});
  apply(1.2, opened("AAAAAA1"));
  pid = "12";
  apply(1.3, opened("AAAAAA2"));
  pid = "11";
  apply(1.4, SessionClosed{client, "", "", ""});
  apply(1.5, opened("AAAAAA3"));
  apply(1.6, SessionTls{{"other.example.org", "192.0.2.8", 0}, tls});
  apply(1.7, opened("AAAAAA4"));
  collect();
  BOOST_TEST(*mail("AAAAAA1")->tls == "TLSv1.3 TLS_AES_256_GCM_SHA384 (Anonymous)");
  for (auto other : {"AAAAAA2", "AAAAAA3", "AAAAAA4"}) BOOST_TEST(!mail(other)->tls, other);
}

BOOST_AUTO_TEST_CASE(tls_to_the_relay_is_of_the_first_mail_only) {
  program = "postfix/smtp";
  apply(1, SessionTls{{"mx.example.net", "198.51.100.1", 25}, {"Trusted", "TLSv1.3", "X"}});
  apply(2, attempt(qid, "a@example.net"));
  apply(2, attempt(qid, "b@example.net"));
  apply(3, attempt(child, "c@example.net"));
  collect();
  BOOST_TEST(*deliveries(qid)[0].tls == "TLSv1.3 X (Trusted)");
  BOOST_TEST(*deliveries(qid)[1].tls == "TLSv1.3 X (Trusted)");
  BOOST_TEST(!deliveries(child)[0].tls);
}

BOOST_AUTO_TEST_CASE(subject_verdict_and_abort) {
  apply(1, opened(qid));
  apply(1.1, Subject{qid, "hello"});
  Verdict verdict;
  verdict.queue_id = qid;
  verdict.score = 7.5;
  verdict.dkim = "pass";
  apply(1.2, verdict);
  apply(1.3, Aborted{qid, "too long"});
  collect();
  BOOST_TEST(*mail(qid)->subject == "hello");
  BOOST_TEST(*mail(qid)->spam_score == 7.5);
  BOOST_TEST(*mail(qid)->dkim == "pass");
  BOOST_TEST((*mail(qid)->end_time == at(1.3)));
  BOOST_TEST(ends(qid) == "");
}

BOOST_AUTO_TEST_CASE(a_verdict_alone_is_no_mail) {
  Verdict verdict;
  verdict.queue_id = qid;
  verdict.dkim = "pass";
  apply(1, verdict);
  collect();
  BOOST_TEST(rows.connects.empty());
  BOOST_TEST(rows.lines.empty());
  BOOST_TEST(tracker->pinned(sequence + 1) == sequence + 1);
}

BOOST_AUTO_TEST_CASE(a_verdict_of_a_mail_that_is_written) {
  apply(1, opened(qid));
  apply(1.1, removed(qid));
  collect();
  restart();
  Verdict verdict;
  verdict.queue_id = qid;
  verdict.dkim = "pass";
  apply(1.2, verdict);
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(mail(qid)->dkim.value_or("-") == "pass");
}

// The milter runs on another host than the mail server.
BOOST_AUTO_TEST_CASE(a_verdict_from_another_host_in_any_order) {
  constexpr auto id = "4FB1C2000A1";
  Verdict verdict;
  verdict.program = "rspamd";
  verdict.queue_id = id;
  verdict.action = "greylist";
  verdict.score = 4.5;
  for (int when = 0; when < 4; ++when) {
    tracker = make();
    rows = {};
    auto judge = [&](int at) {
      if (at != when) return;
      host = "filter1";
      apply(1.2, verdict);
      host = "mx1";
      collect(false);
    };
    judge(0);
    apply(1, opened(id));
    judge(1);
    apply(1.3, removed(id));
    judge(2);
    collect();
    if (when == 3) {
      restart();
      apply(1.4, opened("4FB1C2000FF"));  // the host is known
    }
    judge(3);
    collect();
    BOOST_TEST_CONTEXT(when) {
      BOOST_TEST(rows.connects.size() == (when == 3 ? 2u : 1u));
      BOOST_TEST(mail(id)->spam_action.value_or("-") == "greylist");
      BOOST_TEST(mail(id)->spam_score.value_or(0) == 4.5);
      BOOST_TEST(rows.lines[mail(id)->id].size() == 3u);
      BOOST_TEST(tracker->pinned(sequence + 1) == sequence + 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_verdict_that_fits_two_hosts_is_nobodys) {
  apply(1, opened(qid));
  host = "mx2";
  apply(1, opened(qid));
  host = "filter1";
  Verdict verdict;
  verdict.queue_id = qid;
  verdict.dkim = "pass";
  apply(1.2, verdict);
  collect();
  BOOST_TEST(rows.connects.size() == 2u);
  for (auto& [id, row] : rows.connects) BOOST_TEST(!row.dkim);
}

BOOST_AUTO_TEST_CASE(only_content_filters_have_a_spam_action) {
  apply(1, opened(qid));
  Verdict verdict;
  verdict.program = "postgrey";
  verdict.queue_id = qid;
  verdict.action = "pass";
  apply(1.2, verdict);
  collect();
  BOOST_TEST(!mail(qid)->spam_action);
}

BOOST_AUTO_TEST_CASE(text_is_made_storable) {
  Attempt fact = attempt(qid, "a@example.net");
  fact.response = "\xff evil \x01";
  apply(1, fact);
  collect();
  BOOST_TEST(is_valid_utf8(*deliveries(qid)[0].response));
  BOOST_TEST(*deliveries(qid)[0].response == storable("\xff evil \x01"));
}

// pickup(8) logs the bare name of the submitter, qmgr(8) the address that cleanup(8) made of it.
BOOST_AUTO_TEST_CASE(the_queue_manager_knows_the_sender) {
  Opened first = picked_up("AAAAAA1");
  first.sender = "root";
  for (bool in_order : {true, false}) {
    if (in_order) apply(1, first);
    apply(1.1, queued("AAAAAA1", "root@mx1.alpha.example"));
    if (!in_order) apply(1, first);
    collect();
    BOOST_TEST(*mail("AAAAAA1")->sender == "root@mx1.alpha.example");
    rows = {};
    restart();
  }
}

BOOST_AUTO_TEST_SUITE_END()
