// The Postfix parser over real logs: nothing unknown, and the same facts from all five renderings of a line.
#include <algorithm>
#include <boost/test/unit_test.hpp>
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
    case Parsed::fact:
      return format_fact(fact);
    case Parsed::ignored:
      return "ignored";
    case Parsed::unknown:
      return "unknown";
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

// "postfix", as a stock rsyslog sends it, tells neither the service, but that of pickup's line, nor that
// postsuper wrote "removed".
std::string without_service(std::string fact) {
  for (std::string_view key : {" service=", " transport="}) {
    auto at = fact.find(key);
    if (at != std::string::npos && fact.find(" uid=") != std::string::npos) continue;
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
        if (!a.app_name.starts_with("postfix")) continue;
        std::string left = understand(*parser, a), right = understand(*parser, b);
        if (form == "rfc5424-noslash") left = without_service(left);
        BOOST_CHECK_MESSAGE(left == right,
                            form << ": " << want[i] << "\n  want " << left << "\n  got  " << right);
        facts += left != "ignored";
      }
    }
  }
  BOOST_CHECK(facts > 25000);
}

BOOST_AUTO_TEST_CASE(hostile_lines_change_no_field) {
  // The clients of this log were all on loopback, and no mail was for the victim.
  auto parser = make_parser();
  int facts = 0;
  for (auto& bytes : read_lines(fs::path(MAILTRACE_CORPUS) / "hostile/postfix-crafted.log")) {
    LogLine line = read_header(bytes);
    Fact fact;
    BOOST_CHECK_MESSAGE(parser->parse(line, fact) != Parsed::unknown, bytes);
    if (auto* attempt = std::get_if<Attempt>(&fact)) {
      BOOST_CHECK_MESSAGE(attempt->relay.name != "evil" && attempt->relay.name != "good", bytes);
      BOOST_CHECK_EQUAL(attempt->next_queue_id, "");
      BOOST_CHECK(attempt->recipient != "victim@bank.example");
    } else if (auto* policy = std::get_if<Policy>(&fact)) {
      BOOST_CHECK_EQUAL(policy->client.name, "localhost");
      BOOST_CHECK(policy->recipient != "victim@bank.example" && policy->sender != "ceo@bank.example");
    } else if (auto* queued = std::get_if<Queued>(&fact)) {
      BOOST_CHECK_EQUAL(*queued->recipients, 1);
    } else {
      continue;
    }
    ++facts;
  }
  BOOST_CHECK_EQUAL(facts, 12);
}

BOOST_AUTO_TEST_CASE(a_line_that_postfix_cut_ends_nowhere) {
  // Cut within the recipient, so that its own text looks like the end of the envelope.
  auto parser = make_parser();
  std::string start = "<22>2026-11-23T20:11:54.154266Z mx1 postfix/smtpd[1]: ";
  std::string text = "NOQUEUE: reject: RCPT from h.example[192.0.2.66]: 554 5.7.1 " + std::string(1800, 'x') +
                     "; from=<a@example.com> to=<\"b; from=<v@example.net> to=<w@example.net>";
  text.insert(text.find("xxx"), 2000 - text.size(), 'x');
  std::string bytes = start + text;
  Fact fact;
  BOOST_REQUIRE(parser->parse(read_header(bytes), fact) == Parsed::fact);
  auto& policy = std::get<Policy>(fact);
  BOOST_CHECK_EQUAL(policy.smtp_code, 554);
  BOOST_CHECK(!policy.sender);
  BOOST_CHECK_EQUAL(policy.recipient, "");
}

BOOST_AUTO_TEST_CASE(cut_anywhere_stays_inside) {
  // Each distinct line kind, cut at each byte, on the heap in its exact size for the sanitizer's sake.
  auto parser = make_parser();
  size_t last = 0;
  for (auto& group :
       {"multi", "reject", "checks", "submission", "postscreen", "inject", "postsuper", "bounces"}) {
    auto lines = read_lines(fs::path(MAILTRACE_CORPUS) / "lab" / (std::string(group) + ".rfc3339.log"));
    for (size_t i = 0; i < lines.size(); i += 7) {
      if (lines[i].size() == last) continue;
      last = lines[i].size();
      for (size_t size = 40; size <= lines[i].size(); ++size) {
        std::vector<char> cut(lines[i].begin(), lines[i].begin() + static_cast<long>(size));
        Record record;
        record.received = received();
        record.bytes = {cut.data(), cut.size()};
        LogLine line;
        parse_header(record, {}, line);
        Fact fact;
        Parsed parsed = parser->parse(line, fact);
        BOOST_REQUIRE((parsed == Parsed::fact) != std::holds_alternative<std::monostate>(fact));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_tag_without_the_daemon_is_doubtful) {
  auto parser = make_parser();
  LogLine line;
  for (auto tag : {"postfix/smtpd", "postfix-out/submission/smtpd", "postfix/submissi"}) {
    line.app_name = tag;
    BOOST_TEST(parser->doubt(line) == "");
  }
  line.app_name = "postfix";
  BOOST_TEST(parser->doubt(line).find("parser.permitSlashInProgramname") != std::string_view::npos);
}
