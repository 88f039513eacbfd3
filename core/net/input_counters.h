// The counters every network input has. Made once for each input; any thread.
#pragma once
#include <string>

#include "core/base/counters.h"
#include "core/intake/intake.h"

namespace mailtrace {

struct InputCounters {
  explicit InputCounters(const std::string& input)
      : lines(counter("input_lines_total", label(input))),
        bytes(counter("input_bytes_total", label(input))),
        truncated(counter("input_truncated_lines_total", label(input))) {}
  static std::string label(const std::string& input) { return "input=\"" + input + "\""; }

  // What the intake took.
  void add(std::span<const RawLine> taken) {
    uint64_t size = 0, cut = 0;
    for (const RawLine& line : taken) {
      size += line.bytes.size();
      if (line.flags & record_flag::truncated) ++cut;
    }
    lines += taken.size();
    bytes += size;
    if (cut > 0) truncated += cut;
  }

  Counter& lines;
  Counter& bytes;  // of the lines, without framing
  Counter& truncated;
};

}  // namespace mailtrace
