#include "core/base/local_time.h"

namespace mailtrace {

std::tm broken_down(Time t, bool utc) {
  auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count());
  std::tm tm{};
  if (utc)
    ::gmtime_r(&seconds, &tm);
  else
    ::localtime_r(&seconds, &tm);
  return tm;
}

std::string formatted_time(Time t, bool utc, const char* format) {
  auto tm = broken_down(t, utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &tm)};
}

std::string local_time(Time t, bool utc) { return formatted_time(t, utc, "%Y-%m-%d %H:%M:%S"); }

}  // namespace mailtrace
