// A mail over two servers in words, and which of its deliveries are ends.
#include "core/tool/trace_text.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

Time at(const char* text) {
  Time t;
  BOOST_REQUIRE(parse_time(text, t));
  return t;
}

DeliverRow attempt(const ConnectRow& mail, const char* time, const char* status, const char* recipient) {
  DeliverRow d;
  d.connect_id = mail.id;
  d.deliver_time = at(time);
  d.status = status;
  d.recipient = recipient;
  d.queue_id = mail.queue_id;
  return d;
}

Mail mail(uint64_t number, const char* server, const char* queue_id) {
  Mail m;
  m.connect.connect_time = at("2026-11-23T14:02:11Z");
  m.connect.id = make_id(m.connect.connect_time, {number, number});
  m.connect.server = server;
  m.connect.queue_id = queue_id;
  m.connect.sender = "alice@example.org";
  m.connect.message_id = "1.2@example.org";
  return m;
}

// mx1 hands to out1, whose first attempt is greylisted by the other side.
Trace two_servers() {
  Trace trace;
  trace.mails = {mail(1, "mx1", "3F2A1B4C5D"), mail(2, "out1", "4dFk8Q5sN1zQp7Y")};
  auto& first = trace.mails[0];
  first.connect.client_name = "client.example.net";
  first.connect.client_addr = "192.0.2.1";
  first.connect.size = 2048;
  first.deliveries = {attempt(first.connect, "2026-11-23T14:02:12Z", "sent", "bob@example.com")};
  first.deliveries[0].next_queue_id = "4dFk8Q5sN1zQp7Y";
  first.lines = {
      "Nov 23 14:02:11 mx1 postfix/smtpd[1]: 3F2A1B4C5D: client=client.example.net[192.0.2.1]\x1b[2J"};
  auto& second = trace.mails[1];
  second.deliveries = {attempt(second.connect, "2026-11-23T14:02:13Z", "deferred", "bob@example.com"),
                       attempt(second.connect, "2026-11-23T14:17:20Z", "sent", "bob@example.com")};
  second.deliveries[0].response = "451 4.7.1 Greylisted, come back later";
  second.deliveries[1].response = "250 2.0.0 Ok";
  second.deliveries[1].relay_name = "mail.example.com";
  second.deliveries[1].relay_addr = "198.51.100.7";
  second.deliveries[1].relay_port = 25;
  second.deliveries[1].delay = 909;
  second.deliveries[1].delay_queue = 907;
  trace.links = {{first.connect.id, second.connect.id, "relay"}};
  return trace;
}

Terminal terminal(bool german = false) {
  Terminal t;
  t.utc = true;
  t.german = german;
  return t;
}

}  // namespace

std::string text_of(const Trace& trace, const Terminal& terminal, Detail detail) {
  VerdictOptions options;
  options.now = at("2026-11-23T15:00:00Z");
  return trace_text(trace, verdicts(trace, options), terminal, detail);
}

