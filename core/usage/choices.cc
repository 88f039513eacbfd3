// Choices are kept in the name of their validator. Main thread.
#include "core/usage/choices.h"

#include <string_view>

namespace mailtrace {
namespace {

constexpr std::string_view mark = "one of:";

}  // namespace

CLI::Validator one_of(const std::vector<std::string>& choices) {
  std::string name(mark);
  for (auto& choice : choices) (name += ' ') += choice;
  auto out = static_cast<CLI::Validator>(CLI::IsMember(choices));
  return out.description("").name(name);
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  std::vector<std::string> out;
  // CLI11 has no constant look at validators.
  auto& open = const_cast<CLI::Option&>(option);
  for (int index = 0;; ++index) {
    std::string name;
    try {
      name = open.get_validator(index)->get_name();
    } catch (const CLI::OptionNotFound&) {
      return out;
    }
    std::string_view rest = name;
    if (!rest.starts_with(mark)) continue;
    rest.remove_prefix(mark.size());
    while (!rest.empty()) {
      rest.remove_prefix(1);
      auto word = rest.substr(0, rest.find(' '));
      out.emplace_back(word);
      rest.remove_prefix(word.size());
    }
  }
}

CLI::Validator within(int low, int high) {
  return static_cast<CLI::Validator>(CLI::Range(low, high)).description("");
}

}  // namespace mailtrace
