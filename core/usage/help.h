// --help in the user's language. Main thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace CLI {
class FormatterBase;
}

namespace mailtrace {

// Texts made by both(), lines of at most 80 columns, and no list of what excludes what, which the errors say.
std::shared_ptr<CLI::FormatterBase> help_format(bool german);
// both() for the flags that CLI11 brings.
std::string help_text();
std::string version_text();
// What stands for a value: "FILE", "DATEI". A word that is not known stays.
std::string_view value_word(std::string_view english, bool german);

}  // namespace mailtrace
