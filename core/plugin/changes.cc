// Walks two trees side by side. Main thread.
#include "core/plugin/changes.h"

#include <algorithm>
#include <span>

#include "core/plugin/instances.h"

namespace mailtrace {
namespace {

bool same_tree(const Node* a, const Node* b) {
  static const Node nothing;
  if (!a) a = &nothing;
  if (!b) b = &nothing;
  return a->kind == b->kind && a->scalar == b->scalar &&
         std::equal(a->children.begin(), a->children.end(), b->children.begin(), b->children.end(),
                    [](const Node& x, const Node& y) { return x.key == y.key && same_tree(&x, &y); });
}

void compare_options(const std::string& path, const Node& used, const Node& fresh,
                     std::span<const Option> options, ConfigChanges& out) {
  for (auto& option : options)
    if (!same_tree(used.find(option.name), fresh.find(option.name)))
      (option.live ? out.live : out.restart).push_back(path + option.name);
}

const PluginEntry* find_entry(const std::vector<PluginEntry>& entries, const std::string& name) {
  auto found = std::find_if(entries.begin(), entries.end(), [&](auto& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

void compare_entries(const char* list, PluginKind kind, const Config& used, const Config& fresh,
                     ConfigChanges& out) {
  ConfigErrors ignored("");  // both were loaded before
  auto& before = entries_of(used, kind);
  std::string path = std::string(list) + ".";
  for (auto& [entry, info] : load_instances(fresh, kind, ignored)) {
    const PluginEntry* old = find_entry(before, entry.name);
    if (old)
      compare_options(path + entry.name + ".", *old->node, *entry.node, info->options(), out);
    else
      out.restart.push_back(path + entry.name + " (new)");
  }
  for (auto& old : before)
    if (!find_entry(entries_of(fresh, kind), old.name)) out.restart.push_back(path + old.name + " (removed)");
}

constexpr std::pair<const char*, PluginKind> lists[] = {{"inputs", PluginKind::input},
                                                        {"parsers", PluginKind::parser},
                                                        {"sinks", PluginKind::sink},
                                                        {"caches", PluginKind::cache},
                                                        {"web", PluginKind::web}};

}  // namespace

ConfigChanges compare_configs(const Config& used, const Config& fresh) {
  ConfigChanges out;
  std::vector<Option> core;
  for (auto& option : top_options()) {
    bool is_list = std::any_of(std::begin(lists), std::end(lists),
                               [&](auto& list) { return std::string(list.first) == option.name; });
    if (!is_list) core.push_back(option);
  }
  compare_options("", used.root, fresh.root, core, out);
  for (auto& [name, kind] : lists) compare_entries(name, kind, used, fresh, out);
  return out;
}

}  // namespace mailtrace
