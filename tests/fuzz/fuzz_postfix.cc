// Postfix parser under libFuzzer: a line "tag[pid]: text"; tags of all programs and none come from its start.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/parse/header.h"
#include "core/plugin/loader.h"
#include "core/spool/record.h"
#include "tests/fuzz/views.h"

using namespace mailtrace;

namespace {

std::unique_ptr<Parser> make(const std::string& options) {
  auto plugin = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::parser, "postfix");
  if (!plugin) std::abort();
  ConfigErrors errors("fuzz");
  Node node;
  if (!options.empty() && !load_yaml(options, node, errors)) std::abort();
  auto parser = (*plugin)->make_parser(node, errors);
  if (!parser) std::abort();
  return parser;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto external = make(""), internal = make("{address_format: internal}");
  // On the heap in its exact size: a step too far is seen.
  std::vector<char> bytes(data, data + size);
  std::string_view raw(bytes.data(), bytes.size());
  LogLine line;
  line.raw = raw;
  size_t end = raw.find_first_of("[: ");
  line.app_name = raw.substr(0, end);
  if (end != std::string_view::npos) {
    size_t colon = raw.find(": ", end);
    if (raw[end] == '[')
      line.proc_id = raw.substr(end + 1, colon == std::string_view::npos ? 0 : colon - end - 1);
    line.text = colon == std::string_view::npos ? raw.substr(end) : raw.substr(colon + 2);
  }
  for (auto* parser : {external.get(), internal.get()}) {
    Fact fact, again;
    Parsed parsed = parser->parse(line, fact);
    if ((parsed == Parsed::fact) == std::holds_alternative<std::monostate>(fact)) std::abort();
    for_each_view(fact, [&](std::string_view view) {
      if (view.empty()) return;
      bool inside = view.data() >= raw.data() && view.data() + view.size() <= raw.data() + raw.size();
      // The only words that a fact may have from the parser and not from the line.
      bool constant = (std::holds_alternative<ServiceEvent>(fact) &&
                       (view == "start" || view == "reload" || view == "stop")) ||
                      (std::holds_alternative<Opened>(fact) && view == "pickup");
      if (!inside && !constant) std::abort();
    });
    if (parser->parse(line, again) != parsed || format_fact(again) != format_fact(fact)) std::abort();
  }
  return 0;
}
