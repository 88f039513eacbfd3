// Properties over the whole lab: rows do not depend on the order, the number of times and the parts in which
// lines come.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/traces/replay.h"

using namespace mailtrace;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> groups(const std::string& rendering) {
  std::vector<fs::path> out;
  for (auto& entry : fs::directory_iterator(MAILTRACE_CORPUS "/lab"))
    if (entry.path().string().ends_with("." + rendering + ".log")) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  BOOST_TEST(out.size() >= 30u);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(corpus)

BOOST_AUTO_TEST_CASE(order_does_not_matter) {
  Replay replay;
  for (auto& group : groups("rfc3339")) {
    auto lines = read_lines(group.string());
    auto in_order = replay.run(lines).print();
    for (unsigned seed : {11u, 12u})
      BOOST_TEST((replay.run(shuffled(replay, lines, seed)).print() == in_order), group.stem()
                                                                                      << " " << seed);
  }
}

BOOST_AUTO_TEST_CASE(lines_may_come_twice) {
  Replay replay;
  for (auto rendering : {"rfc3339", "trad"})
    for (auto& group : groups(rendering)) {
      auto lines = read_lines(group.string());
      auto once = replay.run(lines).print(true);
      BOOST_TEST((replay.run(doubled(lines)).print(true) == once), group.stem());
      auto again = lines;
      again.insert(again.end(), lines.begin(), lines.end());
      BOOST_TEST((replay.run(again).print(true) == once), group.stem() << " as a whole");
    }
}

// Behind every line of the small groups, behind every 97th of the large ones.
BOOST_AUTO_TEST_CASE(lines_may_come_in_two_imports) {
  Replay replay;
  for (auto& group : groups("rfc5424")) {
    auto lines = read_lines(group.string());
    auto whole = replay.import({lines}).print(true);
    BOOST_TEST((replay.run(lines).print(true) == whole), group.stem());
    size_t wrong = 0;
    for (size_t cut = 1; cut < lines.size(); cut += lines.size() < 400 ? 1 : 97)
      if (auto cut_rows = replay.import_cut(lines, cut).print(true); cut_rows != whole && ++wrong < 5)
        BOOST_TEST(false, group.stem() << " cut behind line " << cut << difference(whole, cut_rows));
    BOOST_TEST(wrong == 0u, group.stem());
  }
}

BOOST_AUTO_TEST_CASE(a_daemon_may_be_restarted) {
  Replay replay;
  for (auto& group : groups("rfc5424")) {
    auto lines = read_lines(group.string());
    auto whole = replay.run(lines).print(true);
    size_t wrong = 0;
    for (size_t cut = 1; cut < lines.size(); cut += lines.size() < 400 ? 3 : 197)
      if (auto rows = replay.run_restarted(lines, cut).print(true); rows != whole && ++wrong < 5)
        BOOST_TEST(false, group.stem() << " restarted behind line " << cut << difference(whole, rows));
    BOOST_TEST(wrong == 0u, group.stem());
  }
}

// A host's lines go to one of two receivers, in stretches of one to forty: so a balancer cuts connections.
// All mails and deliveries are the same; what is left out, because one receiver alone knows it when the row
// is written: TLS of a session and the reason of a refusal whose lines the other one has, the origin of what
// a pipe filter or Sieve sent, the recipients of a mail deleted by postsuper(1), a short queue id that is
// used again within a second.
BOOST_AUTO_TEST_CASE(two_receivers_with_one_cache) {
  Replay replay;
  const char* more = std::getenv("MAILTRACE_SEEDS");
  unsigned seeds = more ? static_cast<unsigned>(std::atoi(more)) : 3;
  for (auto& group : groups("rfc5424")) {
    auto name = group.filename().string();
    if (name.starts_with("shortreuse.") || name.starts_with("postsuper.")) continue;
    auto lines = read_lines(group.string());
    bool unlinked = name.starts_with("sieve.") || name.starts_with("filter.");
    auto print = [&](StoredRows rows) {
      for (auto& [id, row] : rows.deliveries) {
        row.reason.reset();
        row.tls.reset();
      }
      for (auto& [id, row] : rows.connects) {
        row.tls.reset();
        if (!unlinked) continue;
        row.origin_id.reset();
        row.origin_kind.reset();
        row.flags &= ~row_flag::filtered;
      }
      return rows.print();
    };
    auto whole = print(replay.run(lines));
    for (unsigned seed = 1; seed <= seeds; ++seed) {
      auto rows = print(replay.run_split(lines, seed));
      BOOST_TEST((rows == whole), group.stem() << " seed " << seed << difference(whole, rows));
    }
  }
}

// The same mails and deliveries, whatever the header looks like. Ids differ where stamps have no fraction.
BOOST_AUTO_TEST_CASE(renderings_with_full_stamps_give_the_same_rows) {
  Replay replay;
  for (auto& group : groups("rfc3339")) {
    auto rows = [&](const std::string& rendering) {
      auto path = group.string();
      path.replace(path.find(".rfc3339."), 9, "." + rendering + ".");
      return replay.run(read_lines(path));
    };
    auto one = rows("rfc3339"), other = rows("rfc5424");
    BOOST_TEST(one.connects.size() == other.connects.size(), group.stem());
    BOOST_TEST(one.deliveries.size() == other.deliveries.size(), group.stem());
    for (auto& [id, row] : one.connects)
      if (row.queue_id) BOOST_TEST(other.connects.count(id) == 1u, group.stem() << " " << *row.queue_id);
  }
}

BOOST_AUTO_TEST_SUITE_END()
