// Patterns with `*` for anything, as a search of addresses takes them. Pure; any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

// What stands between the stars: {"", "anna", "berger", ""} of "*anna*berger*". One piece: there is no star.
std::vector<std::string> star_pieces(std::string_view pattern);
// The first piece begins `value`, the last one ends it, the others follow each other.
bool fits_pieces(const std::vector<std::string>& pieces, std::string_view value);

}  // namespace mailtrace
