// Reads times as people type them. Any thread.
#pragma once
#include <string_view>

#include "core/base/time.h"

namespace mailtrace {

// The span a text means: a day for "2026-11-23", a moment (from == to) for anything finer.
struct When {
  Time from, to;
};

// "2026-11-23", "23.11.2026", either with " 14:00[:05]", "14:00" (today), "2h", "30m", "3d", "1w" (ago),
// "now", "today", "yesterday" (also "jetzt", "heute", "gestern"), RFC 3339 with zone. Without zone: local
// time, or UTC. False, and `out` untouched, when the text is none of these.
bool parse_when(std::string_view text, Time now, bool utc, When& out);

}  // namespace mailtrace
