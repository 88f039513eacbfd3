// Headers: each rendering of one message reads the same, and nothing that is cut off or odd does harm.
#include "core/parse/header.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace mailtrace;

namespace {

Time at(const std::string& text) {
  Time time;
  BOOST_REQUIRE_MESSAGE(parse_time(text, time), text);
  return time;
}

struct Read {
  std::unique_ptr<std::string> bytes;  // what `line` borrows from
  LogLine line;
};

Read read(const std::string& bytes, const std::string& received = "2026-11-23T20:12:00Z",
          HeaderOptions options = {}, Transport transport = Transport::tcp) {
  Read out{std::make_unique<std::string>(bytes), {}};
  Record record;
  record.transport = transport;
  record.received = at(received);
  record.peer = "192.0.2.1";
  record.bytes = *out.bytes;
  parse_header(record, options, out.line);
  return out;
}

const std::string text = "5AD2451CBE8: message-id=<a@example.org>";
const std::string long_text(200, 'x');

void check(const std::string& bytes, const std::string& stamp, const std::string& host,
           const std::string& app, const std::string& pid) {
  BOOST_TEST_CONTEXT(bytes) {
    Record record;
    record.received = at("2026-11-23T20:12:00Z");
    record.peer = "192.0.2.1";
    record.bytes = bytes;
    LogLine line;
    parse_header(record, {}, line);
    BOOST_CHECK_EQUAL(format_time(line.time), stamp);
    BOOST_CHECK_EQUAL(line.hostname, host);
    BOOST_CHECK_EQUAL(line.app_name, app);
    BOOST_CHECK_EQUAL(line.proc_id, pid);
    BOOST_CHECK_EQUAL(line.text, text);
    BOOST_CHECK_EQUAL(line.raw, bytes);
    BOOST_CHECK(!line.time_suspect);
  }
}

const std::string fine = "2026-11-23T20:11:54.154266Z", coarse = "2026-11-23T20:11:54.000000Z";

}  // namespace

