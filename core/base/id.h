// Id: the 16-byte key of a row, the same on every receiver and at every replay. Any thread.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace mailtrace {

// Bytes 0-5: milliseconds since 1970 of the mail's birth, big endian, so that newer mails sort last and
// ORDER BY id DESC is newest first. Bytes 6-15: hash of what identifies the row.
struct Id {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Id&) const = default;
  bool is_zero() const { return bytes == std::array<uint8_t, 16>{}; }
  // Millisecond precision; the day of a row is day_of(id.birth()).
  Time birth() const;
  Day day() const { return day_of(birth()); }
  std::string hex() const;  // 32 lower-case digits
};

// False, and `out` untouched, unless `hex` is 32 hex digits.
bool parse_id(std::string_view hex, Id& out);

// 128-bit hash (XXH3) of fields, each preceded by its length, so that ("ab","c") and ("a","bc") differ.
// The result never changes between versions: it is part of stored keys.
struct Hash128 {
  uint64_t high = 0, low = 0;
  auto operator<=>(const Hash128&) const = default;
};
Hash128 hash_fields(std::initializer_list<std::string_view> fields);

// The id of something born at `birth` (before 1970: clamped to 0) and identified by `hash`.
Id make_id(Time birth, const Hash128& hash);

}  // namespace mailtrace

template <>
struct std::hash<mailtrace::Id> {
  size_t operator()(const mailtrace::Id& id) const noexcept {
    size_t out;
    __builtin_memcpy(&out, id.bytes.data() + 8, sizeof out);
    return out;
  }
};
