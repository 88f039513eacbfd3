// The text of `mailtrace show`: one mail's whole way for people. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/mail/query.h"
#include "core/mail/row_json.h"
#include "core/tool/terminal.h"

namespace mailtrace {

// Where the way of one recipient ended, as far as the logs say.
struct End {
  const Mail* mail;
  const DeliverRow* delivery;  // null: no attempt was logged yet
};
// One for each recipient of each mail that was not handed on to another mail of the trace.
std::vector<End> ends_of(const Trace& trace);

std::string trace_text(const Trace& trace, const Terminal& terminal, bool with_lines);
Json trace_json(const Trace& trace);

}  // namespace mailtrace