BOOST_AUTO_TEST_CASE(reads_every_rendering) {
  // RSYSLOG_TraditionalFileFormat, RSYSLOG_TraditionalForwardFormat
  check("Nov 23 20:11:54 mx1 postfix/cleanup[20108]: " + text, coarse, "mx1", "postfix/cleanup", "20108");
  check("<22>Nov 23 20:11:54 mx1 postfix/cleanup[20108]: " + text + "\n", coarse, "mx1", "postfix/cleanup",
        "20108");
  // RSYSLOG_FileFormat, RSYSLOG_ForwardFormat
  check("2026-11-23T20:11:54.154266+00:00 mx1 postfix/cleanup[20108]: " + text, fine, "mx1",
        "postfix/cleanup", "20108");
  check("<22>2026-11-23T21:11:54.154266+01:00 mx1 postfix/cleanup[20108]: " + text, fine, "mx1",
        "postfix/cleanup", "20108");
  // RSYSLOG_SyslogProtocol23Format, with and without the slash
  check("<22>1 2026-11-23T20:11:54.154266+00:00 mx1 postfix/cleanup 20108 - -  " + text, fine, "mx1",
        "postfix/cleanup", "20108");
  check("<22>1 2026-11-23T20:11:54.154266Z mx1 postfix 20108 - - " + text, fine, "mx1", "postfix", "20108");
  // syslog-ng: network() with ts-format(iso), frac_digits(3), ts-format(unix)
  check("<22>2026-11-23T20:11:54+00:00 mx1 postfix/cleanup[20108]: " + text, coarse, "mx1", "postfix/cleanup",
        "20108");
  check("<22>2026-11-23T20:11:54.154+00:00 mx1 postfix/cleanup[20108]: " + text,
        "2026-11-23T20:11:54.154000Z", "mx1", "postfix/cleanup", "20108");
  check("<22>1795464714 mx1 postfix/cleanup[20108]: " + text, coarse, "mx1", "postfix/cleanup", "20108");
  check("<22>1795464714.154266 mx1 postfix/cleanup[20108]: " + text, fine, "mx1", "postfix/cleanup", "20108");
  // A template that puts the whole tag into APP-NAME
  check("<22>1 2026-11-23T20:11:54.154266Z mx1 postfix/cleanup[20108]: 20108 - - " + text, fine, "mx1",
        "postfix/cleanup", "20108");
  check("<22>1 2026-11-23T20:11:54.154266Z mx1 postfix/cleanup[20108]: - - - " + text, fine, "mx1",
        "postfix/cleanup", "20108");
  // RFC 5424 relayed as traditional: no colon behind the tag
  check("<22>2026-11-23T20:11:54.154266Z mx1 postfix/cleanup[20108] " + text, fine, "mx1", "postfix/cleanup",
        "20108");
  check("<22>Nov 23 20:11:54 mx1 postfix " + text, coarse, "mx1", "postfix", "");
  // Tags cut at 32 characters: without colon, within the pid, within the name
  check("<22>2026-11-23T20:11:54.154266Z mx1 postfix/submission/smtpd[316821] " + text, fine, "mx1",
        "postfix/submission/smtpd", "316821");
  check("<22>2026-11-23T20:11:54.154266Z mx1 postfix/submission/smtpd[3168211 " + text, fine, "mx1",
        "postfix/submission/smtpd", "");
  check("<22>2026-11-23T20:11:54.154266Z mx1 postfix-outgoing/submission/smtp " + text, fine, "mx1",
        "postfix-outgoing/submission/smtp", "");
  // No host name
  check("<22>Nov 23 20:11:54 postfix/cleanup[20108]: " + text, coarse, "", "postfix/cleanup", "20108");
  check("<22>Nov 23 20:11:54 postfix: " + text, coarse, "", "postfix", "");
  check("<22>1 2026-11-23T20:11:54.154266Z - postfix/cleanup 20108 - - " + text, fine, "", "postfix/cleanup",
        "20108");
  // syslog-ng: frac_digits(3), ts-format(full), chain_hostnames(yes), RFC 5424 with byte order mark
  check("<22>Nov 23 20:11:54.154 mx1 postfix/cleanup[20108]: " + text, "2026-11-23T20:11:54.154000Z", "mx1",
        "postfix/cleanup", "20108");
  check("<22>2026 Nov 23 20:11:54 mx1 postfix/cleanup[20108]: " + text, coarse, "mx1", "postfix/cleanup",
        "20108");
  check("<22>Nov 23 20:11:54 mx1/relay postfix/cleanup[20108]: " + text, coarse, "mx1/relay",
        "postfix/cleanup", "20108");
  check("<22>1 2026-11-23T20:11:54.154+00:00 mx1 postfix/cleanup 20108 - - \xEF\xBB\xBF" + text,
        "2026-11-23T20:11:54.154000Z", "mx1", "postfix/cleanup", "20108");
  // What frames leave behind
  check("<22>1 2026-11-23T20:11:54.154266Z mx1 postfix/cleanup 20108 - - " + text + std::string("\r\n\0", 3),
        fine, "mx1", "postfix/cleanup", "20108");
  check("<22>1 2026-11-23T20:11:54.154266123Z mx1 postfix/cleanup 20108 - - " + text, fine, "mx1",
        "postfix/cleanup", "20108");
}

// rsyslog with $RepeatedMsgReduction on.
BOOST_AUTO_TEST_CASE(reads_what_rsyslog_says_once_for_many) {
  const std::string start = "<22>1 2026-11-23T20:11:54.154266+00:00 mx1 postfix/smtpd 11 - -  ";
  auto once = read(start + "message repeated 3 times: [ " + text + "]");
  BOOST_TEST(once.line.text == text);
  BOOST_TEST((once.line.identity == read(start + text).line.identity));
  BOOST_TEST(!once.line.truncated);
  auto cut = read(start + "message repeated 2 times: [ " + std::string(800, 'x') + "]");
  BOOST_TEST(cut.line.truncated);
  for (auto* other :
       {"message repeated x times: [ a]", "message repeated 3 times: [ a", "message repeated 3 times: a]"})
    BOOST_TEST(read(start + other).line.text == other);
}

BOOST_AUTO_TEST_CASE(reads_priority) {
  auto line = read("<22>Nov 23 20:11:54 mx1 a[1]: " + long_text).line;
  BOOST_CHECK_EQUAL(line.facility, 2);
  BOOST_CHECK_EQUAL(line.severity, 6);
  BOOST_CHECK_EQUAL(read("Nov 23 20:11:54 mx1 a[1]: " + long_text).line.facility, -1);
  BOOST_CHECK_EQUAL(read("<192>Nov 23 20:11:54 mx1 a[1]: " + long_text).line.facility, -1);
  BOOST_CHECK_EQUAL(read("<-1>Nov 23 20:11:54 mx1 a[1]: " + long_text).line.facility, -1);
}

