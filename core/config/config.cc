// Reads the configuration file and its drop-in folder. Main thread.
#include "core/config/config.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace mailtrace {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_file_size = 1 << 20;

// ---- entries of the plugin lists ------------------------------------------------------------------------

bool is_word(std::string_view text, std::string_view more) {
  auto allowed = [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           more.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

// "udp" or "udp/lan"; reported at `at`.
bool read_name(const Node& at, const std::string& name, PluginEntry& entry, ConfigErrors& errors) {
  auto slash = name.find('/');
  entry.plugin = name.substr(0, slash);
  entry.name = name;
  bool label_ok = slash == std::string::npos || is_word(std::string_view(name).substr(slash + 1), "-.");
  if (is_word(entry.plugin, "") && label_ok) return true;
  errors.add_at_key(at, fmt::format("expected plugin or plugin/label in a-z, 0-9 and _, got \"{}\"", name));
  return false;
}

// `- udp: {…}` or `- udp/lan:`; `- udp` was rewritten before.
bool read_entry(const Node& n, PluginEntry& entry, ConfigErrors& errors) {
  if (n.kind != Node::Kind::map || n.children.size() != 1) {
    std::string found = n.kind == Node::Kind::map    ? fmt::format("a map with {} keys", n.children.size())
                        : n.kind == Node::Kind::list ? "a list"
                                                     : "nothing";
    std::string text = "expected one plugin and its options, got " + found;
    // The usual slip: options not indented below the plugin's name.
    if (n.kind == Node::Kind::map && n.children.size() > 1 && n.children[0].kind == Node::Kind::null)
      text += fmt::format("; indent the options below \"{}:\"", n.children[0].key);
    errors.add(n, text);
    return false;
  }
  const Node& options = n.children[0];
  entry.node = &options;
  if (!read_name(options, options.key, entry, errors)) return false;
  if (options.kind == Node::Kind::map || options.kind == Node::Kind::null) return true;
  report_mismatch(options, "a map of options", errors);
  return false;
}

void read_entries(const Node& list, std::vector<PluginEntry>& entries, ConfigErrors& errors) {
  if (list.kind == Node::Kind::null) return;
  if (list.kind != Node::Kind::list) {
    report_mismatch(list, "a list of plugins", errors);
    return;
  }
  std::set<std::string> names;
  for (auto& child : list.children) {
    PluginEntry entry{};
    if (!read_entry(child, entry, errors)) continue;
    if (names.insert(entry.name).second) {
      entries.push_back(std::move(entry));
    } else {
      errors.add(child,
                 fmt::format("\"{}\" is already in the list; give one of them a label, such as \"{}/second\"",
                             entry.name, entry.plugin));
    }
  }
}

// ---- checks one option alone cannot make ------------------------------------------------------------------

// Empty if `text` is a network such as 192.0.2.0/24, else what is wrong with it.
std::string network_fault(const std::string& text) {
  std::string expected = "expected a network such as 192.0.2.0/24 or 2001:db8::/32, got \"" + text + '"';
  auto slash = text.find('/');
  if (slash == std::string::npos) return expected;
  std::string address = text.substr(0, slash);
  unsigned prefix = 0;
  auto [end, failed] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), prefix);
  if (failed != std::errc{} || end != text.data() + text.size()) return expected;
  unsigned char bytes[16] = {};
  int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  unsigned bits = family == AF_INET ? 32 : 128;
  if (inet_pton(family, address.c_str(), bytes) != 1 || prefix > bits) return expected;
  bool host_bits = false;
  for (unsigned bit = prefix; bit < bits; ++bit) {
    auto mask = static_cast<unsigned char>(0x80u >> (bit % 8));
    host_bits = host_bits || (bytes[bit / 8] & mask);
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] & ~mask);
  }
  if (!host_bits) return "";
  char base[INET6_ADDRSTRLEN];
  inet_ntop(family, bytes, base, sizeof base);
  return fmt::format("the address is not the network's first; did you mean {}/{}?", base, prefix);
}

