// UTF-8 checking, escaping, and the edit distance behind "did you mean". Any thread.
#include "core/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace mailtrace {
namespace {

// The character at the front of `text` (not empty). `size` 0: these bytes are no UTF-8 (RFC 3629: overlong
// forms, surrogates and what is above U+10FFFF are none).
struct Decoded {
  uint32_t code = 0;
  size_t size = 0;
};

Decoded decode(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  uint32_t code = first & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  static constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, size};
}

// Steps over ASCII eight bytes at a time; log lines are little else.
size_t ascii_prefix(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t chunk;
    std::memcpy(&chunk, text.data() + at, 8);
    if (chunk & 0x8080808080808080ull) break;
  }
  while (at < text.size() && static_cast<uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

// Characters that move, hide or reorder what stands around them on a terminal or a page.
bool misleading(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
         c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

std::string hex_byte(char c) { return fmt::format("\\x{:02X}", static_cast<uint8_t>(c)); }

// Optimal string alignment: insertions, deletions, replacements, and swapped neighbours count 1.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (true) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) return true;
    size_t size = decode(text).size;
    if (size == 0) return false;
    text.remove_prefix(size);
  }
}

std::string storable(std::string_view text, size_t max_bytes) {
  bool clean = text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
  if (clean && is_valid_utf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    auto [code, size] = decode(text);
    std::string_view piece = text.substr(0, size);
    std::string escaped;
    if (size == 0)
      piece = escaped = hex_byte(text.front());
    else if (code == 0)
      piece = "\xEF\xBF\xBD";
    if (out.size() + piece.size() > max_bytes) break;
    out += piece;
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto [code, size] = decode(text);
    if (size == 0)
      out += hex_byte(text.front());
    else if (misleading(code))
      out += fmt::format("\\u{{{:x}}}", code);
    else
      out += text.substr(0, size);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string closest(std::string_view name, const std::vector<std::string_view>& candidates) {
  size_t limit = std::max<size_t>(2, name.size() / 3);
  std::string_view best;
  size_t best_distance = limit + 1;
  for (auto candidate : candidates) {
    size_t larger = std::max(name.size(), candidate.size()),
           smaller = std::min(name.size(), candidate.size());
    // "warn" for "warning" is a long way and yet meant.
    if (name.size() >= 3 && candidate.starts_with(name)) return std::string(candidate);
    if (larger - smaller > limit) continue;
    size_t d = distance(name, candidate);
    // Nothing in common is no suggestion, however short the names are.
    if (d < best_distance && d < larger) {
      best = candidate;
      best_distance = d;
    }
  }
  return std::string(best);
}

}  // namespace mailtrace
