// Time as text and back. Any thread.
#include "core/base/time.h"

#include <fmt/format.h>

namespace mailtrace {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Exactly `count` digits from the front of `text`.
bool digits(std::string_view& text, size_t count, int& out) {
  if (text.size() < count) return false;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  out = value;
  return true;
}

bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool read_date(std::string_view& text, Day& out) {
  int year = 0, month = 0, day = 0;
  if (!digits(text, 4, year) || !skip(text, '-') || !digits(text, 2, month) || !skip(text, '-') ||
      !digits(text, 2, day))
    return false;
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  out = Day(date);
  return true;
}

// "[:54[.131466]]": digits behind the sixth are cut.
bool read_seconds(std::string_view& text, Microseconds& out) {
  if (!skip(text, ':')) return true;
  int second = 0;
  if (!digits(text, 2, second) || second > 60) return false;  // RFC 3339 5.7: 60 is a leap second
  out += seconds(second);
  if (!skip(text, '.')) return true;
  int digit = 0, value = 0, count = 0;
  while (digits(text, 1, digit))
    if (count++ < 6) value = value * 10 + digit;
  if (count == 0) return false;
  for (; count < 6; ++count) value *= 10;
  out += Microseconds(value);
  return true;
}

// "Z", "+01:00" or nothing: what must be subtracted to get UTC.
bool read_zone(std::string_view& text, Microseconds& out) {
  if (text.empty() || skip(text, 'Z') || skip(text, 'z')) return true;
  bool east = skip(text, '+');
  if (!east && !skip(text, '-')) return false;
  int hour = 0, minute = 0;
  if (!digits(text, 2, hour) || !skip(text, ':') || !digits(text, 2, minute) || hour > 23 || minute > 59)
    return false;
  out = hours(hour) + minutes(minute);
  if (!east) out = -out;
  return true;
}

}  // namespace

std::string format_day(Day d) {
  std::chrono::year_month_day date(d);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string format_time(Time t) {
  Day day = day_of(t);
  int64_t us = (t - day).count();
  int64_t whole = us / 1'000'000;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:06}Z", format_day(day), whole / 3600, whole / 60 % 60,
                     whole % 60, us % 1'000'000);
}

bool parse_time(std::string_view text, Time& out) {
  Day day;
  if (!read_date(text, day)) return false;
  if (text.empty()) {
    out = day;
    return true;
  }
  if (!skip(text, 'T') && !skip(text, 't') && !skip(text, ' ')) return false;
  int hour = 0, minute = 0;
  if (!digits(text, 2, hour) || !skip(text, ':') || !digits(text, 2, minute) || hour > 23 || minute > 59)
    return false;
  Microseconds clock = hours(hour) + minutes(minute), zone{};
  if (!read_seconds(text, clock) || !read_zone(text, zone) || !text.empty()) return false;
  out = Time(day) + clock - zone;
  return true;
}

}  // namespace mailtrace
