// Stamps to UTC: called by the header parser for each line. Any thread.
#include "core/parse/stamp.h"

#include <date/tz.h>

#include <algorithm>
#include <optional>

#include "core/base/text.h"
#include "core/mail/plausible.h"

namespace mailtrace {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using LocalTime =
    std::chrono::duration<int64_t, std::micro>;  // since 1970, as the clock on the wall showed it

bool digits(std::string_view text, size_t at, size_t count, int& out) {
  if (at + count > text.size()) return false;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    if (digit > 9) return false;
    value = value * 10 + static_cast<int>(digit);
  }
  out = value;
  return true;
}

// "20:11:54" at `at`; the leap second becomes the last microsecond before it, as POSIX time has none.
bool clock_time(std::string_view text, size_t at, LocalTime& out, bool& leap) {
  int hour, minute, second;
  if (!digits(text, at, 2, hour) || !digits(text, at + 3, 2, minute) || !digits(text, at + 6, 2, second))
    return false;
  if (text[at + 2] != ':' || text[at + 5] != ':' || hour > 23 || minute > 59 || second > 60) return false;
  leap = second == 60;
  out = hours(hour) + minutes(minute) + seconds(leap ? 59 : second);
  return true;
}

// ".154"
constexpr size_t milliseconds_width = 4;

// ".154266": more digits than six are cut off.
size_t fraction(std::string_view text, size_t at, LocalTime& out) {
  if (at + 1 >= text.size() || (text[at] != '.' && text[at] != ',')) return 0;
  size_t end = at + 1;
  int64_t value = 0, scale = 1000000;
  for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end) {
    if (scale == 1) continue;
    value = value * 10 + (text[end] - '0');
    scale /= 10;
  }
  if (end == at + 1) return 0;
  out = LocalTime(value * scale);
  return end - at;
}

std::optional<int64_t> day_number(int year, int month, int day) {
  std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// A quarter of an hour of wall clock that lies wholly under one offset, remembered: looking a zone up costs
// more than reading a whole line.
struct OffsetCache {
  const date::time_zone* zone = nullptr;
  int64_t quarter = 0;
  LocalTime offset{};
};
constexpr int64_t quarter_us = 15LL * 60 * 1000000;

Time to_utc(LocalTime local, Time received, const date::time_zone* zone) {
  if (!zone) return Time(local);
  thread_local OffsetCache cache;
  int64_t quarter = local.count() / quarter_us - (local.count() % quarter_us < 0 ? 1 : 0);
  if (cache.zone == zone && cache.quarter == quarter) return Time(local - cache.offset);
  auto whole = std::chrono::floor<seconds>(local);
  auto info = zone->get_info(date::local_seconds(whole));
  LocalTime first = info.first.offset;
  if (info.result == date::local_info::ambiguous) {
    Time early(local - first), late(local - LocalTime(info.second.offset));
    return std::chrono::abs(early - received) < std::chrono::abs(late - received) ? early : late;
  }
  if (info.result == date::local_info::unique) {
    date::local_seconds begin{seconds(quarter * 15 * 60)};
    auto from = zone->get_info(begin), to = zone->get_info(begin + minutes(15) - seconds(1));
    if (from.result == date::local_info::unique && to.result == date::local_info::unique &&
        from.first.offset == to.first.offset)
      cache = {zone, quarter, first};
  }
  // A time that never was (the clock jumped over it) is read with the offset before the jump.
  return Time(local - first);
}

// The year that puts the stamp nearest to `received`; an import looks backwards, one day of clock error
// allowed.
bool find_year(int month, int day, LocalTime clock, Time received, const HeaderOptions& options, Time& out) {
  int year = static_cast<int>(std::chrono::year_month_day(day_of(received)).year());
  auto at = [&](int y, Time& time) {
    auto number = day_number(y, month, day);
    if (number) time = to_utc(LocalTime(days(*number)) + clock, received, options.zone);
    return number.has_value();
  };
  Time time;
  if (at(year, time)) {
    auto ahead = time - received;
    if (options.import ? ahead <= days(1) && ahead > -days(363) : std::chrono::abs(ahead) < days(182)) {
      out = time;
      return true;
    }
  }
  bool found = false;
  Time limit = received + days(1);
  for (int y = year - 8; y <= year + 8; ++y) {  // 29 February may be eight years away (1896-1904)
    if (!at(y, time) || (options.import && time > limit)) continue;
    if (!found || std::chrono::abs(time - received) < std::chrono::abs(out - received)) out = time;
    found = true;
  }
  return found;
}

int month_of(std::string_view name) {
  constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (name.size() != 3) return 0;
  for (size_t i = 0; i < names.size(); i += 3)
    if (names[i] == name[0] && names[i + 1] == name[1] && names[i + 2] == name[2])
      return static_cast<int>(i / 3) + 1;
  return 0;
}

void step(Scan& scan, size_t count) { scan.skip(scan.rest().substr(0, count)); }

}  // namespace

