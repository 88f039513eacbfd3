// The text of `mailtrace overview`. Main thread.
#pragma once
#include <string>

#include "core/mail/row_json.h"
#include "core/tool/terminal.h"

namespace mailtrace {

// Of what overview_json() gives, as wide as the terminal. Numbers with bars; where it is not plain from the
// line, the options of `mailtrace search` that list its mails.
std::string overview_text(const Json& overview, const Terminal& terminal);

// True if any delivery was counted.
bool counts_anything(const Json& overview);

}  // namespace mailtrace
