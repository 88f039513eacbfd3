// Router: finds the parser of a tag. Pipeline thread.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/plugin/parser.h"

namespace mailtrace {

class Router {
 public:
  // The parser must outlive the router. The first one that claims a tag has it.
  void add(Parser& parser);
  // By the tag up to the first '/', '-INSTANCE' or '['; null: nobody reads this program.
  Parser* find(std::string_view app_name) const;

 private:
  std::vector<std::pair<std::string, Parser*>> tags_;
};

}  // namespace mailtrace
