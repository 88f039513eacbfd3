// Text from log lines made safe to store and to print. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

bool is_valid_utf8(std::string_view text);
// Valid UTF-8 without NUL: invalid bytes become `\xHH`, NUL becomes U+FFFD; cut (at a character) to
// `max_bytes`.
std::string storable(std::string_view text, size_t max_bytes = 65535);
// For a terminal: control characters (also C1), bidi overrides and zero-width characters as `\u{202e}`.
std::string printable(std::string_view text);
// ASCII A-Z to a-z; other bytes stay.
std::string lower(std::string_view text);
// The candidate that begins with `name`, or the closest one by edit distance; "" if none is within a third of
// its length (at least 2).
std::string closest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace mailtrace
