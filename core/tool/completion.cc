// Walks the tree of commands and their options. Main thread.
#include "core/tool/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

#include "core/usage/choices.h"
#include "core/usage/language.h"

namespace mailtrace {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// "-c", "--config"
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> out;
  for (auto& name : option.get_snames()) out.push_back("-" + name);
  for (auto& name : option.get_lnames()) out.push_back("--" + name);
  return out;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}
std::vector<const CLI::Option*> places_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }
bool takes_directories(const CLI::Option& option) { return option.get_type_name().ends_with("DIRECTORY"); }
bool takes_files(const CLI::Option& option) {
  return option.get_type_name() == "FILE" || takes_directories(option);
}

std::string english(std::string_view text) { return std::string(spoken(text, false)); }

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

// Calls visit("user add", app) for each command with all its parents; "" is the program.
template <class Visit>
void walk(const CLI::App& app, const std::string& path, Visit&& visit) {
  visit(path, app);
  for (auto* command : commands_of(app))
    walk(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), visit);
}

// --- bash

// One branch of a `case` over "COMMAND OPTION", for options that take a value.
std::string bash_values(const std::string& path, const CLI::Option& option) {
  if (!takes_value(option)) return "";
  std::vector<std::string> patterns;
  for (auto& name : names_of(option))
    patterns.push_back(fmt::format("\"{}{}{}\"", path, path.empty() ? "" : " ", name));
  auto choices = choices_of(option);
  auto words = !choices.empty()      ? fmt::format("words='{}'", joined(choices))
               : takes_files(option) ? std::string("files=yes")
                                     : std::string("words=");
  return fmt::format("    {}) {}; value=yes ;;\n", joined(patterns, " | "), words);
}

std::string bash_words(const std::string& path, const CLI::App& app, const CLI::App& top) {
  std::vector<std::string> options, commands;
  for (auto* from : {&app, &top}) {
    for (auto* option : options_of(*from))
      for (auto& name : names_of(*option))
        if (std::find(options.begin(), options.end(), name) == options.end()) options.push_back(name);
  }
  std::string files;
  for (auto* command : commands_of(app)) commands.push_back(command->get_name());
  for (auto* place : places_of(app)) {
    auto choices = choices_of(*place);
    commands.insert(commands.end(), choices.begin(), choices.end());
    if (takes_files(*place)) files = " files=yes";
  }
  return fmt::format("    '{}') options='{}' words='{}'{} ;;\n", path, joined(options), joined(commands),
                     files);
}

// --- zsh

