// The text of `mailtrace status`. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/mail/row_json.h"
#include "core/tool/terminal.h"

namespace mailtrace {

// From the daemon's own answer; keys it lacks are left out.
std::string daemon_text(const Json& status, const Terminal& terminal);
// What the database knows: the servers that log, and how far each receiver has come.
std::string database_text(const std::vector<HostRow>& hosts, const std::vector<Checkpoint>& checkpoints,
                          const Terminal& terminal);
// One row a host: days joined.
std::vector<HostRow> joined_hosts(const std::vector<HostRow>& days);

}  // namespace mailtrace
