// What a stamp can say and a log can mean. Any thread.
#pragma once
#include "core/base/time.h"

namespace mailtrace {

// A day more than two days ahead or more than ten years old is no day of a real log.
inline bool plausible_day(Day day, Day today) {
  return day <= today + std::chrono::days(2) && day >= today - std::chrono::days(3653);
}

// Under which time a line is counted: a forged date makes no hour of its own.
inline Time counted_time(Time time, Time received) {
  return plausible_day(day_of(time), day_of(received)) ? time : received;
}

// Years 1 to 9999 (UTC) are what RFC 3339 can write and every database takes; a zone may lead out of them.
inline Time within_calendar(Time time) {
  constexpr auto first = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
  constexpr auto end = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);
  if (time < Time(first)) return first;
  return time < Time(end) ? time : Time(end) - Microseconds(1);
}

}  // namespace mailtrace
