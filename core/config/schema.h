// Option tables: which options a config struct has. The one place an option is named: decoding, error
// messages, `--options` and the man pages all read the table. Defaults are the struct's own initialisers.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/config/node.h"

namespace mailtrace {

struct Bytes { uint64_t count = 0; };  // "64 MiB", "20 GiB", "512"
struct Secret { std::string text; };   // printed as ***; "file:/path" reads the file's first line
struct SocketAddress {                 // "127.0.0.1:2514", "[::1]:2514", "localhost:2514"
  std::string host;
  int port = 0;
  std::string text() const;
};

struct Option {
  const char* name;
  std::string type;      // "whole number 480..65535", "one of a, b"
  std::string fallback;  // the default as the admin would write it; "" if none
  const char* help;
  bool required = false;
  std::function<void(void* config, const Node&, ConfigErrors&)> decode;
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

template <class T> std::string type_name();  // "text", "true or false", "duration such as 10s" …
template <class T> std::string show_value(const T& value);

void report_mismatch(const Node& at, const std::string& expected, ConfigErrors& errors);

template <class C, class F>
Option option(const char* name, F C::*member, const char* help) {
  std::string type = type_name<F>();
  return {name, type, show_value(C{}.*member), help, false,
          [member, type](void* config, const Node& n, ConfigErrors& errors) {
            if (!decode_value(n, static_cast<C*>(config)->*member)) report_mismatch(n, type, errors);
          }};
}
// A number (or duration, or size) within low..high, both included.
template <class C, class F, class L>
Option option(const char* name, F C::*member, L low, L high, const char* help);
// A text that is one of `choices`.
template <class C>
Option one_of(const char* name, std::string C::*member, std::vector<std::string> choices, const char* help);
inline Option required(Option o) {
  o.required = true;
  return o;
}

// Decodes the map `n` into `config`; every unknown, doubled, missing or mistyped option is reported.
void decode_options(const Node& n, void* config, std::span<const Option> options, ConfigErrors& errors);

}  // namespace mailtrace
