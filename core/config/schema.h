// Option tables: which options a config struct has. The one place an option is named: decoding, error
// messages, `--options` and the man pages all read the table. Defaults are the struct's own initialisers.
#pragma once
#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "core/config/node.h"

namespace mailtrace {

struct Bytes {  // "64 MiB", "20 GiB", "512"
  uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};
struct Secret {
  std::string text;
};                      // printed as ***; "file:/path" reads the file's first line
struct SocketAddress {  // "127.0.0.1:2514", "[::1]:2514", "localhost:2514"; port 0: any free one
  std::string host;
  int port = 0;
  std::string text() const;
};

// "mx1: Europe/Berlin" or "relay: [mx1, mx2]": texts by name, in file order.
struct TextMap {
  std::vector<std::pair<std::string, std::vector<std::string>>> entries;
};

struct Option {
  const char* name;
  std::string type;      // "whole number 480..65535", "one of a, b"
  std::string fallback;  // the default as the admin would write it; "" if none
  const char* help;
  bool required = false;
  std::function<void(void* config, const Node&, ConfigErrors&)> decode;
  bool live = false;  // SIGHUP takes a new value over
};

// One overload per type an option may have; false: "expected <type>, got …" is reported by the caller.
bool decode_value(const Node&, std::string& to);
bool decode_value(const Node&, bool& to);
bool decode_value(const Node&, int64_t& to);
bool decode_value(const Node&, double& to);
bool decode_value(const Node&, Microseconds& to);  // "200ms", "10s", "5m", "1h", "14d"
bool decode_value(const Node&, Bytes& to);
bool decode_value(const Node&, Secret& to);
bool decode_value(const Node&, SocketAddress& to);
bool decode_value(const Node&, std::vector<std::string>& to);
bool decode_value(const Node&, TextMap& to);

template <class T>
std::string type_name();  // "text", "true or false", "duration such as 10s" …
template <class T>
std::string show_value(const T& value);

template <>
std::string type_name<std::string>();
template <>
std::string type_name<bool>();
template <>
std::string type_name<int64_t>();
template <>
std::string type_name<double>();
template <>
std::string type_name<Microseconds>();
template <>
std::string type_name<Bytes>();
template <>
std::string type_name<Secret>();
template <>
std::string type_name<SocketAddress>();
template <>
std::string type_name<std::vector<std::string>>();
template <>
std::string type_name<TextMap>();
template <>
std::string show_value(const std::string& value);
template <>
std::string show_value(const bool& value);
template <>
std::string show_value(const int64_t& value);
template <>
std::string show_value(const double& value);
template <>
std::string show_value(const Microseconds& value);
template <>
std::string show_value(const Bytes& value);
template <>
std::string show_value(const Secret& value);
template <>
std::string show_value(const SocketAddress& value);
template <>
std::string show_value(const std::vector<std::string>& value);
template <>
std::string show_value(const TextMap& value);

// The end of a range as the option's own type: 480, seconds(1), Bytes{512}, 1 << 20.
template <class F, class End>
F range_end(End end) {
  if constexpr (std::is_same_v<F, Bytes> && !std::is_same_v<End, Bytes>)
    return Bytes{static_cast<uint64_t>(end)};
  else
    return static_cast<F>(end);
}

// "duration 1s..1h"
std::string range_name(const std::string& type, const std::string& low, const std::string& high);
// "one of a, b"
std::string choices_name(const std::vector<std::string>& choices);
void report_mismatch(const Node& at, const std::string& expected, ConfigErrors& errors);
void report_choice(const Node& at, const std::vector<std::string>& choices, ConfigErrors& errors);

// A secret is never shown, and its file may be missing: it has an error text of its own.
void report_mismatch(const Node& at, const Secret& value, ConfigErrors& errors);

template <class C, class F>
Option option(const char* name, F C::*member, const char* help) {
  std::string type = type_name<F>();
  return {name,
          type,
          show_value(C{}.*member),
          help,
          false,
          [member, type](void* config, const Node& n, ConfigErrors& errors) {
            F& to = static_cast<C*>(config)->*member;
            if (decode_value(n, to)) return;
            if constexpr (std::is_same_v<F, Secret>)
              report_mismatch(n, to, errors);
            else
              report_mismatch(n, type, errors);
          }};
}
// A number, duration or size within low..high, both included.
template <class C, class F, class Low, class High>
Option option(const char* name, F C::*member, Low low, High high, const char* help) {
  F least = range_end<F>(low), most = range_end<F>(high);
  std::string type = range_name(type_name<F>(), show_value(least), show_value(most));
  return {name,
          type,
          show_value(C{}.*member),
          help,
          false,
          [member, type, least, most](void* config, const Node& n, ConfigErrors& errors) {
            F value{};
            if (decode_value(n, value) && !(value < least) && !(most < value))
              static_cast<C*>(config)->*member = value;
            else
              report_mismatch(n, type, errors);
          }};
}
// A text that is one of `choices`.
template <class C>
Option one_of(const char* name, std::string C::*member, std::vector<std::string> choices, const char* help) {
  std::string type = choices_name(choices);
  return {name,
          type,
          C{}.*member,
          help,
          false,
          [member, choices = std::move(choices)](void* config, const Node& n, ConfigErrors& errors) {
            std::string value;
            if (decode_value(n, value) && std::find(choices.begin(), choices.end(), value) != choices.end())
              static_cast<C*>(config)->*member = value;
            else
              report_choice(n, choices, errors);
          }};
}
inline Option required(Option o) {
  o.required = true;
  return o;
}
inline Option live(Option o) {
  o.live = true;
  return o;
}

// Decodes the map `n` into `config`; every unknown, doubled, missing or mistyped option is reported. Nothing
// at all (null) is an empty map.
void decode_options(const Node& n, void* config, std::span<const Option> options, ConfigErrors& errors);

}  // namespace mailtrace