BOOST_AUTO_TEST_CASE(reads_structured_data) {
  std::string start = "<22>1 2026-11-23T20:11:54.154266Z mx1 postfix/smtpd 20108 ID7 ";
  auto line = read(start + R"([a@1 x="q\"]\\" y=""][mt@32473 u="0a-1"] )" + long_text);
  BOOST_CHECK_EQUAL(line.line.structured_data, R"([a@1 x="q\"]\\" y=""][mt@32473 u="0a-1"])");
  BOOST_CHECK_EQUAL(line.line.msg_id, "ID7");
  BOOST_CHECK_EQUAL(line.line.text, long_text);
  // Never closed: no part of it can be trusted, the whole line is text.
  auto open = read(start + R"([a@1 x="q\"] )" + long_text);
  BOOST_CHECK_EQUAL(open.line.app_name, "");
  BOOST_CHECK(open.line.text.starts_with("1 2026-11-23T20:11:54"));
}

BOOST_AUTO_TEST_CASE(reads_a_tag_with_neither_host_nor_colon) {
  auto got = read("<22>Nov 23 20:11:54 postfix/smtpd connect from mail.example.com[192.0.2.1]");
  BOOST_CHECK_EQUAL(got.line.hostname, "");
  BOOST_CHECK_EQUAL(got.line.app_name, "postfix/smtpd");
  BOOST_CHECK_EQUAL(got.line.text, "connect from mail.example.com[192.0.2.1]");
}

BOOST_AUTO_TEST_CASE(other_numbers_are_no_stamps) {
  for (auto number : {"0795464714", "179546471", "17954647140", "1795464714.", "1795464714x", "-795464714"}) {
    auto r = read("<22>" + std::string(number) + " mx1 postfix/cleanup[20108]: " + text);
    BOOST_TEST(format_time(r.line.time) == "2026-11-23T20:12:00.000000Z", number);
  }
}

BOOST_AUTO_TEST_CASE(everything_is_text_without_a_header) {
  for (std::string bytes : {"hello world, this is no syslog line at all, is it",
                            "<22>Nov 31 20:11:54 mx1 a[1]: this day never comes",
                            "<22>Foo 23 20:11:54 mx1 a[1]: this is not a month at all",
                            "<22>Nov 23 24:11:54 mx1 a[1]: this is not an hour"}) {
    auto got = read(bytes);
    std::string want = bytes.starts_with("<22>") ? bytes.substr(4) : bytes;
    BOOST_CHECK_EQUAL(got.line.text, want);
    BOOST_CHECK_EQUAL(got.line.app_name, "");
    BOOST_CHECK_EQUAL(got.line.hostname, "");
    BOOST_CHECK(got.line.time == at("2026-11-23T20:12:00Z"));
  }
  BOOST_CHECK_EQUAL(read("").line.text, "");
}

BOOST_AUTO_TEST_CASE(finds_the_year) {
  auto stamp = [](const std::string& start, const std::string& received, bool import = false) {
    HeaderOptions options;
    options.import = import;
    return format_time(read("<22>" + start + " mx1 a[1]: " + long_text, received, options).line.time)
        .substr(0, 19);
  };
  BOOST_CHECK_EQUAL(stamp("Dec 31 23:59:59", "2027-01-01T00:00:05Z"), "2026-12-31T23:59:59");
  BOOST_CHECK_EQUAL(stamp("Jan  1 00:00:01", "2026-12-31T23:59:58Z"), "2027-01-01T00:00:01");
  BOOST_CHECK_EQUAL(stamp("Jun 10 12:00:00", "2026-12-05T00:00:00Z"), "2026-06-10T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Jun  1 12:00:00", "2026-12-05T00:00:00Z"), "2027-06-01T12:00:00");
  // Only leap years have it; 2100 is none.
  BOOST_CHECK_EQUAL(stamp("Feb 29 12:00:00", "2028-02-29T12:00:01Z"), "2028-02-29T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Feb 29 12:00:00", "2027-03-01T00:00:00Z"), "2028-02-29T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Feb 29 12:00:00", "2025-03-01T00:00:00Z"), "2024-02-29T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Feb 29 12:00:00", "2026-03-10T00:00:00Z"), "2028-02-29T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Feb 29 12:00:00", "2099-03-01T00:00:00Z"), "2096-02-29T12:00:00");
  // An import looks backwards from the file's time.
  BOOST_CHECK_EQUAL(stamp("Dec  6 12:00:00", "2026-12-05T13:00:00Z", true), "2026-12-06T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Dec  7 12:00:00", "2026-12-05T13:00:00Z", true), "2025-12-07T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Jan 10 12:00:00", "2026-01-02T00:00:00Z", true), "2025-01-10T12:00:00");
  BOOST_CHECK_EQUAL(stamp("Feb 29 12:00:00", "2027-03-01T00:00:00Z", true), "2024-02-29T12:00:00");
  // A zone may lead out of the years that can be written.
  auto utc = [&](const std::string& start) {
    return format_time(read(start + " mx1 a[1]: " + long_text).line.time);
  };
  BOOST_CHECK_EQUAL(utc("9999-12-31T23:59:59-12:00"), "9999-12-31T23:59:59.999999Z");
  BOOST_CHECK_EQUAL(utc("0001-01-01T00:00:00+14:00"), "0001-01-01T00:00:00.000000Z");
  BOOST_CHECK_EQUAL(utc("0000-01-01T00:00:00+14:00"), "0001-01-01T00:00:00.000000Z");
  BOOST_CHECK_EQUAL(utc("0000 Jan  1 00:00:00"), "0001-01-01T00:00:00.000000Z");
  BOOST_CHECK_EQUAL(utc("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59.000000Z");
  // Leap seconds
  BOOST_CHECK_EQUAL(
      format_time(read("Dec 31 23:59:60 mx1 a[1]: " + long_text, "2027-01-01T00:00:05Z").line.time),
      "2026-12-31T23:59:59.999999Z");
  BOOST_CHECK_EQUAL(format_time(read("2026-12-31T23:59:60.5Z mx1 a[1]: " + long_text).line.time),
                    "2026-12-31T23:59:59.999999Z");
}

