// What a customer may see in a ticket, and what an admin needs.
#include "core/answer/ticket.h"

#include "core/answer/json.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

Trace bounced() {
  Trace trace;
  auto m = mail(1, "mx1");
  m.connect.message_id = "1.2@example.net";
  add(m, "2026-11-23T14:00:01Z", "bounced", "boris@example.org",
      "host mx.example.org[198.51.100.7] said: 550 5.1.1 <boris@example.org>: unknown, ask "
      "mx1.internal.example or "
      "root@internal.example \x1b[2J");
  trace.mails.push_back(m);
  return trace;
}

std::string ticket(const Trace& trace, Audience audience, Language language) {
  VerdictOptions with;
  with.now = at("2026-11-23T15:00:00Z");
  TicketOptions options;
  options.audience = audience;
  options.language = language;
  options.link = "https://mailtrace.example/mail/1";
  options.own_addresses = {"anna@example.net"};
  return ticket_text(trace, verdicts(trace, with), options);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tickets)

BOOST_AUTO_TEST_CASE(customers_see_no_hosts_and_no_other_addresses) {
  auto text = ticket(bounced(), Audience::customer, Language::english);
  BOOST_TEST(text.find("mx1") == std::string::npos, text);
  BOOST_TEST(text.find("boris@") == std::string::npos, text);
  BOOST_TEST(text.find("root@") == std::string::npos, text);
  BOOST_TEST(text.find('\x1b') == std::string::npos);
  for (const char* there : {"b***@example.org", "anna@example.net", "mx.example.org [198.51.100.7]",
                            "2026-11-23 14:00:00 UTC", "our server", "4F2A1B4C51  2026-11-23 14:00:00 UTC",
                            "<1.2@example.net>", "550 5.1.1", "https://mailtrace.example/mail/1"})
    BOOST_TEST(text.find(there) != std::string::npos, there << " in\n" << text);
}

BOOST_AUTO_TEST_CASE(admins_see_all) {
  auto text = ticket(bounced(), Audience::admin, Language::german);
  for (const char* there : {"mx1 4F2A1B4C51", "boris@example.org", "<1.2@example.net>",
                            "23.11.2026, 14:00:00 Uhr (UTC)", "550 5.1.1", "Nachweis"})
    BOOST_TEST(text.find(there) != std::string::npos, there << " in\n" << text);
}

