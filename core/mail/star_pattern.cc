#include "core/mail/star_pattern.h"

namespace mailtrace {

std::vector<std::string> star_pieces(std::string_view pattern) {
  std::vector<std::string> out(1);
  for (char c : pattern) {
    if (c != '*')
      out.back() += c;
    else if (out.size() == 1 || !out.back().empty())
      out.emplace_back();
  }
  return out;
}

bool fits_pieces(const std::vector<std::string>& pieces, std::string_view value) {
  if (pieces.size() == 1) return value == pieces.front();
  if (!value.starts_with(pieces.front())) return false;
  value.remove_prefix(pieces.front().size());
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    auto at = value.find(pieces[i]);
    if (at == std::string_view::npos) return false;
    value.remove_prefix(at + pieces[i].size());
  }
  return value.ends_with(pieces.back());
}

}  // namespace mailtrace