BOOST_AUTO_TEST_CASE(knows_zones) {
  auto berlin = find_zone("Europe/Berlin");
  BOOST_REQUIRE(bool(berlin));
  BOOST_CHECK(bool(find_zone("")));
  auto wrong = find_zone("Europe/Berlln");
  BOOST_REQUIRE(!wrong);
  BOOST_CHECK(wrong.error().fault == Fault::config);
  BOOST_CHECK_EQUAL(
      wrong.error().text,
      "time zone \"Europe/Berlln\" is not in the time zone database, did you mean Europe/Berlin?");
  auto stamp = [&](const std::string& start, const std::string& received) {
    HeaderOptions options;
    options.zone = *berlin;
    return format_time(read(start + " mx1 a[1]: " + long_text, received, options).line.time);
  };
  BOOST_CHECK_EQUAL(stamp("Nov 23 21:11:54", "2026-11-23T20:12:00Z"), "2026-11-23T20:11:54.000000Z");
  BOOST_CHECK_EQUAL(stamp("Jul 23 21:11:54", "2026-07-23T19:12:00Z"), "2026-07-23T19:11:54.000000Z");
  // The hour that comes twice: the reading nearer to the time of receipt. 25 October 2026, 03:00 CEST = 02:00
  // CET.
  BOOST_CHECK_EQUAL(stamp("Oct 25 02:30:00", "2026-10-25T00:30:01Z"), "2026-10-25T00:30:00.000000Z");
  BOOST_CHECK_EQUAL(stamp("Oct 25 02:30:00", "2026-10-25T01:30:01Z"), "2026-10-25T01:30:00.000000Z");
  // The hour that never was. 29 March 2026, 02:00 CET = 03:00 CEST.
  BOOST_CHECK_EQUAL(stamp("Mar 29 02:30:00", "2026-03-29T01:30:00Z"), "2026-03-29T01:30:00.000000Z");
  // Before and after, so that no remembered offset outlives its hour.
  BOOST_CHECK_EQUAL(stamp("Mar 29 01:59:59", "2026-03-29T01:00:00Z"), "2026-03-29T00:59:59.000000Z");
  BOOST_CHECK_EQUAL(stamp("Mar 29 03:00:00", "2026-03-29T01:00:00Z"), "2026-03-29T01:00:00.000000Z");
  BOOST_CHECK_EQUAL(stamp("Oct 25 01:59:59", "2026-10-25T00:00:00Z"), "2026-10-24T23:59:59.000000Z");
  BOOST_CHECK_EQUAL(stamp("Oct 25 03:00:00", "2026-10-25T02:00:00Z"), "2026-10-25T02:00:00.000000Z");
  // A stamp that names its zone needs none; one in ISO form without zone does.
  BOOST_CHECK_EQUAL(stamp("2026-11-23T20:11:54Z", "2026-11-23T20:12:00Z"), "2026-11-23T20:11:54.000000Z");
  BOOST_CHECK_EQUAL(stamp("2026-11-23T21:11:54", "2026-11-23T20:12:00Z"), "2026-11-23T20:11:54.000000Z");
}

