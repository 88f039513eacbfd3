// The file input over real files: lines, every kind of rotation, refusals.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "tests/unit/file/follow_fixture.h"

using namespace mailtrace;
using namespace mailtrace::test;
using namespace std::string_literals;

BOOST_FIXTURE_TEST_SUITE(file_input, FollowFixture)

BOOST_AUTO_TEST_CASE(from_the_beginning_then_what_comes) {
  append("mail.log", "a\nb\r\n\nc");
  follow();
  wants("a|b|");
  append("mail.log", "d\ne\n");
  wants("a|b|cd|e|");
  BOOST_TEST((intake.taken[0].transport == Transport::file));
  BOOST_TEST(intake.taken[2].flags == 0);
  BOOST_TEST(input->describe() == at("mail.log") + " at 0 of 11 bytes");
  settle_all();
  BOOST_TEST(input->describe() == at("mail.log") + " at 11 of 11 bytes");
}

BOOST_AUTO_TEST_CASE(from_the_end) {
  append("mail.log", "old\nhalf a ");
  follow("mail.log", "start: end");
  append("mail.log", "line\nnew\n");
  wants("half a line|new|");
  settle_all();
  end();
  append("mail.log", "while it was down\n");
  follow("mail.log", "start: end");
  wants("while it was down|");
}

BOOST_AUTO_TEST_CASE(the_file_comes_later) {
  follow("mail.log", "start: end");
  BOOST_TEST(input->describe() == at("mail.log") + ", no such file yet");
  append("mail.log", "a\n");
  wants("a|");
}

BOOST_AUTO_TEST_CASE(cut_at_every_byte) {
  const std::string text = "first\r\n\n\0second\nthird x\n"s;
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    BOOST_TEST_CONTEXT("cut at " << cut) {
      append("mail.log", text.substr(0, cut));
      follow();
      settle_down();
      append("mail.log", text.substr(cut));
      wants("first|second|third x|");
      stop();
      begin_anew();
    }
  }
}

