// How a pasted text was understood, as the search box of the web page says it. Main thread.
#pragma once
#include <string>

#include "core/answer/understand.h"
#include "core/tool/terminal.h"

namespace mailtrace {

// Of `understood.tries` the one at `at` is shown, because those before it found nothing; what all of them
// have in common with `base` is not said. Empty if nothing was pasted.
std::string reading_text(const Understood& understood, size_t at, const Query& base,
                         const Terminal& terminal);

}  // namespace mailtrace
