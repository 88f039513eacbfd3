// parse_bench [log file…]: lines a second and CPU a line of header and Postfix parser, beside one memchr()
// over the same bytes and, where libre2-dev is installed, beside RE2 on the delivery lines. Without files:
// the lines of one relayed mail, in the mix of a busy server. Run by hand.
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/parse/header.h"
#include "core/parse/router.h"
#include "core/plugin/loader.h"
#include "tests/bench/measure.h"

#ifdef MAILTRACE_RE2
#include <re2/re2.h>
#endif

using namespace mailtrace;
using bench::best_of_nine;

namespace {

std::vector<std::string> typical_lines() {
  std::vector<std::string> out;
  for (int i = 0; i < 2000; ++i) {
    std::string id = fmt::format("4jYH{:c}z2L{:c}{:c}zmN{:02d}", "BCDFGH"[i % 6], "JKLMNP"[i % 6],
                                 "QRSTVW"[i % 6], i % 100);
    std::string client = fmt::format("host-{}.customer-{}.example[192.0.2.{}]", i, i % 97, i % 250);
    auto add = [&](std::string_view program, std::string text) {
      out.push_back(
          fmt::format("<22>1 2026-11-23T20:{:02d}:{:02d}.{:06d}+00:00 mx1 postfix/{} {} - [mt@32473 "
                      "u=\"0192{:08x}\"]  {}",
                      i / 60 % 60, i % 60, i * 37 % 1000000, program, 20000 + i % 50, i, text));
    };
    add("smtpd", "connect from " + client);
    add("smtpd", id + ": client=" + client);
    add("cleanup", id + fmt::format(": message-id=<20261123.{}.4fa3eae9@customer-{}.example>", i, i % 97));
    add("qmgr", id + fmt::format(": from=<sender{}@customer-{}.example>, size={}, nrcpt=1 (queue active)", i,
                                 i % 97, 893 + i));
    add("smtpd", "disconnect from " + client + " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7");
    add("smtp",
        id + fmt::format(
                 ": to=<anna.{}@example.org>, relay=mx.example.org[198.51.100.7]:25, delay=0.41, "
                 "delays=0.05/0.01/0.2/0.15, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4FADF31D005)",
                 i));
    add("qmgr", id + ": removed");
    if (i % 4 == 0)
      add("smtpd",
          "NOQUEUE: reject: RCPT from " + client +
              fmt::format(": 450 4.2.0 <bob{}@example.org>: Recipient address rejected: Greylisted, see "
                          "http://postgrey.example/help; from=<a{}@example.net> to=<bob{}@example.org> "
                          "proto=ESMTP helo=<host-{}.example>",
                          i, i, i, i));
  }
  return out;
}

// The parser and RE2 on the same delivery lines, which have the most fields.
void beside_re2(Router& router, const std::vector<LogLine>& read) {
#ifdef MAILTRACE_RE2
  std::vector<const LogLine*> deliveries;
  for (const auto& line : read) {
    if (line.text.find(", status=") != std::string_view::npos && line.text.find(": to=<") < 30)
      deliveries.push_back(&line);
  }
  if (deliveries.empty()) return;
  static const RE2 pattern(
      R"(^\s*([0-9A-Za-z]+): to=<([^>]*)>,(?: orig_to=<([^>]*)>,)? relay=([^\[,]+)(?:\[([^\]]+)\])?(?::(\d+))?, )"
      R"(delay=([\d.]+), delays=([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+), dsn=([\d.]+), status=(\w+) \((.*)\)$)");
  size_t facts = 0, matches = 0;
  auto own = best_of_nine(deliveries.size(), [&] {
    facts = 0;
    Fact fact;
    for (const auto* line : deliveries) {
      auto* found = router.find(line->app_name);
      facts += found != nullptr && found->parse(*line, fact) == Parsed::fact;
    }
  });
  auto re2 = best_of_nine(deliveries.size(), [&] {
    matches = 0;
    re2::StringPiece parts[15];
    for (const auto* line : deliveries)
      matches += pattern.Match(line->text, 0, line->text.size(), RE2::ANCHOR_START, parts, 15);
  });
  fmt::print("\n{} delivery lines: {} facts, {} matches\n", deliveries.size(), facts, matches);
  own.print("postfix");
  re2.print("RE2 with 14 captures");
  fmt::print("RE2 takes {:.1f} times as long\n", re2.cpu / own.cpu);
#else
  (void)router;
  (void)read;
  fmt::print("no comparison with RE2: libre2-dev is not installed\n");
#endif
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> lines;
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i]);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  if (lines.empty()) lines = typical_lines();
  auto plugin = load_plugin(plugin_directory(), PluginKind::parser, "postfix");
  if (!plugin) {
    fmt::print("{}\n", plugin.error().text);
    return 1;
  }
  ConfigErrors errors("bench");
  auto parser = (*plugin)->make_parser(Node(), errors);
  Router router;
  router.add(*parser);

  size_t bytes = 0;
  for (auto& line : lines) bytes += line.size();
  std::vector<LogLine> read(lines.size());
  Record record;
  record.received = time_from_us(1'795'464'800'000'000);
  record.peer = "192.0.2.1";
  auto header = best_of_nine(lines.size(), [&] {
    for (size_t i = 0; i < lines.size(); ++i) {
      record.bytes = lines[i];
      parse_header(record, {}, read[i]);
    }
  });
  size_t facts = 0, unknown = 0;
  auto postfix = best_of_nine(lines.size(), [&] {
    facts = unknown = 0;
    Fact fact;
    for (auto& line : read) {
      auto* found = router.find(line.app_name);
      if (!found) continue;
      Parsed parsed = found->parse(line, fact);
      facts += parsed == Parsed::fact;
      unknown += parsed == Parsed::unknown;
    }
  });
  size_t found = 0;
  auto scan = best_of_nine(lines.size(), [&] {
    for (auto& line : lines) found += std::memchr(line.data(), '\n', line.size()) != nullptr;
  });
  double mean = static_cast<double>(bytes) / static_cast<double>(lines.size());
  fmt::print("{} lines of {:.0f} bytes, {} facts, {} unknown\n", lines.size(), mean, facts, unknown);
  bench::Cost both{header.wall + postfix.wall, header.cpu + postfix.cpu};
  header.print("header");
  postfix.print("postfix");
  both.print("both");
  scan.print("memchr");
  fmt::print("{:.2f} GB/s a processor, {:.1f} % of memchr's speed{}\n", mean / both.cpu_ns(),
             100 * scan.cpu / both.cpu, found ? " (LF inside a line)" : "");
  beside_re2(router, read);
  return 0;
}
