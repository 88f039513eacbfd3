// The udp input over real sockets.
#include <boost/test/unit_test.hpp>

#include "tests/unit/inputs/input_fixture.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {
struct UdpFixture : InputFixture {
  UdpFixture() {
    label = "udp";
    sender = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }
  ~UdpFixture() { ::close(sender); }
  void start_udp(const std::string& more = "") { start("udp", "listen: 127.0.0.1:0\n" + more); }
  void send(std::string_view bytes) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    address.sin_port = htons(static_cast<uint16_t>(port));
    BOOST_REQUIRE_EQUAL(::sendto(sender, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&address),
                                 sizeof address),
                        static_cast<ssize_t>(bytes.size()));
  }
  bool took(size_t lines) {
    return until([&] { return intake.taken.size() >= lines; });
  }
  int sender;
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(udp_input, UdpFixture)

BOOST_AUTO_TEST_CASE(datagrams_come_in_batches) {
  start_udp();
  std::string wanted;
  for (int i = 0; i < 100; ++i) {
    send("<22>" + std::to_string(i) + (i % 2 ? "\n" : ""));
    wanted += "<22>" + std::to_string(i) + "|";
  }
  BOOST_REQUIRE(took(100));
  BOOST_TEST(intake.all() == wanted);
  BOOST_TEST(intake.submits == 2);
  BOOST_TEST((intake.taken[0].transport == Transport::udp));
  BOOST_TEST(intake.taken[0].peer == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(empty_and_long) {
  start_udp("max_line: 480");
  send("");
  send("\n");
  send(std::string(480, 'x'));
  send(std::string(481, 'y'));
  BOOST_REQUIRE(took(2));
  settle_down();
  BOOST_REQUIRE_EQUAL(intake.taken.size(), 2u);
  BOOST_TEST(intake.taken[0].flags == 0);
  BOOST_TEST(intake.taken[1].bytes == std::string(480, 'y'));
  BOOST_TEST(intake.taken[1].flags == record_flag::truncated);
}

BOOST_AUTO_TEST_CASE(largest_datagram) {
  start_udp();
  send(std::string(65507, 'x'));
  BOOST_REQUIRE(took(1));
  BOOST_TEST(intake.taken[0].bytes.size() == 65507u);
  BOOST_TEST(intake.taken[0].flags == 0);
}

BOOST_AUTO_TEST_CASE(allow) {
  start_udp("allow: [192.0.2.0/24]");
  uint64_t before = count("input_rejected_datagrams_total");
  send("<22>a");
  BOOST_TEST(until([&] { return count("input_rejected_datagrams_total") == before + 1; }));
  BOOST_TEST(intake.taken.empty());
}

// A datagram must not block those behind it: the refused ones are the intake's to count.
BOOST_AUTO_TEST_CASE(refused_datagrams_are_gone) {
  start_udp();
  uint64_t lines = count("input_lines_total");
  intake.refuse = true;
  send("<22>a");
  BOOST_REQUIRE(until([&] { return intake.refused > 0; }));
  input->pause();
  intake.refuse = false;
  send("<22>b");
  BOOST_REQUIRE(took(1));
  BOOST_TEST(intake.all() == "<22>b|");
  BOOST_TEST(count("input_lines_total") == lines + 1);
}

BOOST_AUTO_TEST_CASE(kernel_drops_are_counted) {
  start_udp("receive_buffer: 64 KiB");
  uint64_t before = count("input_kernel_drops_total");
  for (int i = 0; i < 2000; ++i) send(std::string(1000, 'x'));  // nobody reads
  BOOST_REQUIRE(until([&] { return !intake.taken.empty(); }));
  settle_down();
  size_t first = intake.taken.size();
  BOOST_TEST(first < 2000u);
  send("<22>after");  // the count comes with a datagram queued after the drops
  BOOST_REQUIRE(took(first + 1));
  BOOST_TEST(count("input_kernel_drops_total") - before == 2000u - first);
}

// The last datagrams of a burst are dropped, and then nothing more comes.
BOOST_AUTO_TEST_CASE(drops_are_counted_while_it_is_silent) {
  start_udp("receive_buffer: 64 KiB");
  uint64_t before = count("input_kernel_drops_total");
  for (int i = 0; i < 2000; ++i) send(std::string(1000, 'x'));
  BOOST_TEST(
      until([&] { return count("input_kernel_drops_total") - before + intake.taken.size() == 2000u; }));
}

BOOST_AUTO_TEST_CASE(drops_are_counted_when_it_stops) {
  start_udp("receive_buffer: 64 KiB");
  uint64_t before = count("input_kernel_drops_total");
  for (int i = 0; i < 2000; ++i) send(std::string(1000, 'x'));
  begin_stop();
  BOOST_REQUIRE(until([&] { return stopped; }));
  BOOST_TEST(count("input_kernel_drops_total") - before == 2000u - intake.taken.size());
}

BOOST_AUTO_TEST_CASE(stop_reads_what_is_there) {
  start_udp();
  for (int i = 0; i < 200; ++i) send("<22>a");
  begin_stop();
  BOOST_TEST(until([&] { return stopped; }));
  BOOST_TEST(intake.taken.size() == 200u);
}

BOOST_AUTO_TEST_CASE(stop_without_start) {
  start_udp();
  auto other = std::move(input);
  BOOST_TEST(!try_start("udp", "listen: 127.0.0.1:" + std::to_string(port)));
  bool done = false;
  input->stop([&] { done = true; });
  BOOST_TEST(until([&] { return done; }));
  input = std::move(other);
}

BOOST_AUTO_TEST_CASE(localhost_is_every_address_of_that_name) {
  start("udp", "listen: localhost:0");
  BOOST_TEST(input->describe().find("127.0.0.1:") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