// Looks at each network, too.
Option with_networks(Option option) {
  auto decode = std::move(option.decode);
  option.decode = [decode](void* config, const Node& n, ConfigErrors& errors) {
    decode(config, n, errors);
    for (auto& child : n.children) {
      if (child.kind != Node::Kind::scalar) continue;
      std::string fault = network_fault(child.scalar);
      if (!fault.empty()) errors.add(child, fault);
    }
  };
  return option;
}

void check_tracker(const Node& n, const TrackerConfig& tracker, ConfigErrors& errors) {
  if (tracker.flush_after <= tracker.reorder) {
    const Node* at = n.find("flush_after");
    if (!at) at = n.find("reorder");
    errors.add(at ? *at : n, fmt::format("flush_after ({}) must be longer than reorder ({})",
                                         show_value(tracker.flush_after), show_value(tracker.reorder)));
  }
}

void check_spool(const Node& n, const SpoolConfig& spool, ConfigErrors& errors) {
  if (spool.max_size.count >= 2 * spool.segment_size.count) return;
  const Node* at = n.find("max_size");
  if (!at) at = n.find("segment_size");
  errors.add(at ? *at : n, fmt::format("max_size ({}) must be at least twice segment_size ({})",
                                       show_value(spool.max_size), show_value(spool.segment_size)));
}

void check_core(const Node& root, const CoreConfig& core, ConfigErrors& errors) {
  auto check_text = [&](const char* key, const std::string& value) {
    const Node* at = root.find(key);
    if (at && at->kind == Node::Kind::scalar && value.empty()) errors.add(*at, "must not be empty");
  };
  check_text("name", core.name);
  check_text("state_directory", core.state_directory);
}

std::string host_name() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 && *name ? name : "localhost";
}

// ---- the top level
// ------------------------------------------------------------------------------------------

// Decodes into Config; the scalar options are CoreConfig's own.
Option inside_core(Option option) {
  auto decode = std::move(option.decode);
  option.decode = [decode](void* config, const Node& n, ConfigErrors& errors) {
    decode(&static_cast<Config*>(config)->core, n, errors);
  };
  return option;
}

template <class Part>
Option section(const char* name, Part CoreConfig::*member,
               void (*check)(const Node&, const Part&, ConfigErrors&), const char* help) {
  return {name,
          "map of options",
          "",
          help,
          false,
          [member, check](void* config, const Node& n, ConfigErrors& errors) {
            Part& part = static_cast<Config*>(config)->core.*member;
            size_t before = errors.size();
            decode_options(n, &part, Part::options(), errors);
            if (errors.size() == before) check(n, part, errors);
          }};
}

Option plugin_list(const char* name, std::vector<PluginEntry> Config::*member, const char* help) {
  return {
      name, "list of plugins", "", help, false, [member](void* config, const Node& n, ConfigErrors& errors) {
        read_entries(n, static_cast<Config*>(config)->*member, errors);
      }};
}

std::vector<Option> make_top_options() {
  std::vector<Option> all;
  for (auto& scalar : CoreConfig::options()) all.push_back(inside_core(scalar));
  all.push_back(section("spool", &CoreConfig::spool, check_spool,
                        "where received lines are safe until they are stored"));
  all.push_back(section("tracker", &CoreConfig::tracker, check_tracker, "how lines are joined to mails"));
  all.push_back(plugin_list("inputs", &Config::inputs, "what lines are received from"));
  all.push_back(plugin_list("parsers", &Config::parsers, "which programs' lines are understood"));
  all.push_back(plugin_list("sinks", &Config::sinks, "databases to write to"));
  all.push_back(plugin_list("caches", &Config::caches, "memory shared with other receivers"));
  all.push_back(plugin_list("web", &Config::web, "pages and interfaces for people who search"));
  return all;
}