BOOST_AUTO_TEST_CASE(long_lines_are_cut) {
  std::string most(480, 'm'), huge(700'000, 'h');
  append("mail.log", most + "\r\n" + most + "+\n" + huge + "\nend\n");
  follow("mail.log", "max_line: 480");
  wants(most + "|" + most + "|" + std::string(480, 'h') + "|end|");
  BOOST_REQUIRE_EQUAL(intake.taken.size(), 4u);
  BOOST_TEST(intake.taken[0].flags == 0);
  BOOST_TEST(intake.taken[1].flags == record_flag::truncated);
  BOOST_TEST(intake.taken[2].flags == record_flag::truncated);
  BOOST_TEST(intake.taken[3].flags == 0);
}

BOOST_AUTO_TEST_CASE(renamed_and_made_again) {
  append("mail.log", "a\n");
  follow();
  wants("a|");
  append("mail.log", "b\n");
  move("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  append("mail.log.1", "c\n");  // its writer has not heard of it yet
  wants("a|b|c|x|");
  append("mail.log.1", "d\n");
  append("mail.log", "y\n");
  BOOST_TEST(until([&] { return intake.taken.size() == 6; }));
}

BOOST_AUTO_TEST_CASE(compressed_and_gone_before_it_was_read) {
  append("mail.log", "a\n");
  follow();
  wants("a|");
  append("mail.log", "b\nc");
  move("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  append("mail.log.1.gz", "\x1f\x8bzzzz");
  remove("mail.log.1");
  wants("a|b|x|");
  begin_stop();  // nobody will find the rest again
  BOOST_TEST(until([&] { return intake.taken.size() == 4; }));
  BOOST_TEST(intake.all() == "a|b|x|c|");
  BOOST_TEST(intake.taken.back().flags == record_flag::partial);
  intake.settle();
  BOOST_TEST(until([&] { return stopped; }));
}

BOOST_AUTO_TEST_CASE(deleted) {
  append("mail.log", "a\nb");
  follow("mail.log", "keep_rotated: 0s");
  wants("a|");
  remove("mail.log");
  wants("a|b|");
  BOOST_TEST(intake.taken.back().flags == record_flag::partial);
  settle_all();
  BOOST_TEST(input->describe() == at("mail.log") + ", no such file yet");
  append("mail.log", "c\n");
  wants("a|b|c|");
}

BOOST_AUTO_TEST_CASE(copied_and_truncated) {
  append("mail.log", "one\ntwo\n");
  follow();
  wants("one|two|");
  append("mail.log", "three\n");
  copy_truncate("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  wants("one|two|three|x|");
  wants_nothing_more("one|two|three|x|");
  settle_all();
  end();
  follow();
  wants_nothing_more("");
}

// It is not to be taken for a file that has no copy.
BOOST_AUTO_TEST_CASE(copied_and_truncated_without_a_descriptor_left) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  append("mail.log", "two\n");
  copy_truncate("mail.log", "mail.log.1");
  append("mail.log", "x\n");
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  settle_down();
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_TEST(intake.all() == "one|");
  BOOST_TEST(count("input_file_errors_total") > 0u);
  wants("one|two|x|");
}

// Grown beyond the old offset before anybody looked: only the beginning tells.
BOOST_AUTO_TEST_CASE(truncated_and_longer_than_before) {
  append("mail.log", "one\n");
  follow();
  wants("one|");
  uint64_t lost = count("input_lost_files_total");
  copy_truncate("mail.log", "mail.log.1");
  append("mail.log", "something longer\n");
  wants("one|something longer|");
  BOOST_TEST(count("input_lost_files_total") == lost);
}

BOOST_AUTO_TEST_CASE(truncated_without_a_copy) {
  append("mail.log", "one\nhal");
  follow();
  wants("one|");
  uint64_t lost = count("input_lost_files_total");
  std::filesystem::resize_file(at("mail.log"), 0);
  append("mail.log", "x\n");
  wants("one|hal|x|");
  BOOST_TEST(intake.taken[1].flags == record_flag::partial);
  BOOST_TEST(count("input_lost_files_total") == lost + 1);
}

BOOST_AUTO_TEST_CASE(several_files) {
  std::filesystem::create_directory(logs / "mx1");
  std::filesystem::create_directory(logs / "mx2");
  append("mx1/mail.log", "a\n");
  append("mx1/mail.log.1", "not named\n");
  follow("*/mail.log");
  append("mx2/mail.log", "b\n");
  wants("a|b|");
  append("mx1/mail.log", "c\n");
  wants("a|b|c|");
  settle_all();
  end();
  append("mx2/mail.log", "d\n");
  follow("*/mail.log");
  wants("d|");
}

BOOST_AUTO_TEST_CASE(compressed_files_are_not_lines) {
  append("mail.log.gz", "\x1f\x8bzzzz\n");
  append("mail.log", "a\n");
  follow("mail.log*");
  wants("a|");
  wants_nothing_more("a|");
}

BOOST_AUTO_TEST_CASE(big_file_leaves_room_for_others) {
  std::string line(999, 'x'), text;
  for (int i = 0; i < 20'000; ++i) text += line + "\n";
  append("mail.log", text);
  follow();
  settle_down();
  BOOST_TEST(intake.taken.size() < 6'000u);  // 4 MiB and one chunk
  BOOST_TEST(until([&] {
    intake.settle();
    return intake.taken.size() == 20'000;
  }));
}

BOOST_AUTO_TEST_CASE(pause_and_refusal) {
  append("mail.log", "a\n");
  follow();
  wants("a|");
  input->pause();
  append("mail.log", "b\n");
  wants_nothing_more("a|");
  intake.refuse = true;
  input->resume();
  BOOST_TEST(until([&] { return intake.refused > 0; }));
  intake.refuse = false;
  input->resume();
  wants("a|b|");
}

BOOST_AUTO_TEST_CASE(what_could_not_be_stored_is_read_again) {
  append("mail.log", "a\n");
  follow();
  wants("a|");
  append("mail.log", "b\n");
  wants("a|b|");
  intake.settle(false, 1);
  intake.settle(true, 1);  // of the first attempt: says nothing about "a"
  BOOST_TEST(input->describe().find(" at 0 of 4 ") != std::string::npos);
  wants("a|b|a|b|");
  settle_all();
  BOOST_TEST(input->describe().find(" at 4 of 4 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_are_checked) {
  BOOST_TEST(!try_start("file", "path: mail.log"));
  BOOST_TEST(wrong.front().find("expected an absolute path, got \"mail.log\"") != std::string::npos);
  BOOST_TEST(!try_start("file", "start: beginning"));
  stopping = true;
}

BOOST_AUTO_TEST_CASE(nowhere_to_write_positions) {
  state_directory = folder / "missing";
  auto started = try_start("file", "path: " + at("mail.log"));
  BOOST_REQUIRE(!started);
  BOOST_TEST((started.error().fault == Fault::config));
  BOOST_TEST(started.error().text.find("input-file.positions") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
