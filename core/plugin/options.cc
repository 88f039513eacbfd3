#include "core/plugin/options.h"

#include <array>
#include <cstdio>

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/plugin/loader.h"

namespace mailtrace {
namespace {

constexpr int exit_config = 78;  // EX_CONFIG
constexpr std::array kinds{PluginKind::input, PluginKind::parser, PluginKind::sink, PluginKind::cache,
                           PluginKind::web};

void print_core() {
  std::fputs(describe_options("core", CoreConfig::options()).c_str(), stdout);
  std::fputs(describe_options("spool", SpoolConfig::options()).c_str(), stdout);
  std::fputs(describe_options("tracker", TrackerConfig::options()).c_str(), stdout);
  auto directory = plugin_directory();
  std::fputs("plugins:\n", stdout);
  for (auto kind : kinds)
    for (auto& name : plugin_names(directory, kind)) {
      auto info = load_plugin(directory, kind, name);
      std::printf("  %s.%s: %s\n", kind_name(kind), name.c_str(),
                  info ? (*info)->summary : info.error().text.c_str());
    }
}

}  // namespace

int print_options(const std::string& plugin) {
  if (plugin.empty()) {
    print_core();
    return 0;
  }
  auto directory = plugin_directory();
  std::vector<std::string> known;
  for (auto kind : kinds)
    for (auto& name : plugin_names(directory, kind)) {
      known.push_back(std::string(kind_name(kind)) + "." + name);
      if (known.back() != plugin) continue;
      auto info = load_plugin(directory, kind, name);
      if (!info) {
        std::fprintf(stderr, "%s\n", info.error().text.c_str());
        return exit_config;
      }
      std::fputs(describe_options(plugin, (*info)->options()).c_str(), stdout);
      return 0;
    }
  auto hint = closest(plugin, {known.begin(), known.end()});
  std::fprintf(stderr, "no plugin \"%s\" in %s%s\n", plugin.c_str(), directory.c_str(),
               hint.empty() ? "; run --options for a list" : ("; did you mean \"" + hint + "\"?").c_str());
  return exit_config;
}

}  // namespace mailtrace
