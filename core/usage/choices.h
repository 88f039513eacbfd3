// What an option takes, for decoding and for the completion of shells. Main thread.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace mailtrace {

// One of these words. They stand in the help text, not again in the option's type.
CLI::Validator one_of(const std::vector<std::string>& choices);
// What one_of() was given; empty for other options.
std::vector<std::string> choices_of(const CLI::Option& option);
// A number within low..high, said in the help text.
CLI::Validator within(int low, int high);

}  // namespace mailtrace