std::string zsh_quoted(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

// In _arguments a colon parts description and action, and [] stand around the former.
std::string zsh_description(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return zsh_quoted(out);
}

std::string zsh_action(const CLI::Option& option) {
  if (auto choices = choices_of(option); !choices.empty()) return fmt::format("({})", joined(choices));
  if (takes_directories(option)) return "_files -/";
  return takes_files(option) ? "_files" : " ";
}

std::string zsh_option(const CLI::Option& option) {
  auto names = names_of(option);
  auto value = takes_value(option)
                   ? fmt::format(":{}:{}", zsh_description(option.get_type_name()), zsh_action(option))
                   : "";
  auto text = fmt::format("[{}]{}'", zsh_description(english(option.get_description())), value);
  // Several may be given where a list is read; names of one option exclude each other.
  if (option.get_items_expected_max() > 1) {
    std::string out;
    for (auto& name : names) out += fmt::format(" \\\n        '*{}{}", name, text);
    return out;
  }
  if (names.size() == 1) return fmt::format(" \\\n        '{}{}", names[0], text);
  return fmt::format(" \\\n        '({})'{{{}}}'{}", joined(names), joined(names, ","), text);
}

std::string zsh_function(const std::string& path) {
  auto out = "_mailtrace" + (path.empty() ? path : " " + path);
  std::replace(out.begin(), out.end(), ' ', '_');
  return out;
}

std::string zsh_branch(const std::string& path, const CLI::App& app, const CLI::App& top) {
  std::string arguments;
  for (auto* option : options_of(app)) arguments += zsh_option(*option);
  if (!path.empty())
    for (auto* option : options_of(top))
      if (option != top.get_help_ptr() && option->get_lnames() != std::vector<std::string>{"version"})
        arguments += zsh_option(*option);
  auto commands = commands_of(app);
  if (commands.empty()) {
    for (auto* place : places_of(app))
      arguments += fmt::format(" \\\n        '{}:{}:{}'", place->get_items_expected_max() > 1 ? "*" : "",
                               zsh_description(place->get_type_name()), zsh_action(*place));
    return fmt::format("{}() {{\n  _arguments -s{}\n}}\n\n", zsh_function(path), arguments);
  }
  std::string names, cases;
  for (auto* command : commands) {
    auto& name = command->get_name();
    names += fmt::format("    '{}:{}'\n", name, zsh_description(english(command->get_description())));
    cases += fmt::format("        {}) {} ;;\n", name,
                         zsh_function(path.empty() ? name : fmt::format("{} {}", path, name)));
  }
  return fmt::format(
      "{0}() {{\n  local curcontext=$curcontext state line\n  local -a commands=(\n{1}  )\n"
      "  _arguments -s -C{2} \\\n        '1: :->command' \\\n        '*:: :->rest'\n"
      "  case $state in\n    command) _describe command commands ;;\n    rest)\n      case $line[1] in\n{3}"
      "      esac\n      ;;\n  esac\n}}\n\n",
      zsh_function(path), names, arguments, cases);
}

// --- the manual

std::string roff_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string roff_option(const CLI::Option& option) {
  auto head = fmt::format("\\fB{}\\fR", roff_text(joined(names_of(option), ", ")));
  if (takes_value(option)) head += fmt::format(" \\fI{}\\fR", roff_text(option.get_type_name()));
  auto text = english(option.get_description());
  return fmt::format(".TP\n{}\n\\&{}\n", head, roff_text(text));
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string values, words, paths;
  walk(app, "", [&](const std::string& path, const CLI::App& each) {
    for (auto* option : options_of(each)) values += bash_values(path, *option);
    words += bash_words(path, each, app);
    if (!path.empty()) paths += fmt::format("{}'{}'", paths.empty() ? "" : " | ", path);
  });
  return fmt::format(R"(# Completion of mailtrace(1) for bash. Made by `mailtrace completion bash`.
_mailtrace() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} path= next= each
  local words= options= files= value=
  COMPREPLY=()
  for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next="$path${{path:+ }}$each"
    case $next in
      {0}) path=$next ;;
    esac
  done
  # The value of an option: of this command, or of all.
  case "$path${{path:+ }}$before" in
{1}  esac
  if [[ -z $value ]]; then
    case $before in
{2}    esac
  fi
  if [[ -z $value ]]; then
    case $path in
{3}    esac
    [[ $word == -* ]] && words=$options files=
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  [[ -n $files ]] && mapfile -t -O ${{#COMPREPLY[@]}} COMPREPLY < <(compgen -f -- "$word")
}}
complete -o filenames -F _mailtrace mailtrace
)",
                     paths, values,
                     [&] {
                       std::string out;
                       for (auto* option : options_of(app)) out += bash_values("", *option);
                       return out;
                     }(),
                     words);
}

std::string zsh_completion(const CLI::App& app) {
  std::string out =
      "#compdef mailtrace\n# Completion of mailtrace(1) for zsh. Made by `mailtrace completion zsh`.\n\n";
  walk(app, "", [&](const std::string& path, const CLI::App& each) { out += zsh_branch(path, each, app); });
  return out + "_mailtrace \"$@\"\n";
}

std::string roff_usage(const CLI::App& app) {
  std::string out = ".SH OPTIONS\n";
  walk(app, "", [&](const std::string& path, const CLI::App& each) {
    auto options = options_of(each);
    std::erase_if(options,
                  [&](const CLI::Option* option) { return !path.empty() && option == each.get_help_ptr(); });
    if (options.empty()) return;
    out += path.empty() ? std::string(".SS \"of all commands\"\n")
                        : fmt::format(".SS \"mailtrace {}\"\n", roff_text(path));
    for (auto* option : options) out += roff_option(*option);
  });
  return out;
}

void add_completion(CLI::App& app, int& code) {
  auto* command = app.add_subcommand(
      "completion", both("Prints what a shell completes, or the options of mailtrace(1)",
                         "Gibt aus, was eine Shell ergänzt, oder die Optionen von mailtrace(1)"));
  auto form = std::make_shared<std::string>();
  command
      ->add_option("shell", *form,
                   both("bash, zsh, or roff for the manual", "bash, zsh, oder roff für das Handbuch"))
      ->required()
      ->check(one_of({"bash", "zsh", "roff"}))
      ->type_name("SHELL");
  command->callback([form, &app, &code] {
    fmt::print("{}", *form == "bash"  ? bash_completion(app)
                     : *form == "zsh" ? zsh_completion(app)
                                      : roff_usage(app));
    code = 0;
  });
}

}  // namespace mailtrace
