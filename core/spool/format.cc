// Encoding and decoding of the spool's bytes, see format.h. Loop, writer and pipeline thread.
#include "core/spool/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "core/base/crc32c.h"

namespace mailtrace {

std::string_view transport_name(Transport t) {
  switch (t) {
    case Transport::udp:
      return "udp";
    case Transport::tcp:
      return "tcp";
    case Transport::relp:
      return "relp";
    case Transport::file:
      return "file";
    case Transport::import:
      return "import";
  }
  return "unknown";
}

}  // namespace mailtrace

namespace mailtrace::spool_format {
namespace {

constexpr std::string_view segment_magic{"MTSPOOL\x1a", 8};
constexpr std::string_view state_magic{"MTSTATE\x1a", 8};
constexpr size_t header_crc_at = 124;
constexpr size_t version_at = 8;
constexpr size_t state_crc_at = 60;

template <class T>
T byteswap(T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof value);
  std::reverse(bytes, bytes + sizeof value);
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <class T>
void put(char* to, T value) {
  if constexpr (std::endian::native == std::endian::big) value = byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

template <class T>
T get(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = byteswap(value);
  return value;
}

bool decode_header_copy(const char* from, SegmentHeader& header) {
  if (std::string_view(from, 8) != segment_magic || get<uint32_t>(from + version_at) != version) return false;
  if (get<uint32_t>(from + header_crc_at) != crc32c(0, from, header_crc_at)) return false;
  header.salt = get<uint32_t>(from + 12);
  std::memcpy(header.uuid.data(), from + 16, 16);
  header.number = get<uint64_t>(from + 32);
  header.base = get<uint64_t>(from + 40);
  header.previous = get<uint64_t>(from + 48);
  header.created = time_from_us(get<int64_t>(from + 56));
  header.capacity = get<uint64_t>(from + 64);
  return header.base > 0 && header.previous <= header.base;
}

// Both copies must say so: one alone is a flipped bit.
bool is_later_version(std::string_view bytes) {
  if (bytes.size() < header_bytes) return false;
  return bytes.substr(0, 8) == segment_magic && get<uint32_t>(bytes.data() + version_at) > version &&
         bytes.substr(0, version_at + 4) == bytes.substr(header_copy_bytes, version_at + 4);
}

bool decode_state_copy(std::string_view bytes, State& state) {
  if (bytes.size() < state_copy_bytes || bytes.substr(0, 8) != state_magic) return false;
  if (get<uint32_t>(bytes.data() + state_crc_at) != crc32c(0, bytes.data(), state_crc_at)) return false;
  std::memcpy(state.uuid.data(), bytes.data() + 8, 16);
  state.durable = get<uint64_t>(bytes.data() + 24);
  state.stored = get<uint64_t>(bytes.data() + 32);
  return state.durable > 0;
}

}  // namespace

std::array<char, header_bytes> encode_header(const SegmentHeader& header) {
  std::array<char, header_bytes> out{};
  char* to = out.data();
  std::memcpy(to, segment_magic.data(), 8);
  put<uint32_t>(to + version_at, version);
  put<uint32_t>(to + 12, header.salt);
  std::memcpy(to + 16, header.uuid.data(), 16);
  put<uint64_t>(to + 32, header.number);
  put<uint64_t>(to + 40, header.base);
  put<uint64_t>(to + 48, header.previous);
  put<int64_t>(to + 56, to_us(header.created));
  put<uint64_t>(to + 64, header.capacity);
  put<uint32_t>(to + header_crc_at, crc32c(0, to, header_crc_at));
  std::memcpy(to + header_copy_bytes, to, header_copy_bytes);
  return out;
}

HeaderKind decode_header(std::string_view bytes, SegmentHeader& header) {
  for (size_t copy = 0; copy < header_bytes; copy += header_copy_bytes)
    if (bytes.size() >= copy + header_copy_bytes && decode_header_copy(bytes.data() + copy, header))
      return HeaderKind::valid;
  return is_later_version(bytes) ? HeaderKind::later_version : HeaderKind::damaged;
}

std::array<char, state_copy_bytes> encode_state(const State& state) {
  std::array<char, state_copy_bytes> out{};
  std::memcpy(out.data(), state_magic.data(), 8);
  std::memcpy(out.data() + 8, state.uuid.data(), 16);
  put<uint64_t>(out.data() + 24, state.durable);
  put<uint64_t>(out.data() + 32, state.stored);
  put<uint32_t>(out.data() + state_crc_at, crc32c(0, out.data(), state_crc_at));
  return out;
}

bool decode_state(std::string_view bytes, State& state) {
  bool found = false;
  for (size_t at : {size_t{0}, state_second_at}) {
    State copy;
    if (at >= bytes.size() || !decode_state_copy(bytes.substr(at), copy)) continue;
    // Death between the two writes leaves one of them behind.
    if (!found || copy.durable > state.durable) state = copy;
    found = true;
  }
  return found;
}

size_t record_size(const Record& record, size_t max_bytes) {
  RecordHead head;
  head.length = static_cast<uint32_t>(std::min(record.bytes.size(), max_bytes));
  head.peer_length = static_cast<uint8_t>(std::min<size_t>(record.peer.size(), 255));
  return head.record_bytes();
}

void encode_record(const Record& record, uint64_t sequence, size_t max_bytes, char* to) {
  size_t length = std::min(record.bytes.size(), max_bytes);
  size_t peer = std::min<size_t>(record.peer.size(), 255);
  uint8_t flags = record.flags;
  if (length < record.bytes.size()) flags |= record_flag::truncated;
  put<uint32_t>(to, 0);
  put<uint64_t>(to + 8, sequence);
  put<int64_t>(to + 16, to_us(record.received));
  put<uint32_t>(to + 24, static_cast<uint32_t>(length));
  to[28] = static_cast<char>(record.transport);
  to[29] = static_cast<char>(flags);
  to[30] = static_cast<char>(peer);
  to[31] = 0;
  char* body = to + head_bytes;
  if (peer) std::memcpy(body, record.peer.data(), peer);
  if (length) std::memcpy(body + peer, record.bytes.data(), length);
  size_t padding = -(head_bytes + peer + length) & 7;
  std::memset(body + peer + length, 0, padding);
}

void seal_record(char* record, uint32_t salt) {
  size_t body = static_cast<uint8_t>(record[30]) + size_t{get<uint32_t>(record + 24)};
  put<uint32_t>(record + 4, crc32c(0, record + head_bytes, body));
  put<uint32_t>(record, crc32c(salt, record + 4, head_bytes - 4));
}

size_t encoded_size(const char* record) {
  size_t body = static_cast<uint8_t>(record[30]) + size_t{get<uint32_t>(record + 24)};
  return (head_bytes + body + 7) & ~size_t{7};
}

bool decode_head(const char* at, uint32_t salt, RecordHead& head) {
  if (get<uint32_t>(at) != crc32c(salt, at + 4, head_bytes - 4)) return false;
  head.body_crc = get<uint32_t>(at + 4);
  head.sequence = get<uint64_t>(at + 8);
  head.received_us = get<int64_t>(at + 16);
  head.length = get<uint32_t>(at + 24);
  head.transport = static_cast<uint8_t>(at[28]);
  head.flags = static_cast<uint8_t>(at[29]);
  head.peer_length = static_cast<uint8_t>(at[30]);
  return head.sequence > 0 && head.length <= max_record_bytes;
}

bool decode_body(const char* at, const RecordHead& head, Record& record) {
  if (crc32c(0, at + head_bytes, head.body_bytes()) != head.body_crc) return false;
  record.sequence = head.sequence;
  record.received = time_from_us(head.received_us);
  record.transport = static_cast<Transport>(head.transport);
  record.flags = head.flags;
  record.peer = {at + head_bytes, head.peer_length};
  record.bytes = {at + head_bytes + head.peer_length, head.length};
  return true;
}

uint64_t peek_sequence(const char* at) { return get<uint64_t>(at + 8); }

std::string segment_name(uint64_t base) { return fmt::format("{:016x}.seg", base); }

bool parse_segment_name(std::string_view name, uint64_t& base) {
  if (name.size() != 20 || !name.ends_with(".seg")) return false;
  auto [end, failed] = std::from_chars(name.data(), name.data() + 16, base, 16);
  return failed == std::errc{} && end == name.data() + 16 && segment_name(base) == name;
}

std::string format_uuid(const Uuid& uuid) {
  std::string out;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", uuid[i]);
  }
  return out;
}

}  // namespace mailtrace::spool_format
