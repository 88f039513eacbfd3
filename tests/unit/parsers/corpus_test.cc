// The parsers of all programs but Postfix over real logs: nothing unknown, the same facts from all five
// renderings of a line, and as many facts of each kind as the logs hold.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/parse/header.h"
#include "core/parse/router.h"
#include "core/plugin/loader.h"

namespace fs = std::filesystem;
using namespace mailtrace;

namespace {

struct Parsers {
  std::vector<std::unique_ptr<Parser>> all;
  Router router;

  Parsers() {
    for (std::string name : {"dovecot", "amavis", "rspamd", "postgrey", "opendkim", "policyd_spf",
                             "opendmarc", "spamd", "exim", "sendmail", "opensmtpd"}) {
      auto plugin = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::parser, name);
      BOOST_REQUIRE_MESSAGE(bool(plugin), (plugin ? "" : plugin.error().text));
      ConfigErrors errors("test");
      auto parser = (*plugin)->make_parser(Node{}, errors);
      BOOST_REQUIRE_MESSAGE(parser, name);
      router.add(*parser);
      all.push_back(std::move(parser));
    }
  }
};

Time received() {
  Time time;
  BOOST_REQUIRE(parse_time("2026-11-23T20:20:00Z", time));
  return time;
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

LogLine read_header(std::string_view bytes) {
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
  Parsed parsed = parser.parse(line, fact);
  BOOST_CHECK((parsed == Parsed::fact) != std::holds_alternative<std::monostate>(fact));
  return parsed == Parsed::fact ? format_fact(fact) : parsed == Parsed::ignored ? "ignored" : "unknown";
}

}  // namespace

BOOST_AUTO_TEST_CASE(knows_every_line) {
  Parsers parsers;
  std::map<std::string, int> kinds;
  for (auto& group : groups()) {
    for (auto& bytes : read_lines(fs::path(MAILTRACE_CORPUS) / "lab" / (group + ".rfc3339.log"))) {
      LogLine line = read_header(bytes);
      Parser* parser = parsers.router.find(line.app_name);
      if (!parser) continue;
      std::string said = understand(*parser, line);
      BOOST_CHECK_MESSAGE(said != "unknown", "unknown: " << bytes);
      ++kinds[std::string(line.app_name) + " " + said.substr(0, said.find(' '))];
    }
  }
  const std::map<std::string, int> want = {
      {"amavis ignored", 133},     {"amavis verdict", 9},    {"dovecot ignored", 482},
      {"dovecot login_failed", 2}, {"dovecot mailbox", 516}, {"opendkim ignored", 11},
      {"exim attempt", 17},        {"exim ignored", 5},      {"exim opened", 13},
      {"exim policy", 2},          {"exim removed", 12},     {"opendkim verdict", 5},
      {"sendmail attempt", 11},    {"sendmail ignored", 10}, {"sendmail notification", 3},
      {"sendmail opened", 7},      {"rspamd ignored", 293},  {"rspamd verdict", 4},
  };
  for (auto& [kind, count] : kinds) {
    auto found = want.find(kind);
    BOOST_CHECK_MESSAGE(found != want.end() && found->second == count, kind << ": " << count);
  }
  BOOST_CHECK_EQUAL(kinds.size(), want.size());
}

// Exim's arrivals: size, Message-ID and subject stand behind keys that differ from mail to mail.
BOOST_AUTO_TEST_CASE(exim_arrivals_are_read_to_their_end) {
  Parsers parsers;
  int arrivals = 0;
  for (auto& group : groups()) {
    for (auto& bytes : read_lines(fs::path(MAILTRACE_CORPUS) / "lab" / (group + ".rfc3339.log"))) {
      LogLine line = read_header(bytes);
      Parser* parser = parsers.router.find(line.app_name);
      if (!line.app_name.starts_with("exim") || !parser || line.text.find(" <= ") == std::string_view::npos)
        continue;
      Fact fact;
      BOOST_REQUIRE(parser->parse(line, fact) == Parsed::fact);
      auto& opened = std::get<Opened>(fact);
      BOOST_CHECK_EQUAL(opened.size.has_value(), line.text.find(" S=") != std::string_view::npos);
      BOOST_CHECK_EQUAL(!opened.message_id.empty(), line.text.find(" id=") != std::string_view::npos);
      BOOST_CHECK_EQUAL(!opened.subject.empty(), line.text.find(" T=\"") != std::string_view::npos);
      ++arrivals;
    }
  }
  BOOST_CHECK(arrivals > 10);
}

BOOST_AUTO_TEST_CASE(five_renderings_give_the_same_facts) {
  Parsers parsers;
  int compared = 0;
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
        Parser* parser = parsers.router.find(a.app_name);
        BOOST_REQUIRE_MESSAGE(parser == parsers.router.find(b.app_name), have[i]);
        if (!parser) continue;
        BOOST_CHECK_EQUAL(understand(*parser, a), understand(*parser, b));
        ++compared;
      }
    }
  }
  BOOST_CHECK(compared > 4000);
}

BOOST_AUTO_TEST_CASE(cut_anywhere_stays_inside) {
  // Lines of all kinds, cut at each byte, on the heap in their exact size for the sanitizer's sake.
  Parsers parsers;
  for (std::string group : {"sieve", "filter", "milter", "exim", "sendmail", "dovecot", "greylist"}) {
    auto lines = read_lines(fs::path(MAILTRACE_CORPUS) / "lab" / (group + ".rfc3339.log"));
    for (auto& bytes : lines) {
      LogLine whole = read_header(bytes);
      Parser* parser = parsers.router.find(whole.app_name);
      if (!parser) continue;
      size_t header = bytes.size() - whole.text.size();
      for (size_t size = header; size <= bytes.size(); ++size) {
        std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
        LogLine line = read_header({cut.data(), cut.size()});
        Fact fact;
        Parsed parsed = parser->parse(line, fact);
        BOOST_REQUIRE((parsed == Parsed::fact) != std::holds_alternative<std::monostate>(fact));
      }
    }
  }
}
