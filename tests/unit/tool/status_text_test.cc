// The daemon's answer in words; the control socket's client.
#include "core/tool/status_text.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/tool/control_client.h"
#include "core/tool/stored_text.h"

using namespace mailtrace;

namespace {

Terminal utc() {
  Terminal t;
  t.utc = true;
  return t;
}

Json sample() {
  return Json::parse(R"({"name":"mx1","version":"0.1.0","started":"2026-11-23T12:00:00.000000Z",
    "inputs":[{"input":"relp","at":"127.0.0.1:2514, 3 connections"},{"input":"udp/lan","at":"127.0.0.1:514"}],
    "spool":{"id":"u","segments":2,"bytes":134217728,"backlog_lines":17,"failed":false,"gaps":[]},
    "pipeline":{"state":"reading","visible_until":"2026-11-23T13:59:59.000000Z","open_mails":3,"held_lines":4},
    "cache":null,
    "sinks":[{"sink":"sqlite /var/lib/mailtrace/mail.db","state":"writing","failing_since":null,"last_error":"",
              "last_commit":"2026-11-23T14:00:00.000000Z","rows":1234,"dead_letters":0}],
    "unknown":[{"program":"postfix/smtpd","lines":5,"host":"mx1","time":"2026-11-23T13:59:58.000000Z",
                "text":"never seen\u001b[2J"}],
    "counters":[{"name":"parse_lines_total","label":"result=\"unknown\",program=\"postfix\"","value":5},
                {"name":"parse_lines_total","label":"result=\"unparsed\",program=\"exim\"","value":1},
                {"name":"parse_lines_total","label":"result=\"fact\",program=\"postfix\"","value":500},
                {"name":"input_lines_total","label":"input=\"relp\"","value":506},
                {"name":"input_broken_frames_total","label":"input=\"relp\"","value":2},
                {"name":"input_kernel_drops_total","label":"input=\"udp/lan\"","value":0}]})");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_healthy_daemon) {
  BOOST_TEST(daemon_text(sample(), utc()) ==
             "mailtraced 0.1.0 on mx1, running since 2026-11-23 12:00:00\n"
             "\nInputs\n"
             "  relp     127.0.0.1:2514, 3 connections, 506 lines received\n"
             "  udp/lan  127.0.0.1:514, 0 lines received\n"
             "\nSpool\n"
             "  2 segments, 128.0 MiB\n"
             "  17 lines wait to be read\n"
             "\nMails\n"
             "  reader: reading\n"
             "  newest line read 2026-11-23 13:59:59\n"
             "  3 mails under way, 4 lines held for their order\n"
             "\nDatabases\n"
             "  checked insert: a row that is there already is merged, so a line may come twice\n"
             "  sqlite /var/lib/mailtrace/mail.db: writing\n"
             "    1234 rows written, last 2026-11-23 14:00:00\n"
             "\nNot understood\n"
             "  postfix/smtpd: 5 lines\n"
             "    2026-11-23 13:59:58  mx1  never seen\\u{1b}[2J\n"
             "  exim: 1 line, no parser in the configuration\n"
             "\nLook at\n"
             "  2 broken frames (input=\"relp\")\n");
}

