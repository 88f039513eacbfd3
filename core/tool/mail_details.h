// The mails of a trace one by one, with every attempt. Main thread.
#pragma once
#include "core/mail/query.h"
#include "core/tool/terminal.h"

namespace mailtrace {

class TextOut;
void mail_details(const Trace& trace, const Terminal& terminal, TextOut& out);

}  // namespace mailtrace
