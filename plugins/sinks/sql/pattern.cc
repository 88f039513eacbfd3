#include "plugins/sinks/sql/pattern.h"

#include <algorithm>

#include "core/base/text.h"

namespace mailtrace::sql {

Piece any_of(const std::vector<Piece>& pieces) {
  if (pieces.size() == 1) return pieces.front();
  Piece out;
  out.add("(");
  for (const Piece& piece : pieces) out.add(out.text == "(" ? "" : " OR ").add(piece);
  return out.add(")");
}

Pattern Pattern::read(std::string_view text, bool lower_case) {
  bool open_start = text.starts_with('*');
  while (text.starts_with('*')) text.remove_prefix(1);
  bool open_end = text.ends_with('*');
  while (text.ends_with('*')) text.remove_suffix(1);
  Pattern out;
  // Nothing longer is stored in a column that is searched, and invalid bytes are stored in this form.
  out.text = storable(text, 8000);
  if (lower_case) out.text = lower(out.text);
  if (out.text.empty() && (open_start || open_end))
    out.kind = Kind::anything;
  else if (open_start && open_end)
    out.kind = Kind::substring;
  else if (open_start)
    out.kind = Kind::suffix;
  else if (open_end)
    out.kind = Kind::prefix;
  return out;
}

Pattern Pattern::read_address(std::string_view text) {
  Pattern out = read(text, true);
  if (out.kind == Kind::exact && out.text.size() > 1 && out.text.starts_with('@')) out.kind = Kind::suffix;
  return out;
}

Pattern Pattern::read_phrase(std::string_view text) {
  Pattern out = read(text, true);
  if (out.kind == Kind::exact) out.kind = out.text.empty() ? Kind::anything : Kind::substring;
  return out;
}

bool Pattern::matches(std::string_view value) const {
  switch (kind) {
    case Kind::anything:
      return true;
    case Kind::exact:
      return value == text;
    case Kind::prefix:
      return value.starts_with(text);
    case Kind::suffix:
      return value.ends_with(text);
    case Kind::substring:
      return value.find(text) != std::string_view::npos;
  }
  return false;
}

Piece Pattern::condition(Dialect dialect, const std::string& column) const {
  Piece out;
  switch (kind) {
    case Kind::anything:
      return out.add(column + " IS NOT NULL");
    case Kind::exact:
      return out.add(column + " = ").bind(text_value(text));
    case Kind::prefix:
      // A range, because an index finds that and all three databases compare code points here. U+10FFFF is
      // the last one.
      out.add("(" + column + " >= ").bind(text_value(text)).add(" AND " + column + " < ");
      return out.bind(text_value(text + "\xF4\x8F\xBF\xBF")).add(")");
    case Kind::suffix:
    case Kind::substring:
      break;
  }
  return like(dialect, column);
}

Piece Pattern::like(Dialect dialect, const std::string& column) const {
  std::string pattern = like_escape(dialect, text);
  if (kind != Kind::exact && kind != Kind::prefix) pattern.insert(0, 1, '%');
  if (kind != Kind::exact && kind != Kind::suffix) pattern += '%';
  Piece out;
  out.add(like_of(dialect, column));
  out.parameters.emplace_back(text_value(pattern));
  return out;
}

std::vector<std::string> trigrams_of(std::string_view text) {
  std::vector<size_t> starts;  // of characters
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  starts.push_back(text.size());
  std::vector<std::string> out;
  for (size_t i = 0; i + 3 < starts.size(); ++i) {
    out.emplace_back(text.substr(starts[i], starts[i + 3] - starts[i]));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace mailtrace::sql
