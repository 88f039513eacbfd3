// Record: one received line as it lies in the spool.
#pragma once
#include <cstdint>
#include <string_view>

#include "core/base/time.h"

namespace mailtrace {

enum class Transport : uint8_t { udp = 1, tcp = 2, relp = 3, file = 4, import = 5 };
std::string_view transport_name(Transport t);  // "udp"; "unknown" for what is none of these

namespace record_flag {
inline constexpr uint8_t tls = 1;        // came over an authenticated TLS connection
inline constexpr uint8_t truncated = 2;  // longer than the input's limit; the rest was thrown away
inline constexpr uint8_t partial = 4;    // the connection ended before the line did
}  // namespace record_flag

struct Record {
  uint64_t sequence = 0;  // from 1, contiguous: a hole is known to the line
  Time received;
  Transport transport = Transport::udp;
  uint8_t flags = 0;
  std::string_view peer;   // "192.0.2.1", or the TLS certificate name
  std::string_view bytes;  // the line without framing; both views: see SpoolReader::next
};

}  // namespace mailtrace
