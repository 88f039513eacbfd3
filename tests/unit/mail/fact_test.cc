// core/mail/fact: the text of facts, which every parser fixture is compared with.
#include "core/mail/fact.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(fact_text)

BOOST_AUTO_TEST_CASE(only_what_was_said) {
  BOOST_TEST(format_fact({}) == "nothing");
  BOOST_TEST(format_fact(SessionOpened{}) == "session_opened");
  BOOST_TEST(format_fact(Attempt{}) == "attempt outcome=sent");
  BOOST_TEST(format_fact(Policy{}) == "policy action=reject");
  BOOST_TEST(format_fact(MessageId{"A1", "", false}) == "message_id queue_id=A1 message_id=\"\"");
  BOOST_TEST(format_fact(Queued{"A1", ""sv, 0, {}}) == "queued queue_id=A1 sender=\"\" size=0");
  BOOST_TEST(format_fact(Queued{"A1", {}, {}, 2}) == "queued queue_id=A1 recipients=2");
}

BOOST_AUTO_TEST_CASE(quotes_what_would_be_misread) {
  auto reason = [](std::string_view text) { return format_fact(Aborted{"", text}); };
  BOOST_TEST(reason("plain<a@b>,") == "aborted reason=plain<a@b>,");
  BOOST_TEST(reason("two words") == "aborted reason=\"two words\"");
  BOOST_TEST(reason("k=v") == "aborted reason=\"k=v\"");
  BOOST_TEST(reason("\"") == "aborted reason=\"\\\"\"");
  BOOST_TEST(reason("a\\b") == "aborted reason=\"a\\\\b\"");
  BOOST_TEST(reason("a\nb\x1b") == "aborted reason=\"a\\u{a}b\\u{1b}\"");
  BOOST_TEST(reason("\xFF") == "aborted reason=\"\\xFF\"");
  BOOST_TEST(reason("gr\xC3\xBC\xC3\x9F") == "aborted reason=gr\xC3\xBC\xC3\x9F");
}

BOOST_AUTO_TEST_CASE(session) {
  Peer client{"mx.example.org", "192.0.2.1", 4711};
  BOOST_TEST(format_fact(SessionOpened{client}) ==
             "session_opened client_name=mx.example.org client_addr=192.0.2.1 client_port=4711");
  BOOST_TEST(
      format_fact(SessionTls{{"", "2001:db8::1", 0}, {"Trusted", "TLSv1.3", "TLS_AES_256_GCM_SHA384"}}) ==
      "session_tls client_addr=2001:db8::1 tls_trust=Trusted tls_protocol=TLSv1.3 "
      "tls_cipher=TLS_AES_256_GCM_SHA384");
  BOOST_TEST(format_fact(SessionOpened{client, "5df8"}).ends_with(" client_port=4711 session=5df8"));
  BOOST_TEST(format_fact(SessionLogin{"5df8", "anna"}) == "session_login session=5df8 username=anna");
  BOOST_TEST(
      format_fact(SessionClosed{{"unknown", "192.0.2.1", 0}, "lost connection", "RCPT", "ehlo=1 rcpt=0/1"}) ==
      "session_closed client_name=unknown client_addr=192.0.2.1 how=\"lost connection\" stage=RCPT "
      "counts=\"ehlo=1 rcpt=0/1\"");
  BOOST_TEST(format_fact(LoginFailed{{"", "192.0.2.1", 0}, "PLAIN", "anna", "bad password"}) ==
             "login_failed client_addr=192.0.2.1 mechanism=PLAIN username=anna reason=\"bad password\"");
}

