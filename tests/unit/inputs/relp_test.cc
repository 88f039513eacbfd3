// The relp input over real sockets.
#include <boost/test/unit_test.hpp>

#include "tests/unit/inputs/input_fixture.h"
#include "tests/unit/net/certificates.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {
const std::string open_frame = "1 open 15 commands=syslog\n";

std::string syslog(int first, int count, const std::string& text = "<22>1 line ") {
  std::string frames;
  for (int i = first; i < first + count; ++i) {
    std::string data = text + std::to_string(i);
    frames += std::to_string(i) + " syslog " + std::to_string(data.size()) + " " + data + "\n";
  }
  return frames;
}
std::string answers(int first, int count) {
  std::string frames;
  for (int i = first; i < first + count; ++i) frames += std::to_string(i) + " rsp 6 200 OK\n";
  return frames;
}

struct RelpFixture : InputFixture {
  void start_relp(const std::string& more = "") { start("relp", "listen: 127.0.0.1:0\n" + more); }
  Client& open() {
    Client& client = connect();
    client.send(open_frame);
    BOOST_REQUIRE(until([&] { return client.received.ends_with("commands=syslog\n"); }));
    client.received.clear();
    client.reads_with_data = 0;
    return client;
  }
  bool took(size_t lines) {
    return until([&] { return intake.taken.size() >= lines; });
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(relp_input, RelpFixture)

BOOST_AUTO_TEST_CASE(answers_when_durable_and_not_before) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 3));
  BOOST_REQUIRE(took(3));
  settle_down();
  BOOST_TEST(client.received == "");
  intake.settle();
  BOOST_TEST(until([&] { return client.received == answers(2, 3); }));
  BOOST_TEST(intake.all() == "<22>1 line 2|<22>1 line 3|<22>1 line 4|");
  BOOST_TEST(intake.taken[0].peer == "127.0.0.1");
  BOOST_TEST((intake.taken[0].transport == Transport::relp));
  BOOST_TEST(intake.taken[0].flags == 0);
}

BOOST_AUTO_TEST_CASE(one_commit_is_one_write) {
  start_relp();
  Client& client = open();
  for (int i = 0; i < 5; ++i) {
    client.send(syslog(2 + i * 10, 10));
    BOOST_REQUIRE(took(static_cast<size_t>(i + 1) * 10));
  }
  BOOST_TEST(intake.submits == 5);
  intake.settle();
  BOOST_REQUIRE(until([&] { return client.received == answers(2, 50); }));
  BOOST_TEST(client.reads_with_data == 1);
}

BOOST_AUTO_TEST_CASE(refused_then_resumed) {
  start_relp();
  Client& client = open();
  intake.refuse = true;
  client.send(syslog(2, 100));
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  input->pause();
  settle_down();
  BOOST_TEST(client.received == "");
  BOOST_TEST(intake.taken.empty());
  intake.refuse = false;
  input->resume();
  BOOST_REQUIRE(took(100));
  intake.settle();
  BOOST_TEST(until([&] { return client.received == answers(2, 100); }));
  BOOST_TEST(intake.taken.size() == 100u);
}

// The intake has room again, but nobody calls resume().
BOOST_AUTO_TEST_CASE(refused_is_offered_again) {
  start_relp("handshake_timeout: 100ms");
  Client& client = open();
  intake.refuse = true;
  client.send(syslog(2, 1));
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  intake.refuse = false;
  BOOST_TEST(took(1));
}

BOOST_AUTO_TEST_CASE(while_paused_nothing_is_read) {
  start_relp();
  Client& client = open();
  input->pause();
  client.send(syslog(2, 1));
  settle_down();
  BOOST_TEST(intake.taken.empty());
  input->resume();
  BOOST_TEST(took(1));
}

BOOST_AUTO_TEST_CASE(not_stored_closes_without_answer) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 3));
  BOOST_REQUIRE(took(3));
  intake.settle(false);
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(client.received == "");
}

BOOST_AUTO_TEST_CASE(a_connection_that_dies_before_durable) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 3));
  BOOST_REQUIRE(took(3));
  client.reset();
  settle_down();
  intake.settle();
  settle_down();
  BOOST_TEST(input->describe().ends_with("0 connections"));
  BOOST_TEST(counter("relp_unanswered_bytes", "input=\"relp\"") == 0u);
}

