// Lines of text as wide as the terminal. Main thread.
#pragma once
#include <string>
#include <string_view>

#include "core/tool/terminal.h"

namespace mailtrace {

// Everything given here went through printable().
class TextOut {
 public:
  explicit TextOut(const Terminal& terminal) : terminal_(terminal) {}
  // Without blanks at its end; nothing for an empty text.
  void line(size_t indent, std::string_view text);
  // Broken at blanks to the terminal's width.
  void wrapped(size_t indent, std::string_view text);
  void space() { out_ += '\n'; }
  void title(std::string_view english);
  void field(std::string_view english, std::string_view value);
  std::string take() { return std::move(out_); }

 private:
  const Terminal& terminal_;
  std::string out_;
};

}  // namespace mailtrace
