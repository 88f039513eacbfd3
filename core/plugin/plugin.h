// What a plugin is: one shared object <kind>_<name>.so that exports one PluginInfo, `mailtrace_plugin`.
// Life: decode options -> make -> start/open -> calls -> stop -> destructor. Nothing is ever unloaded.
#pragma once
#include <memory>
#include <span>

#include "core/base/result.h"
#include "core/config/schema.h"
#include "core/plugin/build.h"
#include "core/plugin/cache.h"
#include "core/plugin/input.h"
#include "core/plugin/parser.h"
#include "core/plugin/sink.h"
#include "core/plugin/web.h"

namespace mailtrace {

// Raise on any change to a type that crosses the plugin border (core/{base,config,mail,parse,plugin,net}).
inline constexpr unsigned plugin_abi = 9;

enum class PluginKind : unsigned { input, parser, sink, cache, web };
const char* kind_name(PluginKind kind);  // "input" …

// What every sink and cache gets besides its options.
struct StoreContext {
  std::string name;             // as configured: "sqlite", "postgresql/archive"
  std::string state_directory;  // relative files are meant from here
};

struct PluginInfo {
  unsigned abi;  // these two are read before anything else and never move
  const char* build;
  PluginKind kind;
  const char* name;     // "postfix"
  const char* summary;  // one line for --options
  std::span<const Option> (*options)();
  // Exactly the one of `kind` is set. On errors they are in `errors` and null is returned.
  std::unique_ptr<Input> (*make_input)(const Node&, ConfigErrors&, const InputContext&);
  std::unique_ptr<Parser> (*make_parser)(const Node&, ConfigErrors&);
  std::unique_ptr<Sink> (*make_sink)(const Node&, ConfigErrors&, const StoreContext&);
  std::unique_ptr<Cache> (*make_cache)(const Node&, ConfigErrors&, const StoreContext&);
  std::unique_ptr<Web> (*make_web)(const Node&, ConfigErrors&, const WebContext&);
};

// P has: struct Config; static std::span<const Option> options(); P(Config, context…); optionally
// static void check(const Config&, const Node&, ConfigErrors&) for what one option alone cannot tell.
template <class P, class Base, class... Context>
std::unique_ptr<Base> make_plugin(const Node& node, ConfigErrors& errors, const Context&... context) {
  typename P::Config config;
  ConfigErrors own(errors.file());
  decode_options(node, &config, P::options(), own);
  if constexpr (requires { P::check(config, node, own); }) {
    if (own.empty()) P::check(config, node, own);
  }
  if (!own.empty()) {
    errors.append(own);
    return nullptr;
  }
  return std::make_unique<P>(std::move(config), context...);
}

}  // namespace mailtrace

#define MAILTRACE_PLUGIN(Class, kind_, name, summary, in, pa, si, ca, we)       \
  extern "C" __attribute__((visibility("default"), used))                       \
  const mailtrace::PluginInfo mailtrace_plugin = {mailtrace::plugin_abi,        \
                                                  MAILTRACE_BUILD,              \
                                                  mailtrace::PluginKind::kind_, \
                                                  name,                         \
                                                  summary,                      \
                                                  &Class::options,              \
                                                  in,                           \
                                                  pa,                           \
                                                  si,                           \
                                                  ca,                           \
                                                  we}
// Last line of the plugin's main file.
#define MAILTRACE_INPUT(Class, name, summary)                                                            \
  MAILTRACE_PLUGIN(Class, input, name, summary,                                                          \
                   (&mailtrace::make_plugin<Class, mailtrace::Input, mailtrace::InputContext>), nullptr, \
                   nullptr, nullptr, nullptr)
#define MAILTRACE_PARSER(Class, name, summary)            \
  MAILTRACE_PLUGIN(Class, parser, name, summary, nullptr, \
                   (&mailtrace::make_plugin<Class, mailtrace::Parser>), nullptr, nullptr, nullptr)
#define MAILTRACE_SINK(Class, name, summary)                                                            \
  MAILTRACE_PLUGIN(Class, sink, name, summary, nullptr, nullptr,                                        \
                   (&mailtrace::make_plugin<Class, mailtrace::Sink, mailtrace::StoreContext>), nullptr, \
                   nullptr)
#define MAILTRACE_CACHE(Class, name, summary)                              \
  MAILTRACE_PLUGIN(Class, cache, name, summary, nullptr, nullptr, nullptr, \
                   (&mailtrace::make_plugin<Class, mailtrace::Cache, mailtrace::StoreContext>), nullptr)
#define MAILTRACE_WEB(Class, name, summary)                                       \
  MAILTRACE_PLUGIN(Class, web, name, summary, nullptr, nullptr, nullptr, nullptr, \
                   (&mailtrace::make_plugin<Class, mailtrace::Web, mailtrace::WebContext>))
