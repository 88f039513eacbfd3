// The locale's variables; the C locale stays set, so that no number changes. Any thread.
#include "core/usage/language.h"

#include <cstdlib>

namespace mailtrace {
namespace {

constexpr char between = '\x1f';  // the unit separator stands in no text

}  // namespace

bool wants_german() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* value = std::getenv(name); value && *value)
      return std::string_view(value).starts_with("de");
  return false;
}

std::string both(std::string_view english, std::string_view german) {
  return std::string(english) + between + std::string(german);
}

std::string_view spoken(std::string_view text, bool german) {
  auto at = text.find(between);
  if (at == text.npos) return text;
  return german ? text.substr(at + 1) : text.substr(0, at);
}

}  // namespace mailtrace
