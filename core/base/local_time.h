// Times for people at this machine, in its zone ($TZ). Any thread.
#pragma once
#include <ctime>
#include <string>

#include "core/base/time.h"

namespace mailtrace {

std::tm broken_down(Time t, bool utc = false);
// By strftime.
std::string formatted_time(Time t, bool utc, const char* format);
// "2026-11-23 14:02:11", as all lists and tables show it.
std::string local_time(Time t, bool utc = false);

}  // namespace mailtrace
