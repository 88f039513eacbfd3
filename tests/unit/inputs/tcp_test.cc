// The tcp input over real sockets.
#include <boost/test/unit_test.hpp>

#include "tests/unit/inputs/input_fixture.h"
#include "tests/unit/net/certificates.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {
struct TcpFixture : InputFixture {
  TcpFixture() { label = "tcp"; }
  void start_tcp(const std::string& more = "") { start("tcp", "listen: 127.0.0.1:0\n" + more); }
  bool took(size_t lines) {
    return until([&] { return intake.taken.size() >= lines; });
  }
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_input, TcpFixture)

BOOST_AUTO_TEST_CASE(both_framings) {
  start_tcp();
  Client& lines = connect();
  lines.send("<22>a\n<22>b\r\n");
  BOOST_REQUIRE(took(2));
  Client& counted = connect();
  counted.send("6 <22>a\n5 <22>b");
  BOOST_REQUIRE(took(4));
  BOOST_TEST(intake.all() == "<22>a|<22>b|<22>a|<22>b|");
  BOOST_TEST(intake.submits == 2);
  BOOST_TEST((intake.taken[0].transport == Transport::tcp));
  BOOST_TEST(intake.taken[0].peer == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(frames_over_many_reads) {
  start_tcp();
  Client& client = connect();
  std::string wanted;
  for (int i = 0; i < 3000; ++i) {
    std::string line = "<22>" + std::to_string(i) + std::string(static_cast<size_t>(i % 977), 'x');
    client.send(std::to_string(line.size()) + " " + line);
    wanted += line + "|";
  }
  BOOST_REQUIRE(took(3000));
  BOOST_TEST((intake.all() == wanted));
}

BOOST_AUTO_TEST_CASE(refused_then_resumed) {
  start_tcp();
  Client& client = connect();
  client.send("<22>a\n<22>begin");
  BOOST_REQUIRE(took(1));
  intake.refuse = true;
  std::string more = " end\n" + std::string(70000, 'x') + "\n";
  for (int i = 0; i < 20000; ++i) more += "<22>" + std::to_string(i) + "\n";
  client.send(more);
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  input->pause();
  int refused = intake.refused;
  settle_down();
  BOOST_TEST(intake.refused == refused);
  intake.refuse = false;
  input->resume();
  BOOST_REQUIRE(took(20003));
  BOOST_TEST(intake.taken.size() == 20003u);
  BOOST_TEST(intake.taken[1].bytes == "<22>begin end");
  BOOST_TEST(intake.taken[2].bytes == std::string(65536, 'x'));
  BOOST_TEST(intake.taken[2].flags == record_flag::truncated);
  for (size_t i = 0; i < 20000; ++i)
    BOOST_REQUIRE_EQUAL(intake.taken[i + 3].bytes, "<22>" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(a_line_that_does_not_end_is_kept_and_ends_the_connection) {
  start_tcp("frame_timeout: 200ms");
  Client &half = connect(), &quiet = connect();
  half.send("<22>a\n<22>half a");
  BOOST_TEST(until([&] { return half.closed; }));
  BOOST_TEST(intake.all() == "<22>a|<22>half a|");
  BOOST_TEST(intake.taken[1].flags == record_flag::partial);
  BOOST_TEST(!quiet.closed);
}

// The framer must not remember that it has cut a line that the intake did not take.
BOOST_AUTO_TEST_CASE(refused_in_a_line_that_is_cut) {
  start_tcp();
  Client& client = connect();
  intake.refuse = true;
  client.send("<22>" + std::string(70000, 'x'));
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  intake.refuse = false;
  input->resume();
  BOOST_REQUIRE(took(1));
  client.send("\n<22>b\n");
  BOOST_REQUIRE(took(2));
  BOOST_TEST(intake.taken[0].flags == record_flag::truncated);
  BOOST_TEST(intake.taken[1].bytes == "<22>b");
}

BOOST_AUTO_TEST_CASE(refused_at_the_end_of_the_connection) {
  start_tcp();
  Client& client = connect();
  intake.refuse = true;
  client.send("<22>a\n<22>b");
  client.turn();
  client.half_close();
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  settle_down();
  BOOST_TEST(!client.closed);
  intake.refuse = false;
  input->resume();
  BOOST_REQUIRE(took(2));
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(intake.taken[1].flags == record_flag::partial);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_connection) {
  start_tcp();
  Client& client = connect();
  client.send("<22>a\n<22>half");
  client.turn();
  client.half_close();
  BOOST_REQUIRE(took(2));
  BOOST_TEST(intake.taken[0].flags == 0);
  BOOST_TEST(intake.taken[1].bytes == "<22>half");
  BOOST_TEST(intake.taken[1].flags == record_flag::partial);
  BOOST_TEST(until([&] { return client.closed; }));
  BOOST_TEST(until([&] { return input->describe().ends_with("0 connections"); }));
}

BOOST_AUTO_TEST_CASE(stop_gives_the_half_line) {
  start_tcp();
  Client& client = connect();
  client.send("<22>a\n<22>half");
  BOOST_REQUIRE(took(1));
  begin_stop();
  BOOST_TEST(until([&] { return stopped; }));
  BOOST_REQUIRE_EQUAL(intake.taken.size(), 2u);
  BOOST_TEST(intake.taken[1].flags == record_flag::partial);
}

BOOST_AUTO_TEST_CASE(stop_while_the_intake_is_full) {
  start_tcp();
  Client& client = connect();
  intake.refuse = true;
  client.send("<22>a\n");
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  begin_stop();
  BOOST_TEST(until([&] { return stopped; }));
}

BOOST_AUTO_TEST_CASE(a_reset_connection) {
  start_tcp();
  Client& client = connect();
  client.send("<22>a\n<22>half");
  BOOST_REQUIRE(took(1));
  client.reset();
  BOOST_REQUIRE(took(2));
  BOOST_TEST(intake.taken[1].flags == record_flag::partial);
}

BOOST_AUTO_TEST_CASE(counters) {
  start_tcp();
  uint64_t lines = count("input_lines_total"), bytes = count("input_bytes_total"),
           cut = count("input_truncated_lines_total"), broken = count("input_broken_frames_total");
  Client& client = connect();
  client.send("5 <22>axx\n70000 " + std::string(70000, 'y'));
  BOOST_REQUIRE(took(3));
  BOOST_TEST(count("input_lines_total") == lines + 3);
  BOOST_TEST(count("input_bytes_total") == bytes + 5 + 2 + 65536);
  BOOST_TEST(count("input_truncated_lines_total") == cut + 1);
  BOOST_TEST(count("input_broken_frames_total") == broken + 1);
  BOOST_TEST(count("input_connections") == 1u);
}

BOOST_AUTO_TEST_CASE(tls_and_a_silent_plain_client) {
  TemporaryFolder folder;
  Authority authority(folder, "authority");
  authority.issue("server", "server.example.org", "DNS:server.example.org");
  start_tcp("handshake_timeout: 200ms\ntls_certificate: " + folder.file("server.pem") +
            "\ntls_key: " + folder.file("server.key"));
  Client& client = connect();
  client.use_tls("", "");
  std::string wanted;
  for (int i = 0; i < 5000; ++i) {
    std::string line = "<22>" + std::to_string(i) + std::string(200, 'x');
    client.send(line + "\n");
    wanted += line + "|";
  }
  Client& silent = connect();
  BOOST_REQUIRE(took(5000));
  BOOST_TEST((intake.all() == wanted));
  BOOST_TEST(intake.taken[0].flags == 0);  // the client did not say who it is
  BOOST_TEST(until([&] { return silent.closed; }));
  BOOST_TEST(!client.closed);

  intake.refuse = true;
  client.send("<22>refused\n");
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  intake.refuse = false;
  input->resume();
  BOOST_REQUIRE(took(5001));
  BOOST_TEST(intake.taken.back().bytes == "<22>refused");
}

BOOST_AUTO_TEST_CASE(plain_connections_may_be_silent) {
  start_tcp("handshake_timeout: 100ms");
  Client& client = connect();
  settle_down();
  for (int i = 0; i < 300; ++i) {
    turn();
    ::poll(nullptr, 0, 1);
  }
  BOOST_TEST(!client.closed);
}

BOOST_AUTO_TEST_SUITE_END()