// Frames that were read when the connection breaks are with the intake all the same.
BOOST_AUTO_TEST_CASE(frames_before_a_break_are_taken) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 50) + "garbage");
  BOOST_REQUIRE(took(50));
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(client.received == "");
  intake.settle();
  settle_down();
}

BOOST_AUTO_TEST_CASE(close_is_answered_after_all_lines) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 2) + "4 close 0\n");
  BOOST_REQUIRE(took(2));
  settle_down();
  BOOST_TEST(client.received == "");
  intake.settle();
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(client.received == answers(2, 2) + "4 rsp 0\n0 serverclose 0\n");
}

BOOST_AUTO_TEST_CASE(a_client_that_ends_gets_its_answers) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 2));
  client.turn();
  client.half_close();
  BOOST_REQUIRE(took(2));
  settle_down();
  BOOST_TEST(!client.closed);
  intake.settle();
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(client.received == answers(2, 2));
}

BOOST_AUTO_TEST_CASE(unanswered_bytes_are_bounded) {
  start_relp("max_unanswered: 64 KiB");
  Client& client = open();
  std::string text(1000, 'x');
  client.send(syslog(2, 5000, text));  // 5 MB
  BOOST_REQUIRE(until([&] { return intake.taken.size() > 60; }));
  settle_down();
  // one read of 256 KiB may be above the limit
  BOOST_TEST(intake.taken.size() < 400u);
  BOOST_TEST(until([&] {
    intake.settle();
    return client.received == answers(2, 5000);
  }));
  BOOST_TEST(intake.taken.size() == 5000u);
}

// Who does not read its answers is not read from for ever; nothing grows without limit.
BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_answers) {
  start_relp();
  Client& client = open();
  client.reads = false;
  std::string frames;
  for (int i = 2; i < 1000000; ++i) frames += std::to_string(i) + " syslog 1 a\n";
  client.send(frames);
  size_t before = SIZE_MAX;
  for (int i = 0; i < 300 && before != intake.taken.size(); ++i) {
    before = intake.taken.size();
    for (int j = 0; j < 30; ++j) {
      turn();
      intake.settle();
    }
  }
  BOOST_TEST(intake.taken.size() < 999998u);
  client.reads = true;
  BOOST_TEST(until([&] {
    intake.settle();
    return intake.taken.size() == 999998u;
  }));
}

BOOST_AUTO_TEST_CASE(stop_answers_what_was_read) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 10));
  BOOST_REQUIRE(took(10));
  begin_stop();
  settle_down();
  BOOST_TEST(!stopped);
  BOOST_TEST(client.received == "");
  intake.settle();
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(client.received == answers(2, 10) + "0 serverclose 0\n");
  clients.clear();
  BOOST_TEST(until([&] { return stopped; }));
}

BOOST_AUTO_TEST_CASE(stop_with_a_client_that_is_asleep) {
  start_relp();
  Client& client = open();
  client.reads = false;
  begin_stop();
  BOOST_TEST(until([&] { return stopped; }));
}

BOOST_AUTO_TEST_CASE(stop_waits_for_lines_of_a_dead_connection) {
  start_relp();
  Client& client = open();
  client.send(syslog(2, 1));
  BOOST_REQUIRE(took(1));
  client.send("garbage ");
  BOOST_REQUIRE(until([&] { return client.closed; }));
  settle_down();
  begin_stop();
  settle_down();
  BOOST_TEST(!stopped);
  intake.settle();
  BOOST_TEST(until([&] { return stopped; }));
}

BOOST_AUTO_TEST_CASE(who_says_nothing_is_cut_off) {
  start_relp("handshake_timeout: 100ms");
  Client& silent = connect();
  Client& slow = connect();
  slow.send("1 open 1");  // half a frame
  Client& greeted = open();
  BOOST_TEST(until([&] { return silent.closed && slow.closed; }));
  settle_down();
  BOOST_TEST(!greeted.closed);
}

BOOST_AUTO_TEST_CASE(idle_timeout) {
  start_relp("idle_timeout: 100ms");
  Client& client = open();
  BOOST_TEST(until([&] { return client.closed; }));
}

