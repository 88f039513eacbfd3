// The options tcp and relp have in common.
#pragma once
#include <string>
#include <vector>

#include "core/config/schema.h"
#include "core/net/tls.h"

namespace mailtrace {

struct StreamOptions {
  SocketAddress listen;
  int64_t max_line = 65536;
  int64_t max_connections = 1000;
  int64_t max_connections_per_address = 100;
  Microseconds idle_timeout{0};
  Microseconds handshake_timeout{std::chrono::seconds(10)};
  Microseconds frame_timeout{std::chrono::seconds(60)};
  std::vector<std::string> allow;
  std::string tls_certificate, tls_key, tls_ca;
  std::vector<std::string> tls_permitted_names;

  bool has_tls() const { return !tls_certificate.empty(); }
  TlsOptions tls() const { return {tls_certificate, tls_key, tls_ca, tls_permitted_names}; }
};

// What one option alone cannot tell.
void check_stream_options(const StreamOptions& options, const Node& node, ConfigErrors& errors);

// The table for a Config derived from StreamOptions.
template <class C>
std::vector<Option> stream_option_table() {
  using Text = std::string;
  using List = std::vector<std::string>;
  using std::chrono::hours;
  using std::chrono::milliseconds;
  return {
      option<C, SocketAddress>("listen", &C::listen, "address and port to listen on; * is every address"),
      option<C, int64_t>("max_line", &C::max_line, 480, 131072,
                         "bytes of a line that are kept; a longer line is cut and flagged"),
      live(option<C, int64_t>("max_connections", &C::max_connections, 1, 100000,
                              "connections at the same time; for one more, the longest idle of the address "
                              "with the most is closed, else the new one; both are counted")),
      live(option<C, int64_t>("max_connections_per_address", &C::max_connections_per_address, 1, 100000,
                              "connections of one address at the same time; for one more, its longest idle "
                              "is closed")),
      live(option<C, Microseconds>(
          "idle_timeout", &C::idle_timeout, Microseconds(0), Microseconds(hours(24 * 30)),
          "close a connection that sent nothing for so long; 0s: never, as a quiet mail "
          "server sends nothing for hours")),
      live(option<C, Microseconds>("handshake_timeout", &C::handshake_timeout,
                                   Microseconds(milliseconds(100)), Microseconds(hours(1)),
                                   "time for the TLS handshake and the protocol's greeting; who was silent "
                                   "for less is not closed to make room")),
      live(option<C, Microseconds>("frame_timeout", &C::frame_timeout, Microseconds(milliseconds(100)),
                                   Microseconds(hours(1)),
                                   "close a connection that began a frame and did not end it in this time")),
      live(
          option<C, List>("allow", &C::allow, "networks that may connect, such as 192.0.2.0/24; empty: all")),
      live(option<C, Text>("tls_certificate", &C::tls_certificate,
                           "PEM file with the certificate and its intermediates; set: TLS only")),
      live(option<C, Text>("tls_key", &C::tls_key,
                           "PEM file with the key of tls_certificate, without pass phrase")),
      live(option<C, Text>("tls_ca", &C::tls_ca,
                           "PEM file; set: a client must show a certificate signed by one of these")),
      live(option<C, List>("tls_permitted_names", &C::tls_permitted_names,
                           "names of client certificates that may connect, such as mx1.example.org or "
                           "*.example.org; empty: every name signed by tls_ca")),
  };
}

}  // namespace mailtrace
