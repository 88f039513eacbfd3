// Time and Day: the two clocks of the product. All times are UTC. Any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace mailtrace {

using Microseconds = std::chrono::microseconds;
// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
using Time = std::chrono::sys_time<Microseconds>;
// A UTC date, days since 1970-01-01: the partition column of both tables.
using Day = std::chrono::sys_days;

inline Time time_from_us(int64_t us) { return Time(Microseconds(us)); }
inline int64_t to_us(Time t) { return t.time_since_epoch().count(); }
inline Day day_of(Time t) { return std::chrono::floor<std::chrono::days>(t); }
inline Time now() { return std::chrono::floor<Microseconds>(std::chrono::system_clock::now()); }

// "2026-11-23T20:11:54.131466Z"
std::string format_time(Time t);
// "2026-11-23"
std::string format_day(Day d);
// Reads "2026-11-23" and "2026-11-23T20:11[:54[.131466]][Z|+01:00]" (RFC 3339, blank instead of T allowed;
// without zone: UTC). False, and `out` untouched, when the text is none of these.
bool parse_time(std::string_view text, Time& out);

}  // namespace mailtrace
