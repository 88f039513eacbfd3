// Ids and the hash inside them. Any thread.
#include "core/base/id.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "core/base/faults.h"

namespace mailtrace {
namespace {

constexpr uint64_t max_milliseconds = (1ull << 48) - 1;

// Eight bytes, little endian on every machine.
void put_length(char* to, uint64_t length) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<char>(length >> (8 * i) & 0xff);
}

Hash128 hash_bytes(const char* data, size_t size) {
  XXH128_hash_t hash = XXH3_128bits(data, size);
  return {hash.high64, hash.low64};
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of one run of the program: what make_id() must never depend on.
[[maybe_unused]] uint64_t process_salt() {
  static const auto salt = static_cast<uint64_t>(now().time_since_epoch().count()) * 0x9e3779b97f4a7c15;
  return salt;
}

}  // namespace

Time Id::birth() const {
  int64_t milliseconds = 0;
  for (size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | bytes[i];
  return Time(std::chrono::milliseconds(milliseconds));
}

std::string Id::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  return out;
}

bool parse_id(std::string_view hex, Id& out) {
  if (hex.size() != 32) return false;
  Id id;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    int high = digit_value(hex[2 * i]), low = digit_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    id.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  out = id;
  return true;
}

Hash128 hash_fields(std::initializer_list<std::string_view> fields) {
  size_t size = 0;
  for (auto field : fields) size += 8 + field.size();
  char small[1024];
  std::string large;
  char* buffer = small;
  if (size > sizeof small) {
    large.resize(size);
    buffer = large.data();
  }
  char* at = buffer;
  for (auto field : fields) {
    put_length(at, field.size());
    at = std::copy(field.begin(), field.end(), at + 8);
  }
  return hash_bytes(buffer, size);
}

Id make_id(Time birth, const Hash128& identity) {
  Hash128 hash = identity;
  if (is_switched_off("random_id")) hash.high ^= process_salt();
  auto since = std::chrono::floor<std::chrono::milliseconds>(birth).time_since_epoch().count();
  uint64_t milliseconds = since < 0 ? 0 : std::min(static_cast<uint64_t>(since), max_milliseconds);
  Id id;
  for (size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i) & 0xff);
  for (size_t i = 0; i < 8; ++i) id.bytes[6 + i] = static_cast<uint8_t>(hash.high >> (56 - 8 * i) & 0xff);
  for (size_t i = 0; i < 2; ++i) id.bytes[14 + i] = static_cast<uint8_t>(hash.low >> (56 - 8 * i) & 0xff);
  return id;
}

}  // namespace mailtrace