BOOST_AUTO_TEST_CASE(a_mail_without_attempts_waits) {
  Trace trace;
  trace.mails = {mail(1, "mx1", "3F2A1B4C5D")};
  auto text = text_of(trace, terminal(), Detail::all);
  BOOST_TEST(text.find("is being processed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_other_programs_said_of_a_refusal) {
  Trace trace;
  trace.mails = {mail(1, "mx1", "3F2A1B4C5D")};
  auto& d = trace.mails[0].deliveries.emplace_back();
  d.connect_id = trace.mails[0].connect.id;
  d.deliver_time = at("2026-11-23T14:00:01Z");
  d.status = "greylisted";
  d.recipient = "bob@example.com";
  d.response = "450 4.2.0 Greylisted";
  BOOST_TEST(text_of(trace, terminal(), Detail::brief).find("logged before") == std::string::npos);
  d.reason = "postgrey: greylist, new\x1b[2J";
  auto text = text_of(trace, terminal(), Detail::brief);
  auto details = text.substr(text.find("Details"));
  BOOST_TEST(details.find("logged before it: postgrey: greylist, new") != std::string::npos, details);
  BOOST_TEST(details.find('\x1b') == std::string::npos);
  BOOST_TEST(text_of(trace, terminal(true), Detail::brief).find("davor protokolliert: postgrey") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_whole_text) {
  auto trace = two_servers();
  auto text = text_of(trace, terminal(), Detail::all);
  BOOST_TEST(
      text.starts_with("From          alice@example.org\n"
                       "To            bob@example.com\n"
                       "Message-ID    <1.2@example.org>\n"
                       "Times in      UTC\n"
                       "\n"
                       "What became of it\n"
                       "  sent                  2026-11-23 14:17:20  bob@example.com\n"
                       "    The mail to bob@example.com was accepted by the recipient's mail server on "
                       "2026-11-23 at 14:17 UTC."));
  BOOST_TEST(text.substr(text.find("The way\n"), text.find("Details\n") - text.find("The way\n")) ==
             "The way\n"
             "  sent by client.example.net [192.0.2.1]\n"
             "  └─ 2026-11-23 14:02:11  mx1  3F2A1B4C5D\n"
             "     └─ 14:02:12  out1  4dFk8Q5sN1zQp7Y  for bob@example.com  after 1.0 s\n"
             "        └─ 14:17:20  ✓ mail.example.com [198.51.100.7]  for bob@example.com, 2 attempts  after "
             "15 min\n"
             "\n");
  BOOST_TEST(text.substr(text.find("Details\n") + 8) ==
             "(1) mx1  3F2A1B4C5D  2026-11-23 14:02:11\n"
             "    from client.example.net [192.0.2.1]\n"
             "    sender alice@example.org, 2.0 KiB\n"
             "    to bob@example.com\n"
             "      14:02:12  delivered\n"
             "    id " +
                 trace.mails[0].connect.id.hex() +
                 "\n"
                 "(2) out1  4dFk8Q5sN1zQp7Y  2026-11-23 14:02:11\n"
                 "    comes from (1): relay\n"
                 "    sender alice@example.org\n"
                 "    to bob@example.com\n"
                 "      14:02:13  deferred\n"
                 "        451 4.7.1 Greylisted, come back later\n"
                 "      14:17:20  sent          to mail.example.com [198.51.100.7]:25\n"
                 "        250 2.0.0 Ok\n"
                 "        after 15 min (in the queue 15 min)\n"
                 "    id " +
                 trace.mails[1].connect.id.hex() +
                 "\n"
                 "\n"
                 "Log lines\n"
                 "  (1) mx1\n"
                 "    Nov 23 14:02:11 mx1 postfix/smtpd[1]: 3F2A1B4C5D: "
                 "client=client.example.net[192.0.2.1]\\u{1b}[2J\n");
}

BOOST_AUTO_TEST_CASE(an_expired_mail_says_why_it_waited) {
  auto trace = two_servers();
  auto& d = trace.mails[1].deliveries;
  d[1].status = "expired";
  d[1].response.reset();
  auto text = text_of(trace, terminal(), Detail::verdict);
  BOOST_TEST(text.find("The last answer was: 451 4.7.1 Greylisted, come back later") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrapped_and_cut_to_the_width) {
  auto narrow = terminal();
  narrow.width = 60;
  auto text = text_of(two_servers(), narrow, Detail::verdict);
  for (size_t from = 0; from < text.size(); from = text.find('\n', from) + 1)
    BOOST_TEST(display_width(text.substr(from, text.find('\n', from) - from)) <= 60u);
}

BOOST_AUTO_TEST_CASE(german_and_without_lines) {
  auto text = text_of(two_servers(), terminal(true), Detail::brief);
  BOOST_TEST(text.find("Was daraus wurde") != std::string::npos);
  BOOST_TEST(text.find("kommt von (1): Weitergabe") != std::string::npos);
  BOOST_TEST(text.find("Log-Zeilen") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_has_everything) {
  auto trace = two_servers();
  auto json = trace_json(trace, verdicts(trace, {}));
  BOOST_TEST(json["mails"].size() == 2u);
  BOOST_TEST(json["mails"][1]["deliveries"][1]["status"] == "sent");
  BOOST_TEST(json["mails"][0]["connect"]["queue_id"] == "3F2A1B4C5D");
  BOOST_TEST(json["links"][0]["from"] == trace.mails[0].connect.id.hex());
  BOOST_TEST(json["mails"][0]["lines"].size() == 1u);
}
