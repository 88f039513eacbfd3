// Times as people type them. Any thread.
#include "core/tool/when.h"

#include <cctype>
#include <ctime>
#include <string>

#include "core/base/local_time.h"
#include "core/base/scan.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

struct Civil {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

Time moment(const Civil& c, bool utc) {
  std::tm tm{};
  tm.tm_year = c.year - 1900;
  tm.tm_mon = c.month - 1;
  tm.tm_mday = c.day;
  tm.tm_hour = c.hour;
  tm.tm_min = c.minute;
  tm.tm_sec = c.second;
  tm.tm_isdst = -1;
  return Time(std::chrono::seconds(utc ? ::timegm(&tm) : ::mktime(&tm)));
}

Civil civil(Time t, bool utc) {
  auto tm = broken_down(t, utc);
  return {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
}

When whole_day(Civil c, bool utc) {
  c.hour = c.minute = c.second = 0;
  auto from = moment(c, utc);
  ++c.day;  // mktime carries over, also where a day has 23 or 25 hours
  return {from, moment(c, utc)};
}

bool read_date(Scan& scan, Civil& c) {
  int first = 0, second = 0, third = 0;
  auto start = scan;
  bool iso =
      scan.number(first) && scan.skip("-") && scan.number(second) && scan.skip("-") && scan.number(third);
  if (iso) {
    c.year = first, c.month = second, c.day = third;
  } else {
    scan = start;
    if (!scan.number(first) || !scan.skip(".") || !scan.number(second) || !scan.skip(".") ||
        !scan.number(third))
      return false;
    c.year = third, c.month = second, c.day = first;
  }
  std::chrono::year_month_day date{std::chrono::year(c.year),
                                   std::chrono::month(static_cast<unsigned>(c.month)),
                                   std::chrono::day(static_cast<unsigned>(c.day))};
  return c.year >= 1970 && c.year <= 9999 && date.ok();
}

bool read_clock(Scan& scan, Civil& c) {
  if (!scan.number(c.hour) || !scan.skip(":") || !scan.number(c.minute)) return false;
  c.second = 0;
  if (scan.skip(":") && !scan.number(c.second)) return false;
  return c.hour >= 0 && c.hour < 24 && c.minute >= 0 && c.minute < 60 && c.second >= 0 && c.second < 61;
}

bool read_ago(std::string_view text, Time now, When& out) {
  Scan scan(text);
  int64_t count = 0;
  if (text.empty() || !std::isdigit(static_cast<unsigned char>(text[0])) || !scan.number(count)) return false;
  while (scan.skip(" ")) {
  }
  auto unit = scan.rest().substr(0, 1);
  auto rest = scan.rest().substr(unit.size());
  if (!rest.empty() && rest != " ago" && rest != "in" && rest != "in ago") return false;
  int64_t seconds = unit == "s"   ? 1
                    : unit == "m" ? 60
                    : unit == "h" ? 3600
                    : unit == "d" ? 86400
                    : unit == "w" ? 604800
                                  : 0;
  if (seconds == 0 || count < 0 || count > 4'000'000'000 / seconds) return false;
  if (rest.starts_with("in") && unit != "m") return false;
  out.from = out.to = now - std::chrono::seconds(count * seconds);
  return true;
}

// "Z", "+01:00": an absolute moment, parse_time's business.
bool has_zone(std::string_view text) {
  if (text.ends_with("Z") || text.ends_with("z")) return true;
  return text.size() > 6 && text[text.size() - 3] == ':' &&
         (text[text.size() - 6] == '+' || text[text.size() - 6] == '-');
}

}  // namespace

bool parse_when(std::string_view given, Time now, bool utc, When& out) {
  std::string text = lower(given);
  Civil today = civil(now, utc);
  if (text == "now" || text == "jetzt") {
    out.from = out.to = now;
    return true;
  }
  if (text == "today" || text == "heute") {
    out = whole_day(today, utc);
    return true;
  }
  if (text == "yesterday" || text == "gestern") {
    --today.day;
    out = whole_day(today, utc);
    return true;
  }
  if (read_ago(text, now, out)) return true;

  Civil c;
  Scan scan(text);
  if (read_date(scan, c)) {
    if (scan.at_end()) {
      out = whole_day(c, utc);
      return true;
    }
    if (has_zone(given)) {
      Time exact;
      if (!parse_time(given, exact)) return false;
      out.from = out.to = exact;
      return true;
    }
    if (!scan.skip(" ") && !scan.skip("t")) return false;
  } else {
    scan = Scan(text);
    c = today;
  }
  if (!read_clock(scan, c) || !scan.at_end()) return false;
  out.from = out.to = moment(c, utc);
  return true;
}

}  // namespace mailtrace
