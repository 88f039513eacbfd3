// The text of `--options`: every option of the core or of one plugin, from the tables that decode them.
#pragma once
#include <string>

namespace mailtrace {

// "" prints the core's options and names every plugin; "input.relp" prints that plugin's. 0, or 78 when there
// is no such plugin (said on stderr, with did-you-mean).
int print_options(const std::string& plugin);

}  // namespace mailtrace
