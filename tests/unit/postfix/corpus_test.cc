// The Postfix parser over real logs: nothing unknown, and the same facts from all five renderings of a line.
#include <boost/test/unit_test.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/parse/header.h"
#include "core/plugin/loader.h"

namespace fs = std::filesystem;
using namespace mailtrace;

namespace {

Time received() {
  Time time;
  BOOST_REQUIRE(parse_time("2026-11-23T20:20:00Z", time));
  return time;
}

std::unique_ptr<Parser> make_parser(const std::string& yaml = "") {
  auto plugin = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::parser, "postfix");
  BOOST_REQUIRE_MESSAGE(bool(plugin), (plugin ? "" : plugin.error().text));
  ConfigErrors errors("test");
  Node node;
  if (!yaml.empty()) BOOST_REQUIRE(load_yaml(yaml, node, errors));
  auto parser = (*plugin)->make_parser(node, errors);
  BOOST_REQUIRE(parser);
  return parser;
}

std::vector<std::string> read_lines(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(bool(in), file.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> groups() {
  std::vector<std::string> names;
  for (auto& entry : fs::directory_iterator(fs::path(MAILTRACE_CORPUS) / "lab")) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".rfc3339.log")) names.push_back(name.substr(0, name.size() - 12));
  }
  std::sort(names.begin(), names.end());
  BOOST_REQUIRE(names.size() > 30);
  return names;
}

LogLine read_header(const std::string& bytes) {
  Record record;
  record.received = received();
  record.peer = "192.0.2.1";
  record.bytes = bytes;
  LogLine line;
  parse_header(record, {}, line);
  return line;
}

std::string understand(Parser& parser, const LogLine& line) {
  Fact fact;
  switch (parser.parse(line, fact)) {
    case Parsed::fact: return format_fact(fact);
    case Parsed::ignored: return "ignored";
    case Parsed::unknown: return "unknown";
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(knows_every_line) {
  auto parser = make_parser();
  int lines = 0;
  std::map<std::string, int> unknown;
  for (auto& group : groups()) {
    for (auto& bytes : read_lines(fs::path(MAILTRACE_CORPUS) / "lab" / (group + ".rfc3339.log"))) {
      LogLine line = read_header(bytes);
      if (!line.app_name.starts_with("postfix")) continue;
      ++lines;
      std::string said = understand(*parser, line);
      BOOST_CHECK_MESSAGE(said != "unknown", "unknown: " << bytes);
    }
  }
  BOOST_CHECK_EQUAL(lines, 7675);
}

namespace {

// "postfix", as a stock rsyslog sends it, tells neither the service nor that postsuper wrote "removed".
std::string without_service(std::string fact) {
  for (std::string_view key : {" service=", " transport="}) {
    auto at = fact.find(key);
    if (at != std::string::npos) fact.erase(at, fact.find(' ', at + 1) - at);
  }
  if (fact.starts_with("admin_action ") && fact.ends_with(" kind=deleted"))
    fact = "removed" + fact.substr(12, fact.size() - 25);
  return fact;
}

}  // namespace

BOOST_AUTO_TEST_CASE(five_renderings_give_the_same_facts) {
  auto parser = make_parser();
  int facts = 0;
  for (auto& group : groups()) {
    auto file = [&](const std::string& form) {
      return read_lines(fs::path(MAILTRACE_CORPUS) / "lab" / (group + "." + form + ".log"));
    };
    auto want = file("rfc3339");
    for (std::string form : {"trad", "rfc5424", "rfc5424-noslash", "fwd3164"}) {
      auto have = file(form);
      BOOST_REQUIRE_EQUAL(want.size(), have.size());
      for (size_t i = 0; i < want.size(); ++i) {
        LogLine a = read_header(want[i]), b = read_header(have[i]);
        BOOST_REQUIRE_EQUAL(a.hostname, b.hostname);
        BOOST_CHECK_EQUAL(a.proc_id, b.proc_id);
        BOOST_CHECK_EQUAL(a.text, b.text);
        if (form == "rfc5424") BOOST_CHECK(a.identity == b.identity);
        if (a.app_name == "postfix/fake" || !a.app_name.starts_with("postfix")) continue;
        std::string left = understand(*parser, a), right = understand(*parser, b);
        if (form == "rfc5424-noslash") left = without_service(left);
        BOOST_CHECK_MESSAGE(left == right, form << ": " << want[i] << "\n  want " << left << "\n  got  " << right);
        facts += left != "ignored";
      }
    }
  }
  BOOST_CHECK(facts > 25000);
}
