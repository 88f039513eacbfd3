#include "plugins/sinks/sql/pattern.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/mail/star_pattern.h"

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
  if (out.text.find('*') != std::string::npos) {
    // With the stars at the ends, which say whether the first and the last piece stand there.
    out.kind = Kind::pieces;
    out.text = lower(storable(text, 8000));
  }
  if (out.kind == Kind::exact && out.text.size() > 1 && out.text.starts_with('@')) out.kind = Kind::suffix;
  return out;
}

Pattern Pattern::read_phrase(std::string_view text) {
  Pattern out = read(text, true);
  if (out.kind == Kind::exact) out.kind = out.text.empty() ? Kind::anything : Kind::substring;
  return out;
}

bool Pattern::matches(std::string_view value) const { return fits_pieces(pieces(), value); }

std::vector<std::string> Pattern::pieces() const {
  switch (kind) {
    case Kind::anything:
      return {"", ""};
    case Kind::exact:
      return {text};
    case Kind::prefix:
      return {text, ""};
    case Kind::suffix:
      return {"", text};
    case Kind::substring:
      return {"", text, ""};
    case Kind::pieces:
      break;
  }
  return star_pieces(text);
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
    case Kind::pieces:
      break;
  }
  return like(dialect, column);
}

Piece Pattern::like(Dialect dialect, const std::string& column) const {
  std::string pattern, between;
  for (auto& piece : pieces()) {
    pattern += between + like_escape(dialect, piece);
    between = "%";
  }
  Piece out;
  out.add(like_of(dialect, column));
  out.parameters.emplace_back(text_value(pattern));
  return out;
}

namespace {

// RFC 3463 2: "5.2.2"
bool is_enhanced_code(std::string_view text) {
  return text.size() >= 5 && std::count(text.begin(), text.end(), '.') == 2 && text[1] == '.' &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Piece answer_condition(Dialect dialect, const std::string& alias, const std::string& text) {
  Piece phrase = Pattern::read_phrase(text).condition(dialect, lower_of(dialect, alias, "response"));
  auto first = text.substr(0, text.find(' '));
  bool has_code = first.size() == 3 && first.find_first_not_of("0123456789") == std::string::npos;
  auto enhanced = has_code ? text.substr(std::min(text.size(), first.size() + 1)) : text;
  if (!is_enhanced_code(enhanced) && (!has_code || !enhanced.empty())) return phrase;
  Piece codes;
  codes.add("(");
  if (has_code) codes.add(alias + ".smtp_code = ").bind(integer_value(std::stoi(first)));
  if (has_code && !enhanced.empty()) codes.add(" AND ");
  if (!enhanced.empty()) codes.add(alias + ".dsn = ").bind(text_value(enhanced));
  codes.add(")");
  // Three digits alone stand in many an id.
  return enhanced.empty() ? codes : any_of({codes, phrase});
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
