// The file input after a restart or a crash: goes on where it was, whatever was rotated meanwhile.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

#include "plugins/inputs/file/position.h"
#include "plugins/inputs/file/rotation.h"
#include "tests/unit/file/follow_fixture.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {
struct RestartFixture : FollowFixture {
  // "one" and "two" are durable; the input is down.
  void read_two() {
    append("mail.log", "one\ntwo\n");
    follow();
    wants("one|two|");
    settle_all();
    end();
  }
};

// No file can grow, as on a full disk.
class NoBytesFit {
 public:
  NoBytesFit() {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoBytesFit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  NoBytesFit(const NoBytesFit&) = delete;
  NoBytesFit& operator=(const NoBytesFit&) = delete;

 private:
  rlimit before_{};
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(file_restart, RestartFixture)

BOOST_AUTO_TEST_CASE(goes_on) {
  read_two();
  append("mail.log", "three\n");
  follow();
  wants("three|");
  wants_nothing_more("three|");
}

BOOST_AUTO_TEST_CASE(restart_at_every_byte) {
  const std::string text = "first\r\n\nsecond\nthird x\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    BOOST_TEST_CONTEXT("cut at " << cut) {
      append("mail.log", text.substr(0, cut));
      follow();
      settle_down();
      stop();
      std::string before = intake.all();
      clear();
      append("mail.log", text.substr(cut));
      follow();
      settle_down();
      BOOST_TEST(before + intake.all() == "first|second|third x|");
      stop();
      begin_anew();
    }
  }
}

BOOST_AUTO_TEST_CASE(crash_before_the_answer) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  settle_down();
  crash();
  follow();
  wants("one|");
}

// The second line was taken, but never became durable.
BOOST_AUTO_TEST_CASE(crash_between_answers) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  append("mail.log", "two\n");
  wants("one|two|");
  intake.settle(true, 1);
  settle_down();
  crash();
  follow();
  wants("two|");
  wants_nothing_more("two|");
}

// At whatever byte the file ends when it happens, with and without an answer: nothing is missing.
BOOST_AUTO_TEST_CASE(crash_at_every_byte) {
  const std::string text = "first\nsecond\nthird x\n", whole = "first|second|third x|";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    for (bool answered : {false, true}) {
      append("mail.log", text.substr(0, cut));
      follow();
      settle_down();
      std::string before = intake.all();
      if (answered) settle_all();
      crash();
      append("mail.log", text.substr(cut));
      follow();
      settle_down();
      std::string expected = answered ? whole.substr(before.size()) : whole;
      BOOST_TEST(intake.all() == expected, "cut at " << cut << ": " << before << " then " << intake.all());
      crash();
      begin_anew();
    }
  }
}

BOOST_AUTO_TEST_CASE(renamed_while_down) {
  read_two();
  append("mail.log", "three\n");
  move("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  follow();
  wants("three|x|");
}

BOOST_AUTO_TEST_CASE(renamed_several_times_while_down) {
  read_two();
  append("mail.log", "three\n");
  move("mail.log", "mail.log.2");
  append("mail.log.1", "between\n");
  later("mail.log.1");
  append("mail.log", "x\n");
  follow();
  wants("three|between|x|");
}

// Both the rotated file and the followed one move on while nobody reads.
BOOST_AUTO_TEST_CASE(rotated_again_while_down) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  settle_all();
  append("mail.log", "two\n");
  move("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  wants("one|two|x|");
  intake.settle(true, 2);
  settle_down();
  crash();
  uint64_t lost = count("input_lost_files_total");
  append("mail.log.1", "three\n");
  append("mail.log", "y\n");
  move("mail.log.1", "mail.log.2");
  move("mail.log", "mail.log.1");
  append("mail.log", "z\n");
  follow();
  wants("three|y|z|");
  BOOST_TEST(count("input_lost_files_total") == lost);
}

BOOST_AUTO_TEST_CASE(copied_and_truncated_while_down) {
  read_two();
  append("mail.log", "three\n");
  copy_truncate("mail.log", "mail.log-20261123");
  append("mail.log", "something that is longer\n");
  follow();
  wants("three|something that is longer|");
}

// Root is refused nothing: a link that leads to itself stands for missing rights.
struct UnreadableFixture : RestartFixture {
  UnreadableFixture() {
    std::filesystem::create_directory(away);
    read_two();
    std::filesystem::rename(at("mail.log"), away / "mail.log");
    std::filesystem::create_symlink("mail.log", at("mail.log"));
    for (int starts = 0; starts < 2; ++starts) {  // the second one knows of it by what the first has saved
      follow();
      wants_nothing_more("");
      end();
    }
    follow();
  }
  void come_back(const std::string& name) {
    remove("mail.log");
    std::filesystem::rename(away / "mail.log", at(name));
  }
  std::filesystem::path away = folder / "away";
};

BOOST_FIXTURE_TEST_CASE(a_file_that_cannot_be_opened_is_not_gone, UnreadableFixture) {
  come_back("mail.log");
  append("mail.log", "three\n");
  wants("three|");
  wants_nothing_more("three|");
}

BOOST_FIXTURE_TEST_CASE(it_may_be_rotated_meanwhile, UnreadableFixture) {
  come_back("mail.log.1");
  append("mail.log.1", "three\n");
  append("mail.log", "four\n");
  settle_down();
  until([&] { return intake.all().size() >= 11; });
  settle_down();
  BOOST_TEST(intake.all() == "three|four|");
}

// Same inode, other text: a new file that got the number of a deleted one looks like this.
BOOST_AUTO_TEST_CASE(another_file_with_the_same_inode) {
  read_two();
  uint64_t lost = count("input_lost_files_total");
  std::ofstream(at("mail.log")) << "another file, and longer\n";
  follow();
  wants("another file, and longer|");
  BOOST_TEST(count("input_lost_files_total") == lost + 1);
}

BOOST_AUTO_TEST_CASE(compressed_while_down) {
  read_two();
  append("mail.log", "three\nfour\n");
  move("mail.log", "mail.log.2");
  compress("mail.log.2");
  append("mail.log.1", "between\n");
  later("mail.log.1");
  compress("mail.log.1");
  append("mail.log", "x\n");
  follow();
  wants("three|four|between|x|");
  crash();
  follow();  // nothing of it was durable
  wants("three|four|between|x|");
  settle_all();
  end();
  follow();
  wants_nothing_more("");
}

BOOST_AUTO_TEST_CASE(copied_truncated_and_compressed) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  append("mail.log", "two\n");
  copy_truncate("mail.log", "mail.log.1");
  compress("mail.log.1");
  append("mail.log", "x\n");
  wants("one|two|x|");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_unpacked_is_said) {
  read_two();
  uint64_t lost = count("input_lost_files_total");
  remove("mail.log");
  append("mail.log.1.gz", "\x1f\x8bzzzz");
  append("mail.log", "x\n");
  follow();
  wants("x|");
  BOOST_TEST(count("input_lost_files_total") ==
             lost + 2);  // the file, and the archive that may have its rest
}

