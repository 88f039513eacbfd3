// A time as people say it on the telephone: "gestern mittag", "yesterday around noon", "am Freitag gegen 14
// Uhr", "vor zwei Stunden". Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace date {
class time_zone;
}

namespace mailtrace {

struct SpokenTime {
  std::optional<Time> from;  // none: "vor gestern", any time before `to`
  Time to;
  std::string rest;  // the words that are no time: "anna@example.org"
};

// German and English. A day without an hour is the whole day, an hour some time around it; "ab", "vor",
// "zwischen", "seit" and "14-16" say its edges. A bare number is an hour only with such a word. What is meant
// is past: "am Freitag" on a Thursday was six days ago. None: no word of it is a time. `zone` null: UTC.
std::optional<SpokenTime> read_spoken_time(std::string_view text, Time now, const date::time_zone* zone);

}  // namespace mailtrace
