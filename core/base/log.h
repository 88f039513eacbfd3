// The daemon's own log: one line per event to stderr, with <n> priority prefixes (sd-daemon(3)) when stderr
// is the journal, never to syslog, so that Mailtrace does not feed itself. Any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace mailtrace {

// Levels by duty: debug (developer), info (a state changed), warning (act today), error (act now).
enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string_view key;
  std::string value;
};

// Prints `event key=value key="text with blanks"`. `event` is stable ("spool.open"). Control characters and
// invalid UTF-8 in values come out escaped.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
// At most one line a minute per `event`; the next one says how many were held back.
void log_rarely(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
void set_log_level(LogLevel least);
// "debug", "info", "warning", "error". False, and `out` untouched, for anything else.
bool parse_log_level(std::string_view name, LogLevel& out);

// Opens at most once a minute; `held` is how often it stayed closed since. One thread at a time.
class RareGate {
 public:
  bool pass(std::chrono::steady_clock::time_point at, uint64_t& held);

 private:
  std::chrono::steady_clock::time_point last_{};
  uint64_t held_ = 0;
  bool opened_ = false;
};

}  // namespace mailtrace
