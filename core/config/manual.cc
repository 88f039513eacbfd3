// Writes option tables as man(7). Any thread.
#include "core/config/manual.h"

#include <fmt/format.h>

#include "core/config/config.h"

namespace mailtrace {

std::string roff_text(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    // A dot or an apostrophe at the start of a line would be a request.
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string roff_options(std::string_view heading, std::string_view summary, std::span<const Option> options,
                         bool subsection) {
  std::string out = fmt::format(".{} \"{}\"\n", subsection ? "SS" : "SH", roff_text(heading));
  if (!summary.empty()) out += roff_text(summary) + "\n";
  if (options.empty()) out += ".PP\nNo options.\n";
  for (auto& o : options) {
    out += fmt::format(".TP\n\\fB{}\\fR (\\fI{}\\fR)\n{}", roff_text(o.name), roff_text(o.type),
                       roff_text(o.help));
    if (o.required)
      out += "; required";
    else if (!o.fallback.empty())
      out += "; default " + roff_text(o.fallback);
    out += ".\n";
  }
  return out;
}

std::string roff_core_options() {
  return roff_options("TOP LEVEL", "", top_options(), false) +
         roff_options("SPOOL", "Options of \"spool\".", SpoolConfig::options(), false) +
         roff_options("TRACKER", "Options of \"tracker\".", TrackerConfig::options(), false);
}

}  // namespace mailtrace
