// How and where text is shown: width, colours, language, zone. Main thread.
#pragma once
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/usage/language.h"

namespace date {
class time_zone;
}

namespace mailtrace {

enum class Colour { none, green, yellow, red, magenta, dim, bold };

struct Terminal {
  bool colours = false;
  bool is_terminal = false;  // else a pipe or a file
  size_t width = 0;          // columns; 0: never cut
  size_t height = 0;         // rows of the window
  bool utc = false;
  bool german = false;

  // Of standard output. NO_COLOR and TERM=dumb are respected; COLUMNS wins over the window's size.
  static Terminal of_stdout();
  std::string paint(Colour colour, std::string_view text) const;
  // The text in the user's language; `english` itself when the table has no other.
  std::string_view say(std::string_view english) const;
  // "1 line", "2 lines", in the user's language.
  std::string counted(int64_t count, std::string_view one, std::string_view many) const;
  // "2026-11-23 14:02:11" in the local zone (or UTC), as all tables show it.
  std::string date_time(Time t) const;
  std::string clock_time(Time t) const;  // "14:02:11"
  std::string date(Time t) const;        // "2026-11-23"
  std::string zone(Time t) const;        // "CET", "UTC"
};

// The zone of Terminal::date_time(), for texts with its name; null: UTC.
const date::time_zone* zone_of(const Terminal& terminal);

// Columns a text takes: wide characters two, combining marks none. The text is printable UTF-8.
size_t display_width(std::string_view text);
// Cut with "…" when it is longer than `width` columns.
std::string cut(std::string_view text, size_t width);
// Cut or filled with blanks to exactly `width` columns.
std::string fit(std::string_view text, size_t width);

// "1.4 KiB"
// "1.1", in German "1,1"
std::string with_one_digit(double value);
std::string human_size(int64_t bytes);
// "3.2 s", "4 min", "2 h 10 min", "5 d 3 h"
std::string human_duration(double seconds);

}  // namespace mailtrace
