// Which language the programs speak, and texts in both. Any thread.
#pragma once
#include <string>
#include <string_view>

namespace mailtrace {

// True when LC_ALL, LC_MESSAGES or LANG (the first that is set) asks for German.
bool wants_german();

// A help text in both languages as one string: CLI11 keeps one, and what is printed of it depends. --help
// speaks the user's language (help_format()); completion and manual are made once, in English.
std::string both(std::string_view english, std::string_view german);
// The one asked for; of a text that is not of both(): all.
std::string_view spoken(std::string_view text, bool german);

}  // namespace mailtrace
