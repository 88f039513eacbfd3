// `mailtrace search --watch`: new results as they come, until a signal ends it. Main thread.
#pragma once
#include <chrono>

#include "core/tool/hit_writer.h"
#include "core/tool/news.h"

namespace mailtrace {

// Prints what `news` finds, looking every `interval`. Returns an exit code when the reader of standard output
// is gone or the database can never answer; a database that is away is waited for. SIGINT and SIGTERM end the
// program between two results, as those signals do, so that a shell sees 130 and stops a loop around it.
int watch(News& news, HitWriter& writer, const Terminal& terminal, std::chrono::milliseconds interval);

}  // namespace mailtrace