BOOST_AUTO_TEST_CASE(limits_of_connections) {
  start_relp("max_connections: 3\nmax_connections_per_address: 2\nhandshake_timeout: 1h");
  uint64_t before = count("input_rejected_connections_total");
  Client &first = open(), &second = open();
  Client& third = connect();
  BOOST_TEST(until([&] { return third.closed; }));
  Client& other = connect("127.0.0.2");
  Client& fifth = connect("127.0.0.3");
  BOOST_TEST(until([&] { return fifth.closed; }));
  settle_down();
  BOOST_TEST(!first.closed);
  BOOST_TEST(!second.closed);
  BOOST_TEST(!other.closed);
  BOOST_TEST(count("input_rejected_connections_total") == before + 2);
  BOOST_TEST(count("input_connections") == 3u);
  first.reset();
  BOOST_TEST(until([&] { return count("input_connections") == 2u; }));
  open();
}

BOOST_AUTO_TEST_CASE(the_longest_idle_makes_room_for_one_of_its_address) {
  start_relp("max_connections_per_address: 2\nhandshake_timeout: 100ms");
  uint64_t before = count("input_evicted_connections_total");
  Client &first = open(), &second = open();
  settle_down();  // some milliseconds
  first.send(syslog(2, 1));
  BOOST_REQUIRE(took(1));
  intake.settle();
  // Those that are at work a moment ago stay: a new one is refused until one of them is idle.
  BOOST_TEST(until([&] {
    Client& another = connect();
    another.send(open_frame);
    return until([&] { return another.closed || another.received.ends_with("commands=syslog\n"); }) &&
           !another.closed;
  }));
  BOOST_TEST(until([&] { return second.closed; }));
  BOOST_TEST(!first.closed);
  BOOST_TEST(count("input_evicted_connections_total") == before + 1);
  BOOST_TEST(count("input_connections") == 2u);
}

BOOST_AUTO_TEST_CASE(the_address_with_the_most_makes_room_for_another) {
  start_relp("max_connections: 3\nhandshake_timeout: 100ms");
  Client &first = open(), &second = open(), &third = open();
  auto greeted = [&](const char* from) {
    Client& another = connect(from);
    another.send(open_frame);
    BOOST_REQUIRE(until([&] { return another.closed || another.received.ends_with("commands=syslog\n"); }));
    return !another.closed;
  };
  BOOST_TEST(until([&] { return greeted("127.0.0.2"); }));
  BOOST_TEST(until([&] { return first.closed; }));
  // Two and one: whom should it serve better than it does?
  BOOST_TEST(until([&] { return greeted("127.0.0.3"); }));
  BOOST_TEST(until([&] { return second.closed; }));
  for (int i = 0; i < 20; ++i) BOOST_TEST(!greeted("127.0.0.4"));
  BOOST_TEST(!third.closed);
}

BOOST_AUTO_TEST_CASE(a_frame_that_does_not_end_ends_the_connection) {
  start_relp("frame_timeout: 200ms");
  uint64_t before = count("input_frame_timeouts_total");
  Client &half = open(), &quiet = open();
  half.send(syslog(2, 1) + "3 syslog 100 half a line");
  BOOST_REQUIRE(took(1));
  intake.settle();
  BOOST_TEST(until([&] { return half.closed; }));
  BOOST_TEST(half.received == answers(2, 1));
  BOOST_TEST(count("input_frame_timeouts_total") == before + 1);
  BOOST_TEST(!quiet.closed);
}

BOOST_AUTO_TEST_CASE(new_limits_are_taken_while_connections_stay) {
  start_relp("max_connections: 10\n");
  Client& first = open();
  auto fresh = make("relp", "listen: 127.0.0.1:1\nmax_connections: 1\nmax_unanswered: 64 KiB\n");
  BOOST_REQUIRE(bool(fresh->prepare()));
  input->take(*fresh);
  fresh.reset();
  Client& second = connect();
  BOOST_TEST(until([&] { return second.closed; }));
  first.send(syslog(2, 3));
  BOOST_REQUIRE(took(3));
  intake.settle();
  BOOST_TEST(until([&] { return first.received == answers(2, 3); }));
  input->take(*make("relp", "max_connections: 2\nallow: [192.0.2.0/24]\n"));
  Client& third = connect();
  BOOST_TEST(until([&] { return third.closed; }));
  input->take(*make("relp", "max_connections: 2\nallow: [127.0.0.0/8]\n"));
  open();
}

BOOST_AUTO_TEST_CASE(allow) {
  start_relp("allow: [127.0.0.8/29]");
  Client& refused = connect();
  BOOST_TEST(until([&] { return refused.closed; }));
  Client& taken = connect("127.0.0.9");
  taken.send(open_frame);
  BOOST_TEST(until([&] { return !taken.received.empty(); }));
}

