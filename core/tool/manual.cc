// `mailtrace options`: the option tables as text, or as the parts of mailtrace.yaml(5) they are. Main thread.
#include "core/config/manual.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "core/plugin/loader.h"
#include "core/plugin/options.h"
#include "core/tool/command.h"
#include "core/usage/language.h"

namespace mailtrace {
namespace {

int print_roff() {
  static constexpr std::array kinds{PluginKind::input, PluginKind::parser, PluginKind::sink,
                                    PluginKind::cache, PluginKind::web};
  fmt::print("{}", roff_core_options());
  auto directory = plugin_directory();
  for (auto kind : kinds) {
    auto names = plugin_names(directory, kind);
    if (names.empty()) continue;
    fmt::print(".SH \"{} PLUGINS\"\n", kind_name(kind));
    for (auto& name : names) {
      auto info = load_plugin(directory, kind, name);
      if (!info) {
        fmt::print(stderr, "mailtrace: {}\n", info.error().text);
        return exit_code::config;
      }
      fmt::print("{}", roff_options(fmt::format("{}.{}", kind_name(kind), name), (*info)->summary,
                                    (*info)->options(), true));
    }
  }
  return exit_code::found;
}

}  // namespace

void add_options(CLI::App& app, Common& common) {
  struct Request {
    std::string plugin;
    bool roff = false;
  };
  auto* command =
      app.add_subcommand("options", both("Prints the options of the configuration, or of one plugin",
                                         "Nennt die Optionen der Konfiguration oder eines Plugins"));
  auto r = std::make_shared<Request>();
  command->add_option("plugin", r->plugin, both("such as input.relp", "etwa input.relp"))
      ->type_name("KIND.NAME");
  command->add_flag("--roff", r->roff,
                    both("all of them, as in mailtrace.yaml(5)", "alle, wie in mailtrace.yaml(5)"));
  command->callback([r, &common] { common.code = r->roff ? print_roff() : print_options(r->plugin); });
}

}  // namespace mailtrace
