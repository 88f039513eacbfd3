// Which certificate may speak for which host, and whose stamps are in which zone.
#include "core/parse/host_rules.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "core/parse/header.h"

using namespace mailtrace;

namespace {

Time at(const std::string& text) {
  Time time;
  BOOST_REQUIRE_MESSAGE(parse_time(text, time), text);
  return time;
}

struct Sent {
  std::string_view bytes;  // the line borrows them
  std::string_view peer = "mx1.example.org";
  std::string received = "2026-11-23T20:12:00Z";
  uint8_t flags = record_flag::tls;
};

LogLine read(const Sent& sent, const HostRules& rules) {
  Record record;
  record.received = at(sent.received);
  record.peer = sent.peer;
  record.bytes = sent.bytes;
  record.flags = sent.flags;
  LogLine line;
  parse_header(record, {.zone = nullptr, .import = false, .hosts = &rules}, line);
  return line;
}

}  // namespace

BOOST_AUTO_TEST_CASE(without_rules_everybody_speaks_for_everybody) {
  HostRules rules;
  BOOST_TEST(rules.may_speak("mx1.example.org", "bank.example"));
}

BOOST_AUTO_TEST_CASE(a_certificate_speaks_for_itself_and_for_what_is_allowed) {
  HostRules rules;
  rules.allow("relay.example.org", {"mx1", "*.branch.example"});
  rules.allow("*.trusted.example", {"*"});
  rules.allow("relay.example.org", {"MX7"});
  auto speaks = [&](const char* peer, const char* host) {
    bool first = rules.may_speak(peer, host);
    BOOST_TEST(rules.may_speak(peer, host) == first);  // remembered
    return first;
  };
  BOOST_TEST(speaks("mx1.example.org", "mx1.example.org"));
  BOOST_TEST(speaks("mx1.example.org", "MX1"));
  BOOST_TEST(!speaks("mx1.example.org", "mx2"));
  BOOST_TEST(!speaks("mx1.example.org", "mx1.example.com"));
  BOOST_TEST(!speaks("mx1.example.org", ""));
  BOOST_TEST(speaks("relay.example.org", "mx1"));
  BOOST_TEST(speaks("relay.example.org", "mx7"));
  BOOST_TEST(speaks("relay.example.org", "a.branch.example"));
  BOOST_TEST(!speaks("relay.example.org", "branch.example"));
  BOOST_TEST(!speaks("relay.example.org", "mx2"));
  BOOST_TEST(speaks("a.trusted.example", "whatever"));
  BOOST_TEST(!speaks("trusted.example", "whatever"));
  // A chain of syslog-ng is the first one's line, whoever passed it on.
  BOOST_TEST(speaks("mx1.example.org", "mx1/loghost"));
  BOOST_TEST(!speaks("mx1.example.org", "mx2/mx1"));
}

BOOST_AUTO_TEST_CASE(endless_names_are_not_all_remembered) {
  HostRules rules;
  rules.allow("relay.example.org", {"*.example.org"});
  for (int i = 0; i < 50'000; ++i)
    BOOST_REQUIRE(!rules.may_speak("relay.example.org", "made-up-" + std::to_string(i)));
  BOOST_TEST(rules.may_speak("relay.example.org", "mx1.example.org"));
}

BOOST_AUTO_TEST_CASE(a_line_of_a_foreign_host_counts_as_its_senders) {
  HostRules rules;
  rules.allow("relay.example.org", {"mx2"});
  const std::string forged = "<22>Nov 23 20:11:54 mx2 postfix/qmgr[7]: 5AD2451CBE8: removed";
  LogLine line = read({.bytes = forged}, rules);
  BOOST_TEST(line.host_foreign);
  BOOST_TEST(line.hostname == "mx1.example.org");
  BOOST_TEST(line.raw == forged);
  BOOST_TEST(line.text == "5AD2451CBE8: removed");
  LogLine real = read({.bytes = forged, .peer = "relay.example.org"}, rules);
  BOOST_TEST(!real.host_foreign);
  BOOST_TEST(real.hostname == "mx2");
  // It is not the line of that host, so it cannot stand in its way.
  BOOST_TEST((line.identity != real.identity));
  // Who has no verified name is bound to nothing: that is what `allow` is for.
  BOOST_TEST(read({.bytes = forged, .peer = "192.0.2.1", .flags = 0}, rules).hostname == "mx2");
  // No name, no claim.
  LogLine bare = read({.bytes = "<22>Nov 23 20:11:54 postfix/qmgr[7]: 5AD2451CBE8: removed"}, rules);
  BOOST_TEST(!bare.host_foreign);
}

BOOST_AUTO_TEST_CASE(hosts_have_zones_of_their_own) {
  HostRules rules;
  rules.set_zone("mx3.example.net", *find_zone("America/New_York"));
  rules.set_zone("*.example.net", *find_zone("Asia/Kolkata"));
  auto stamp = [&](const std::string& host, const std::string& written, const std::string& received) {
    std::string bytes = "<22>" + written + " " + host + " postfix/qmgr[7]: removed";
    return format_time(read({.bytes = bytes, .received = received}, rules).time);
  };
  BOOST_TEST(stamp("mx3.example.net", "Nov 23 15:11:54", "2026-11-23T20:12:00Z") ==
             "2026-11-23T20:11:54.000000Z");
  BOOST_TEST(stamp("mx4.example.net", "Nov 24 01:41:54", "2026-11-23T20:12:00Z") ==
             "2026-11-23T20:11:54.000000Z");
  BOOST_TEST(stamp("mx1.example.org", "Nov 23 20:11:54", "2026-11-23T20:12:00Z") ==
             "2026-11-23T20:11:54.000000Z");
  // A stamp with a zone needs none.
  BOOST_TEST(stamp("mx3.example.net", "2026-11-23T21:11:54+01:00", "2026-11-23T20:12:00Z") ==
             "2026-11-23T20:11:54.000000Z");
  // New Year comes later in New York: the stamp's year is that of its own clock.
  BOOST_TEST(stamp("mx3.example.net", "Dec 31 23:59:59", "2027-01-01T05:00:00Z") ==
             "2027-01-01T04:59:59.000000Z");
  // The hour that comes twice, on 1 November 2026.
  BOOST_TEST(stamp("mx3.example.net", "Nov  1 01:30:00", "2026-11-01T05:30:02Z") ==
             "2026-11-01T05:30:00.000000Z");
  BOOST_TEST(stamp("mx3.example.net", "Nov  1 01:30:00", "2026-11-01T06:30:02Z") ==
             "2026-11-01T06:30:00.000000Z");
}