BOOST_AUTO_TEST_CASE(suspects_far_stamps) {
  auto suspect = [](const std::string& stamp, bool import = false) {
    HeaderOptions options;
    options.import = import;
    return read(stamp + " mx1 a[1]: " + long_text, "2026-11-23T20:12:00Z", options).line.time_suspect;
  };
  BOOST_CHECK(!suspect("2026-11-22T08:13:00Z"));
  BOOST_CHECK(suspect("2026-11-22T08:11:00Z"));
  BOOST_CHECK(!suspect("2026-11-25T08:11:00Z"));
  BOOST_CHECK(suspect("2026-11-25T08:13:00Z"));
  BOOST_CHECK(!suspect("2020-01-01T00:00:00Z", true));
}

// A log file that is followed from its beginning may hold most of a year: the same rows as of an import.
BOOST_AUTO_TEST_CASE(followed_files_are_read_as_imports_are) {
  auto old = [](const std::string& start, const std::string& received, Transport transport, bool import) {
    HeaderOptions options;
    options.import = import;
    auto line = read(start + " mx1 postfix/qmgr[1]: " + text, received, options, transport).line;
    return std::make_tuple(format_time(line.time), line.time_suspect, line.identity, line.imported);
  };
  for (std::string start : {"Mar  1 10:00:00", "Nov 29 09:00:00", "Nov 30 12:00:00", "Jan  1 00:00:00",
                            "Nov 28 09:59:59", "2026 Mar  1 10:00:00", "2019-03-01T10:00:00.000001Z"}) {
    auto [time, suspect, identity, imported] = old(start, "2026-11-28T10:00:00Z", Transport::file, false);
    auto [import_time, import_suspect, import_identity, is_import] =
        old(start, "2026-11-28T10:00:00Z", Transport::import, true);
    BOOST_TEST_CONTEXT(start) {
      BOOST_CHECK_EQUAL(time, import_time);
      BOOST_CHECK_EQUAL(suspect, import_suspect);
      BOOST_CHECK(identity == import_identity);
      BOOST_CHECK(!imported && is_import);
    }
  }
  auto file = [&](const std::string& start, const std::string& received) {
    auto [time, suspect, identity, imported] = old(start, received, Transport::file, false);
    return time.substr(0, 19) + (suspect ? "?" : "");
  };
  BOOST_CHECK_EQUAL(file("Mar  1 10:00:00", "2026-11-28T10:00:00Z"), "2026-03-01T10:00:00");
  // New Year, and a clock that is fast
  BOOST_CHECK_EQUAL(file("Dec 31 23:59:59", "2027-01-01T00:00:05Z"), "2026-12-31T23:59:59");
  BOOST_CHECK_EQUAL(file("Jan  1 00:00:01", "2026-12-31T23:59:58Z"), "2027-01-01T00:00:01");
  BOOST_CHECK_EQUAL(file("Jan  1 20:00:00", "2026-12-31T23:00:00Z"), "2027-01-01T20:00:00");
  // The future stays a suspect: it would hold up all that comes after it.
  BOOST_CHECK_EQUAL(file("2027-03-01T10:00:00Z", "2026-11-28T10:00:00Z"), "2027-03-01T10:00:00?");
  // Over the network the nearest year is meant, and old is odd.
  auto [time, suspect, identity, imported] =
      old("Mar  1 10:00:00", "2026-11-28T10:00:00Z", Transport::tcp, false);
  BOOST_CHECK_EQUAL(time.substr(0, 19), "2027-03-01T10:00:00");
  BOOST_CHECK(suspect);
}

