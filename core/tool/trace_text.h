// The text of `mailtrace show`: what became of a mail, its way, everything that is stored. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/answer/proof.h"
#include "core/answer/verdict.h"
#include "core/mail/query.h"
#include "core/mail/row_json.h"
#include "core/tool/terminal.h"

namespace mailtrace {

enum class Detail { verdict, brief, all };  // verdicts and the way; also every attempt; also the log lines

// `companies`: of the verdicts with the same places, as companies() gives them; empty: not asked for.
std::string trace_text(const Trace& trace, const std::vector<MailVerdict>& verdicts, const Terminal& terminal,
                       Detail detail, const std::vector<Company>& companies = {});
Json trace_json(const Trace& trace, const std::vector<MailVerdict>& verdicts,
                const std::vector<Company>& companies = {});

}  // namespace mailtrace
