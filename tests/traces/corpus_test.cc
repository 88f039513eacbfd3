// Properties over the whole lab: rows do not depend on the order, the number of times and the parts in which
// lines come.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "core/mail/row_json.h"
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

std::string rendered(const fs::path& group, const std::string& rendering) {
  auto path = group.string();
  return path.replace(path.find(".rfc3339."), 9, "." + rendering + ".");
}

Time floor_second(Time time) { return time_from_us(to_us(time) / 1'000'000 * 1'000'000); }

// Without what depends on a fraction: ids become names made of what is left.
std::vector<std::string> in_whole_seconds(const StoredRows& rows) {
  auto name_of = [&](const Id& id) {
    auto found = rows.connects.find(id);
    if (found == rows.connects.end()) return Id{};
    const ConnectRow& row = found->second;
    return make_id(floor_second(row.connect_time), hash_fields({row.server, row.queue_id.value_or("")}));
  };
  std::vector<std::string> out;
  for (auto& [id, connect] : rows.connects) {
    ConnectRow row = connect;
    row.id = name_of(id);
    row.connect_time = floor_second(row.connect_time);
    if (row.end_time) row.end_time = floor_second(*row.end_time);
    if (row.origin_id) row.origin_id = name_of(*row.origin_id);
    out.push_back(dump_line(to_json(row)));
  }
  for (auto& [id, deliver] : rows.deliveries) {
    DeliverRow row = deliver;
    row.id = {};
    row.connect_id = name_of(row.connect_id);
    row.connect_time = floor_second(row.connect_time);
    row.deliver_time = floor_second(row.deliver_time);
    out.push_back(dump_line(to_json(row)));
  }
  std::sort(out.begin(), out.end());
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

// Stamps in whole seconds do not tell the order within one: a shuffle there moves TLS of sessions, links and
// ends between neighbours, but makes and loses no mail and no delivery. Left out: queue ids used again at
// once.
BOOST_AUTO_TEST_CASE(order_makes_no_mail_in_whole_seconds) {
  Replay replay;
  auto keys = [](const StoredRows& rows) {
    std::set<Id> out;
    for (auto& [id, row] : rows.connects) out.insert(id);
    for (auto& [id, row] : rows.deliveries) out.insert(id);
    return out;
  };
  for (auto& group : groups("trad")) {
    if (group.filename().string().starts_with("shortreuse.")) continue;
    auto lines = read_lines(group.string());
    auto in_order = keys(replay.run(lines));
    for (unsigned seed : {11u, 12u})
      BOOST_TEST((keys(replay.run(shuffled(replay, lines, seed))) == in_order), group.stem() << " " << seed);
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

// Lines that overtook each other, half of them before the stop. Left out: queue ids used again at once.
BOOST_AUTO_TEST_CASE(a_daemon_may_be_restarted_among_swapped_lines) {
  Replay replay;
  for (auto& group : groups("rfc3339")) {
    if (group.filename().string().starts_with("shortreuse.")) continue;
    auto lines = read_lines(group.string());
    auto whole = replay.run(lines).print();
    auto swapped = shuffled(replay, lines, 13);
    size_t wrong = 0;
    for (size_t cut = 1; cut < lines.size(); cut += lines.size() < 400 ? 1 : 97)
      if (auto rows = replay.run_restarted(swapped, cut).print(); rows != whole && ++wrong < 5)
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

// Five headers of the same lines. Where stamps have microseconds, nothing differs.
BOOST_AUTO_TEST_CASE(renderings_with_full_stamps_give_the_same_rows) {
  Replay replay;
  for (auto& group : groups("rfc3339")) {
    auto one = replay.run(read_lines(group.string())).print();
    auto other = replay.run(read_lines(rendered(group, "rfc5424"))).print();
    BOOST_TEST((one == other), group.stem() << difference(one, other));
  }
}

// A bare tag tells no service, and not that postsuper(1) wrote "removed".
BOOST_AUTO_TEST_CASE(a_bare_tag_loses_the_service) {
  Replay replay;
  auto print = [](StoredRows rows) {
    for (auto& [id, row] : rows.connects) row.service.reset();
    for (auto& [id, row] : rows.deliveries) row.transport.reset();
    std::erase_if(rows.deliveries, [](auto& delivery) { return delivery.second.status == "deleted"; });
    return rows.print();
  };
  for (auto& group : groups("rfc3339")) {
    auto one = print(replay.run(read_lines(group.string())));
    auto other = print(replay.run(read_lines(rendered(group, "rfc5424-noslash"))));
    BOOST_TEST((one == other), group.stem() << difference(one, other));
  }
}

// Whole seconds: stamps lose their fraction, and refusals that one process wrote twice within a second in the
// same words are one: they cannot be told from a line that came twice. Nothing else is lost.
BOOST_AUTO_TEST_CASE(whole_seconds_lose_only_what_is_the_same) {
  Replay replay;
  size_t lost = 0;
  for (auto& group : groups("rfc3339")) {
    auto full = replay.run(read_lines(group.string()));
    std::set<std::string> seen;
    std::erase_if(full.connects, [&](auto& connect) {
      const Id& id = connect.first;
      auto& row = connect.second;
      if (!(row.flags & row_flag::refused)) return false;
      std::string words = format_time(floor_second(row.connect_time));
      for (auto& line : full.lines[id]) words += line.substr(line.find(' '));
      if (seen.insert(words).second) return false;
      std::erase_if(full.deliveries, [&](auto& delivery) { return delivery.second.connect_id == id; });
      ++lost;
      return true;
    });
    auto whole = in_whole_seconds(full);
    for (auto rendering : {"trad", "fwd3164"}) {
      auto rows = in_whole_seconds(replay.run(read_lines(rendered(group, rendering))));
      BOOST_TEST((rows == whole), group.stem() << " " << rendering << difference(whole, rows));
    }
  }
  BOOST_TEST(lost == 8u);
}

BOOST_AUTO_TEST_SUITE_END()
