// Asks the daemon over <state_directory>/control.sock. Main thread.
#pragma once
#include <string>

#include "core/base/result.h"

namespace mailtrace {

// Sends one line, returns the answer without its line end. Fault::transient: nobody answers.
Result<std::string> ask_daemon(const std::string& socket_path, const std::string& command);

}  // namespace mailtrace
