// The whole configuration: the core's own options and which plugins are wanted with which options.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/config/schema.h"

namespace mailtrace {

struct SpoolConfig {
  std::string directory = "spool";  // relative to state_directory
  Bytes max_size{20ull << 30};      // stop reading above
  Bytes min_free{1ull << 30};       // stop reading when the file system has less
  Bytes segment_size{64ull << 20};
  static std::span<const Option> options();
};

struct TrackerConfig {
  Microseconds reorder{std::chrono::seconds(2)};       // lines of a host may be this much out of order
  Microseconds flush_after{std::chrono::seconds(10)};  // a half-seen mail is written at the latest then
  Microseconds linger{std::chrono::seconds(60)};       // a finished mail is remembered for late lines
  Microseconds forget_after{
      std::chrono::hours(1)};  // an open mail without new lines leaves memory (not the database)
  int64_t max_open_mails = 500'000;
  bool keep_lines = true;  // store raw lines
  // Networks of the own hosts: only between these a "queued as" may become a link.
  std::vector<std::string> own_networks{"127.0.0.0/8",   "::1/128",        "10.0.0.0/8",
                                        "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};
  static std::span<const Option> options();
};

struct CoreConfig {
  std::string name;  // of this receiver; default: the host name
  std::string state_directory = "/var/lib/mailtrace";
  std::string plugin_directory;  // empty: plugin_directory()
  std::string time_zone;         // of RFC 3164 stamps; default: the system's
  std::string log_level = "info";
  TextMap peers;            // certificate name or pattern -> hosts it may speak for
  TextMap host_time_zones;  // host or pattern -> zone of its stamps
  SpoolConfig spool;
  TrackerConfig tracker;
  std::string spool_directory() const;       // with the state directory before it
  static std::span<const Option> options();  // the scalar ones
};

// One entry of inputs:, parsers:, sinks:, caches:, web:.
struct PluginEntry {
  std::string plugin;  // "udp"
  std::string name;    // "udp" or "udp/lan"
  const Node* node;    // its options; lives as long as the Config
};

struct Config {
  CoreConfig core;
  std::vector<PluginEntry> inputs, parsers, sinks, caches, web;
  Node root;
};

// Reads `file` and every *.yaml in `<file without .yaml>.d/`, by name: lists are appended, `spool` and
// `tracker` joined, and what is given twice is refused. Null when anything is wrong; all of it is in
// `errors`. Plugin options are decoded later, by make_*.
std::unique_ptr<Config> load_config(const std::string& file, ConfigErrors& errors);
// The same, but null only if there is no complete tree: with errors elsewhere, the plugins' own options can
// still be checked, so that the admin sees those mistakes, too. Never run on it unless `errors` is empty.
std::unique_ptr<Config> read_config(const std::string& file, ConfigErrors& errors);
// load_config() for a text that stands in errors.file(), without drop-in files.
std::unique_ptr<Config> load_config_text(const std::string& text, ConfigErrors& errors);

// All options of the file's top level, the plugin lists included; for --options and the man page.
std::span<const Option> top_options();

// The text of `--options [kind.name]`: every option with type, default and help.
std::string describe_options(std::string_view title, std::span<const Option> options);

}  // namespace mailtrace
