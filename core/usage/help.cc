// CLI11 has its headings in English only and breaks no lines. Main thread.
#include "core/usage/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "core/usage/language.h"

namespace mailtrace {
namespace {

constexpr size_t line_width = 80;

constexpr std::pair<std::string_view, std::string_view> value_words[] = {
    {"ADDRESS", "ADRESSE"}, {"ANYTHING", "BELIEBIGES"}, {"DAYS", "TAGE"},  {"DIRECTORY", "ORDNER"},
    {"FILE", "DATEI"},      {"KIND.NAME", "ART.NAME"},  {"MARK", "MARKE"}, {"NEW-DIRECTORY", "NEUER-ORDNER"},
    {"NUMBER", "NUMMER"},   {"ROLE", "ROLLE"},          {"TIME", "ZEIT"},  {"WORD", "WORT"},
    {"YEAR", "JAHR"},
};

// UTF-8 without wide characters.
size_t columns(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; }));
}

std::string broken(std::string_view text, size_t width) {
  std::string out;
  size_t used = 0;
  while (!text.empty()) {
    auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    bool fits = used == 0 || used + 1 + columns(word) <= width;
    if (used > 0) out += fits ? ' ' : '\n';
    used = (fits && used > 0 ? used + 1 : 0) + columns(word);
    out += word;
  }
  return out;
}

class Help : public CLI::Formatter {
 public:
  explicit Help(bool german) : german_(german) {
    if (!german) return;
    label("Usage", "Aufruf");
    label("OPTIONS", "OPTIONEN");
    label("Options", "Optionen");
    label("Positionals", "Angaben");
    label("SUBCOMMAND", "BEFEHL");
    label("Subcommands", "Befehle");
    label("REQUIRED", "PFLICHT");
  }

  std::string make_description(const CLI::App* app) const override {
    return broken(spoken(app->get_description(), german_), line_width) + "\n";
  }

  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    auto name = get_label(std::string(spoken(group, german_)));
    return CLI::Formatter::make_group(name, is_positional, std::move(options));
  }

  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode) const override {
    std::string out;
    for (auto* command : app->get_subcommands([](const CLI::App*) { return true; }))
      out += make_subcommand(command);
    return out.empty() ? out : fmt::format("\n{}:\n{}", get_label("Subcommands"), out);
  }

  std::string make_subcommand(const CLI::App* command) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, command->get_name(), described(command->get_description()), column_width_);
    return out.str();
  }

  // What stands for its value names a place better than the member it goes to.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return is_positional ? std::string(value_word(option->get_type_name(), german_))
                         : CLI::Formatter::make_option_name(option, false);
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    std::string out;
    if (auto type = option->get_type_name(); !type.empty() && !option->get_positional())
      out += fmt::format(" {}", value_word(type, german_));
    if (option->get_expected_max() > 1) out += " ...";
    return option->get_required() ? fmt::format("{} {}", out, get_label("REQUIRED")) : out;
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return described(option->get_description());
  }

 private:
  std::string described(std::string_view text) const {
    return broken(spoken(text, german_), line_width - column_width_);
  }

  const bool german_;
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_format(bool german) { return std::make_shared<Help>(german); }

std::string help_text() { return both("print this help and exit", "diese Hilfe ausgeben"); }
std::string version_text() { return both("print the version and exit", "die Version ausgeben"); }

std::string_view value_word(std::string_view english, bool german) {
  for (auto& [from, to] : value_words)
    if (german && from == english) return to;
  return english;
}

}  // namespace mailtrace
