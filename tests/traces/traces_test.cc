// Golden traces: cases/NAME.log gives the rows of cases/NAME.rows, also when its lines come out of order,
// twice, or to two pipelines. To accept new rows: MAILTRACE_ACCEPT=1 unit_traces, and read the difference.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/traces/replay.h"

using namespace mailtrace;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> cases() {
  std::vector<fs::path> out;
  for (auto& entry : fs::directory_iterator(MAILTRACE_SOURCE "/tests/traces/cases"))
    if (entry.path().extension() == ".log") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// Order within a second is not in such stamps.
bool whole_seconds(const std::vector<std::string>& lines) { return !lines[0].starts_with("2026-"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(traces)

BOOST_AUTO_TEST_CASE(rows_are_golden) {
  Replay replay;
  BOOST_TEST(cases().size() >= 25u);
  for (auto& path : cases()) {
    auto golden = path;
    golden.replace_extension(".rows");
    auto rows = replay.run(read_lines(path.string())).print();
    if (std::getenv("MAILTRACE_ACCEPT")) {
      std::ofstream out(golden);
      for (auto& row : rows) out << row << "\n";
      continue;
    }
    BOOST_TEST_CONTEXT(path.stem().string()) {
      BOOST_TEST(rows == read_lines(golden.string()), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(order_does_not_matter) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    if (whole_seconds(lines)) continue;
    auto in_order = replay.run(lines).print();
    for (unsigned seed = 1; seed <= 5; ++seed)
      BOOST_TEST((replay.run(shuffled(replay, lines, seed)).print() == in_order), path.stem().string()
                                                                                      << " " << seed);
  }
}

BOOST_AUTO_TEST_CASE(lines_may_come_twice) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    auto once = replay.run(lines).print(true);
    BOOST_TEST((replay.run(doubled(lines)).print(true) == once), path.stem().string());
    auto again = lines;
    again.insert(again.end(), lines.begin(), lines.end());
    auto rows = replay.run(again).print(true);
    BOOST_TEST((rows == once), path.stem().string() << " as a whole" << difference(once, rows));
  }
}

BOOST_AUTO_TEST_CASE(a_cut_between_any_two_lines) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    // Ids of whole seconds do not reach over a cut within the second.
    if (whole_seconds(lines)) continue;
    auto name = path.stem().string();
    auto whole = replay.run(lines).print(true);
    for (size_t cut = 1; cut < lines.size(); ++cut) {
      auto imported = replay.import_cut(lines, cut).print(true);
      BOOST_TEST((imported == whole), name << " cut at " << cut << difference(whole, imported));
      auto restarted = replay.run_restarted(lines, cut).print(true);
      BOOST_TEST((restarted == whole), name << " restarted at " << cut << difference(whole, restarted));
    }
  }
}

// An admin imports the old log when the daemon, or another import, has the new one already: each mail is one
// row, with its birth, its sender and its end. What joins it to other mails or sessions over the cut (TLS,
// origin, folder, reason) may be missing; an expiry or a deletion whose recipients the old log names stays
// without them; and between two Message-IDs, or two mails of one queue id, the halves do not meet.
BOOST_AUTO_TEST_CASE(older_lines_may_come_last) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    if (whole_seconds(lines)) continue;
    auto name = path.stem().string();
    if (name.starts_with("expired") || name == "sendmail-expired" || name == "admin-delete" ||
        name == "admin-expire" || name.ends_with("-message-id") || name.ends_with("-message-ids") ||
        name == "short-id-reuse")
      continue;
    auto print = [](const StoredRows& rows) {
      std::vector<std::string> out;
      for (auto& [id, row] : rows.connects)
        if (row.queue_id)
          out.push_back(row.server + " " + *row.queue_id + " " + format_time(row.connect_time) + " " +
                        row.sender.value_or("?") + " " + (row.flags & row_flag::removed ? "removed" : ""));
      for (auto& [id, row] : rows.deliveries)
        if (row.queue_id && row.recipient)
          out.push_back(row.server + " " + *row.queue_id + " " + format_time(row.connect_time) + " to " +
                        *row.recipient + " " + row.status.value_or("?"));
      std::sort(out.begin(), out.end());
      return out;
    };
    auto whole = print(replay.run(lines));
    using Lines = std::vector<std::string>;
    for (size_t cut = 1; cut < lines.size(); ++cut) {
      auto at = lines.begin() + static_cast<std::ptrdiff_t>(cut);
      auto middle = lines.begin() + static_cast<std::ptrdiff_t>(cut / 2);
      Lines newer(at, lines.end()), older(lines.begin(), at), first(lines.begin(), middle),
          second(middle, at);
      std::pair<std::string, std::vector<Lines>> orders[] = {
          {"newer and older", {newer, older}},
          {"newer and all", {newer, lines, lines}},
          {"the middle last", {first, newer, second}},
          {"the first last", {newer, second, first, lines}}};
      for (auto& [order, parts] : orders) {
        auto rows = print(replay.import(parts));
        BOOST_TEST((rows == whole), name << " cut at " << cut << ", " << order << difference(whole, rows));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(killed_anywhere) {
  Replay replay;
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    auto name = path.stem().string();
    if (whole_seconds(lines)) continue;
    auto whole = replay.run(lines);
    int64_t counted = 0;
    for (auto& [key, row] : whole.hosts) counted += row.lines;
    BOOST_TEST(counted == static_cast<int64_t>(lines.size()), name);
    for (size_t killed_after = 1; killed_after < lines.size(); ++killed_after) {
      auto rows = replay.run_killed(lines, killed_after, 1 + killed_after % 3);
      BOOST_TEST((rows.print() == whole.print()), name << " killed after " << killed_after);
      int64_t again = 0;
      for (auto& [key, row] : rows.hosts) again += row.lines;
      BOOST_TEST(again == counted, name << " killed after " << killed_after);
    }
  }
}

// Even line by line; the cache does not know whose session's line without address it was (a hold), the reason
// of a refusal, what Sieve and amavis sent.
BOOST_AUTO_TEST_CASE(two_instances_take_lines_in_turn) {
  Replay replay;
  auto print = [](StoredRows rows, const std::string& name) {
    for (auto& [id, row] : rows.connects) {
      if (name == "client-hold") row.flags &= ~row_flag::held;
      if (!name.starts_with("sieve-") && name != "amavis-notice") continue;
      row.origin_id.reset();
      row.origin_kind.reset();
    }
    for (auto& [id, row] : rows.deliveries) row.reason.reset();
    return rows.print();
  };
  for (auto& path : cases()) {
    auto lines = read_lines(path.string());
    auto name = path.stem().string();
    // A short id used again while half of its lines are elsewhere cannot be told apart.
    if (whole_seconds(lines) || name == "pipe-filter" || name == "short-id-reuse") continue;
    auto alternate = print(replay.run_alternate(lines), name);
    auto whole = print(replay.run(lines), name);
    BOOST_TEST((alternate == whole), name << difference(whole, alternate));
  }
}

BOOST_AUTO_TEST_SUITE_END()