BOOST_AUTO_TEST_CASE(mail) {
  Opened opened;
  opened.queue_id = "4bXyz";
  opened.service = "submission/smtpd";
  opened.client = {"a.example.org", "192.0.2.1", 25};
  opened.sasl_method = "PLAIN";
  opened.sasl_username = "anna";
  opened.sasl_sender = "anna@example.org";
  opened.orig_queue_id = "4bOld";
  opened.orig_client = {"b.example.org", "192.0.2.2", 26};
  opened.resent_queue_id = "4bRes";
  opened.uid = "0";
  opened.sender = "";
  opened.helo = "a";
  opened.protocol = "ESMTP";
  opened.message_id = "m@example.org";
  opened.subject = "s";
  opened.size = 1;
  opened.tls.cipher = "c";
  BOOST_TEST(
      format_fact(opened) ==
      "opened queue_id=4bXyz service=submission/smtpd client_name=a.example.org client_addr=192.0.2.1 "
      "client_port=25 sasl_method=PLAIN sasl_username=anna sasl_sender=anna@example.org orig_queue_id=4bOld "
      "orig_client_name=b.example.org orig_client_addr=192.0.2.2 orig_client_port=26 resent_queue_id=4bRes "
      "uid=0 sender=\"\" helo=a protocol=ESMTP message_id=m@example.org subject=s size=1 tls_cipher=c");
  BOOST_TEST(format_fact(MessageId{"A1", "m@example.org", true}) ==
             "message_id queue_id=A1 message_id=m@example.org resent=true");
  BOOST_TEST(format_fact(Expired{"A1", "a@example.org"sv, true}) ==
             "expired queue_id=A1 sender=a@example.org forced=true");
  BOOST_TEST(format_fact(Removed{"A1"}) == "removed queue_id=A1");
  BOOST_TEST(format_fact(Subject{"A1", "Hello there"}) == "subject queue_id=A1 subject=\"Hello there\"");
}

BOOST_AUTO_TEST_CASE(attempt) {
  Attempt a;
  a.queue_id = "A1";
  a.transport = "relay/smtp";
  a.recipient = "b@example.org";
  a.original_recipient = "info@example.org";
  a.relay = {"mx.example.net", "198.51.100.1", 25};
  a.delay = 1.5;
  a.delay_before = 0;
  a.delay_queue = 0.01;
  a.delay_connect = 12;
  a.delay_transmit = 123456.25;
  a.connections_used = 2;
  a.tls = "Verified";
  a.dsn = "2.0.0";
  a.smtp_code = 250;
  a.outcome = Outcome::deferred;
  a.response = "250 ok (queued as B2)";
  a.next_queue_id = "B2";
  a.forwarded = true;
  a.lmtp_session = "s1";
  BOOST_TEST(
      format_fact(a) ==
      "attempt queue_id=A1 transport=relay/smtp recipient=b@example.org original_recipient=info@example.org "
      "relay_name=mx.example.net relay_addr=198.51.100.1 relay_port=25 delay=1.5 delay_before=0 "
      "delay_queue=0.01 delay_connect=12 delay_transmit=123456.25 connections_used=2 tls=Verified dsn=2.0.0 "
      "smtp_code=250 outcome=deferred response=\"250 ok (queued as B2)\" next_queue_id=B2 forwarded=true "
      "lmtp_session=s1");
}

BOOST_AUTO_TEST_CASE(policy_and_the_rest) {
  Policy p;
  p.queue_id = "A1";
  p.service = "smtpd";
  p.action = PolicyAction::hangup;
  p.milter = p.proxy = true;
  p.stage = "RCPT";
  p.client = {"unknown", "192.0.2.1", 0};
  p.smtp_code = 450;
  p.dsn = "4.7.1";
  p.text = "Greylisted";
  p.sender = "a@example.org";
  p.recipient = "b@example.org";
  p.protocol = "SMTP";
  p.helo = "h";
  p.sasl_method = "LOGIN";
  p.sasl_username = "u";
  p.header = "Subject: x";
  p.greylisted = p.blocked = true;
  BOOST_TEST(
      format_fact(p) ==
      "policy queue_id=A1 service=smtpd action=hangup milter=true proxy=true stage=RCPT client_name=unknown "
      "client_addr=192.0.2.1 smtp_code=450 dsn=4.7.1 text=Greylisted sender=a@example.org "
      "recipient=b@example.org protocol=SMTP helo=h sasl_method=LOGIN sasl_username=u header=\"Subject: x\" "
      "greylisted=true blocked=true");
  BOOST_TEST(format_fact(Listed{"192.0.2.1", "bl.example.org", "127.0.0.2"}) ==
             "listed addr=192.0.2.1 domain=bl.example.org answer=127.0.0.2");
  BOOST_TEST(format_fact(Screened{{"", "192.0.2.1", 1}, "PASS NEW"}) ==
             "screened client_addr=192.0.2.1 client_port=1 verdict=\"PASS NEW\"");
  BOOST_TEST(format_fact(ServiceEvent{"started", "3.7.11"}) == "service_event what=started version=3.7.11");
  Verdict v;
  v.program = "amavis";
  v.queue_id = "A1";
  v.message_id = "m";
  v.action = "Passed";
  v.text = "CLEAN";
  v.score = -0.1;
  v.dkim = "pass";
  v.dmarc = "none";
  v.spf = "fail";
  v.inner_queue_id = "B2";
  v.mail_id = "LdrYj3zCF7wF";
  v.client.addr = "192.0.2.1";
  v.sender = "";
  v.recipient = "b@example.org";
  BOOST_TEST(format_fact(v) ==
             "verdict program=amavis queue_id=A1 message_id=m action=Passed text=CLEAN score=-0.1 dkim=pass "
             "dmarc=none spf=fail inner_queue_id=B2 mail_id=LdrYj3zCF7wF client_addr=192.0.2.1 sender=\"\" "
             "recipient=b@example.org");
  BOOST_TEST(format_fact(Mailbox{"s", "u", "m", "INBOX", "saved", "t", {}}) ==
             "mailbox session=s user=u message_id=m folder=INBOX outcome=saved target=t");
}

