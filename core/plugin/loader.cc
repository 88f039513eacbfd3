// Opens plugins and refuses what was built for another Mailtrace. Main thread.
#include "core/plugin/loader.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/base/text.h"

namespace mailtrace {
namespace {

namespace fs = std::filesystem;

constexpr PluginKind kinds[] = {PluginKind::input, PluginKind::parser, PluginKind::sink, PluginKind::cache,
                                PluginKind::web};

Error refusal(std::string text) { return {Fault::config, std::move(text)}; }

// A name becomes part of a path.
bool is_plugin_name(const std::string& name) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

Error missing(const std::string& directory, PluginKind kind, const std::string& name) {
  auto names = plugin_names(directory, kind);
  std::string text = fmt::format("no {} plugin \"{}\" in {}", kind_name(kind), name, directory);
  std::string hint = closest(name, {names.begin(), names.end()});
  std::string known;
  for (auto& n : names) known += (known.empty() ? "" : ", ") + n;
  if (!hint.empty())
    text += fmt::format("; did you mean \"{}\"?", hint);
  else if (!known.empty())
    text += "; there are " + known;
  return refusal(text);
}

// dlerror() often begins with the file name we print ourselves.
std::string dynamic_error(const std::string& file) {
  const char* said = dlerror();
  std::string text = said ? said : "unknown error";
  if (text.starts_with(file + ": ")) text.erase(0, file.size() + 2);
  return text;
}

bool known_kind(PluginKind kind) {
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

// Exactly the make_* of its kind.
bool makes_its_kind(const PluginInfo& info) {
  bool set[] = {info.make_input != nullptr, info.make_parser != nullptr, info.make_sink != nullptr,
                info.make_cache != nullptr, info.make_web != nullptr};
  for (auto kind : kinds)
    if (set[static_cast<size_t>(kind)] != (kind == info.kind)) return false;
  return true;
}

Result<const PluginInfo*> check(const std::string& file, const PluginInfo* info, PluginKind kind,
                                const std::string& name) {
  if (info->abi != plugin_abi)
    return refusal(
        fmt::format("{}: built for plugin ABI {}, this is {}; build it again", file, info->abi, plugin_abi));
  const char* build = info->build ? info->build : "";
  if (std::strcmp(build, MAILTRACE_BUILD) != 0)
    return refusal(
        fmt::format("{}: built as \"{}\", this is \"{}\"; build it again", file, build, MAILTRACE_BUILD));
  std::string its_name = info->name ? info->name : "";
  if (!known_kind(info->kind))
    return refusal(fmt::format("{}: is of no known kind ({})", file, static_cast<unsigned>(info->kind)));
  if (info->kind != kind || its_name != name)
    return refusal(fmt::format("{}: is {} \"{}\", the file name says {} \"{}\"", file, kind_name(info->kind),
                               its_name, kind_name(kind), name));
  if (!info->options || !info->summary || !makes_its_kind(*info))
    return refusal(
        fmt::format("{0}: announces no complete {1}: options, summary and make_{1} alone must be set", file,
                    kind_name(kind)));
  return info;
}

}  // namespace

const char* kind_name(PluginKind kind) {
  static constexpr const char* names[] = {"input", "parser", "sink", "cache", "web"};
  return known_kind(kind) ? names[static_cast<size_t>(kind)] : "unknown";
}

Result<const PluginInfo*> load_plugin(const std::string& directory, PluginKind kind,
                                      const std::string& name) {
  std::string folder = directory.empty() ? plugin_directory() : directory;
  if (!is_plugin_name(name))
    return refusal(fmt::format("expected the name of a plugin in a-z, 0-9 and _, got \"{}\"", name));
  std::string file = fmt::format("{}/{}_{}.so", folder, kind_name(kind), name);
  std::error_code failed;
  if (!fs::exists(file, failed)) return missing(folder, kind, name);
  // NOW: a missing symbol is found here and not in the middle of apparently unrelated work.
  void* object = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!object) return refusal(fmt::format("{}: cannot be loaded: {}", file, dynamic_error(file)));
  auto* info = static_cast<const PluginInfo*>(dlsym(object, "mailtrace_plugin"));
  if (!info) return refusal(fmt::format("{}: not a Mailtrace plugin (no symbol mailtrace_plugin)", file));
  return check(file, info, kind, name);
}

std::string plugin_directory() {
  if (const char* set = std::getenv("MAILTRACE_PLUGINS"); set && *set) return set;
  Dl_info library;
  if (dladdr(reinterpret_cast<const void*>(&plugin_directory), &library) == 0 || !library.dli_fname)
    return "mailtrace";
  std::error_code failed;
  fs::path file = fs::canonical(library.dli_fname, failed);
  if (failed) file = library.dli_fname;
  return (file.parent_path() / "mailtrace").string();
}

std::vector<std::string> plugin_names(const std::string& directory, PluginKind kind) {
  std::string prefix = std::string(kind_name(kind)) + "_";
  std::vector<std::string> names;
  std::error_code failed;
  for (auto& entry : fs::directory_iterator(directory.empty() ? plugin_directory() : directory, failed)) {
    std::string stem = entry.path().stem().string();
    if (entry.path().extension() == ".so" && stem.starts_with(prefix))
      names.push_back(stem.substr(prefix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mailtrace
