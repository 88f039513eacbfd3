// Spools of other builds: what an earlier one stored is read for ever, what a later one stored is left alone.
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/spool/format.h"
#include "tests/unit/spool/harness.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

constexpr size_t version_at = 8;
const std::filesystem::path stored = MAILTRACE_SOURCE "/tests/unit/spool/stored";

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void set_version(MemoryFiles& files, const std::string& path, char version) {
  std::string bytes = files.content(path);
  for (size_t copy : {size_t{0}, spool_format::header_copy_bytes}) bytes[copy + version_at] = version;
  files.put(path, bytes);
}

// Three segments with the lines 0 to 59, the last `later` of them made by a later version.
struct Mixed {
  explicit Mixed(size_t later) {
    for (int segment = 0; segment < 3; ++segment) {
      Harness harness(files);
      BOOST_REQUIRE(harness.open());
      BOOST_REQUIRE(harness.append_and_wait(numbered(segment * 20, 20)));
      harness.close();
    }
    paths = segments_of(files);
    BOOST_REQUIRE(paths.size() == 3u);
    changed.assign(paths.end() - static_cast<ptrdiff_t>(later), paths.end());
    for (auto& path : changed) set_version(files, path, 2);
  }
  // The later version comes back.
  void upgrade() {
    for (auto& path : changed) set_version(files, path, 1);
  }
  MemoryFiles files;
  std::vector<std::string> paths, changed;
};

}  // namespace

// tests/unit/spool/stored/format-1 was written by the first build: a segment closed by its end, and one that
// a kill -9 left as it was, with the short state of that time.
BOOST_AUTO_TEST_CASE(a_spool_of_format_1_is_read_and_gone_on_with) {
  MemoryFiles files;
  for (auto& entry : std::filesystem::directory_iterator(stored / "format-1"))
    files.put("/spool/" + entry.path().filename().string(), content(entry.path()));
  BOOST_REQUIRE(segments_of(files).size() == 2u);
  BOOST_TEST(files.content("/spool/state").size() == 64u);
  std::vector<std::string> wanted;
  std::ifstream lines(stored / "format-1.lines");
  for (std::string line; std::getline(lines, line);) wanted.push_back(line);
  BOOST_REQUIRE(wanted.size() == 154u);
  auto report = verify_spool("/spool", {}, &files);
  BOOST_REQUIRE(report);
  BOOST_TEST(report->gaps.empty());
  BOOST_TEST(report->torn_bytes == 0u);
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  BOOST_TEST(harness.spool().status().id == "b6960750-934b-48c4-a947-e49516d427c3");
  BOOST_REQUIRE(harness.append_and_wait({"the next line"}));
  harness.close();
  auto read = harness.read(1);
  wanted.push_back("the next line");
  BOOST_TEST(read.gaps.empty());
  BOOST_REQUIRE(read.lines.size() == wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    BOOST_REQUIRE(read.lines[i].bytes == wanted[i]);
    BOOST_REQUIRE(read.lines[i].sequence == i + 1);
  }
}

BOOST_AUTO_TEST_CASE(one_flipped_version_is_damage_that_the_other_copy_mends) {
  for (size_t copy : {size_t{0}, spool_format::header_copy_bytes}) {
    Mixed spool(0);
    std::string bytes = spool.files.content(spool.paths[1]);
    bytes[copy + version_at] = 3;
    spool.files.put(spool.paths[1], bytes);
    BOOST_TEST(read_back(spool.files, "/spool", 1).lines.size() == 60u);
  }
}

BOOST_AUTO_TEST_CASE(a_backlog_of_a_later_version_waits_for_it) {
  for (size_t later : {size_t{1}, size_t{2}, size_t{3}}) {
    Mixed spool(later);
    auto before = spool.files.content(spool.changed[0]);
    std::string name = spool.changed[0].substr(7);
    auto report = verify_spool("/spool", {}, &spool.files);
    BOOST_REQUIRE(report);
    BOOST_TEST(report->later_version == name);
    BOOST_TEST(report->gaps.empty());
    BOOST_TEST(!salvage_spool("/spool", "/saved", &spool.files).operator bool());
    {
      Harness harness(spool.files);
      BOOST_REQUIRE(harness.open());
      BOOST_TEST(harness.spool().status().gaps.empty());
      BOOST_REQUIRE(harness.append_and_wait(numbered(60, 20)));
      auto reader = SpoolReader::open("/spool", 1, true, &spool.files);
      Record record;
      SpoolGap gap;
      size_t count = 0;
      while ((*reader)->next(record, gap, harness.spool().durable_sequence()) == SpoolReader::Next::record)
        ++count;
      BOOST_TEST(count == 20 * (3 - later));
      BOOST_TEST((*reader)->later_version() == name);
      harness.spool().trim(count + 1);
      harness.close();
    }
    BOOST_TEST(spool.files.content(spool.changed[0]) == before);
    spool.upgrade();
    auto read = read_back(spool.files, "/spool", 20 * (3 - later) + 1);
    BOOST_TEST(read.gaps.empty());
    BOOST_TEST(read.lines.size() == 20 * later + 20);
  }
}

// The usual rollback: the later version had written everything into the database.
BOOST_AUTO_TEST_CASE(what_a_later_version_has_stored_does_not_stop_the_reader) {
  for (bool with_state : {true, false}) {
    Mixed spool(1);
    if (!with_state) spool.files.remove("/spool/state");
    Harness harness(spool.files);
    BOOST_REQUIRE(harness.open());
    harness.spool().resume_at(61);
    BOOST_REQUIRE(harness.append_and_wait(numbered(60, 20)));
    harness.close();
    auto read = harness.read(61);
    BOOST_TEST(read.lines.size() == (with_state ? 20u : 0u));  // nobody knows: it waits
    BOOST_TEST(read.gaps.empty());
  }
}

// An admin who stays with the earlier version takes the segment away: then it is a gap that is shown.
BOOST_AUTO_TEST_CASE(a_segment_that_was_taken_away_is_a_gap) {
  Mixed spool(1);
  Harness harness(spool.files);
  BOOST_REQUIRE(harness.open());
  BOOST_REQUIRE(harness.append_and_wait(numbered(60, 20)));
  harness.close();
  auto reader = SpoolReader::open("/spool", 41, true, &spool.files);
  Record record;
  SpoolGap gap;
  BOOST_REQUIRE(((*reader)->next(record, gap, no_limit) == SpoolReader::Next::end));
  spool.files.remove(spool.changed[0]);
  BOOST_REQUIRE(((*reader)->next(record, gap, no_limit) == SpoolReader::Next::gap));
  BOOST_TEST(gap.first_sequence == 41u);
  BOOST_TEST(gap.next_sequence == 61u);
  BOOST_REQUIRE(((*reader)->next(record, gap, no_limit) == SpoolReader::Next::record));
  BOOST_TEST((*reader)->later_version() == "");
}
