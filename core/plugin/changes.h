// What differs between the configuration in use and a new one. Main thread, on SIGHUP.
#pragma once
#include <string>
#include <vector>

#include "core/config/config.h"

namespace mailtrace {

struct ConfigChanges {
  // "log_level", "inputs.relp.allow": taken over while running, or only by a restart.
  std::vector<std::string> live, restart;
};
// An option is live if its table says so; a plugin that comes or goes needs a restart.
ConfigChanges compare_configs(const Config& used, const Config& fresh);

}  // namespace mailtrace