BOOST_AUTO_TEST_CASE(a_rotated_file_is_finished_before_the_end) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  input->pause();  // so that all of it is left for the end
  std::string rest;
  for (int i = 0; i < 6000; ++i) rest += std::string(1000, static_cast<char>('a' + i % 26)) + "\n";
  append("mail.log", rest);
  move("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  input->resume();
  begin_stop();
  BOOST_TEST(until([&] {
    intake.settle();
    return stopped;
  }));
  BOOST_TEST(intake.taken.size() == 6001u);
  clear();
  follow();
  wants("x|");
}

BOOST_AUTO_TEST_CASE(stop_while_nothing_is_taken) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  intake.settle();
  intake.refuse = true;
  append("mail.log", "two\n");
  move("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  end();
  intake.refuse = false;
  follow();
  wants("two|x|");
}

// As on a disk that is full or read-only: the lines are read, and the positions follow when they can.
BOOST_AUTO_TEST_CASE(positions_that_cannot_be_written_keep_no_line_back) {
  append("mail.log", "one\n");
  {
    NoBytesFit full;
    follow();
    wants("one|");
    settle_all();
    BOOST_TEST(positions() == "");
    BOOST_TEST(count("input_file_errors_total") > 0u);
  }
  BOOST_TEST(until([&] { return positions().find(" 4 ") != std::string::npos; }));
  crash();
  append("mail.log", "two\n");
  follow();
  wants("two|");
}

// A mistake that only an admin can mend is still one.
BOOST_AUTO_TEST_CASE(positions_without_a_place_are_a_mistake) {
  std::filesystem::create_directory(state_directory + "/input-file.positions.new");
  auto started = try_start("file", "path: " + at("mail.log"));
  BOOST_REQUIRE(!started);
  BOOST_TEST((started.error().fault == Fault::config));
}

BOOST_AUTO_TEST_CASE(damaged_positions_lose_nothing) {
  read_two();
  std::string good = positions();
  BOOST_REQUIRE(parse_positions(good));
  for (size_t cut = 0; cut < good.size(); ++cut) BOOST_TEST(!parse_positions(good.substr(0, cut)));
  BOOST_TEST(!parse_positions(good + "x"));
  std::ofstream(state_directory + "/input-file.positions") << good.substr(0, good.size() / 2);
  follow("mail.log", "start: end");
  wants("one|two|");
}

BOOST_AUTO_TEST_CASE(positions_are_kept_whole) {
  std::vector<Position> positions = {
      {1, 2, 3, {4, {5, UINT64_MAX}}, "/a b/c"},
      {UINT64_MAX, 0, 1, {0, {}}, "/end 2"},
  };
  auto again = parse_positions(positions_text(positions));
  BOOST_REQUIRE(again);
  BOOST_REQUIRE_EQUAL(again->size(), 2u);
  BOOST_TEST((*again)[0].path == "/a b/c");
  BOOST_TEST(((*again)[0].fingerprint == positions[0].fingerprint));
  BOOST_TEST((*again)[1].device == UINT64_MAX);
  BOOST_TEST(positions_file("/s", "file/mx%1") == "/s/input-file%2Fmx%251.positions");
}

BOOST_AUTO_TEST_CASE(rotation_names) {
  for (auto name : {"mail.log.1", "mail.log.12.gz", "mail.log-20261123", "mail.log-20261123.xz",
                    "mail-20261123.log", "mail.1.log.gz"})
    BOOST_TEST(is_rotation_name("mail.log", name), name);
  for (auto name : {"mail.log", "mail.err", "mail.logger", "mail.log.old", "mail-archive.log", "xmail.log.1"})
    BOOST_TEST(!is_rotation_name("mail.log", name), name);
}

BOOST_AUTO_TEST_SUITE_END()
