// Coverage: of which hours the database has the lines of which host, and where it has none although the host
// used to speak. The proof behind "nothing found". Pure; any thread.
#pragma once
#include <string>
#include <vector>

#include "core/mail/rows.h"

namespace mailtrace {

// The counts of one host in one hour over all programs. What receivers counted and what imports counted are
// two views of the same lines as a rule: the larger counts.
struct HourCount {
  Time start{};
  int64_t lines = 0, unknown = 0;  // unknown: a parser should have known them
};

struct Silence {
  Time from{}, to{};     // no line between these two; whole minutes
  Microseconds usual{};  // nineteen of twenty pauses of this host are not longer
  bool ended = true;     // false: until the end of the asked time
};

struct HostCoverage {
  std::string host;
  Time first{}, last{};            // of its lines in the asked time
  int64_t lines = 0, unknown = 0;  // of the hours; of the days, if no hours were counted
  std::vector<HourCount> hours;    // those with lines, in order
  std::vector<Silence>
      silences;  // in order; none that is usual, nor for a host that speaks too rarely to tell
};

// By host. `hosts` and `hours` as a Reader gives them for this time; the more days they hold, the better is
// known what is usual.
std::vector<HostCoverage> coverage(const std::vector<HostRow>& hosts, const std::vector<HourRow>& hours,
                                   Time from, Time to);

// True if the host, of whom `hours` are, was as quiet at this time of day on other days: nothing is wrong
// then. False as well if no other day is known.
bool is_quiet_time(const std::vector<HourRow>& hours, Time from, Time to);

// One row for each program (`host` empty, day and hour meaningless), most lines first; the larger of received
// and imported, as above.
std::vector<HourRow> by_program(const std::vector<HourRow>& hours);

}  // namespace mailtrace
