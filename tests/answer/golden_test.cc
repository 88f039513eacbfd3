// Golden answers: the log lines of tests/traces/cases/NAME.log give the text of golden/NAME.txt, in both
// languages, also when lines come out of order, twice, or cut into two runs. To accept new texts:
// MAILTRACE_ACCEPT=1 unit_answers, and read the difference.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/tool/trace_text.h"
#include "tests/answer/stored.h"

using namespace mailtrace;
namespace fs = std::filesystem;

namespace {

const Explanations& explanations() {
  static const Explanations loaded = [] {
    auto result = Explanations::load(MAILTRACE_SOURCE "/conf/explanations");
    BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
    return *result;
  }();
  return loaded;
}

std::string answers(const StoredRows& rows) {
  Stored stored(rows);
  VerdictOptions options;
  options.explanations = &explanations();
  options.reader = &stored.reader();
  parse_time("2026-11-23T20:30:00Z", options.now);
  Terminal terminal;
  terminal.utc = true;
  terminal.width = 110;
  std::string out;
  for (bool german : {false, true}) {
    terminal.german = german;
    for (auto& trace : stored.traces()) {
      if (!out.empty()) out += "\n" + std::string(110, '=') + "\n";
      out += trace_text(trace, verdicts(trace, options), terminal, Detail::verdict);
    }
  }
  return out;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> out;
  for (auto* folder : {"/tests/traces/cases", "/tests/answer/cases"})
    if (fs::is_directory(std::string(MAILTRACE_SOURCE) + folder))
      for (auto& entry : fs::directory_iterator(std::string(MAILTRACE_SOURCE) + folder))
        if (entry.path().extension() == ".log") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

bool whole_seconds(const std::vector<std::string>& lines) { return !lines[0].starts_with("2026-"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(answers_are_golden) {
  Replay replay;
  BOOST_TEST(cases().size() >= 40u);
  for (auto& path : cases()) {
    auto golden = fs::path(MAILTRACE_SOURCE "/tests/answer/golden") / (path.stem().string() + ".txt");
    auto text = answers(replay.run(read_lines(path.string())));
    if (std::getenv("MAILTRACE_ACCEPT"))
      std::ofstream(golden, std::ios::binary) << text;
    else
      BOOST_TEST(text == read(golden), golden.string());
  }
}

BOOST_AUTO_TEST_CASE(order_and_repetition_do_not_matter) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    auto once = answers(replay.run(lines));
    BOOST_TEST((answers(replay.run(doubled(lines))) == once), path.stem().string() << " doubled");
    if (whole_seconds(lines)) continue;
    for (unsigned seed = 1; seed <= 2; ++seed)
      BOOST_TEST((answers(replay.run(shuffled(replay, lines, seed))) == once), path.stem().string()
                                                                                   << " shuffled " << seed);
  }
}

// Two imports of one log, and a daemon that ended and was started again: what both tell must be one story.
BOOST_AUTO_TEST_CASE(cuts_do_not_matter) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    auto name = path.stem().string();
    // A short queue id of a whole second is another mail's behind a cut within that second.
    if (whole_seconds(lines)) continue;
    auto once = answers(replay.run(lines));
    for (size_t cut = 1; cut < lines.size(); cut += 4)
      BOOST_TEST((answers(replay.import_cut(lines, cut)) == once), name << " imported, cut at " << cut);
    for (size_t cut = 3; cut < lines.size(); cut += 4)
      BOOST_TEST((answers(replay.run_restarted(lines, cut)) == once), name << " restarted at " << cut);
  }
}

BOOST_AUTO_TEST_SUITE_END()