Result<const date::time_zone*> find_zone(const std::string& name) {
  // The library reports by exception.
  try {
    if (name.empty()) return date::current_zone();
    return date::locate_zone(name);
  } catch (const std::exception&) {
  }
  try {
    if (name.empty()) return date::locate_zone("UTC");  // no /etc/localtime: as the C library does
    std::vector<std::string_view> names;
    for (auto& zone : date::get_tzdb().zones) names.push_back(zone.name());
    std::string near = closest(name, names);
    return Error{Fault::config,
                 "time zone \"" + name + "\" is not in the time zone database" +
                     (near.empty() ? ", write it like Europe/Berlin" : ", did you mean " + near + "?")};
  } catch (const std::exception& failure) {
    return Error{Fault::config, std::string("time zone database cannot be read (") + failure.what() +
                                    "), install the package tzdata"};
  }
}

bool read_rfc3339(Scan& scan, Time received, const HeaderOptions& options, Stamp& out) {
  std::string_view text = scan.rest();
  int year, month, day;
  LocalTime clock, part{};
  bool leap = false;
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't'))
    return false;
  if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day)) return false;
  if (!clock_time(text, 11, clock, leap)) return false;
  auto number = day_number(year, month, day);
  if (!number) return false;
  size_t end = 19, width = fraction(text, end, part);
  end += width;
  LocalTime local = LocalTime(days(*number)) + clock + (leap ? LocalTime(999999) : part);
  Time time;
  if (end < text.size() && (text[end] == 'Z' || text[end] == 'z')) {
    time = Time(local);
    ++end;
  } else if (end < text.size() && (text[end] == '+' || text[end] == '-')) {
    int hour, minute;
    size_t colon = end + 3 < text.size() && text[end + 3] == ':' ? 1 : 0;
    if (!digits(text, end + 1, 2, hour) || !digits(text, end + 3 + colon, 2, minute)) return false;
    if (hour > 23 || minute > 59) return false;
    LocalTime offset = hours(hour) + minutes(minute);
    time = Time(text[end] == '-' ? local + offset : local - offset);
    end += 5 + colon;
  } else {
    time = to_utc(local, received, options.zone);
  }
  if (end < text.size() && text[end] != ' ') return false;
  out = {within_calendar(time), width == 0 && !leap, width <= milliseconds_width || leap};
  step(scan, end);
  return true;
}

bool read_rfc3164(Scan& scan, Time received, const HeaderOptions& options, Stamp& out) {
  std::string_view text = scan.rest();
  int year = 0;
  size_t at = digits(text, 0, 4, year) && text.size() > 4 && text[4] == ' ' ? 5 : 0;
  if (text.size() < at + 15 || text[at + 3] != ' ' || text[at + 6] != ' ') return false;
  int month = month_of(text.substr(at, 3)), day;
  bool padded = text[at + 4] == ' ';
  if (!month || !digits(text, at + (padded ? 5 : 4), padded ? 1 : 2, day)) return false;
  LocalTime clock, part{};
  bool leap = false;
  if (!clock_time(text, at + 7, clock, leap)) return false;
  size_t end = at + 15, width = fraction(text, end, part);
  end += width;
  if (end < text.size() && text[end] == ':') ++end;  // Cisco's habit, kept by rsyslog relays
  if (end < text.size() && text[end] != ' ') return false;
  clock += leap ? LocalTime(999999) : part;
  out.whole_seconds = width == 0 && !leap;
  out.coarse = width <= milliseconds_width || leap;
  if (at) {
    auto number = day_number(year, month, day);
    if (!number) return false;
    out.time = within_calendar(to_utc(LocalTime(days(*number)) + clock, received, options.zone));
  } else if (!find_year(month, day, clock, received, options, out.time)) {
    return false;
  }
  step(scan, end);
  return true;
}

bool read_unix(Scan& scan, Stamp& out) {
  std::string_view text = scan.rest();
  // Exactly ten digits: shorter or longer numbers are no time that a mail log knows.
  size_t end = 10;
  int high, low;
  LocalTime part{};
  if (!digits(text, 0, 5, high) || !digits(text, 5, 5, low) || high < 10'000) return false;
  size_t width = fraction(text, end, part);
  end += width;
  if (end >= text.size() || text[end] != ' ') return false;
  out = {Time(seconds(high * int64_t{100'000} + low) + part), width == 0, width <= milliseconds_width};
  step(scan, end);
  return true;
}

}  // namespace mailtrace
