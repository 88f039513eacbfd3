// Widths, colours and local times of the terminal. Main thread.
#include "core/tool/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/base/local_time.h"
#include "core/base/plural.h"
#include "core/parse/header.h"
#include "core/tool/texts.h"

namespace mailtrace {
namespace {

struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
};

// The text went through printable(), so it is valid UTF-8.
Character character(std::string_view text) {
  auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (bytes > text.size()) return {first, 1};
  uint32_t code = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3fu);
  return {code, bytes};
}

// Unicode East Asian Width W and F, and emoji; combining marks. Ranges, not the whole table.
size_t columns(uint32_t c) {
  if ((c >= 0x300 && c <= 0x36f) || (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x20d0 && c <= 0x20ff) ||
      (c >= 0xfe00 && c <= 0xfe0f))
    return 0;
  bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
              (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
              (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
              (c >= 0x20000 && c <= 0x3fffd);
  return wide ? 2 : 1;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value && *value;
}

}  // namespace

Terminal Terminal::of_stdout() {
  Terminal out;
  out.german = wants_german();
  if (is_set("COLUMNS")) out.width = std::strtoul(std::getenv("COLUMNS"), nullptr, 10);
  if (!::isatty(STDOUT_FILENO)) return out;
  out.is_terminal = true;
  winsize size{};
  bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  if (out.width == 0) out.width = known && size.ws_col ? size.ws_col : 80;
  out.height = known && size.ws_row ? size.ws_row : 24;
  const char* term = std::getenv("TERM");
  out.colours = !is_set("NO_COLOR") && term && std::string_view(term) != "dumb";
  return out;
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  static constexpr const char* codes[] = {"", "32", "33", "31", "35", "2", "1"};
  if (!colours || colour == Colour::none) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<size_t>(colour)], text);
}

std::string_view Terminal::say(std::string_view english) const {
  return german ? german_text(english) : english;
}

std::string Terminal::counted(int64_t count, std::string_view one, std::string_view many) const {
  return mailtrace::counted(count, say(one), say(many));
}

std::string Terminal::date_time(Time t) const { return local_time(t, utc); }
std::string Terminal::clock_time(Time t) const { return formatted_time(t, utc, "%H:%M:%S"); }
std::string Terminal::date(Time t) const { return formatted_time(t, utc, "%Y-%m-%d"); }
std::string Terminal::zone(Time t) const { return utc ? "UTC" : formatted_time(t, false, "%Z"); }

const date::time_zone* zone_of(const Terminal& terminal) {
  if (terminal.utc) return nullptr;
  const char* name = std::getenv("TZ");
  auto zone = find_zone(name && *name != ':' ? name : "");
  return zone ? *zone : nullptr;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    auto c = character(text);
    width += columns(c.code);
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string cut(std::string_view text, size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  size_t at = 0, used = 0;
  while (at < text.size()) {
    auto c = character(text.substr(at));
    if (used + columns(c.code) > width - 1) break;
    used += columns(c.code);
    at += c.bytes;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string fit(std::string_view text, size_t width) {
  auto out = cut(text, width);
  out.append(width - display_width(out), ' ');
  return out;
}

std::string with_one_digit(double value) {
  auto out = fmt::format("{:.1f}", value);
  if (wants_german()) std::replace(out.begin(), out.end(), '.', ',');
  return out;
}

std::string human_size(int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{} {}", with_one_digit(value), unit);
}

std::string human_duration(double seconds) {
  if (seconds < 10) return with_one_digit(seconds) + " s";
  int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600)
    return whole < 600 && whole % 60 ? fmt::format("{} min {} s", whole / 60, whole % 60)
                                     : fmt::format("{} min", whole / 60);
  if (whole < 86400)
    return whole / 60 % 60 ? fmt::format("{} h {} min", whole / 3600, whole / 60 % 60)
                           : fmt::format("{} h", whole / 3600);
  return whole / 3600 % 24 ? fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24)
                           : fmt::format("{} d", whole / 86400);
}

}  // namespace mailtrace
