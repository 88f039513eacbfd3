// `mailtrace user …`: users made and changed from the command line. Main thread.
#pragma once
#include <string>

#include "core/plugin/web.h"
#include "plugins/web/accounts/accounts.h"

namespace mailtrace::accounts {

// What is printed.
Result<std::string> run_command(Accounts& accounts, const UserCommand& command);

}  // namespace mailtrace::accounts