BOOST_AUTO_TEST_CASE(announced_giants_and_half_frames) {
  start_relp();
  Client& giant = open();
  giant.send("2 syslog 999999999 x");
  BOOST_TEST(until([&] { return giant.closed; }));
  Client& half = open();
  half.send("2 syslog 131072 " + std::string(100000, 'x'));
  settle_down();
  BOOST_TEST(!half.closed);
  BOOST_TEST(intake.taken.empty());
  half.send(std::string(31072, 'x') + "\n");
  BOOST_REQUIRE(took(1));
  BOOST_TEST(intake.taken[0].bytes.size() == 65536u);
  BOOST_TEST(intake.taken[0].flags == record_flag::truncated);
}

BOOST_AUTO_TEST_CASE(mutual_tls_names_the_peer) {
  TemporaryFolder folder;
  Authority authority(folder, "authority");
  authority.issue("server", "server.example.org", "DNS:server.example.org");
  authority.issue("mx1", "mx1.example.org", "DNS:mx1.example.org");
  label = "relp";
  const std::string options = "handshake_timeout: 300ms\ntls_certificate: " + folder.file("server.pem") +
                              "\ntls_key: " + folder.file("server.key") +
                              "\ntls_ca: " + authority.certificate_file();
  start_relp(options);
  uint64_t before = count("tls_failures_total");
  Client& client = connect();
  client.use_tls(folder.file("mx1.pem"), folder.file("mx1.key"));
  client.send(open_frame + syslog(2, 1000));
  BOOST_REQUIRE(took(1000));
  intake.settle();
  BOOST_TEST(until([&] { return client.received.ends_with(answers(2, 1000)); }));
  BOOST_TEST(intake.taken[0].peer == "mx1.example.org");
  BOOST_TEST(intake.taken[0].flags == record_flag::tls);

  Client& anonymous = connect();
  anonymous.use_tls("", "");
  anonymous.send(open_frame + syslog(2, 1));
  Client& plain = connect();
  plain.send(open_frame + syslog(2, 1));
  Client& silent = connect();
  BOOST_TEST(until([&] { return anonymous.closed && plain.closed && silent.closed; }));
  BOOST_TEST(count("tls_failures_total") == before + 2);
  BOOST_TEST(intake.taken.size() == 1000u);

  // New files are taken on reload; files that are wrong leave the old ones in use.
  authority.issue("server", "new.example.org", "DNS:new.example.org");
  auto fresh = make("relp", options);
  BOOST_TEST(bool(fresh->prepare()));
  input->take(*fresh);
  std::filesystem::remove(folder.file("server.key"));
  Result<void> prepared = make("relp", options)->prepare();
  BOOST_REQUIRE(!prepared);
  BOOST_TEST(prepared.error().text.find("server.key") != std::string::npos);
  Client& again = connect();
  again.use_tls(folder.file("mx1.pem"), folder.file("mx1.key"));
  again.send(open_frame + syslog(2, 1));
  BOOST_TEST(took(1001));
  client.send(syslog(1002, 1));
  BOOST_TEST(took(1002));
}

BOOST_AUTO_TEST_CASE(start_errors) {
  start_relp();
  auto other = std::move(input);
  Result<void> started = try_start("relp", "listen: 127.0.0.1:" + std::to_string(port));
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().text.find("address already in use") != std::string::npos);
  bool done = false;
  input->stop([&] { done = true; });
  BOOST_TEST(until([&] { return done; }));
  input = std::move(other);
}

BOOST_AUTO_TEST_CASE(options_that_do_not_fit_together) {
  for (auto [yaml, text] : {std::pair{"tls_key: a.key", "tls_certificate"},
                            {"tls_certificate: a.pem", "tls_key"},
                            {"tls_ca: a.pem", "tls_ca needs"},
                            {"tls_permitted_names: [mx1.example.org]", "tls_ca"},
                            {"allow: [192.0.2.1/24]", "expected a network"},
                            {"max_line: 100", "480"}}) {
    (void)try_start("relp", yaml);
    BOOST_REQUIRE_EQUAL(wrong.size(), 1u);
    BOOST_TEST(wrong[0].find(text) != std::string::npos, wrong[0]);
    BOOST_TEST(!input);
  }
}

BOOST_AUTO_TEST_SUITE_END()
