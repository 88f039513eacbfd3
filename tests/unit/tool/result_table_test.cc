// The list for people: golden texts at several widths, in both languages, and hostile values.
#include "core/tool/result_table.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

Time at(const char* text) {
  Time t;
  BOOST_REQUIRE(parse_time(text, t));
  return t;
}

std::vector<Hit> sample() {
  Hit sent;
  sent.connect.connect_time = at("2026-11-23T14:02:11Z");
  sent.connect.server = "mx1";
  sent.connect.queue_id = "4dFk8Q5sN1zQp7Y";
  sent.connect.client_name = "client.example.net";
  sent.connect.client_addr = "192.0.2.1";
  sent.connect.sender = "alice@example.org";
  sent.connect.message_id = "1.2@example.org";
  auto& d = sent.deliver.emplace();
  d.deliver_time = at("2026-11-23T14:02:13Z");
  d.recipient = "bob@example.com";
  d.status = "sent";
  d.relay_name = "mail.example.com";
  d.relay_addr = "198.51.100.7";
  d.dsn = "2.0.0";
  d.response = "250 2.0.0 Ok: queued as 4ABC";

  Hit bounced = sent;
  bounced.connect.sender = "";
  bounced.connect.client_name.reset();
  bounced.connect.client_addr.reset();
  bounced.connect.message_id.reset();
  bounced.deliver->deliver_time = at("2026-11-24T09:00:00Z");
  bounced.deliver->status = "bounced";
  bounced.deliver->recipient = "info@example.net";
  bounced.deliver->original_recipient = "office@example.org";
  bounced.deliver->relay_name = "none";
  bounced.deliver->relay_addr.reset();
  bounced.deliver->dsn = "5.4.4";
  bounced.deliver->response = "unable to look up host example.net";

  Hit waiting = sent;
  waiting.deliver.reset();
  waiting.connect.sasl_user = "alice";
  return {sent, bounced, waiting};
}

Terminal terminal(size_t width, bool german = false) {
  Terminal t;
  t.width = width;
  t.utc = true;
  t.german = german;
  return t;
}

size_t widest_line(const std::string& text) {
  size_t most = 0;
  for (size_t at = 0; at < text.size();) {
    auto end = text.find('\n', at);
    most = std::max(most, display_width(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return most;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_row_without_recipient_names_those_who_waited) {
  auto hits = sample();
  hits.resize(1);
  hits[0].deliver->recipient.reset();
  hits[0].deliver->status = "held";
  hits[0].deliver->response.reset();
  auto says = [&](const char* what, bool german, const DeliveriesOf& of = {}) {
    return result_table(hits, terminal(0, german), of).find(what) != std::string::npos;
  };
  BOOST_TEST(says("  all recipients", false));
  BOOST_TEST(says("  alle Empfänger", true));
  std::vector<DeliverRow> others(1, *hits[0].deliver);
  others[0].recipient = "carl@example.com";
  others[0].status = "deferred";
  BOOST_TEST(says("  carl@example.com", false, [&](const Id&) { return others; }));
  hits[0].connect.queue_id.reset();
  BOOST_TEST(says("  no recipient named", false));
  BOOST_TEST(!says("?", false));
}

BOOST_AUTO_TEST_CASE(two_lines_a_result) {
  BOOST_TEST(
      result_table(sample(), terminal(0)) ==
      "2026-11-23 14:02:11  alice@example.org                          4dFk8Q5sN1zQp7Y  mx1  from "
      "client.example.net [192.0.2.1]  <1.2@example.org>\n"
      "           14:02:13  bob@example.com                            sent             to mail.example.com "
      "[198.51.100.7]  250 2.0.0 Ok: queued as 4ABC\n"
      "\n"
      "2026-11-23 14:02:11  <>                                         4dFk8Q5sN1zQp7Y  mx1\n"
      "2026-11-24 09:00:00  info@example.net (for office@example.org)  bounced          5.4.4  unable to "
      "look up "
      "host example.net\n"
      "\n"
      "2026-11-23 14:02:11  alice@example.org                          4dFk8Q5sN1zQp7Y  mx1  login alice "
      "client.example.net [192.0.2.1]  <1.2@example.org>\n"
      "                                                                queued\n");
}

BOOST_AUTO_TEST_CASE(a_narrow_terminal_is_never_overrun) {
  for (size_t width : {40u, 60u, 80u, 100u, 120u, 200u})
    BOOST_TEST(widest_line(result_table(sample(), terminal(width))) <= std::max<size_t>(width, 56));
  BOOST_TEST(result_table({sample()[0]}, terminal(80)) ==
             "2026-11-23 14:02:11  alice@example.org  4dFk8Q5sN1zQp7Y  mx1  from client.examp…\n"
             "           14:02:13  bob@example.com    sent             to mail.example.com [1…\n");
}

BOOST_AUTO_TEST_CASE(why_it_failed_comes_first_and_without_what_stands_beside_it) {
  auto hit = sample()[0];
  hit.deliver->status = "bounced";
  hit.deliver->dsn = "5.1.1";
  hit.deliver->response =
      "host mail.example.com[198.51.100.7] said: 550 5.1.1 no such user (in reply to RCPT TO command)";
  auto text = result_table({hit}, terminal(0));
  BOOST_TEST(
      text.find("bounced          550 5.1.1 no such user (in reply to RCPT TO command)  to mail.example.com "
                "[198.51.100.7]\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(several_attempts_are_counted_before_the_answer) {
  auto hits = sample();
  const size_t attempts[] = {3, 1, 0};
  auto text = [&](bool german) {
    auto t = terminal(0, german);
    return ResultTable(t).add(hits, attempts);
  };
  BOOST_TEST(text(false).find("sent             3 attempts  to mail.example.com") != std::string::npos);
  BOOST_TEST(text(true).find("  3 Versuche  an mail.example.com") != std::string::npos);
  BOOST_TEST(text(false).find("1 attempt") == std::string::npos);
  BOOST_TEST(text(false).find("0 attempt") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(german_words) {
  auto text = result_table(sample(), terminal(0, true));
  BOOST_TEST(text.find("gesendet") != std::string::npos);
  BOOST_TEST(text.find("unzustellbar") != std::string::npos);
  BOOST_TEST(text.find("(für office@example.org)") != std::string::npos);
  BOOST_TEST(text.find("von client.example.net") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(hostile_text_cannot_move_the_cursor) {
  auto hits = sample();
  hits[0].connect.sender = "\x1b[2J\x1b]0;owned\x07@example.org";
  hits[0].connect.message_id = "a\nb\u202e@example.org";
  hits[0].deliver->response =
      "250 ok\r\n\x9b"
      "31m";
  hits[0].deliver->status = "\x1b[31msent";
  hits[0].connect.server = "mx\x08\x08";
  auto text = result_table({hits[0]}, terminal(0));
  for (char c : text) BOOST_TEST_REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 2);
  BOOST_TEST(text.find("\u202e") == std::string::npos);
  BOOST_TEST(text.find("unknown") != std::string::npos);  // not one of our words
}

BOOST_AUTO_TEST_CASE(colours_stand_beside_words) {
  auto t = terminal(0);
  t.colours = true;
  auto text = result_table(sample(), t);
  BOOST_TEST(text.find("\x1b[32msent\x1b[0m") != std::string::npos);
  BOOST_TEST(text.find("\x1b[31mbounced\x1b[0m") != std::string::npos);
  BOOST_TEST(text.find("\x1b[33mqueued\x1b[0m") != std::string::npos);
}
