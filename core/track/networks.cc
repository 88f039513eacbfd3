#include "core/track/networks.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace mailtrace {
namespace {

// IPv4 as ::ffff:a.b.c.d, so that both kinds compare alike.
bool parse_address(std::string_view text, std::array<uint8_t, 16>& out, bool& v4) {
  char buffer[64];
  if (text.empty() || text.size() >= sizeof buffer) return false;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = 0;
  out = {};
  v4 = inet_pton(AF_INET, buffer, out.data() + 12) == 1;
  if (v4) {
    out[10] = out[11] = 0xff;
    return true;
  }
  return inet_pton(AF_INET6, buffer, out.data()) == 1;
}

}  // namespace

Networks::Networks(const std::vector<std::string>& networks) {
  for (std::string_view text : networks) {
    auto slash = text.find('/');
    Network network;
    bool v4;
    if (!parse_address(text.substr(0, slash), network.address, v4)) continue;
    int bits = v4 ? 32 : 128;
    if (slash != std::string_view::npos) {
      auto tail = text.substr(slash + 1);
      auto [end, failed] = std::from_chars(tail.data(), tail.data() + tail.size(), bits);
      if (failed != std::errc{} || end != tail.data() + tail.size() || bits < 0 || bits > (v4 ? 32 : 128))
        continue;
    }
    network.bits = bits + (v4 ? 96 : 0);
    networks_.push_back(network);
  }
}

bool Networks::contains(std::string_view address) const {
  std::array<uint8_t, 16> bytes;
  bool v4;
  if (!parse_address(address, bytes, v4)) return false;
  for (auto& network : networks_) {
    auto whole = static_cast<size_t>(network.bits / 8);
    if (std::memcmp(bytes.data(), network.address.data(), whole) != 0) continue;
    int rest = network.bits % 8;
    if (!rest || ((bytes[whole] ^ network.address[whole]) >> (8 - rest)) == 0) return true;
  }
  return false;
}

}  // namespace mailtrace
