// Networks in CIDR form and what lies in them.
#include "core/net/address.h"

#include <arpa/inet.h>

#include <boost/test/unit_test.hpp>
#include <cstring>

using namespace mailtrace;

namespace {
sockaddr_storage address(const char* text) {
  sockaddr_storage storage{};
  auto* four = reinterpret_cast<sockaddr_in*>(&storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    BOOST_REQUIRE_EQUAL(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
    storage.ss_family = AF_INET6;
  }
  return storage;
}

bool contains(const char* network, const char* host) {
  Network parsed;
  BOOST_REQUIRE(parse_network(network, parsed));
  sockaddr_storage storage = address(host);
  return parsed.contains(reinterpret_cast<sockaddr*>(&storage));
}
}  // namespace

BOOST_AUTO_TEST_CASE(network_contains) {
  BOOST_TEST(contains("192.0.2.0/24", "192.0.2.255"));
  BOOST_TEST(!contains("192.0.2.0/24", "192.0.3.0"));
  BOOST_TEST(contains("192.0.2.8/29", "192.0.2.15"));
  BOOST_TEST(!contains("192.0.2.8/29", "192.0.2.16"));
  BOOST_TEST(contains("192.0.2.1", "192.0.2.1"));
  BOOST_TEST(!contains("192.0.2.1", "192.0.2.2"));
  BOOST_TEST(contains("0.0.0.0/0", "203.0.113.9"));
  BOOST_TEST(!contains("0.0.0.0/0", "2001:db8::1"));
  BOOST_TEST(contains("2001:db8::/32", "2001:db8:ffff::1"));
  BOOST_TEST(!contains("2001:db8::/32", "2001:db9::1"));
  BOOST_TEST(contains("::/0", "2001:db8::1"));
}

BOOST_AUTO_TEST_CASE(an_ipv4_peer_of_an_ipv6_socket) {
  BOOST_TEST(contains("192.0.2.0/24", "::ffff:192.0.2.7"));
  sockaddr_storage storage = address("::ffff:192.0.2.7");
  BOOST_TEST(address_text(reinterpret_cast<sockaddr*>(&storage)) == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(no_networks) {
  Network network;
  for (const char* text :
       {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/24x", "192.0.2.1/24", "192.0.2",
        "mx.example.org", "2001:db8::/129", "2001:db8::1/32", "192.0.2.0/24/8"})
    BOOST_TEST(!parse_network(text, network), text);
}

BOOST_AUTO_TEST_CASE(resolve_numbers_and_names) {
  auto one = resolve({"127.0.0.1", 2514}, SOCK_STREAM);
  BOOST_REQUIRE(one);
  BOOST_REQUIRE_EQUAL(one->size(), 1u);
  BOOST_TEST(address_text(reinterpret_cast<sockaddr*>(&one->front())) == "127.0.0.1");
  BOOST_TEST(port_of(reinterpret_cast<sockaddr*>(&one->front())) == 2514);
  BOOST_TEST(bool(resolve({"localhost", 0}, SOCK_DGRAM)));
  auto none = resolve({"no-such-host.invalid", 1}, SOCK_STREAM);
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().text.find("no-such-host.invalid") != std::string::npos);
}