BOOST_AUTO_TEST_CASE(every_choice_has_its_name) {
  auto kind = [](auto value) {
    if constexpr (std::is_same_v<decltype(value), Outcome>) {
      Attempt a;
      a.outcome = value;
      return format_fact(a);
    } else if constexpr (std::is_same_v<decltype(value), PolicyAction>) {
      Policy p;
      p.action = value;
      return format_fact(p);
    } else if constexpr (std::is_same_v<decltype(value), AdminKind>) {
      return format_fact(AdminAction{"A1", value});
    } else {
      return format_fact(Notification{"A1", "B2", value});
    }
  };
  BOOST_TEST(kind(Outcome::deferred) == "attempt outcome=deferred");
  BOOST_TEST(kind(Outcome::bounced) == "attempt outcome=bounced");
  BOOST_TEST(kind(Outcome::expired) == "attempt outcome=expired");
  BOOST_TEST(kind(Outcome::deliverable) == "attempt outcome=deliverable");
  BOOST_TEST(kind(Outcome::undeliverable) == "attempt outcome=undeliverable");
  BOOST_TEST(kind(Outcome::discarded) == "attempt outcome=discarded");
  BOOST_TEST(kind(Outcome::filtered) == "attempt outcome=filtered");
  BOOST_TEST(kind(PolicyAction::defer) == "policy action=defer");
  BOOST_TEST(kind(PolicyAction::discard) == "policy action=discard");
  BOOST_TEST(kind(PolicyAction::hold) == "policy action=hold");
  BOOST_TEST(kind(PolicyAction::filter) == "policy action=filter");
  BOOST_TEST(kind(PolicyAction::redirect) == "policy action=redirect");
  BOOST_TEST(kind(PolicyAction::bcc) == "policy action=bcc");
  BOOST_TEST(kind(PolicyAction::warn) == "policy action=warn");
  BOOST_TEST(kind(PolicyAction::info) == "policy action=info");
  BOOST_TEST(kind(PolicyAction::delay) == "policy action=delay");
  BOOST_TEST(kind(PolicyAction::accept) == "policy action=accept");
  BOOST_TEST(kind(PolicyAction::replace) == "policy action=replace");
  BOOST_TEST(kind(PolicyAction::prepend) == "policy action=prepend");
  BOOST_TEST(kind(AdminKind::deleted) == "admin_action queue_id=A1 kind=deleted");
  BOOST_TEST(kind(AdminKind::held) == "admin_action queue_id=A1 kind=held");
  BOOST_TEST(kind(AdminKind::released) == "admin_action queue_id=A1 kind=released");
  BOOST_TEST(kind(AdminKind::requeued) == "admin_action queue_id=A1 kind=requeued");
  BOOST_TEST(kind(AdminKind::expired) == "admin_action queue_id=A1 kind=expired");
  BOOST_TEST(kind(NotificationKind::bounce) == "notification queue_id=A1 child_queue_id=B2 kind=bounce");
  BOOST_TEST(kind(NotificationKind::delay) == "notification queue_id=A1 child_queue_id=B2 kind=delay");
  BOOST_TEST(kind(NotificationKind::success) == "notification queue_id=A1 child_queue_id=B2 kind=success");
  BOOST_TEST(kind(NotificationKind::postmaster) ==
             "notification queue_id=A1 child_queue_id=B2 kind=postmaster");
}

BOOST_AUTO_TEST_SUITE_END()
