// What finally became of a mail, from its whole way.
#include "core/answer/verdict.h"

#include "core/answer/recipients.h"
#include "core/answer/rule.h"
#include "core/answer/status_words.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

constexpr const char* boris = "boris@example.org";

std::vector<MailVerdict> judged(const Trace& trace, const char* now = "2026-11-23T14:30:00Z") {
  VerdictOptions options;
  options.now = at(now);
  return verdicts(trace, options);
}

MailVerdict only(const Trace& trace, const char* now = "2026-11-23T14:30:00Z") {
  auto all = judged(trace, now);
  BOOST_REQUIRE_EQUAL(all.size(), 1u);
  return all[0];
}

std::string_view kind(const Trace& trace) { return verdict_name(only(trace).kind); }

Trace one(Mail m) {
  Trace trace;
  trace.mails.push_back(std::move(m));
  return trace;
}

Mail with(const std::string& status, const std::string& response = "") {
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:01Z", status, boris, response);
  return m;
}

Mail into(const std::string& folder) {
  auto m = with("sent");
  m.deliveries[0].transport = "lmtp";
  m.deliveries[0].folder = folder;
  return m;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_AUTO_TEST_CASE(sent_to_no_other_host_is_delivered) {
  for (std::string transport : {"procmail_pipe", "maildir_home", "mda"}) {
    auto m = with("sent", "|/usr/bin/procmail");
    m.deliveries[0].transport = transport;
    m.deliveries[0].relay_name.reset();
    m.deliveries[0].relay_addr.reset();
    BOOST_TEST(kind(one(m)) == "delivered");
    BOOST_TEST(only(one(m)).sentence.customer.en.find('?') == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(each_status_is_a_verdict) {
  BOOST_TEST(kind(one(with("sent"))) == "delivered_elsewhere");
  BOOST_TEST(kind(one(with("deferred"))) == "waiting");
  BOOST_TEST(kind(one(with("bounced"))) == "bounced");
  BOOST_TEST(kind(one(with("expired"))) == "bounced");
  BOOST_TEST(kind(one(with("rejected"))) == "refused");
  BOOST_TEST(kind(one(with("blocked"))) == "refused");
  BOOST_TEST(kind(one(with("greylisted"))) == "greylisted");
  BOOST_TEST(kind(one(with("discarded"))) == "discarded");
  BOOST_TEST(kind(one(with("filtered"))) == "filtered");
  BOOST_TEST(kind(one(with("held"))) == "held");
  BOOST_TEST(kind(one(with("deleted"))) == "deleted");
}

BOOST_AUTO_TEST_CASE(the_mailbox_has_the_last_word) {
  BOOST_TEST(kind(one(into("INBOX"))) == "delivered");
  BOOST_TEST(only(one(into("Work, (redirected to <c@example.com>)"))).folder == "Work");
  BOOST_TEST(only(one(into("\"a, (discarded)\""))).folder == "a, (discarded)");
  BOOST_TEST(kind(one(into("(redirected to <c@example.com>)"))) == "forwarded");
  BOOST_TEST(only(one(into("(redirected to <c@example.com>)"))).target == "c@example.com");
  BOOST_TEST(kind(one(into("(discarded)"))) == "discarded");
  BOOST_TEST(kind(one(into("(rejected to <anna@example.net>)"))) == "refused");
  BOOST_TEST((only(one(into("(rejected to <anna@example.net>)"))).told ==
              std::vector<std::string>{"anna@example.net"}));
}

BOOST_AUTO_TEST_CASE(what_a_filter_rule_threw_away_is_the_recipients) {
  auto m = into("(discarded)");
  m.deliveries[0].response = "250 2.0.0 <boris@example.org> 4ABC Saved";
  auto v = only(one(m));
  BOOST_TEST((v.actor == Actor::recipient));
  BOOST_TEST((v.customer_actor == Actor::recipient));
  BOOST_TEST(v.next.customer.en.find("the recipient should change") != std::string::npos, v.next.customer.en);
  BOOST_TEST(v.next.admin.de.find("Sieve-Skript von boris@example.org") != std::string::npos,
             v.next.admin.de);
  // Nobody said "Saved" to the sender of a mail that was not.
  for (auto* folder :
       {"(discarded)", "(rejected to <anna@example.net>)", "(redirected to <c@example.com>)"}) {
    m.deliveries[0].folder = folder;
    BOOST_TEST(only(one(m)).answer == "", folder);
    BOOST_TEST(only(one(m)).answered_by == "", folder);
  }
  m.deliveries[0].folder = "INBOX";
  BOOST_TEST(only(one(m)).answer != "");
}

BOOST_AUTO_TEST_CASE(who_must_act_takes_the_step) {
  auto of = [](const char* status) { return only(one(with(status))); };
  for (auto* status : {"discarded", "filtered", "held"}) {
    BOOST_TEST((of(status).actor == Actor::our_admin), status);
    BOOST_TEST((of(status).customer_actor == Actor::our_admin), status);
  }
  BOOST_TEST((of("deleted").actor == Actor::our_admin));
  BOOST_TEST((of("deleted").customer_actor == Actor::sender));
  auto explanations = Explanations::load();
  BOOST_REQUIRE(explanations);
  VerdictOptions options;
  options.now = at("2026-11-23T14:05:00Z");
  options.explanations = &*explanations;
  auto explained = [&](Mail m) { return verdicts(one(std::move(m)), options).at(0); };
  // Waiting for a server that takes no more connections of ours.
  auto busy = explained(
      with("deferred", "host mx.example.org[192.0.2.1] refused to talk to me: 421 Too many connections"));
  BOOST_TEST(busy.next.customer.en == "Wait; the mail is tried again by itself.");
  BOOST_TEST((busy.customer_actor == Actor::nobody));
  BOOST_TEST((busy.actor_for(Audience::customer) == Actor::nobody));
  BOOST_TEST((busy.actor_for(Audience::admin) == Actor::our_admin));
  // Given up: the sender has the step, whoever ends the trouble.
  auto gone = explained(with("bounced", "connect to mx.example.org[192.0.2.1]:25: Connection refused"));
  BOOST_TEST(gone.next.customer.en.find("send the mail again") != std::string::npos, gone.next.customer.en);
  BOOST_TEST((gone.customer_actor == Actor::sender));
  BOOST_TEST((gone.actor == Actor::other_side));
  // The other side of one whom we refuse is this one.
  auto m = with("rejected", "450 4.1.1 <boris@example.org>: Recipient address rejected: unverified address");
  m.connect.flags |= row_flag::refused;
  m.deliveries[0].smtp_code = 450;
  m.deliveries[0].relay_name.reset();
  auto unverified = explained(m);
  BOOST_TEST((unverified.actor == Actor::our_admin));
  BOOST_TEST((unverified.customer_actor == Actor::nobody), unverified.next.customer.en);
}

BOOST_AUTO_TEST_CASE(the_last_server_decides) {
  Trace trace;
  trace.mails = {with("sent"), mail(2, "out1")};
  trace.mails[0].deliveries[0].next_queue_id = trace.mails[1].connect.queue_id;
  add(trace.mails[1], "2026-11-23T14:00:05Z", "bounced", boris,
      "host mx.example.org[198.51.100.7] said: 550 5.1.1 no");
  trace.links = {{trace.mails[0].connect.id, trace.mails[1].connect.id, "relay"}};
  auto v = only(trace);
  BOOST_TEST(verdict_name(v.kind) == "bounced");
  BOOST_TEST(v.server == "out1");
  BOOST_TEST(v.answered_by == "mx.example.org [198.51.100.7]");
  trace.links.clear();
  BOOST_TEST(judged(trace).size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_alias_goes_on_with_other_recipients) {
  Trace trace;
  auto m = with("sent", "forwarded as 4F2A1B4C52");
  m.deliveries[0].transport = "local";
  m.deliveries[0].next_queue_id = "4F2A1B4C52";
  trace.mails = {m, mail(2, "mx1")};
  add(trace.mails[1], "2026-11-23T14:00:05Z", "sent", "c@example.com").original_recipient = boris;
  add(trace.mails[1], "2026-11-23T14:00:05Z", "deferred", "d@example.com").original_recipient = boris;
  trace.links = {{m.connect.id, trace.mails[1].connect.id, "forward"}};
  auto all = judged(trace);
  BOOST_REQUIRE_EQUAL(all.size(), 2u);
  BOOST_TEST(*all[0].recipient == "c@example.com");
  BOOST_TEST(*all[0].original_recipient == boris);
  BOOST_TEST(verdict_name(all[1].kind) == "waiting");
  BOOST_TEST(all[0].sentence.customer.de.find("Geschrieben war sie an boris@example.org") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_notice_tells_who_was_told) {
  Trace trace;
  trace.mails = {with("bounced", "550 5.1.1 no"), mail(2, "mx1", "2026-11-23T14:00:02Z")};
  trace.mails[1].connect.sender = "";
  add(trace.mails[1], "2026-11-23T14:00:03Z", "sent", "anna@example.net");
  trace.links = {{trace.mails[0].connect.id, trace.mails[1].connect.id, "bounce"}};
  auto v = only(trace);
  BOOST_TEST((v.told == std::vector<std::string>{"anna@example.net"}));
  BOOST_TEST(v.told_delivered);
  trace.mails[1].deliveries[0].status = "deferred";
  BOOST_TEST(!only(trace).told_delivered);
  // A notice alone is a mail as any other.
  trace.mails.erase(trace.mails.begin());
  BOOST_TEST(judged(trace).size() == 1u);
}

// qmgr: the next visit is the age of the mail later, within 300 s and 4000 s; the queue is walked every 300
// s.
BOOST_AUTO_TEST_CASE(when_a_waiting_mail_is_tried_again) {
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:10Z", "deferred", boris);
  auto v = only(one(m), "2026-11-23T14:01:00Z");
  BOOST_TEST(format_time(*v.next_from) == "2026-11-23T14:05:10.000000Z");
  BOOST_TEST(format_time(*v.next_to) == "2026-11-23T14:10:10.000000Z");
  BOOST_TEST(format_time(*v.deadline) == "2026-11-28T14:00:00.000000Z");
  BOOST_TEST(!v.overdue);
  BOOST_TEST(only(one(m), "2026-11-23T16:00:00Z").overdue);
  add(m, "2026-11-23T14:06:00Z", "deferred", boris);
  add(m, "2026-11-23T14:12:30Z", "deferred", boris);
  v = only(one(m), "2026-11-23T14:13:00Z");
  BOOST_TEST(v.attempts == 3);
  BOOST_TEST(format_time(*v.next_from) == "2026-11-23T14:25:00.000000Z");  // 12:30 old, 12:30 later
  add(m, "2026-11-23T20:00:00Z", "deferred", boris);
  // A pause of nearly six hours: other settings than the usual ones.
  BOOST_TEST((*only(one(m), "2026-11-23T20:00:01Z").next_from > at("2026-11-24T01:00:00Z")));
}

BOOST_AUTO_TEST_CASE(what_was_due_and_was_not_seen_is_for_our_admin) {
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:10Z", "deferred", boris, "450 4.2.0 try later");
  auto waits = only(one(m), "2026-11-23T14:15:00Z");
  BOOST_TEST(!waits.overdue);
  auto late = only(one(m), "2026-11-23T16:00:00Z"), over = only(one(m), "2026-11-29T16:00:00Z");
  for (auto* v : {&late, &over}) {
    BOOST_TEST(v->overdue);
    for (auto actor : {v->actor, v->customer_actor}) BOOST_TEST((actor == Actor::our_admin));
    BOOST_TEST(v->next.admin.en.find("postqueue -p on mx1") != std::string::npos);
    BOOST_TEST(v->next.admin.de.find("postqueue -p auf mx1") != std::string::npos);
    BOOST_TEST(v->next.customer.en.find("nothing needs to be done") == std::string::npos);
    for (auto* text :
         {&v->sentence.admin.en, &v->sentence.customer.en, &v->sentence.admin.de, &v->sentence.customer.de})
      BOOST_TEST(text->find('{') == std::string::npos);
  }
  BOOST_TEST(late.sentence.admin.en.find("one was due by 2026-11-23 14:10") != std::string::npos,
             late.sentence.admin.en);
  BOOST_TEST(over.sentence.admin.en.find("ended at 2026-11-28 14:00") != std::string::npos,
             over.sentence.admin.en);
  BOOST_TEST(over.sentence.customer.de.find("kein Ende gesehen") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_attempt_after_the_deadline) {
  auto m = mail(1, "mx1");
  add(m, "2026-11-28T13:50:00Z", "deferred", boris);
  auto v = only(one(m), "2026-11-28T13:51:00Z");
  BOOST_TEST((*v.next_from == *v.deadline));
}

// An admin reads the command of the program that has the mail, or none.
BOOST_AUTO_TEST_CASE(commands_are_those_of_the_program) {
  auto words = [](const char* status, const char* service, const char* instance) {
    auto m = with(status);
    m.connect.service = service;
    if (*instance) m.connect.instance = instance;
    auto v = only(one(m));
    return v.sentence.admin.en + " " + v.next.admin.en + " " + v.sentence.admin.de + " " + v.next.admin.de;
  };
  auto says = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
  for (auto* status : {"held", "deleted"}) {
    auto postfix = words(status, "smtpd", "postfix"), exim = words(status, "exim", "");
    BOOST_TEST(says(postfix, "postsuper -"), postfix);
    BOOST_TEST(!says(postfix, "exim"), postfix);
    BOOST_TEST(says(exim, "exim -M"), exim);
    BOOST_TEST(!says(exim, "postsuper"), exim);
    for (auto* other : {"sendmail", "smtpd"}) {
      auto text = words(status, other, "");
      BOOST_TEST((!says(text, "postsuper") && !says(text, "exim") && !says(text, "{")), text);
    }
  }
  BOOST_TEST(says(words("deleted", "exim", ""), "by an admin (exim -Mrm)."));
  BOOST_TEST(says(words("deleted", "sendmail", ""), "von der Administration gelöscht am"));
}

// A hold or a deletion names nobody: it is about those who were still waiting.
BOOST_AUTO_TEST_CASE(rows_without_recipient_are_about_those_who_wait) {
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:01Z", "sent", "done@example.org");
  add(m, "2026-11-23T14:00:02Z", "deferred", "wait@example.org");
  add(m, "2026-11-23T14:00:03Z", "deferred", "later@example.org");
  add(m, "2026-11-23T14:05:00Z", "deleted", boris).recipient.reset();
  add(m, "2026-11-23T14:06:00Z", "sent", "later@example.org");
  add(m, "2026-11-23T14:06:01Z", "bounced", "after@example.org");
  auto row = m.deliveries[3];
  BOOST_TEST(meant_by(row, m.deliveries) ==
                 (std::vector<std::string>{"wait@example.org", "later@example.org", "after@example.org"}),
             boost::test_tools::per_element());
  BOOST_TEST(meant_by(row, {}).empty());
  BOOST_TEST(unnamed_recipient(m.connect).en == "all recipients");
  BOOST_TEST(unnamed_recipient(m.connect).de == "alle Empfänger");
  m.connect.queue_id.reset();
  BOOST_TEST(unnamed_recipient(m.connect).en == "no recipient named");
}

BOOST_AUTO_TEST_CASE(held_and_released) {
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:10Z", "deferred", boris);
  add(m, "2026-11-23T14:01:00Z", "held", boris).recipient.reset();
  BOOST_TEST(kind(one(m)) == "held");
  add(m, "2026-11-23T14:02:00Z", "sent", boris);
  BOOST_TEST(kind(one(m)) == "delivered_elsewhere");
}

BOOST_AUTO_TEST_CASE(nothing_logged_yet) {
  auto m = mail(1, "mx1");
  BOOST_TEST(kind(one(m)) == "waiting");
  m.connect.end_time = m.connect.connect_time;
  BOOST_TEST(kind(one(m)) == "unknown");
  m.connect.flags = row_flag::refused;
  BOOST_TEST(kind(one(m)) == "refused");
}

// "Wait; it is tried again by itself" is true of a mail in a queue only.
BOOST_AUTO_TEST_CASE(a_mail_that_was_given_up_is_not_waited_for) {
  auto loaded = Explanations::load(MAILTRACE_SOURCE "/conf/explanations");
  BOOST_REQUIRE(loaded);
  VerdictOptions options;
  options.explanations = &*loaded;
  options.now = at("2026-11-23T14:05:00Z");
  int waited = 0;
  for (auto& rule : loaded->rules())
    for (auto& example : rule.examples) {
      auto m = mail(1, "mx1");
      add(m, "2026-11-23T14:00:01Z", "deferred", boris, example);
      auto waiting = verdicts(one(m), options);
      add(m, "2026-11-23T14:20:01Z", "expired", boris, "");
      auto over = verdicts(one(m), options);
      BOOST_REQUIRE(waiting.size() == 1 && over.size() == 1);
      waited += waiting[0].next.customer.en.find("itself") != std::string::npos;
      for (auto* text : {&over[0].next.customer.en, &over[0].next.customer.de})
        for (auto* word : {"itself", "Wait", "arten;", "von selbst"})
          BOOST_TEST(text->find(word) == std::string::npos, rule.explanation.rule << ": " << *text);
    }
  BOOST_TEST(waited > 10);
}

BOOST_AUTO_TEST_CASE(a_filter_that_kept_the_mail) {
  auto m = with("sent", "250 2.7.0 Ok, discarded, id=12345-01 - spam");
  m.deliveries[0].relay_name = "127.0.0.1";
  m.deliveries[0].relay_addr = "127.0.0.1";
  BOOST_TEST(kind(one(m)) == "filtered");
  // Somebody else's server may say what it likes.
  m.deliveries[0].relay_addr = "198.51.100.7";
  BOOST_TEST(kind(one(m)) == "delivered_elsewhere");
}

// Everything an outsider writes is text: no answer changes what happened.
BOOST_AUTO_TEST_CASE(answers_change_no_verdict) {
  for (const char* hostile :
       {"250 2.0.0 Ok status=bounced (forwarded as ABC)", "250 (discarded) {recipient} deferred",
        "250 Greylisted 550 5.1.1 \x1b[2J", "250 2.0.0 <x> Saved folder=(discarded)"}) {
    auto v = only(one(with("sent", hostile)));
    BOOST_TEST(verdict_name(v.kind) == "delivered_elsewhere");
    BOOST_TEST(v.answer == hostile);
  }
  auto v = only(one(with("bounced", "550 {time} {told} 250 2.0.0 Ok delivered to mailbox")));
  BOOST_TEST(verdict_name(v.kind) == "bounced");
  BOOST_TEST(v.sentence.admin.en.find("550 {time} {told} 250") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(loops_end) {
  Trace trace;
  trace.mails = {with("sent"), with("sent")};
  trace.mails[1].connect.id = make_id(at("2026-11-23T14:00:01Z"), {9, 9});
  for (auto* m : {&trace.mails[0], &trace.mails[1]}) m->deliveries[0].next_queue_id = "4F2A1B4C51";
  trace.links = {{trace.mails[0].connect.id, trace.mails[1].connect.id, "relay"},
                 {trace.mails[1].connect.id, trace.mails[0].connect.id, "relay"}};
  BOOST_TEST(judged(trace).size() <= 2u);
}

BOOST_AUTO_TEST_CASE(every_verdict_speaks_both_languages) {
  for (const char* status : {"sent", "deferred", "bounced", "expired", "rejected", "blocked", "greylisted",
                             "discarded", "filtered", "held", "deleted"}) {
    auto v = only(one(with(status, "550 5.1.1 x")));
    for (auto* text : {&v.sentence.customer.en, &v.sentence.customer.de, &v.sentence.admin.en,
                       &v.sentence.admin.de, &v.word.en, &v.word.de, &v.next.customer.de, &v.next.admin.en}) {
      BOOST_TEST(!text->empty(), status);
      BOOST_TEST(text->find('{') == std::string::npos, status << ": " << *text);
    }
    BOOST_TEST(v.sentence.customer.en.find("mx1") == std::string::npos, v.sentence.customer.en);
  }
}

BOOST_AUTO_TEST_CASE(what_was_said_before_a_refusal) {
  auto m = with("blocked", "550 5.7.1 Service unavailable; client [192.0.2.9] blocked using zen.example.net");
  m.connect.flags |= row_flag::refused;
  BOOST_TEST(only(one(m)).reason.empty());
  m.deliveries[0].reason =
      "postscreen: DNSBL rank 5, listed by zen.example.net (127.0.0.4), listed by bl.example.net (127.0.0.2)";
  auto v = only(one(m));
  BOOST_TEST(v.reason == *m.deliveries[0].reason);
  BOOST_TEST(v.sentence.customer.en.ends_with("Listed by: bl.example.net, zen.example.net."));
  BOOST_TEST(v.sentence.customer.de.ends_with("Gelistet bei: bl.example.net, zen.example.net."));
  BOOST_TEST(v.sentence.admin.en.ends_with("Logged before it: " + v.reason + "."));
  // A policy server's words hold others' words: no list is read out of them.
  m.deliveries[0].reason = "postgrey: greylist, new, listed by evil.example (127.0.0.2)";
  v = only(one(m));
  BOOST_TEST(v.sentence.customer.en.find("evil") == std::string::npos);
  BOOST_TEST(v.sentence.admin.de.find("Davor protokolliert: postgrey: greylist, new") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rows_alone) {
  auto m = into("INBOX");
  BOOST_TEST(verdict_name(verdict_of_row(m.connect, &m.deliveries[0])) == "delivered");
  m = with("sent");
  BOOST_TEST(verdict_name(verdict_of_row(m.connect, &m.deliveries[0])) == "delivered_elsewhere");
  BOOST_TEST(verdict_name(verdict_of_row(m.connect, nullptr)) == "waiting");
  m = with("deferred");
  m.connect.end_time.reset();
  BOOST_TEST(verdict_name(verdict_of_row(m.connect, &m.deliveries[0])) == "waiting");
  m.connect.end_time = at("2026-11-23T15:00:00Z");
  BOOST_TEST(verdict_name(verdict_of_row(m.connect, &m.deliveries[0])) == "waited");
  BOOST_TEST(status_words(row_status(m.connect, &m.deliveries[0])).de == "verzögert");
}

BOOST_AUTO_TEST_SUITE_END()
