// Router: a handful of tags, so a walk over them is quicker than any table.
#include "core/parse/router.h"

namespace mailtrace {

void Router::add(Parser& parser) {
  for (auto& tag : parser.tags()) {
    bool taken = false;
    for (auto& [name, owner] : tags_) taken = taken || name == tag;
    if (!taken) tags_.emplace_back(tag, &parser);
  }
}

Parser* Router::find(std::string_view app_name) const {
  std::string_view base = app_name.substr(0, app_name.find_first_of("/["));
  // "postfix/policy-spf": a program of its own under the name of a Postfix service
  if (base.size() != app_name.size())
    for (auto& [name, parser] : tags_)
      if (name == app_name) return parser;
  // "policyd-spf" is a name of its own, "postfix-out" an instance of "postfix": the longest match wins.
  while (true) {
    for (auto& [name, parser] : tags_)
      if (name == base) return parser;
    size_t dash = base.rfind('-');
    if (dash == std::string_view::npos) return nullptr;
    base = base.substr(0, dash);
  }
}

}  // namespace mailtrace
