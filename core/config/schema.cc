// Decoding of options, and the words of its errors. Main thread.
#include "core/config/schema.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include "core/base/text.h"

namespace mailtrace {
namespace {

// "list of texts" is compared with, to name the one element that is wrong.
constexpr std::string_view list_type = "list of texts";

std::string shown(const Node& n) {
  switch (n.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      break;
  }
  constexpr size_t longest = 60;
  if (n.scalar.size() <= longest) return '"' + n.scalar + '"';
  return '"' + storable(n.scalar, longest) + "…\"";
}

// The whole text as a number.
template <class T>
bool whole(std::string_view text, T& out) {
  T value{};
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return false;
  out = value;
  return true;
}

struct Unit {
  const char* name;
  uint64_t factor;
};
constexpr Unit time_units[] = {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000},
                               {"s", 1'000'000},      {"ms", 1000},         {"us", 1}};
constexpr Unit size_units[] = {
    {"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}, {"", 1}};

// "10s", "64 MiB": digits, perhaps a blank, a unit. Only 0 needs no unit.
bool number_with_unit(std::string_view text, std::span<const Unit> units, uint64_t most, uint64_t& out) {
  uint64_t value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  if (text.empty() && value == 0) {
    out = 0;
    return true;
  }
  for (auto& unit : units) {
    if (text != unit.name) continue;
    if (value > most / unit.factor) return false;
    out = value * unit.factor;
    return true;
  }
  return false;
}

// In the largest unit that leaves a whole number.
std::string with_unit(uint64_t value, std::span<const Unit> units, const char* between) {
  for (auto& unit : units)
    if (value != 0 && value % unit.factor == 0 && *unit.name != 'B')
      return fmt::format("{}{}{}", value / unit.factor, *unit.name ? between : "", unit.name);
  return "0";
}

bool is_ipv6(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (auto& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

constexpr std::string_view file_prefix = "file:";

bool read_first_line(const std::string& path, std::string& out) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) return false;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  out = line;
  return true;
}

const Option* find_option(std::span<const Option> options, const std::string& name) {
  for (auto& o : options)
    if (name == o.name) return &o;
  return nullptr;
}

void report_unknown(const Node& at, std::span<const Option> options, ConfigErrors& errors) {
  std::vector<std::string_view> names;
  for (auto& o : options) names.push_back(o.name);
  std::string text = "no such option";
  std::string hint = closest(at.key, names);
  if (!hint.empty()) {
    text += fmt::format("; did you mean \"{}\"?", hint);
  } else if (names.empty()) {
    text += "; there are none here";
  } else {
    text += "; known are " + join({names.begin(), names.end()});
  }
  errors.add_at_key(at, text);
}

}  // namespace

std::string SocketAddress::text() const {
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

bool decode_value(const Node& n, std::string& to) {
  if (n.kind != Node::Kind::scalar) return false;
  to = n.scalar;
  return true;
}

bool decode_value(const Node& n, bool& to) {
  if (n.kind != Node::Kind::scalar) return false;
  std::string text = lower(n.scalar);
  bool yes = text == "true" || text == "yes" || text == "on";
  if (!yes && text != "false" && text != "no" && text != "off") return false;
  to = yes;
  return true;
}

bool decode_value(const Node& n, int64_t& to) { return n.kind == Node::Kind::scalar && whole(n.scalar, to); }

bool decode_value(const Node& n, double& to) {
  double value = 0;
  if (n.kind != Node::Kind::scalar || !whole(n.scalar, value) || !std::isfinite(value)) return false;
  to = value;
  return true;
}

bool decode_value(const Node& n, Microseconds& to) {
  uint64_t value = 0;
  if (n.kind != Node::Kind::scalar ||
      !number_with_unit(n.scalar, time_units, std::numeric_limits<int64_t>::max(), value))
    return false;
  to = Microseconds(static_cast<int64_t>(value));
  return true;
}

bool decode_value(const Node& n, Bytes& to) {
  return n.kind == Node::Kind::scalar &&
         number_with_unit(n.scalar, size_units, std::numeric_limits<int64_t>::max(), to.count);
}

bool decode_value(const Node& n, Secret& to) {
  if (n.kind != Node::Kind::scalar) return false;
  if (n.scalar.starts_with(file_prefix)) return read_first_line(n.scalar.substr(file_prefix.size()), to.text);
  to.text = n.scalar;
  return true;
}

bool decode_value(const Node& n, SocketAddress& to) {
  if (n.kind != Node::Kind::scalar) return false;
  auto colon = n.scalar.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  int port = 0;
  std::string digits = n.scalar.substr(colon + 1), host = n.scalar.substr(0, colon);
  if (digits.empty() || digits.front() == '-' || !whole(digits, port) || port > 65535) return false;
  if (host.front() == '[') {
    if (host.back() != ']') return false;
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return false;
  } else if (host.find_first_of(": \t[]/") != std::string::npos) {
    return false;
  }
  to.host = host;
  to.port = port;
  return true;
}

bool decode_value(const Node& n, std::vector<std::string>& to) {
  if (n.kind != Node::Kind::list) return false;
  std::vector<std::string> values;
  for (auto& child : n.children) {
    if (child.kind != Node::Kind::scalar) return false;
    values.push_back(child.scalar);
  }
  to = std::move(values);
  return true;
}

bool decode_value(const Node& n, TextMap& to) {
  if (n.kind != Node::Kind::map) return false;
  TextMap map;
  for (auto& child : n.children) {
    auto& [name, texts] = map.entries.emplace_back(child.key, std::vector<std::string>());
    if (child.kind == Node::Kind::scalar)
      texts.push_back(child.scalar);
    else if (!decode_value(child, texts))
      return false;
  }
  to = std::move(map);
  return true;
}

template <>
std::string type_name<std::string>() {
  return "text";
}
template <>
std::string type_name<bool>() {
  return "true or false";
}
template <>
std::string type_name<int64_t>() {
  return "whole number";
}
template <>
std::string type_name<double>() {
  return "number";
}
template <>
std::string type_name<Microseconds>() {
  return "duration such as 10s";
}
template <>
std::string type_name<Bytes>() {
  return "size such as 64 MiB";
}
template <>
std::string type_name<Secret>() {
  return "secret, or file:/path of it";
}
template <>
std::string type_name<SocketAddress>() {
  return "address:port";
}
template <>
std::string type_name<std::vector<std::string>>() {
  return std::string(list_type);
}
template <>
std::string type_name<TextMap>() {
  return "map of names to a text or a list of texts";
}

template <>
std::string show_value(const std::string& value) {
  return value;
}
template <>
std::string show_value(const bool& value) {
  return value ? "true" : "false";
}
template <>
std::string show_value(const int64_t& value) {
  return fmt::format("{}", value);
}
template <>
std::string show_value(const double& value) {
  return fmt::format("{}", value);
}
template <>
std::string show_value(const Microseconds& value) {
  if (value.count() < 0) return fmt::format("{}us", value.count());
  return with_unit(static_cast<uint64_t>(value.count()), time_units, "");
}
template <>
std::string show_value(const Bytes& value) {
  return with_unit(value.count, size_units, " ");
}
template <>
std::string show_value(const Secret& value) {
  return value.text.empty() ? "" : "***";
}
template <>
std::string show_value(const SocketAddress& value) {
  return value.host.empty() ? "" : value.text();
}
template <>
std::string show_value(const std::vector<std::string>& value) {
  return "[" + join(value) + "]";
}
template <>
std::string show_value(const TextMap& value) {
  std::string out;
  for (auto& [name, texts] : value.entries)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, show_value(texts));
  return "{" + out + "}";
}

std::string range_name(const std::string& type, const std::string& low, const std::string& high) {
  return type.substr(0, type.find(" such as")) + " " + low + ".." + high;
}

std::string choices_name(const std::vector<std::string>& choices) { return "one of " + join(choices); }

void report_mismatch(const Node& at, const std::string& expected, ConfigErrors& errors) {
  if (expected == list_type && at.kind == Node::Kind::list) {
    for (auto& child : at.children)
      if (child.kind != Node::Kind::scalar) errors.add(child, "expected text, got " + shown(child));
    return;
  }
  errors.add(at, "expected " + expected + ", got " + shown(at));
}

void report_mismatch(const Node& at, const Secret&, ConfigErrors& errors) {
  if (at.kind != Node::Kind::scalar) {
    errors.add(at, "expected " + type_name<Secret>() + ", got " + shown(at));
    return;
  }
  // Only a `file:` text cannot be decoded, and a path is no secret.
  std::string path = at.scalar.substr(file_prefix.size());
  errno = 0;
  std::ifstream in(path);
  std::string reason = in ? "it has no first line" : std::strerror(errno);
  errors.add(at, fmt::format("cannot read the secret from \"{}\": {}", path, reason));
}

void report_choice(const Node& at, const std::vector<std::string>& choices, ConfigErrors& errors) {
  std::string hint;
  if (at.kind == Node::Kind::scalar) hint = closest(at.scalar, {choices.begin(), choices.end()});
  std::string text = "expected " + choices_name(choices) + ", got " + shown(at);
  if (!hint.empty()) text += fmt::format("; did you mean \"{}\"?", hint);
  errors.add(at, text);
}

void decode_options(const Node& n, void* config, std::span<const Option> options, ConfigErrors& errors) {
  if (n.kind != Node::Kind::map && n.kind != Node::Kind::null) {
    report_mismatch(n, "a map of options", errors);
    return;
  }
  std::set<std::string_view> seen;
  for (auto& child : n.children) {
    const Option* o = find_option(options, child.key);
    if (!o) {
      report_unknown(child, options, errors);
    } else if (!seen.insert(child.key).second) {
      errors.add_at_key(child, "given twice");
    } else {
      o->decode(config, child, errors);
    }
  }
  for (auto& o : options)
    if (o.required && !n.find(o.name))
      errors.add_at_key(n, fmt::format("missing option \"{}\" ({}): {}", o.name, o.type, o.help));
}

}  // namespace mailtrace
