// Exact, "*.domain" or "*"; nothing else, so that nobody has to guess what a pattern lets through.
#include "core/base/name_pattern.h"

#include "core/base/text.h"

namespace mailtrace {

bool name_matches(std::string_view name, std::string_view pattern) {
  if (pattern == "*") return true;
  std::string own = lower(name), wanted = lower(pattern);
  if (!wanted.starts_with("*.")) return own == wanted;
  std::string_view domain = std::string_view(wanted).substr(1);
  return own.size() > domain.size() && own.ends_with(domain);
}

}  // namespace mailtrace
