// What a text of a query asks for: exactly this, or something that begins, ends or contains it. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sinks/sql/statements.h"

namespace mailtrace::sql {

// A piece of SQL with its parameters, in the order of their `?`.
struct Piece {
  std::string text;
  std::vector<Cell> parameters;
  Piece& add(std::string_view more) {
    text += more;
    return *this;
  }
  Piece& add(const Piece& more) {
    text += more.text;
    parameters.insert(parameters.end(), more.parameters.begin(), more.parameters.end());
    return *this;
  }
  Piece& bind(const Value& value) {
    text += '?';
    parameters.emplace_back(value);
    return *this;
  }
};

// "(a OR b)"; one piece stays as it is.
Piece any_of(const std::vector<Piece>& pieces);

struct Pattern {
  enum class Kind { anything, exact, prefix, suffix, substring } kind = Kind::exact;
  std::string text;  // without the stars

  // Stars at both ends of `text` are read, all others are text. `lower_case`: compares in lower case.
  static Pattern read(std::string_view text, bool lower_case);
  // The same, where "@example.org" is a whole domain.
  static Pattern read_address(std::string_view text);
  // The same, where a text without stars may stand anywhere.
  static Pattern read_phrase(std::string_view text);

  bool matches(std::string_view value) const;
  // `column` is an SQL expression, in lower case already if the pattern is.
  Piece condition(Dialect dialect, const std::string& column) const;
  // The same as a LIKE, for a column with a trigram index.
  Piece like(Dialect dialect, const std::string& column) const;
};

// All pieces of three characters, each once.
std::vector<std::string> trigrams_of(std::string_view text);

}  // namespace mailtrace::sql
