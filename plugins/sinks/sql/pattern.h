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
  // pieces: what stands between the stars of `text`, one behind the other.
  enum class Kind { anything, exact, prefix, suffix, substring, pieces } kind = Kind::exact;
  std::string text;  // without the stars at the ends, but for `pieces`

  // Stars at both ends of `text` are read, all others are text. `lower_case`: compares in lower case.
  static Pattern read(std::string_view text, bool lower_case);
  // The same, where "@example.org" is a whole domain and a star may stand anywhere: "*anna*berger*".
  static Pattern read_address(std::string_view text);
  // The same, where a text without stars may stand anywhere.
  static Pattern read_phrase(std::string_view text);

  bool matches(std::string_view value) const;
  // Between two of them anything may stand: "", "anna", "berger", "" for "*anna*berger*".
  std::vector<std::string> pieces() const;
  // `column` is an SQL expression, in lower case already if the pattern is.
  Piece condition(Dialect dialect, const std::string& column) const;
  // The same as a LIKE, for a column with a trigram index.
  Piece like(Dialect dialect, const std::string& column) const;
};

// Of deliveries `alias`: those whose answer says this. "552 5.2.2", "550" and "5.1.1" are the codes of an
// answer, which need not stand together in it, nor at all.
Piece answer_condition(Dialect dialect, const std::string& alias, const std::string& text);

// All pieces of three characters, each once.
std::vector<std::string> trigrams_of(std::string_view text);

}  // namespace mailtrace::sql