BOOST_AUTO_TEST_CASE(in_german_too) {
  auto terminal = utc();
  terminal.german = true;
  auto text = daemon_text(sample(), terminal);
  BOOST_TEST(text.find("127.0.0.1:2514, 3 Verbindungen, 506 Zeilen empfangen") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(one_is_singular) {
  auto json = sample();
  json["pipeline"]["open_mails"] = json["pipeline"]["held_lines"] = 1;
  json["spool"]["segments"] = json["spool"]["backlog_lines"] = 1;
  json["spool"]["gaps"] = Json::array({{{"segment", "0001"}, {"bytes", 1}, {"reason", "crc"}}});
  json["sinks"][0]["rows"] = json["sinks"][0]["dead_letters"] = 1;
  for (auto& counter : json["counters"]) counter["value"] = 1;
  auto text = daemon_text(json, utc());
  for (auto* line : {"  1 mail under way, 1 line held for its order\n", "  1 segment, ",
                     "  1 line waits to be read\n", ", 1 line received\n", "damage in 0001: 1 byte (crc)",
                     "  1 row written, ", "  1 row set aside in dead-letter.jsonl", "  1 broken frame (",
                     "  1 datagram dropped by the kernel ("})
    BOOST_TEST(text.find(line) != std::string::npos, line << " in " << text);
  auto german = utc();
  german.german = true;
  text = daemon_text(json, german);
  for (auto* line : {", 1 Zeile empfangen\n", ": 1 Byte (crc)", "  1 Zeile geschrieben, ",
                     "  1 Zeile beiseite gelegt in dead-letter.jsonl", "  1 kaputter Rahmen (",
                     "  1 Datagramm vom Kernel verworfen ("})
    BOOST_TEST(text.find(line) != std::string::npos, line << " in " << text);
}

// Whatever may be counted as trouble, once or twice, has its German.
BOOST_AUTO_TEST_CASE(trouble_in_both_languages) {
  auto german = utc();
  german.german = true;
  for (auto* name : {"dropped_lines_total",
                     "unstored_lines_total",
                     "input_lost_files_total",
                     "input_file_errors_total",
                     "kept_lines_lost_total",
                     "sink_refused_counts_total",
                     "input_kernel_drops_total",
                     "input_rejected_datagrams_total",
                     "input_rejected_connections_total",
                     "input_handshake_timeouts_total",
                     "input_frame_timeouts_total",
                     "input_evicted_connections_total",
                     "input_broken_frames_total",
                     "foreign_host_lines_total",
                     "input_truncated_lines_total",
                     "relp_broken_sessions_total",
                     "tls_failures_total",
                     "mailtrace_cache_failures_total",
                     "mailtrace_cache_too_big_total",
                     "mailtrace_cache_wrong_total"}) {
    std::string texts[2][2];
    for (int count : {1, 2}) {
      Json status{{"counters", Json::array({{{"name", name}, {"label", ""}, {"value", count}}})}};
      auto line = [&](const Terminal& terminal) {
        auto text = daemon_text(status, terminal);
        auto number = "\n  " + std::to_string(count) + " ";
        auto at = text.find(number);
        return at == std::string::npos ? std::string() : text.substr(at + number.size());
      };
      texts[count - 1][0] = line(utc());
      texts[count - 1][1] = line(german);
      BOOST_TEST(!texts[count - 1][0].empty(), name);
      BOOST_TEST(texts[count - 1][0] != texts[count - 1][1], name);
    }
    BOOST_TEST(texts[0][0] != texts[1][0], name);
    BOOST_TEST(texts[0][1] != texts[1][1], name);
  }
}

BOOST_AUTO_TEST_CASE(trouble_is_said) {
  auto json = sample();
  json["spool"]["failed"] = true;
  json["spool"]["gaps"] = Json::array({{{"segment", "0001"}, {"bytes", 12}, {"reason", "crc"}}});
  json["sinks"][0]["failing_since"] = "2026-11-23T13:00:00Z";
  json["sinks"][0]["last_error"] = "no route\x1b[2J";
  json["sinks"][0]["dead_letters"] = 3;
  auto text = daemon_text(json, utc());
  BOOST_TEST(text.find("the disk takes nothing any more") != std::string::npos);
  BOOST_TEST(text.find("damage in 0001: 12 bytes (crc)") != std::string::npos);
  BOOST_TEST(text.find("in trouble since 2026-11-23 13:00:00: no route\\u{1b}[2J") != std::string::npos);
  BOOST_TEST(text.find("3 rows set aside") != std::string::npos);
  BOOST_TEST(text.find("visible until about the time of the last start") != std::string::npos);
  json["sinks"][0]["visible_until"] = "2026-11-23T12:59:00Z";
  BOOST_TEST(daemon_text(json, utc()).find("visible until about 2026-11-23 12:59:00\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_database_that_does_not_answer_and_the_one_behind_it) {
  auto json = sample();
  json["sinks"].push_back(json["sinks"][0]);
  json["sinks"][0]["waiting_since"] = "2026-11-23T13:00:00Z";
  json["sinks"][1]["waits_for"] = "postgresql\x1b[2J";
  auto german = utc();
  german.german = true;
  auto text = daemon_text(json, utc()), other = daemon_text(json, german);
  BOOST_TEST(text.find("    waiting for an answer since 2026-11-23 13:00:00\n") != std::string::npos);
  BOOST_TEST(text.find("    waits for postgresql\\u{1b}[2J\n") != std::string::npos);
  BOOST_TEST(other.find("    wartet auf Antwort seit ") != std::string::npos);
  BOOST_TEST(other.find("    wartet auf postgresql") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(any_object_is_taken) {
  for (auto text : {"{}", R"({"inputs":3,"spool":[],"sinks":[{}],"counters":[1,null]})",
                    R"({"spool":{"gaps":{}},"sinks":"x"})"})
    BOOST_TEST(!daemon_text(Json::parse(text), utc()).empty());
}

BOOST_AUTO_TEST_CASE(days_of_a_host_are_joined) {
  HostRow one{.day = {},
              .host = "mx1",
              .first_time = time_from_us(10),
              .last_time = time_from_us(20),
              .lines = 3,
              .unknown = 1};
  HostRow two{.day = {},
              .host = "mx1",
              .first_time = time_from_us(5),
              .last_time = time_from_us(15),
              .lines = 4,
              .unknown = 0};
  HostRow other{.day = {}, .host = "mx2", .first_time = {}, .last_time = {}, .lines = 1, .unknown = 0};
  auto joined = joined_hosts({one, other, two});
  BOOST_REQUIRE(joined.size() == 2u);
  BOOST_TEST(joined[0].lines == 7);
  BOOST_TEST(to_us(joined[0].first_time) == 5);
  BOOST_TEST(to_us(joined[0].last_time) == 20);
  BOOST_TEST(joined[0].unknown == 1);
}

BOOST_AUTO_TEST_CASE(the_database_in_words) {
  Stored stored;
  Time first = time_from_us(1'700'000'000'000'000), last = first + std::chrono::hours(3);
  stored.hosts = {{day_of(first), "mx1", first, last, 3, 1}};
  HostCoverage coverage;
  coverage.host = "mx1";
  coverage.lines = 5;
  coverage.silences = {{first, last, {}, true}};
  stored.coverage = {coverage};
  HourRow program;
  program.program = "postfix";
  program.understood = 3;
  program.ignored = 1;
  program.unknown = 1;
  stored.programs = {program};
  GapRow gap;
  gap.receiver = "r1";
  gap.first_time = first;
  gap.last_time = last;
  gap.lines = 1;
  gap.reason = "crc";
  stored.gaps = {gap};
  BOOST_TEST(stored_text(stored, utc()) ==
             "\nServers in the database\n"
             "  mx1  2023-11-14 22:13:20 – 2023-11-15 01:13:20          5 lines, 1 not understood\n"
             "    silent 2023-11-14 22:13:20 – 2023-11-15 01:13:20\n"
             "\nLines by program\n"
             "  postfix  3 understood, 1 known and ignored, 1 not understood\n"
             "\nLines lost on the way\n"
             "  r1  2023-11-14 22:13:20 – 2023-11-15 01:13:20  1 line  crc\n");
  UnknownRow one;
  one.program = "postfix/smtpd";
  one.lines = 2;
  one.first_time = one.last_time = first;
  one.host = "mx1";
  one.text = "older\x1b";
  UnknownRow two = one;
  two.slot = 1;
  two.last_time = last;
  two.text = "newer\x1b";
  UnknownRow imported = one;  // the same lines once more
  one.source = two.source = "receiver";
  BOOST_TEST(unknown_text(joined_unknown({one, two, imported}), utc()) ==
             "\nLines that no parser understood\n"
             "  postfix/smtpd: 4 lines, last 2023-11-15 01:13:20, mx1\n"
             "    newer\\u{1b}\n");
}

BOOST_AUTO_TEST_CASE(the_socket_is_asked_and_read_to_its_end) {
  char directory[] = "/tmp/status_text_test.XXXXXX";
  BOOST_REQUIRE(::mkdtemp(directory));
  auto path = std::string(directory) + "/control.sock";
  auto missing = ask_daemon(path, "status");
  BOOST_REQUIRE(!missing);
  BOOST_TEST((missing.error().fault == Fault::transient));
  BOOST_TEST(!ask_daemon(std::string(200, 'x'), "status"));

  int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  BOOST_REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  BOOST_REQUIRE(::listen(listener, 1) == 0);
  std::string answer = "{\"long\":\"" + std::string(300'000, 'x') + "\"}", asked;
  std::thread daemon([&] {
    int fd = ::accept(listener, nullptr, nullptr);
    char c = 0;
    while (::read(fd, &c, 1) == 1 && c != '\n') asked += c;
    auto line = answer + "\n";
    for (size_t sent = 0; sent < line.size();) {
      auto n = ::write(fd, line.data() + sent, line.size() - sent);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    ::close(fd);
  });
  auto got = ask_daemon(path, "status");
  daemon.join();
  ::close(listener);
  std::filesystem::remove_all(directory);
  BOOST_REQUIRE(got);
  BOOST_TEST((*got == answer));
  BOOST_TEST(asked == "status");
}
