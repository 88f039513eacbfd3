// Follows each recipient through a trace. Called by verdicts(). Any thread.
#pragma once
#include <string>
#include <vector>

#include "core/answer/outcome.h"
#include "core/mail/query.h"

namespace mailtrace {

// Where one recipient's way ended.
struct WayEnd {
  const Mail* root = nullptr;
  const Mail* mail = nullptr;
  std::string original;  // as the sender wrote it
  Attempts attempts;     // none: nothing logged yet
};

// One for each recipient at the end of each way. Notices about another mail of the trace begin none, unless
// there is nothing else.
std::vector<WayEnd> ends_of(const Trace& trace);
// Those of the ways that begin at this mail.
std::vector<WayEnd> ends_from(const Trace& trace, const Mail& mail);

}  // namespace mailtrace
