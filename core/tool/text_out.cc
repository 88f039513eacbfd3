// Lines, titles and fields. Main thread.
#include "core/tool/text_out.h"

#include <fmt/format.h>

namespace mailtrace {

void TextOut::line(size_t indent, std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (!text.empty()) out_ += fmt::format("{:{}}{}\n", "", indent, text);
}

void TextOut::wrapped(size_t indent, std::string_view text) {
  size_t room = terminal_.width > indent + 20 ? terminal_.width - indent
                : terminal_.width             ? 20
                                              : std::string::npos;
  while (display_width(text) > room) {
    auto at = text.rfind(' ', room);
    if (at == std::string_view::npos || at == 0) at = text.find(' ');
    if (at == std::string_view::npos) break;
    line(indent, text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  line(indent, text);
}

void TextOut::title(std::string_view english) {
  out_ += fmt::format("\n{}\n", terminal_.paint(Colour::bold, terminal_.say(english)));
}

void TextOut::field(std::string_view english, std::string_view value) {
  out_ += fmt::format("{}  {}\n", fit(terminal_.say(english), 12), value);
}

}  // namespace mailtrace
