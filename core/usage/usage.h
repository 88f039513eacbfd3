// What is wrong with a command line, in the user's language. Main thread.
#pragma once
#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace mailtrace {

// "no command \"serch\", did you mean search?"; what CLI11 says otherwise, in German where `german`.
std::string usage_error(const CLI::App& app, const CLI::Error& error, bool german);

}  // namespace mailtrace
