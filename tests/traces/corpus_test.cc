// Properties over the whole lab: rows do not depend on the order, the number of times and the parts in which
// lines come.
#include <boost/test/unit_test.hpp>

#include <algorithm>
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

BOOST_AUTO_TEST_CASE(lines_may_come_in_two_imports) {
  Replay replay;
  for (auto& group : groups("rfc5424")) {
    auto lines = read_lines(group.string());
    auto print = [](StoredRows rows) {
      // See across_a_cut() in traces_test.cc.
      for (auto& [id, row] : rows.connects) {
        row.tls.reset();
        row.origin_id.reset();
        row.origin_kind.reset();
        row.flags &= ~(row_flag::held | row_flag::filtered);
      }
      for (auto& [id, row] : rows.deliveries) {
        row.tls.reset();
        row.folder.reset();
      }
      return rows.print();
    };
    auto whole = print(replay.run(lines));
    for (size_t part = 1; part < 4; ++part)
      BOOST_TEST((print(replay.run_cut(lines, lines.size() * part / 4)) == whole), group.stem()
                                                                                       << " " << part);
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
