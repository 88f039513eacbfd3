#include "core/answer/own_hosts.h"

#include "core/base/text.h"

namespace mailtrace {

void OwnHosts::add(const std::string& name) {
  if (!name.empty()) names_.insert(lower(name));
}

bool OwnHosts::contains(std::string_view name) const {
  std::string small = lower(name);
  if (names_.contains(small)) return true;
  for (auto dot = small.find('.'); dot != std::string::npos; dot = small.find('.', dot + 1))
    if (names_.contains(std::string_view(small).substr(0, dot))) return true;
  return false;
}

}  // namespace mailtrace
