// Option tables as a part of a manual page. Programs that print their options. Any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/config/schema.h"

namespace mailtrace {

// Text as roff(7) shows it: nothing in it is a request, no dash becomes a hyphen.
std::string roff_text(std::string_view text);
// A section (`.SH`) or, with `subsection`, a part of one (`.SS`): heading, summary and every option with
// type, default and help, as man(7).
std::string roff_options(std::string_view heading, std::string_view summary, std::span<const Option> options,
                         bool subsection);
// conf/mailtrace.yaml.5 between its hand-written parts: the top level, `spool`, `tracker`.
std::string roff_core_options();

}  // namespace mailtrace