// Makes `- udp` the same as `- udp:`, so that every entry has a node for its options and its place.
void spread_bare_names(Node& root) {
  for (auto& list : root.children) {
    if (list.kind != Node::Kind::list) continue;
    for (auto& entry : list.children) {
      if (entry.kind != Node::Kind::scalar) continue;
      Node options = entry;
      options.kind = Node::Kind::null;
      options.key = std::exchange(entry.scalar, "");
      options.scalar.clear();
      options.path = fmt::format("{}.{}", entry.path, options.key);
      entry.kind = Node::Kind::map;
      entry.children.push_back(std::move(options));
    }
  }
}

void decode_config(Config& config, ConfigErrors& errors) {
  config.core.name = host_name();
  spread_bare_names(config.root);
  decode_options(config.root, &config, top_options(), errors);
  check_core(config.root, config.core, errors);
}

// ---- files
// --------------------------------------------------------------------------------------------------

bool read_file(const std::string& file, std::string& text, std::string& fault) {
  std::error_code failed;
  if (fs::is_directory(file, failed)) {
    fault = "cannot read the file: it is a directory";
    return false;
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    fault = fmt::format("cannot read the file: {}", std::strerror(errno));
    return false;
  }
  text.assign(std::istreambuf_iterator<char>(in), {});
  if (text.size() <= max_file_size) return true;
  fault = "the file is larger than 1 MiB";
  return false;
}

void set_file(Node& n, const std::string& file) {
  n.file = file;
  for (auto& child : n.children) set_file(child, file);
}

// Moves what `from` holds into `to`: lists are appended, maps joined, anything else must not be there yet.
// `main_file`: where the nodes without a file of their own stand.
void merge_map(Node& to, Node&& from, bool top, const std::string& main_file, ConfigErrors& errors) {
  for (auto& child : from.children) {
    auto* there = const_cast<Node*>(to.find(child.key));
    if (!there) {
      to.children.push_back(std::move(child));
    } else if (there->kind == Node::Kind::null) {
      *there = std::move(child);
    } else if (child.kind == Node::Kind::null) {
      continue;
    } else if (top && there->kind == Node::Kind::list && child.kind == Node::Kind::list) {
      for (auto& entry : child.children) there->children.push_back(std::move(entry));
    } else if (top && there->kind == Node::Kind::map && child.kind == Node::Kind::map) {
      merge_map(*there, std::move(child), false, main_file, errors);
    } else {
      const std::string& file = there->file.empty() ? main_file : there->file;
      errors.add_at_key(child, fmt::format("already given in {}:{}", file, there->key_line));
    }
  }
}

std::vector<std::string> drop_in_files(const std::string& file) {
  fs::path folder(file);
  if (folder.extension() == ".yaml" || folder.extension() == ".yml") folder.replace_extension();
  folder += ".d";
  std::vector<std::string> files;
  std::error_code failed;
  for (auto& entry : fs::directory_iterator(folder, failed))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

void merge_drop_in(const std::string& file, Node& root, ConfigErrors& errors) {
  ConfigErrors own(file);
  std::string text, fault;
  Node part;
  if (!read_file(file, text, fault)) {
    own.add(0, 0, "", fault);
  } else if (load_yaml(text, part, own)) {
    set_file(part, file);
    if (part.kind == Node::Kind::map)
      merge_map(root, std::move(part), true, errors.file(), own);
    else
      report_mismatch(part, "a map of options", own);
  }
  errors.append(own);
}

}  // namespace

std::span<const Option> SpoolConfig::options() {
  using C = SpoolConfig;
  static const Option table[] = {
      option("directory", &C::directory, "folder of the spool; relative to state_directory"),
      option("max_size", &C::max_size, 1 << 20, 1ll << 50, "largest size on disk; above, reading stops"),
      option("min_free", &C::min_free, 0, 1ll << 50,
             "free space to leave on the file system; below, reading stops"),
      option("segment_size", &C::segment_size, 1 << 16, 1 << 30, "size of one file of the spool"),
  };
  return table;
}

