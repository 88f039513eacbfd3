// IP addresses as text, networks in CIDR form, and names resolved at start. Any thread.
#pragma once
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/schema.h"

namespace mailtrace {

// "192.0.2.1" or "2001:db8::1"; an IPv4 address mapped into IPv6 comes out as IPv4. "" if it is neither.
std::string address_text(const sockaddr* address);
int port_of(const sockaddr* address);

// "192.0.2.0/24", "2001:db8::/32", or a single address.
struct Network {
  std::array<uint8_t, 16> bytes{};  // IPv4 mapped into IPv6
  int prefix = 128;                 // of the 128 bits
  bool contains(const sockaddr* address) const;
};
// False, and `out` untouched, if the text is no network, or has bits set behind its prefix.
bool parse_network(std::string_view text, Network& out);

class NetworkList {
 public:
  void add(const Network& network) { networks_.push_back(network); }
  bool empty() const { return networks_.empty(); }
  bool contains(const sockaddr* address) const;

 private:
  std::vector<Network> networks_;
};
// Every text must be a network; others are reported at `node` (the plugin's options), option `name`.
NetworkList parse_networks(const std::vector<std::string>& texts);
void check_networks(const std::vector<std::string>& texts, const char* name, const Node& node,
                    ConfigErrors& errors);

// All addresses of a host to listen on ("localhost" may be two); "*" or "" is every address. Blocks.
Result<std::vector<sockaddr_storage>> resolve(const SocketAddress& address, int socket_type);

}  // namespace mailtrace
