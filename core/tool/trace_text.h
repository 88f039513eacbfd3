// The text of `mailtrace show`: what became of a mail, its way, everything that is stored. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/answer/verdict.h"
#include "core/mail/query.h"
#include "core/mail/row_json.h"
#include "core/tool/terminal.h"

namespace mailtrace {

enum class Detail { verdict, brief, all };  // verdicts and the way; also every attempt; also the log lines

std::string trace_text(const Trace& trace, const std::vector<MailVerdict>& verdicts, const Terminal& terminal,
                       Detail detail);
Json trace_json(const Trace& trace, const std::vector<MailVerdict>& verdicts);

}  // namespace mailtrace
