// Parser: understands the lines of one program. Pipeline thread only.
#pragma once
#include <span>
#include <string>

#include "core/mail/fact.h"
#include "core/parse/log_line.h"

namespace mailtrace {

enum class Parsed {
  fact,     // `fact` was set
  ignored,  // a line this parser knows and that says nothing about a mail
  unknown   // a line this parser should know and does not: counted, a sample is kept
};

// Pure: the same line gives the same fact. No state, clock, I/O or log.
class Parser {
 public:
  virtual ~Parser() = default;
  // The programs whose lines it reads. "postfix" takes "postfix", "postfix/…" and "postfix-…" (instances).
  virtual std::span<const std::string> tags() const noexcept = 0;
  // `fact` borrows from `line`.
  virtual Parsed parse(const LogLine& line, Fact& fact) noexcept = 0;
  // What is wrong with how a line that gave a fact got here, and what to do; "" if nothing. Logged once.
  virtual std::string_view doubt(const LogLine&) const noexcept { return {}; }
};

}  // namespace mailtrace
