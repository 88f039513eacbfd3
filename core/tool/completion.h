// What shells complete and what the manual says about options, from the options themselves. Main thread.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace mailtrace {

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
// The part OPTIONS of mailtrace(1).
std::string roff_usage(const CLI::App& app);

// `mailtrace completion`; after all others, whose options it prints.
void add_completion(CLI::App& app, int& code);

}  // namespace mailtrace
