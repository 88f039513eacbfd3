// The text of `mailtrace status`. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/mail/row_json.h"
#include "core/tool/terminal.h"

namespace mailtrace {

// From the daemon's own answer; keys it lacks are left out.
std::string daemon_text(const Json& status, const Terminal& terminal);

}  // namespace mailtrace
