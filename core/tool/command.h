// What every subcommand of `mailtrace` shares: options of all, exit codes, the list of subcommands.
// Everything in core/tool runs on the main thread.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace mailtrace {

// sysexits.h where it has one.
namespace exit_code {
inline constexpr int found = 0;
inline constexpr int nothing = 1;
inline constexpr int usage = 2;
inline constexpr int no_input = 66;     // EX_NOINPUT
inline constexpr int unavailable = 69;  // EX_UNAVAILABLE: database or daemon not reachable
inline constexpr int broken = 70;       // EX_SOFTWARE
inline constexpr int config = 78;       // EX_CONFIG
}  // namespace exit_code

struct Common {
  std::string config_file;
  std::string sink;  // which of several sinks is asked; empty: the first
  bool no_pager = false;
  int code = exit_code::found;
};

// "$MAILTRACE_CONFIG", or where the package puts it.
std::string default_config_file();

// Each adds its subcommand, whose callback sets Common::code.
void add_import(CLI::App& app, Common& common);
void add_reparse(CLI::App& app, Common& common);
void add_search(CLI::App& app, Common& common);
void add_show(CLI::App& app, Common& common);
void add_overview(CLI::App& app, Common& common);
void add_status(CLI::App& app, Common& common);
void add_check(CLI::App& app, Common& common);
void add_options(CLI::App& app, Common& common);
void add_spool(CLI::App& app, Common& common);
void add_expire(CLI::App& app, Common& common);
void add_dead_letter(CLI::App& app, Common& common);
void add_user(CLI::App& app, Common& common);

}  // namespace mailtrace
