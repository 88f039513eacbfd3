// Prints the rows that log files give: rows_tool [--lines] [--double] [--shuffle SEED] [--cut N] [--alternate] FILE…
#include <iostream>

#include "tests/traces/replay.h"

using namespace mailtrace;

namespace {

// The first `cut` lines to one pipeline, the rest to another; they share nothing but the stored rows.
StoredRows run_cut(Replay& replay, const std::vector<std::string>& lines, size_t cut) {
  StoredRows rows;
  auto at = lines.begin() + static_cast<std::ptrdiff_t>(std::min(cut, lines.size()));
  for (auto& part : {std::vector(lines.begin(), at), std::vector(at, lines.end())}) {
    auto pipeline = replay.pipeline(rows);
    replay.feed(*pipeline, rows, part);
    replay.finish(*pipeline, rows);
  }
  return rows;
}

// Lines in turn to two pipelines that share a cache.
StoredRows run_alternate(Replay& replay, const std::vector<std::string>& lines) {
  StoredRows rows;
  MapCache cache;
  std::unique_ptr<Pipeline> pipelines[] = {replay.pipeline(rows, &cache), replay.pipeline(rows, &cache)};
  for (size_t i = 0; i < lines.size(); ++i) replay.feed(*pipelines[i % 2], rows, {lines[i]});
  for (auto& pipeline : pipelines) replay.finish(*pipeline, rows);
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  Replay replay;
  bool with_lines = false, twice = false, alternate = false;
  std::optional<unsigned> seed;
  std::optional<size_t> cut;
  std::vector<std::string> lines;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--lines") with_lines = true;
    else if (word == "--double") twice = true;
    else if (word == "--alternate") alternate = true;
    else if (word == "--shuffle" && i + 1 < argc) seed = static_cast<unsigned>(std::stoul(argv[++i]));
    else if (word == "--cut" && i + 1 < argc) cut = std::stoul(argv[++i]);
    else for (auto& line : read_lines(word)) lines.push_back(line);
  }
  if (seed) lines = shuffled(replay, lines, *seed);
  if (twice) lines = doubled(lines);
  StoredRows rows = cut ? run_cut(replay, lines, *cut) : alternate ? run_alternate(replay, lines) : replay.run(lines);
  for (auto& row : rows.print(with_lines)) std::cout << row << "\n";
}
