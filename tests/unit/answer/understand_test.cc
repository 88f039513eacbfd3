// What a pasted text is taken for, in the order in which it is tried.
#include "core/answer/understand.h"

#include <boost/test/unit_test.hpp>

#include "core/answer/pasted_text.h"
#include "core/answer/trouble_words.h"
#include "core/answer/typed_words.h"

using namespace mailtrace;

namespace {

std::string tried(std::string_view text) {
  std::string out;
  for (auto& q : understand(text).tries) {
    if (!out.empty()) out += " | ";
    auto show = [&](const char* name, const std::optional<std::string>& value) {
      if (!value) return;
      if (!out.empty() && !out.ends_with("| ")) out += ' ';
      out += std::string(name) + "=" + *value;
    };
    show("sender", q.sender);
    show("recipient", q.recipient);
    show("address", q.address);
    show("message_id", q.message_id);
    show("queue_id", q.queue_id);
    show("received_from", q.received_from);
    show("sent_to", q.sent_to);
    show("logged_by", q.logged_by);
    show("subject", q.subject);
    show("response", q.response);
    for (auto& status : q.status) out += (out.empty() || out.ends_with("| ") ? "" : " ") + status;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(addresses_and_message_ids) {
  BOOST_TEST(tried("alice@example.org") == "address=alice@example.org | message_id=alice@example.org");
  BOOST_TEST(tried("  alice@example.org\n") == "address=alice@example.org | message_id=alice@example.org");
  BOOST_TEST(tried("@example.org") == "address=@example.org");
  BOOST_TEST(tried("<1.2@example.org>") == "message_id=1.2@example.org | address=1.2@example.org");
  BOOST_TEST(tried("Message-ID: <1.2@example.org>") ==
             "message_id=1.2@example.org | address=1.2@example.org");
  BOOST_TEST(tried("message-id=<odd>") == "message_id=odd");
  BOOST_TEST(tried("to=<bob@example.com>,") ==
             "recipient=bob@example.com | address=bob@example.com | message_id=bob@example.com");
  BOOST_TEST(tried("mailto:bob@example.com") == "address=bob@example.com | message_id=bob@example.com");
}

BOOST_AUTO_TEST_CASE(marks_around_an_address_are_not_of_it) {
  for (auto* text : {"'bob@example.com'", "\"bob@example.com\"", "„bob@example.com“", "(bob@example.com)",
                     "bob@example.com.", "bob@example.com:", "bob@example.com!", "«bob@example.com»,",
                     "<mailto:bob@example.com>", "<mailto:bob@example.com?subject=x>",
                     "\u200bbob@example.com\ufeff", "\u00a0bob@example.com\u00a0"})
    BOOST_TEST(tried(text) == tried("bob@example.com"), text << ": " << tried(text));
  BOOST_TEST(tried("\"john.doe\"@example.org").starts_with("address=\"john.doe\"@example.org"));
  BOOST_TEST(tried("(192.0.2.7)") == tried("192.0.2.7"));
  BOOST_TEST(tried("2001:db8::") == "received_from=2001:db8:: | sent_to=2001:db8::");
}

BOOST_AUTO_TEST_CASE(sentences_that_name_somebody) {
  BOOST_TEST(
      tried("please look where the mail for bob@example.com is").starts_with(tried("bob@example.com")));
  BOOST_TEST(tried("Hello,\nwhere is the mail for 'bob@example.com'?\nYours") == tried("bob@example.com"));
}

BOOST_AUTO_TEST_CASE(addresses_that_hide_from_robots) {
  for (auto* text :
       {"bob(at)example.com", "bob [at] example.com", "bob (AT) example.com", "bob{ät}example.com",
        "bob [@] example.com", "bob(at)example(dot)com", "bob [at] example [Punkt] com"})
    BOOST_TEST(tried(text) == tried("bob@example.com"), text << ": " << tried(text));
  BOOST_TEST(tried("from bob(at)example.com to ann [at] example.org") ==
             tried("from bob@example.com to ann@example.org"));
  // No address comes of it.
  for (auto* text : {"login (at) home", "(at) example.com", "bob (at)", "bob (cat) example.com", "bob (at"})
    BOOST_TEST(tried(text).find('@') == std::string::npos, text << ": " << tried(text));
}

BOOST_AUTO_TEST_CASE(ip_addresses_and_hosts) {
  BOOST_TEST(tried("192.0.2.1") == "received_from=192.0.2.1 | sent_to=192.0.2.1");
  BOOST_TEST(tried("[2001:db8::1]") == "received_from=2001:db8::1 | sent_to=2001:db8::1");
  BOOST_TEST(tried("mx.example.org")
                 .starts_with("address=@mx.example.org | received_from=mx.example.org | "
                              "sent_to=mx.example.org | logged_by=mx.example.org"));
}

BOOST_AUTO_TEST_CASE(queue_ids) {
  BOOST_TEST(tried("3F2A1B4C5D").starts_with("queue_id=3F2A1B4C5D"));
  BOOST_TEST(tried("4dFk8Q5sN1zQp7Y").starts_with("queue_id=4dFk8Q5sN1zQp7Y"));
  BOOST_TEST(tried("1pQxyz-0001AB-CD").starts_with("queue_id=1pQxyz-0001AB-CD"));
  BOOST_TEST(!is_queue_id("facade"));  // lower case: a word
  BOOST_TEST(!is_queue_id("12345"));
}

BOOST_AUTO_TEST_CASE(words) {
  BOOST_TEST(tried("alice") == "address=*alice* | subject=*alice* | response=*alice*");
  BOOST_TEST(tried("calendar is full") == "subject=*calendar is full* | response=*calendar is full*");
  BOOST_TEST(tried("") == "");
  BOOST_TEST(tried(" \t\n") == "");
}

BOOST_AUTO_TEST_CASE(two_addresses_are_a_sender_and_a_recipient) {
  const std::string a_to_b = "sender=a@x.example recipient=b@y.example",
                    b_to_a = "sender=b@y.example recipient=a@x.example";
  for (const char* text :
       {"a@x.example an b@y.example", "von a@x.example an b@y.example", "from a@x.example to b@y.example",
        "to b@y.example from a@x.example", "Mail von a@x.example an b@y.example?",
        "From: <a@x.example> To: <b@y.example>", "from=<a@x.example>, to=<b@y.example>,",
        "a@x.example -> b@y.example", "a@x.example to: b@y.example"})
    BOOST_TEST(tried(text) == a_to_b, text << " is " << tried(text));
  for (const char* text : {"a@x.example b@y.example", "a@x.example, b@y.example", "a@x.example;b@y.example",
                           "a@x.example und b@y.example"})
    BOOST_TEST(tried(text) == a_to_b + " | " + b_to_a, text << " is " << tried(text));
  BOOST_TEST(tried("Anna <a@x.example> an Boris <b@y.example>") == a_to_b);
  BOOST_TEST(tried("a@x.example an @y.example") == "sender=a@x.example recipient=@y.example");
  BOOST_TEST(tried("von a@x.example an b@y.example, c@y.example") ==
             a_to_b + " | sender=a@x.example recipient=c@y.example");
  BOOST_TEST(tried("von a@x.example an a@x.example") == "sender=a@x.example recipient=a@x.example");
  BOOST_TEST(tried("von a@x.example") == "sender=a@x.example | address=a@x.example");
  BOOST_TEST(tried("Mails an a@x.example") == "recipient=a@x.example | address=a@x.example");
  auto either = understand("a@x.example b@y.example"), said = understand("von a@x.example an b@y.example");
  BOOST_TEST(paste_kind_name(said.kind) == "envelope");
  BOOST_TEST(said.words.en == "sender and recipient");
  BOOST_TEST(said.words.de == "Absender und Empfänger");
  BOOST_TEST(either.words.en.find("in either order") != std::string::npos);
  BOOST_TEST(either.words.de.find("in beliebiger Reihenfolge") != std::string::npos);
  // A sentence with two addresses in it is none of these.
  BOOST_TEST(tried("please note that a@x.example and b@y.example were both moved to our new system last week")
                 .starts_with("subject="));
}

BOOST_AUTO_TEST_CASE(names_of_people) {
  BOOST_TEST(tried("anna berger") ==
             "address=*anna*berger* | address=*berger*anna* | address=a.berger@* | subject=*anna berger* | "
             "response=*anna berger*");
  BOOST_TEST(tried("Jörg Müller").starts_with("address=*joerg*mueller* | "));
  BOOST_TEST(tried("Berger, Anna").starts_with("address=*berger*anna* | address=*anna*berger* | "));
  auto name = understand("anna berger");
  BOOST_TEST(paste_kind_name(name.kind) == "name");
  BOOST_TEST(!name.words.en.empty());
  BOOST_TEST(!name.words.de.empty());
  BOOST_TEST(paste_kind_name(understand("offer for the new office").kind) == "text");
}

BOOST_AUTO_TEST_CASE(codes_and_answers) {
  BOOST_TEST(tried("552 5.2.2") == "response=552 5.2.2 | subject=*552 5.2.2* | response=*552 5.2.2*");
  BOOST_TEST(tried("5.1.1").starts_with("response=5.1.1 | "));
  BOOST_TEST(tried("550").starts_with("response=550 | "));
  BOOST_TEST(tried("550-5.1.1").starts_with("response=550 5.1.1 | "));
  BOOST_TEST(tried("550 5.1.1 <a@x.example>: user unknown here")
                 .starts_with("response=*550 5.1.1 <a@x.example>: user unknown here* | "
                              "response=*user unknown here* | response=550 5.1.1 | subject="));
  BOOST_TEST(tried("500 Euro").find("response=500 |") == std::string::npos);
  auto code = understand("552 5.2.2"), words = understand("552 5.2.2 mailbox full");
  BOOST_TEST(paste_kind_name(code.kind) == "answer");
  BOOST_TEST(code.words.en == "the code of a server's answer");
  BOOST_TEST(code.words.de == "der Code einer Serverantwort");
  BOOST_TEST(words.words.de == "die Antwort eines Servers");
}

BOOST_AUTO_TEST_CASE(words_of_a_status) {
  BOOST_TEST(tried("bounced").starts_with("bounced expired | "));
  BOOST_TEST(tried("Zurückgewiesen").starts_with("rejected blocked bounced | "));
  BOOST_TEST(tried("deferred").starts_with("deferred | "));
  BOOST_TEST(tried("deferred").ends_with("subject=*deferred* | response=*deferred*"));
  BOOST_TEST(tried("abgelehnt a@x.example") == "address=a@x.example rejected blocked");
  BOOST_TEST(tried("von a@x.example an b@y.example unzustellbar") ==
             "sender=a@x.example recipient=b@y.example bounced expired");
  auto status = understand("bounced");
  BOOST_TEST(paste_kind_name(status.kind) == "status");
  BOOST_TEST(status.words.en == "a status");
  BOOST_TEST(status.words.de == "ein Status");
  Time noon;
  BOOST_REQUIRE(parse_time("2026-11-27T12:00:00Z", noon));
  auto then = understand("gestern bounced", {}, {}, noon);
  BOOST_REQUIRE(!then.tries.empty());
  BOOST_TEST(then.tries[0].status.size() == 2u);
  BOOST_TEST(format_time(*then.tries[0].connect_from) == "2026-11-26T00:00:00.000000Z");
  auto both = understand("gestern a@x.example an b@y.example", {}, {}, noon);
  BOOST_REQUIRE(both.tries.size() == 1u);
  BOOST_TEST(*both.tries[0].recipient == "b@y.example");
  BOOST_TEST(format_time(*both.tries[0].connect_to) == "2026-11-27T00:00:00.000000Z");
}

BOOST_AUTO_TEST_CASE(peers_as_logs_write_them) {
  BOOST_TEST(tried("mx[198.51.100.40]:25") ==
             "sent_to=198.51.100.40 | received_from=198.51.100.40 | sent_to=mx | received_from=mx");
  BOOST_TEST(tried("198.51.100.40:25") == "sent_to=198.51.100.40 | received_from=198.51.100.40");
  BOOST_TEST(tried("[2001:db8::1]:25") == "sent_to=2001:db8::1 | received_from=2001:db8::1");
  BOOST_TEST(tried("unknown[192.0.2.9]") == "received_from=192.0.2.9 | sent_to=192.0.2.9");
  BOOST_TEST(tried("relay=mx.example.org[192.0.2.9]:25,").starts_with("sent_to=192.0.2.9 | "));
  BOOST_TEST(tried("mx.example.org:25").starts_with("address=@mx.example.org | "));
  BOOST_TEST(paste_kind_name(understand("mx[198.51.100.40]:25").kind) == "ip_address");
  BOOST_TEST(!read_peer("a:b"));
  BOOST_TEST(!read_peer("mx[300.1.1.1]:25"));
  BOOST_TEST(!read_peer("192.0.2.1:smtp"));
}

BOOST_AUTO_TEST_CASE(what_else_was_asked_stays) {
  Query base;
  base.status = {"bounced"};
  base.limit = 7;
  for (auto& q : understand("alice@example.org", base).tries) {
    BOOST_TEST(q.status.size() == 1u);
    BOOST_TEST(q.limit == 7);
  }
}

namespace {

std::string kind(std::string_view text) { return std::string(paste_kind_name(understand(text).kind)); }

std::string part(const Understood& of, std::string_view name) {
  for (auto& found : of.found)
    if (found.name == name) return found.value;
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(kinds) {
  BOOST_TEST(kind("") == "nothing");
  BOOST_TEST(kind("Boris <boris@example.org>") == "address");
  BOOST_TEST(part(understand("Boris <boris@example.org>"), "address") == "boris@example.org");
  BOOST_TEST(kind("example.org") == "domain");
  BOOST_TEST(kind("*boris*") == "part");
  BOOST_TEST(kind("<1@example.org>") == "message_id");
  BOOST_TEST(kind("4dFk8Q5sN1zQp7Y") == "queue_id");
  BOOST_TEST(kind("2001:db8::1") == "ip_address");
  BOOST_TEST(kind("calendar is full") == "text");
  auto id = understand("https://mail.example.org/#/mail/01A20a0f662b75c6ba38577b840ee5b6");
  BOOST_TEST(paste_kind_name(id.kind) == "own_link");
  BOOST_TEST(id.id->hex() == "01a20a0f662b75c6ba38577b840ee5b6");
  BOOST_TEST(kind("id 01a20a0f662b75c6ba38577b840ee5b6") == "own_link");
}

BOOST_AUTO_TEST_CASE(log_lines_in_all_headers) {
  const std::string text =
      "postfix/smtp[123]: 4F2A1B4C5D: to=<boris@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1, "
      "delays=1/0/0/0, dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.1] said: 550 5.1.1 "
      "to=<evil@example.com>)";
  for (const char* header :
       {"2026-11-23T20:12:21.015351+01:00 mx1 ", "Nov 23 20:12:21 mx1 ", "<22>Nov 23 20:12:21 mx1 ", ""}) {
    auto found = understand(header + text);
    BOOST_TEST(paste_kind_name(found.kind) == "log_line", header);
    BOOST_TEST(part(found, "queue_id") == "4F2A1B4C5D");
    BOOST_TEST(part(found, "recipient") == "boris@example.org");
    BOOST_REQUIRE(!found.tries.empty());
    BOOST_TEST(*found.tries[0].queue_id == "4F2A1B4C5D");
  }
  auto refused = understand(
      "2026-11-23T20:12:21.015351+00:00 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from "
      "unknown[192.0.2.9]: 554 5.7.1 <b@example.org>: Relay access denied; from=<a@example.net> "
      "to=<b@example.org> proto=ESMTP helo=<x>");
  BOOST_TEST(part(refused, "ip_address") == "192.0.2.9");
  BOOST_REQUIRE(!refused.tries.empty());
  BOOST_TEST(*refused.tries[0].sender == "a@example.net");
  BOOST_TEST(*refused.tries[0].recipient == "b@example.org");
  BOOST_TEST((*refused.tries[0].connect_from < *refused.tries[0].connect_to));
}

BOOST_AUTO_TEST_CASE(headers_of_a_mail) {
  auto found = understand(
      "Return-Path: <anna@example.net>\r\n"
      "Received: from mail.example.net (mail.example.net [192.0.2.9])\r\n"
      "\tby mx1.example.org (Postfix) with ESMTPS id 4F2A1B4C5D\r\n"
      "\tfor <boris@example.org>; Mon, 23 Nov 2026 20:12:21 +0100 (CET)\r\n"
      "From: Anna <anna@example.net>\r\nTo: Boris <boris@example.org>\r\n"
      "Message-ID:\r\n <1.2@example.net>\r\nDate: Mon, 23 Nov 2026 20:12:00 +0100\r\n");
  BOOST_TEST(paste_kind_name(found.kind) == "headers");
  BOOST_REQUIRE(found.tries.size() >= 3u);
  BOOST_TEST(*found.tries[0].message_id == "1.2@example.net");
  BOOST_TEST(*found.tries[1].queue_id == "4F2A1B4C5D");
  BOOST_TEST(*found.tries[2].sender == "anna@example.net");
  BOOST_TEST(part(found, "time") == "2026-11-23T19:12:00.000000Z");
}

BOOST_AUTO_TEST_CASE(notices) {
  auto postfix = understand(
      "From: MAILER-DAEMON@mx1.example.net (Mail Delivery System)\nSubject: Undelivered Mail Returned to "
      "Sender\n"
      "Message-Id: <notice@mx1.example.net>\n\nThis is the mail system at host mx1.example.net.\n\n"
      "<boris@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 unknown\n    (in reply to RCPT TO "
      "command)\n\n"
      "Reporting-MTA: dns; mx1.example.net\nX-Postfix-Queue-ID: 4F2A1B4C5D\nX-Postfix-Sender: rfc822; "
      "anna@example.net\n"
      "Arrival-Date: Mon, 23 Nov 2026 20:12:21 +0100 (CET)\n\nFinal-Recipient: rfc822; boris@example.org\n"
      "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.org\nDiagnostic-Code: smtp; 550 5.1.1 "
      "unknown\n\n"
      "Return-Path: <anna@example.net>\nMessage-ID: <original@example.net>\nSubject: Hello\n");
  BOOST_TEST(paste_kind_name(postfix.kind) == "bounce");
  BOOST_REQUIRE(postfix.tries.size() >= 3u);
  BOOST_TEST(*postfix.tries[0].queue_id == "4F2A1B4C5D");
  BOOST_TEST(*postfix.tries[1].message_id == "original@example.net");
  BOOST_TEST(*postfix.tries[2].recipient == "boris@example.org");
  BOOST_TEST(part(postfix, "answer") == "550 5.1.1 unknown");
  auto exchange = understand(
      "Delivery has failed to these recipients or groups:\n\nboris@example.org\nThe email address couldn't "
      "be found.\n\n"
      "Generating server: AM0PR01.example\n\nRemote Server returned '550 5.1.10 "
      "RESOLVER.ADR.RecipientNotFound'\n\n"
      "Original message headers:\n\nFrom: Anna <anna@example.net>\nMessage-ID: <abc@example.net>\n");
  BOOST_TEST(paste_kind_name(exchange.kind) == "bounce");
  BOOST_TEST(*exchange.tries[0].message_id == "abc@example.net");
  BOOST_TEST(part(exchange, "recipient") == "boris@example.org");
  auto line = understand("<boris@example.org>: host mx.example.org[192.0.2.1] said: 552 5.2.2 full");
  BOOST_TEST(paste_kind_name(line.kind) == "bounce");
  BOOST_TEST(part(line, "remote_server") == "mx.example.org");
}

BOOST_AUTO_TEST_CASE(notices_in_words_of_many_programs) {
  for (auto* text :
       {"Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\n      Betreff: Rechnung\n\n"
        "Folgende(r) Empfänger kann/können nicht erreicht werden:\n\n      'bob@example.com' am 28.11.2026 "
        "11:51\n"
        "            550 5.1.1 unknown",
        "Nachricht nicht zugestellt\nIhre Nachricht wurde nicht an bob@example.com zugestellt, weil die "
        "Adresse "
        "nicht gefunden wurde",
        "Folgende Mail konnte nicht zugestellt werden:\n\nbob@example.com: 552 5.2.2 Mailbox full",
        "From: MAILER-DAEMON@example.net\n\nYour message did not reach some or all of the intended "
        "recipients.\n  'bob@example.com' on 28.11.2026"}) {
    auto read = understand(text);
    BOOST_TEST(std::string(paste_kind_name(read.kind)) == "bounce", text);
    BOOST_REQUIRE_MESSAGE(!read.tries.empty(), text);
    BOOST_TEST(read.tries.front().recipient.value_or("") == "bob@example.com", text);
  }
}

BOOST_AUTO_TEST_CASE(garbage_is_read_without_harm) {
  std::string long_text(1 << 20, 'x');
  BOOST_TEST(!understand(long_text).tries.empty());
  for (std::string_view text :
       {"<>", "<@>", "@", "***", "from=<>", ":", "\xff\xfe", ">>>>", "\n\n\n", "Message-ID:", "id "})
    understand(text);
  std::string many;
  for (int i = 0; i < 5000; ++i)
    many +=
        "Received: by x id 4F2A1B4C" + std::to_string(i) + "\nMessage-ID: <" + std::to_string(i) + "@x>\n";
  BOOST_TEST(understand(many).tries.size() < 50u);
}

BOOST_AUTO_TEST_CASE(dates_of_mails) {
  Time t;
  BOOST_TEST(parse_mail_date("Mon, 23 Nov 2026 20:11:54 -0530", t));
  BOOST_TEST(format_time(t) == "2026-11-24T01:41:54.000000Z");
  BOOST_TEST(parse_mail_date("23 Nov 2026 20:11 +0000", t));
  BOOST_TEST(!parse_mail_date("yesterday", t));
  BOOST_TEST(!parse_mail_date("31 Feb 2026 10:00:00 +0000", t));
}

BOOST_AUTO_TEST_CASE(troubles_as_callers_name_them) {
  static constexpr std::pair<std::string_view, std::string_view> phrases[] = {
      {"Postfach voll", "*mail*box*full*"},
      {"Das Postfach ist voll!", "*mail*box*full*"},
      {"mailbox full", "*mail*box*full*"},
      {"Adresse unbekannt", "*5.1.1*"},
      {"Empfänger unbekannt", "*5.1.1*"},
      {"user unknown", "*5.1.1*"},
      {"Blockliste", "*blocked using*"},
      {"geblockt", "*blocked using*"},
      {"blacklisted", "*blocked using*"},
      {"Spam", "*spam*"},
      {"als Spam erkannt", "*spam*"},
      {"Virus", "*virus*"},
      {"infiziert", "*virus*"},
      {"zu groß", "*size*"},
      {"attachment too big", "*size*"},
      {"Zeitüberschreitung", "*timed out*"},
      {"timed out", "*timed out*"},
      {"Verbindung abgelehnt", "*connection refused*"},
      {"DNS", "*not found*"},
      {"Domain nicht gefunden", "*not found*"},
      {"domain not found", "*not found*"},
      {"zu viele Mails", "*too many*"},
      {"relaying denied", "*relay*"},
      {"DMARC", "*dmarc*"},
      {"Zertifikat", "*tls*"}};
  for (auto& [phrase, reply] : phrases) {
    auto out = understand(phrase);
    BOOST_TEST_CONTEXT(phrase) {
      BOOST_TEST(paste_kind_name(out.kind) == "status");
      BOOST_REQUIRE(!out.tries.empty());
      BOOST_TEST(out.tries[0].response.value_or("") == reply);
      BOOST_TEST(!out.tries[0].status.empty());
      BOOST_TEST(out.tries.back().response.value_or("") == "*" + std::string(phrase) + "*");  // or just words
    }
  }
  auto full = understand("Postfach voll");
  BOOST_TEST(full.words.en ==
             "a full mailbox: bounced, deferred, expired or rejected, and the server's answer says so");
  BOOST_TEST(full.words.de ==
             "volles Postfach: unzustellbar, wartet, aufgegeben oder abgelehnt, und die Antwort des Servers "
             "nennt es");
  auto whose = understand("an anna@example.org: Postfach voll");
  BOOST_TEST(whose.tries[0].recipient.value_or("") == "anna@example.org");
  BOOST_TEST(whose.tries[0].response.value_or("") == "*mail*box*full*");
  auto refused = understand("Spam abgelehnt");
  BOOST_TEST(refused.tries[0].status == (std::vector<std::string>{"rejected", "blocked"}),
             boost::test_tools::per_element());
  // A subject that has such a word, and a status alone.
  BOOST_TEST(!understand("Rechnung Virus Schulung Mai").tries[0].response);
  BOOST_TEST(!understand("abgelehnt").tries[0].response);
}

BOOST_AUTO_TEST_CASE(phrases_of_troubles_are_as_they_are_compared) {
  for (auto& trouble : troubles()) {
    BOOST_TEST(!trouble.replies.empty());
    for (auto phrase : trouble.phrases) BOOST_TEST(understand(phrase).tries[0].response.has_value(), phrase);
  }
}
