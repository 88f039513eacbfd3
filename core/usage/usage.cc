// CLI11 has its sentences in English only and does not say which word was no command. Main thread.
#include "core/usage/usage.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/usage/help.h"

namespace mailtrace {
namespace {

// CLI/Error.hpp, CLI/Validators.hpp; % stands for anything and is the next {} of the German.
constexpr std::pair<std::string_view, std::string_view> sentences[] = {
    {"A subcommand is required", "Es fehlt der Befehl"},
    {"% is required", "{} fehlt"},
    {"The following argument was not expected: %", "Dieses Argument ist hier nicht vorgesehen: {}"},
    {"The following arguments were not expected: %", "Diese Argumente sind hier nicht vorgesehen: {}"},
    {"%: Value % not in range % to %", "{}: {} liegt nicht zwischen {} und {}"},
    {"%: % not in {%}", "{}: {} ist nicht vorgesehen; möglich: {}"},
    {"%: % required % missing", "{}: {} Wert(e) von der Art {} fehlen"},
    {"%: At least % required but received %", "{}: mindestens {} nötig, gegeben {}"},
    {"%: At Most % required but received %", "{}: höchstens {} möglich, gegeben {}"},
    {"%: too many inputs for a flag", "{}: nimmt keinen Wert"},
    {"% excludes %", "{} und {} gehen nicht zusammen"},
    {"% requires %", "{} verlangt {}"},
    {"Could not convert: % = %", "{}: {} ist nicht lesbar"},
};

bool matches(std::string_view text, std::string_view pattern, std::vector<std::string_view>& parts) {
  parts.clear();
  while (true) {
    auto gap = pattern.find('%');
    auto literal = pattern.substr(0, gap);
    if (!text.starts_with(literal)) return false;
    text.remove_prefix(literal.size());
    if (gap == pattern.npos) return text.empty();
    pattern.remove_prefix(gap + 1);
    auto next = pattern.substr(0, pattern.find('%'));
    auto end = next.empty() ? text.size() : text.find(next);
    if (end == text.npos) return false;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string in_german(const std::string& text) {
  std::vector<std::string_view> parts;
  for (auto& [english, german] : sentences) {
    if (!matches(text, english, parts)) continue;
    std::string out;
    auto rest = german;
    for (auto part : parts) {
      auto gap = rest.find("{}");
      (out += rest.substr(0, gap)) += value_word(part, true);
      rest.remove_prefix(gap + 2);
    }
    return out += rest;
  }
  return text;
}

// The innermost command that was understood.
const CLI::App& innermost(const CLI::App& app) {
  auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

std::string with_guess(std::string text, const std::string& given, const std::vector<std::string>& names,
                       bool german) {
  auto near = closest(given, {names.begin(), names.end()});
  if (!near.empty())
    text +=
        german ? fmt::format(", gemeint war vielleicht {}", near) : fmt::format(", did you mean {}?", near);
  return text;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    out.push_back(command->get_name());
  return out;
}

void add_options_of(const CLI::App& app, std::vector<std::string>& names) {
  for (auto* option : app.get_options())
    for (auto& name : option->get_lnames()) names.push_back("--" + name);
}

// CLI11 calls a place by the member it goes to; --help by what stands there.
std::string with_place_words(std::string text, const CLI::App& command, bool german) {
  for (auto* place :
       command.get_options([](const CLI::Option* option) { return option->get_positional(); })) {
    auto name = place->get_name();
    if (text.starts_with(name + " ") || text.starts_with(name + ":"))
      return text.replace(0, name.size(), value_word(place->get_type_name(), german));
  }
  return text;
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::Error& error, bool german) {
  auto& command = innermost(app);
  auto rest = app.remaining(true);
  std::string text = error.what(), first = rest.empty() ? "" : rest.front();
  if (text == "A subcommand is required" && !first.empty() && first[0] != '-') {
    auto name = printable(first);
    text = german ? fmt::format("den Befehl \"{}\" gibt es nicht", name)
                  : fmt::format("no command \"{}\"", name);
    text = with_guess(text, first, commands_of(command), german);
  } else {
    text = with_place_words(text, command, german);
    if (german) text = in_german(text);
    std::vector<std::string> names;
    add_options_of(command, names);
    if (&command != &app) add_options_of(app, names);
    if (first.starts_with("--")) text = with_guess(text, first.substr(0, first.find('=')), names, german);
    text = printable(text);
  }
  return fmt::format("{}: {}\n{}\n", app.get_name(), text,
                     german ? "Mehr sagt --help." : "Run with --help for more information.");
}

}  // namespace mailtrace
