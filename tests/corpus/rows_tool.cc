// Prints the rows that log files give: rows_tool [--lines] [--double] [--shuffle SEED] [--cut N] [--kill N]
// [--alternate] FILE…
#include <iostream>

#include "tests/traces/replay.h"

using namespace mailtrace;

int main(int argc, char** argv) {
  Replay replay({"exim", "sendmail"});
  bool with_lines = false, twice = false, alternate = false;
  std::optional<unsigned> seed;
  std::optional<size_t> cut, kill;
  std::vector<std::string> lines;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--lines")
      with_lines = true;
    else if (word == "--double")
      twice = true;
    else if (word == "--alternate")
      alternate = true;
    else if (word == "--shuffle" && i + 1 < argc)
      seed = static_cast<unsigned>(std::stoul(argv[++i]));
    else if (word == "--kill" && i + 1 < argc)
      kill = std::stoul(argv[++i]);
    else if (word == "--cut" && i + 1 < argc)
      cut = std::stoul(argv[++i]);
    else
      for (auto& line : read_lines(word)) lines.push_back(line);
  }
  if (seed) lines = shuffled(replay, lines, *seed);
  if (twice) lines = doubled(lines);
  StoredRows rows = cut         ? replay.import_cut(lines, *cut)
                    : kill      ? replay.run_killed(lines, *kill, 1 + *kill % 3)
                    : alternate ? replay.run_alternate(lines)
                                : replay.run(lines);
  for (auto& row : rows.print(with_lines)) std::cout << row << "\n";
}
