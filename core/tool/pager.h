// Long text on a terminal goes through a pager, as git does it. Main thread.
#pragma once
#include <string>
#include <string_view>

#include "core/tool/terminal.h"

namespace mailtrace {

// $MAILTRACE_PAGER, else $PAGER, else less where it is installed; empty, also for "cat": none.
std::string pager_command();

// Prints the text: through the pager if it is longer than the terminal and `paged`. To leave the pager before
// the end of the text is no error.
void print_paged(std::string_view text, const Terminal& terminal, bool paged);

}  // namespace mailtrace
