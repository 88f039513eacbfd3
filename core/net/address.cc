// See address.h.
#include "core/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace mailtrace {
namespace {
constexpr std::array<uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const std::array<uint8_t, 16>& bytes) {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

void map_ipv4(const void* address, std::array<uint8_t, 16>& out) {
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), out.begin());
  std::memcpy(out.data() + 12, address, 4);
}

bool address_bytes(const sockaddr* address, std::array<uint8_t, 16>& out) {
  if (address->sa_family == AF_INET) {
    map_ipv4(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr, out);
    return true;
  }
  if (address->sa_family != AF_INET6) return false;
  std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
  return true;
}

bool same_prefix(const std::array<uint8_t, 16>& a, const std::array<uint8_t, 16>& b, int bits) {
  auto whole = static_cast<size_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  if (bits % 8 == 0) return true;
  int mask = 0xff << (8 - bits % 8);
  return ((a[whole] ^ b[whole]) & mask & 0xff) == 0;
}
}  // namespace

std::string address_text(const sockaddr* address) {
  std::array<uint8_t, 16> bytes;
  if (!address_bytes(address, bytes)) return {};
  char text[INET6_ADDRSTRLEN];
  if (is_mapped(bytes)) return inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  return inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
}

int port_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
  if (address->sa_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
  return 0;
}

bool Network::contains(const sockaddr* address) const {
  std::array<uint8_t, 16> other;
  return address_bytes(address, other) && same_prefix(bytes, other, prefix);
}

bool parse_network(std::string_view text, Network& out) {
  std::string host(text.substr(0, text.find('/')));
  Network network;
  int width = 128;
  if (in_addr four; inet_pton(AF_INET, host.c_str(), &four) == 1) {
    map_ipv4(&four, network.bytes);
    width = 32;
  } else if (inet_pton(AF_INET6, host.c_str(), network.bytes.data()) != 1) {
    return false;
  }
  int bits = width;
  if (host.size() < text.size()) {
    std::string_view digits = text.substr(host.size() + 1);
    auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (failed != std::errc{} || end != digits.data() + digits.size() || bits < 0 || bits > width)
      return false;
  }
  network.prefix = 128 - width + bits;
  std::array<uint8_t, 16> masked = network.bytes;
  for (int bit = network.prefix; bit < 128; ++bit) {
    auto keep = static_cast<uint8_t>(~(0x80 >> (bit % 8)));
    masked[static_cast<size_t>(bit / 8)] &= keep;
  }
  if (masked != network.bytes) return false;
  out = network;
  return true;
}

bool NetworkList::contains(const sockaddr* address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [address](const Network& network) { return network.contains(address); });
}

NetworkList parse_networks(const std::vector<std::string>& texts) {
  NetworkList list;
  Network network;
  for (const std::string& text : texts)
    if (parse_network(text, network)) list.add(network);
  return list;
}

void check_networks(const std::vector<std::string>& texts, const char* name, const Node& node,
                    ConfigErrors& errors) {
  Network network;
  const Node* list = node.find(name);
  for (size_t i = 0; i < texts.size(); ++i) {
    if (parse_network(texts[i], network)) continue;
    const Node& at = !list ? node : i < list->children.size() ? list->children[i] : *list;
    errors.add(at, "expected a network such as 192.0.2.0/24 or 2001:db8::/32, got \"" + texts[i] + "\"");
  }
}

Result<std::vector<sockaddr_storage>> resolve(const SocketAddress& address, int socket_type) {
  bool any = address.host.empty() || address.host == "*";
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = socket_type;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  std::string port = std::to_string(address.port);
  int failed = getaddrinfo(any ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) {
    bool passes = failed == EAI_AGAIN || failed == EAI_MEMORY || failed == EAI_SYSTEM;
    return Error{passes ? Fault::transient : Fault::config,
                 "resolve " + address.host + ": " + gai_strerror(failed)};
  }
  std::vector<sockaddr_storage> addresses;
  for (addrinfo* info = found; info; info = info->ai_next) {
    if (info->ai_addrlen > sizeof(sockaddr_storage)) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, info->ai_addr, info->ai_addrlen);
    bool known = std::any_of(addresses.begin(), addresses.end(), [&](const sockaddr_storage& other) {
      return std::memcmp(&other, &storage, sizeof storage) == 0;
    });
    if (!known) addresses.push_back(storage);
  }
  freeaddrinfo(found);
  if (addresses.empty()) return Error{Fault::config, "resolve " + address.host + ": no address"};
  return addresses;
}

}  // namespace mailtrace