BOOST_AUTO_TEST_CASE(recipients_are_told_apart) {
  Trace trace;
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:01Z", "sent", "m.fischer@firma.example");
  add(m, "2026-11-23T14:00:02Z", "bounced", "m.fisher@firma.example",
      "host mx.firma.example[198.51.100.7] said: 550 5.1.1 <M.Fisher@firma.example>: unknown");
  trace.mails.push_back(m);
  auto text = ticket(trace, Audience::customer, Language::english);
  BOOST_TEST(text.find("To:                 m.fisc***@firma.example") != std::string::npos, text);
  BOOST_TEST(text.find("To:                 m.fish***@firma.example") != std::string::npos, text);
  BOOST_TEST(text.find("<m.fish***@firma.example>: unknown") != std::string::npos, text);
  BOOST_TEST(text.find("m.***") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(masks_that_are_distinct) {
  auto masks = distinct_masks({"ann@x.example", "anna@x.example", "Boris@x.example", "boris@x.example",
                               "carl.a@x.example", "carl.bc@x.example", "anna@y.example", "", "nobody"});
  // More letters would show nearly all of them.
  BOOST_TEST(masks["ann@x.example"] == "a***(1)@x.example");
  BOOST_TEST(masks["anna@x.example"] == "a***(2)@x.example");
  BOOST_TEST(masks["boris@x.example"] == "b***@x.example");
  BOOST_TEST(masks["carl.a@x.example"] == "c***(1)@x.example");
  BOOST_TEST(masks["anna@y.example"] == "a***@y.example");
  BOOST_TEST(masks.size() == 6u);
  masks = distinct_masks({"übung1234@x.example", "übel1234@x.example"});
  BOOST_TEST(masks["übung1234@x.example"] == "übu***@x.example");
}

BOOST_AUTO_TEST_CASE(a_caller_knows_the_sender) {
  auto trace = bounced();
  VerdictOptions with;
  with.now = at("2026-11-23T15:00:00Z");
  auto text = ticket_text(trace, verdicts(trace, with), {});
  BOOST_TEST(text.find("anna@example.net") != std::string::npos, text);
  BOOST_TEST(text.find("boris@") == std::string::npos, text);
  BOOST_TEST(text.find("root@") == std::string::npos, text);
  // The null sender is nobody's address.
  trace.mails[0].connect.sender = "";
  text = ticket_text(trace, verdicts(trace, with), {});
  BOOST_TEST(text.find("boris@") == std::string::npos, text);
  // Who sees his own mails gives a ticket to somebody else.
  TicketOptions own;
  own.own_addresses = {"boris@example.org"};
  trace = bounced();
  text = ticket_text(trace, verdicts(trace, with), own);
  BOOST_TEST(text.find("a***@example.net") != std::string::npos, text);
  BOOST_TEST(text.find("boris@example.org") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(who_was_asked_for_is_named) {
  VerdictOptions with;
  with.now = at("2026-11-23T15:00:00Z");
  Trace trace;
  auto m = mail(1, "mx1");
  add(m, "2026-11-23T14:00:01Z", "bounced", "Boris@example.org",
      "550 5.1.1 <boris@example.org>: unknown, as is <carl@example.org>");
  add(m, "2026-11-23T14:00:02Z", "sent", "carl@example.org");
  trace.mails.push_back(m);
  TicketOptions options;
  // Nobody asks for a whole domain, or for all.
  options.asked = {"BORIS@example.org", "@example.org", ""};
  auto text = ticket_text(trace, verdicts(trace, with), options);
  BOOST_TEST(text.find("To:                 Boris@example.org") != std::string::npos, text);
  BOOST_TEST(text.find("<boris@example.org>: unknown, as is <c***@example.org>") != std::string::npos, text);
  BOOST_TEST(text.find("carl@") == std::string::npos, text);
  BOOST_TEST(text.find("anna@example.net") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(what_all_recipients_share_is_said_once) {
  VerdictOptions with;
  with.now = at("2026-11-23T15:00:00Z");
  Trace trace;
  auto m = mail(1, "mx1");
  m.connect.message_id = "1.2@example.net";
  add(m, "2026-11-23T14:00:01Z", "bounced", "boris@example.org", "550 5.1.1 unknown");
  add(m, "2026-11-23T14:00:02Z", "bounced", "carl@example.org", "552 5.2.2 full");
  trace.mails.push_back(m);
  TicketOptions options;
  options.asked = {"boris@example.org"};
  auto text = ticket_text(trace, verdicts(trace, with), options);
  auto evidence = text.substr(text.find("\nEvidence"));
  BOOST_TEST(evidence ==
             "\nEvidence\n"
             "  From:               anna@example.net\n"
             "  Message-ID:         <1.2@example.net>\n"
             "  Received:           2026-11-23 14:00:00 UTC\n"
             "  Other server:       mx.example.org [198.51.100.7]\n"
             "  Queue ids:          4F2A1B4C51  2026-11-23 14:00:00 UTC\n"
             "\n"
             "  To:                 boris@example.org\n"
             "  Last event:         2026-11-23 14:00:01 UTC\n"
             "  Its answer:         550 5.1.1 unknown\n"
             "\n"
             "  To:                 c***@example.org\n"
             "  Last event:         2026-11-23 14:00:02 UTC\n"
             "  Its answer:         552 5.2.2 full\n");
  // Both sentences come first.
  BOOST_TEST(text.find("c***@example.org could not") < text.find("\nEvidence"), text);
}

BOOST_AUTO_TEST_CASE(a_server_that_may_not_be_seen_has_no_line) {
  auto trace = bounced();
  VerdictOptions with;
  with.now = at("2026-11-23T15:00:00Z");
  auto all = verdicts(trace, with);
  all[0].answered_by = "… […]";
  auto text = ticket_text(trace, all, {});
  BOOST_TEST(text.find("Other server") == std::string::npos, text);
  BOOST_TEST(text.find("Its answer") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(masks) {
  BOOST_TEST(masked_address("boris@example.org") == "b***@example.org");
  BOOST_TEST(masked_address("übung@example.org") == "ü***@example.org");
  BOOST_TEST(masked_address("@example.org") == "***@example.org");
  BOOST_TEST(mask_addresses("to <a@b.example>, c@d.example.", {"@d.example"}) ==
             "to <a***@b.example>, c@d.example.");
  BOOST_TEST(mask_addresses("no address @ all", {}).find("all") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_has_both_languages) {
  auto trace = bounced();
  auto json = to_json(verdicts(trace, {}));
  BOOST_TEST(json[0]["kind"] == "bounced");
  BOOST_TEST(!json[0]["sentence"]["customer"]["de"].get<std::string>().empty());
  BOOST_TEST(json[0]["answered_by"] == "mx.example.org [198.51.100.7]");
  auto way = to_json(way_of(trace));
  BOOST_TEST(way["nodes"].size() == 3u);
  BOOST_TEST(way["edges"][1]["status"] == "bounced");
}

BOOST_AUTO_TEST_SUITE_END()