BOOST_AUTO_TEST_CASE(identity_is_that_of_the_message) {
  auto id = [](const std::string& bytes) { return read(bytes).line.identity; };
  auto file = id("2026-11-23T20:11:54.154266+00:00 mx1 postfix/submission/smtpd[3168211]: " + text);
  BOOST_CHECK(file ==
              id("<22>1 2026-11-23T20:11:54.154266+00:00 mx1 postfix/submission/smtpd 3168211 - -  " + text));
  BOOST_CHECK(file == id("<22>1 2026-11-23T21:11:54.154266+01:00 mx1 postfix 3168211 - - " + text + "\n"));
  BOOST_CHECK(file ==
              id("<22>2026-11-23T20:11:54.154266+00:00 mx1 postfix/submission/smtpd[3168211 " + text));
  // An import has no uuid, and must meet what came over the network with one.
  BOOST_CHECK(file ==
              id("<22>1 2026-11-23T20:11:54.154266Z mx1 postfix/smtpd 1 - [mt@32473 u=\"A\"] " + text));
  for (std::string other : {"2026-11-23T20:11:54.154267+00:00 mx1 postfix/smtpd[1]: " + text,
                            "2026-11-23T20:11:54.154266+00:00 mx2 postfix/smtpd[1]: " + text,
                            "2026-11-23T20:11:54.154266+00:00 mx1 dovecot[1]: " + text,
                            "2026-11-23T20:11:54.154266+00:00 mx1 postfix/smtpd[1]: " + text + "x"})
    BOOST_CHECK_MESSAGE(file != id(other), other);
  // Whole seconds: pid and uuid tell lines apart.
  auto coarse_id = id("Nov 23 20:11:54 mx1 postfix/smtpd[1]: " + text);
  BOOST_CHECK(coarse_id == id("<22>Nov 23 20:11:54 mx1 postfix/smtpd[1]: " + text + "\n"));
  BOOST_CHECK(coarse_id == id("<22>1 2026-11-23T20:11:54Z mx1 postfix 1 - - " + text));
  BOOST_CHECK(coarse_id != id("Nov 23 20:11:54 mx1 postfix/smtpd[2]: " + text));
  auto a = id("<22>1 2026-11-23T20:11:54Z mx1 postfix 1 - [x@1 u=\"B\"][mt@32473 v=\"1\" u=\"A\"] " + text);
  BOOST_CHECK(a == id("<22>1 2026-11-23T20:11:54Z mx1 postfix 1 - [mt@1 u=\"A\"] " + text));
  BOOST_CHECK(a != id("<22>1 2026-11-23T20:11:54Z mx1 postfix 1 - [mt@1 u=\"B\"] " + text));
  // Milliseconds: the pid does, for a burst of several processes falls into one.
  auto burst = id("2026-11-23T20:11:54.154+00:00 mx1 postfix/smtpd[1]: " + text);
  BOOST_CHECK(burst != id("2026-11-23T20:11:54.154+00:00 mx1 postfix/smtpd[2]: " + text));
  BOOST_CHECK(burst != id("2026-11-23T20:11:54,154+00:00 mx1 postfix/smtpd[3]: " + text));
  BOOST_CHECK(burst == id("<22>1 2026-11-23T20:11:54.154Z mx1 postfix/smtpd 1 - [mt@1 u=\"A\"] " + text));
  BOOST_CHECK(id("Nov 23 20:11:54.154 mx1 postfix/smtpd[1]: " + text) == burst);
  BOOST_CHECK(id("Nov 23 20:11:54.1542 mx1 postfix/smtpd[1]: " + text) ==
              id("Nov 23 20:11:54.1542 mx1 postfix/smtpd[2]: " + text));
  // The peer stands for a missing host name.
  BOOST_CHECK(id("<22>Nov 23 20:11:54 postfix[1]: " + text) ==
              id("<22>Nov 23 20:11:54 192.0.2.1 postfix[1]: " + text));
}

BOOST_AUTO_TEST_CASE(cut_anywhere_does_no_harm) {
  for (std::string bytes : {"<22>Nov 23 20:11:54 mx1 postfix/cleanup[20108]: " + text,
                            "<22>2026 Nov 23 20:11:54.123 mx1 postfix/cleanup[20108]: " + text,
                            "<22>2026-11-23T20:11:54.154266+00:00 mx1 postfix/cleanup[20108] " + text,
                            "<22>1 2026-11-23T20:11:54.154266Z mx1 postfix/cleanup 20108 - [a@1 "
                            "x=\"\\\"]\"][mt@1 u=\"A\"] \xEF\xBB\xBF" +
                                text}) {
    for (size_t size = 0; size <= bytes.size(); ++size) {
      // Of exactly this size on the heap, so that a sanitizer sees every step too far.
      std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
      Record record;
      record.received = at("2026-11-23T20:12:00Z");
      record.bytes = {cut.data(), cut.size()};
      LogLine line;
      parse_header(record, {}, line);
      for (auto view : {line.hostname, line.app_name, line.proc_id, line.msg_id, line.structured_data,
                        line.text, line.raw}) {
        if (view.empty()) continue;
        BOOST_CHECK(view.data() >= cut.data() && view.data() + view.size() <= cut.data() + cut.size());
      }
    }
  }
}
