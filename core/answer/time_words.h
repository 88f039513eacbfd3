// A time in words: exact, for evidence and admins, and as people say it, for customers. Any thread.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "core/answer/words.h"

namespace mailtrace {

// "2026-11-23 20:12:21 UTC", "23.11.2026, 20:12:21 Uhr (UTC)". Null zone: UTC. German puts "am", "dem" before
// it.
std::string time_text(Time time, Language language, const date::time_zone* zone);

// The times of one answer, to the minute and with the words that belong before them. The day is said with the
// first of them, and again where it is another one.
class TimeWords {
 public:
  // `read_at`: whoever reads it does so then, in his zone: "today at 06:04". None, or no zone: it may be read
  // later and elsewhere, so date and zone are said: "on 2026-11-23 at 06:04 CET".
  TimeWords(Language language, const date::time_zone* zone, std::optional<Time> read_at);

  std::string on(Time time);                   // "today at 06:04", "heute um 06:04 Uhr"
  std::string by(Time time);                   // "by 06:04 today", "bis heute 06:04 Uhr"
  std::string since(Time time);                // "since 06:04 today", "seit heute 06:04 Uhr"
  std::string between(Time first, Time last);  // "today between 06:04 and 06:09"

 private:
  struct Moment {
    std::chrono::days day;  // since 1970, by the wall
    std::string clock, zone;
    bool operator==(const Moment& other) const = default;
    bool same_day(const Moment& other) const { return day == other.day && zone == other.zone; }
  };
  // With the day just said, with "today", with a date.
  struct Forms {
    const char *known, *near, *dated;
  };
  Moment moment(Time time) const;
  std::string near_day(const Moment& moment) const;
  std::string put(const Forms& forms, const Moment& first, const Moment& last, bool zone_follows = true);
  std::string one(const Forms& en, const Forms& de, Time time);

  bool german_;
  const date::time_zone* zone_;
  std::optional<std::chrono::days> today_;
  std::optional<Moment> said_;
};

}  // namespace mailtrace
