// core/base/log: the daemon's own lines.
#include "core/base/log.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <functional>

using namespace mailtrace;
using namespace std::string_literals;

namespace {

// What `act` writes to stderr, without the stamps in front of the levels.
std::string captured(const std::function<void()>& act) {
  FILE* file = std::tmpfile();
  int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  act();
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::rewind(file);
  std::string out;
  char line[4096];
  while (std::fgets(line, sizeof line, file)) {
    std::string text = line;
    BOOST_TEST((text.size() > 21 && text[10] == 'T' && text[19] == 'Z' && text[20] == ' '), text);
    out += text.substr(std::min<size_t>(21, text.size()));
  }
  std::fclose(file);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(one_line_an_event) {
  auto out = captured([] {
    log(LogLevel::info, "spool.open", {{"directory", "/var/lib/mailtrace"}, {"records", "7"}});
    log(LogLevel::error, "sink.stop");
  });
  BOOST_TEST(out == "info    spool.open directory=/var/lib/mailtrace records=7\nerror   sink.stop\n");
}

BOOST_AUTO_TEST_CASE(values_cannot_lie) {
  auto out = captured([] {
    log(LogLevel::warning, "x",
        {{"a", ""},
         {"b", "two words"},
         {"c", "k=v"},
         {"d", "say \"hi\" \\"},
         {"e", "new\nline\x1b[31m"},
         {"f", "\xFF"},
         {"g", "gr\xC3\xBC\xC3\x9F"}});
  });
  BOOST_TEST(out ==
             "warning x a=\"\" b=\"two words\" c=\"k=v\" d=\"say \\\"hi\\\" \\\\\" "
             "e=\"new\\u{a}line\\u{1b}[31m\" f=\"\\xFF\" g=gr\xC3\xBC\xC3\x9F\n");
}

BOOST_AUTO_TEST_CASE(levels) {
  auto out = captured([] {
    log(LogLevel::debug, "hidden");
    set_log_level(LogLevel::debug);
    log(LogLevel::debug, "shown");
    set_log_level(LogLevel::error);
    log(LogLevel::warning, "hidden");
    log_rarely(LogLevel::warning, "hidden");
    set_log_level(LogLevel::info);
  });
  BOOST_TEST(out == "debug   shown\n");
  LogLevel level = LogLevel::info;
  BOOST_TEST(parse_log_level("warning", level));
  BOOST_TEST((level == LogLevel::warning));
  BOOST_TEST(!parse_log_level("Warning", level));
  BOOST_TEST((level == LogLevel::warning));
}

BOOST_AUTO_TEST_CASE(rarely_is_once_per_event) {
  auto out = captured([] {
    for (int i = 0; i < 3; ++i) log_rarely(LogLevel::warning, "rare.one", {{"n", std::to_string(i)}});
    log_rarely(LogLevel::warning, "rare.two");
  });
  BOOST_TEST(out == "warning rare.one n=0\nwarning rare.two\n");
}

BOOST_AUTO_TEST_CASE(gate_counts_what_it_held) {
  using std::chrono::seconds;
  std::chrono::steady_clock::time_point start{};
  RareGate gate;
  uint64_t held = 9;
  BOOST_TEST(gate.pass(start, held));
  BOOST_TEST(held == 0u);
  BOOST_TEST(!gate.pass(start + seconds(1), held));
  BOOST_TEST(!gate.pass(start + seconds(59), held));
  BOOST_TEST(gate.pass(start + seconds(60), held));
  BOOST_TEST(held == 2u);
  BOOST_TEST(!gate.pass(start + seconds(61), held));
  BOOST_TEST(gate.pass(start + seconds(121), held));
  BOOST_TEST(held == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