std::span<const Option> TrackerConfig::options() {
  using C = TrackerConfig;
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  using std::chrono::seconds;
  static const Option table[] = {
      option("reorder", &C::reorder, seconds(0), minutes(1),
             "how much the lines of one host may be out of order"),
      option("flush_after", &C::flush_after, milliseconds(10), minutes(10),
             "a mail is written at the latest this long after its first line, complete or not"),
      option("linger", &C::linger, seconds(0), hours(1),
             "how long a finished mail is kept in memory for late lines"),
      option("forget_after", &C::forget_after, seconds(1), hours(24 * 30),
             "an open mail without new lines leaves memory after this time; it stays in the database"),
      option("max_open_mails", &C::max_open_mails, 100, 100'000'000, "most mails kept in memory"),
      option("keep_lines", &C::keep_lines, "store the log lines of each mail, compressed"),
      with_networks(
          option("own_networks", &C::own_networks,
                 "networks of the own hosts; only between these the queue id in a reply joins two mails")),
  };
  return table;
}

std::string CoreConfig::spool_directory() const {
  return (fs::path(state_directory) / spool.directory).string();
}

std::span<const Option> CoreConfig::options() {
  using C = CoreConfig;
  static const Option table[] = {
      option("name", &C::name,
             "name of this receiver, unique among those that share a database; default: the host name"),
      option("state_directory", &C::state_directory, "folder for the spool and other files of its own"),
      option("plugin_directory", &C::plugin_directory, "folder of the plugins; default: the installed ones"),
      option("time_zone", &C::time_zone,
             "zone of stamps without one, such as Europe/Berlin; default: the system's"),
      live(option("host_time_zones", &C::host_time_zones,
                  "zones of hosts that write stamps without one in another zone, such as "
                  "{mx3.example.org: America/New_York}; the first that fits counts")),
      live(option(
          "peers", &C::peers,
          "hosts that a client certificate may speak for besides itself, such as "
          "{relay.example.org: [mx1, \"*.example.org\"]}; empty: every verified certificate speaks for "
          "every host")),
      live(one_of("log_level", &C::log_level, {"debug", "info", "warning", "error"},
                  "least important lines to log")),
  };
  return table;
}

std::span<const Option> top_options() {
  static const std::vector<Option> table = make_top_options();
  return table;
}

std::unique_ptr<Config> load_config_text(const std::string& text, ConfigErrors& errors) {
  auto config = std::make_unique<Config>();
  size_t before = errors.size();
  if (!load_yaml(text, config->root, errors)) return nullptr;
  decode_config(*config, errors);
  if (errors.size() != before) return nullptr;
  return config;
}

std::unique_ptr<Config> read_config(const std::string& file, ConfigErrors& errors) {
  auto config = std::make_unique<Config>();
  std::string text, fault;
  if (!read_file(file, text, fault)) {
    errors.add(0, 0, "", fault);
    return nullptr;
  }
  bool main_read = load_yaml(text, config->root, errors);
  // A broken main file hides nothing: the others are read for their own mistakes.
  if (!main_read || config->root.kind == Node::Kind::map)
    for (auto& drop_in : drop_in_files(file)) merge_drop_in(drop_in, config->root, errors);
  if (!main_read) return nullptr;
  decode_config(*config, errors);
  return config;
}

std::unique_ptr<Config> load_config(const std::string& file, ConfigErrors& errors) {
  size_t before = errors.size();
  auto config = read_config(file, errors);
  if (errors.size() != before) return nullptr;
  return config;
}

std::string describe_options(std::string_view title, std::span<const Option> options) {
  std::string out = fmt::format("{}\n", title);
  if (options.empty()) out += "  no options\n";
  size_t width = 0;
  for (auto& o : options) width = std::max(width, std::strlen(o.name));
  for (auto& o : options) {
    std::string state = o.required ? ", required" : o.fallback.empty() ? "" : ", default " + o.fallback;
    if (o.live) state += ", may change on SIGHUP";
    out += fmt::format("  {:<{}}  {}\n  {:<{}}  ({}{})\n", o.name, width, o.help, "", width, o.type, state);
  }
  return out;
}

}  // namespace mailtrace
