// All parsers but Postfix's under libFuzzer: a line "tag[pid]: text" goes to the parser of its tag, or to all
// of them if no tag fits.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/parse/router.h"
#include "core/plugin/loader.h"
#include "tests/fuzz/views.h"

using namespace mailtrace;

namespace {

struct Parsers {
  std::vector<std::unique_ptr<Parser>> all;
  Router router;

  Parsers() {
    for (std::string name : {"dovecot", "amavis", "rspamd", "postgrey", "opendkim", "policyd_spf",
                             "opendmarc", "spamd", "exim", "sendmail", "opensmtpd"}) {
      auto plugin = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::parser, name);
      if (!plugin) std::abort();
      ConfigErrors errors("fuzz");
      auto parser = (*plugin)->make_parser(Node{}, errors);
      if (!parser) std::abort();
      router.add(*parser);
      all.push_back(std::move(parser));
    }
  }
};

// The words a parser chooses itself; all others are those of the line.
bool is_constant(std::string_view view) {
  static constexpr std::array<std::string_view, 45> constants = {"saved",
                                                                 "discarded",
                                                                 "rejected",
                                                                 "redirected",
                                                                 "vacation",
                                                                 "failed",
                                                                 "amavis",
                                                                 "rspamd",
                                                                 "postgrey",
                                                                 "opendkim",
                                                                 "opendmarc",
                                                                 "policyd-spf",
                                                                 "spamd",
                                                                 "signed",
                                                                 "verified",
                                                                 "pass",
                                                                 "fail",
                                                                 "softfail",
                                                                 "neutral",
                                                                 "none",
                                                                 "temperror",
                                                                 "permerror",
                                                                 "prepend",
                                                                 "reject",
                                                                 "defer",
                                                                 "result_only",
                                                                 "spam",
                                                                 "ham",
                                                                 "exim",
                                                                 "sendmail",
                                                                 "smtpd",
                                                                 "mta",
                                                                 "mda",
                                                                 "RCPT",
                                                                 "MAIL",
                                                                 "EHLO",
                                                                 "CONNECT",
                                                                 "DATA",
                                                                 "END-OF-MESSAGE",
                                                                 "",
                                                                 "-",
                                                                 "policy-spf",
                                                                 "unqualified sender rejected",
                                                                 "unqualified recipient rejected",
                                                                 "unknown"};
  for (auto constant : constants)
    if (view == constant) return true;
  return false;
}

void check(Parser& parser, const LogLine& line, std::string_view raw) {
  Fact fact, again;
  Parsed parsed = parser.parse(line, fact);
  if ((parsed == Parsed::fact) == std::holds_alternative<std::monostate>(fact)) std::abort();
  for_each_view(fact, [&](std::string_view view) {
    bool inside = view.data() >= raw.data() && view.data() + view.size() <= raw.data() + raw.size();
    if (!view.empty() && !inside && !is_constant(view)) std::abort();
  });
  if (parser.parse(line, again) != parsed || format_fact(again) != format_fact(fact)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Parsers parsers;
  // On the heap in its exact size: a step too far is seen.
  std::vector<char> bytes(data, data + size);
  std::string_view raw(bytes.data(), bytes.size());
  LogLine line;
  line.raw = line.text = raw;
  size_t end = raw.find_first_of("[: ");
  line.app_name = raw.substr(0, end);
  Parser* parser = parsers.router.find(line.app_name);
  size_t colon = raw.find(": ");
  if (parser && colon != std::string_view::npos) {
    line.text = raw.substr(colon + 2);
    check(*parser, line, raw);
    return 0;
  }
  for (auto& each : parsers.all) check(*each, line, raw);
  return 0;
}
