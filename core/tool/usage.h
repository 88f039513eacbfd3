// What is wrong with a command line, in the user's language. Main thread.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace mailtrace {

// "no command \"serch\", did you mean search?"; what CLI11 says otherwise, in German where `german`.
std::string usage_error(const CLI::App& app, const CLI::Error& error, bool german);

// --help without the list of what excludes what, which the errors say.
std::shared_ptr<CLI::Formatter> help_format();

}  // namespace mailtrace
