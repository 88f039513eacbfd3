// Pipeline: records in, rows out, over the real header parser and sequencer.
#include "core/store/pipeline.h"

#include <boost/test/unit_test.hpp>

#include <vector>

#include "core/base/counters.h"

using namespace mailtrace;

namespace {

// "open ID", "removed ID", "ignored", "unknown".
class WordParser : public Parser {
 public:
  std::span<const std::string> tags() const noexcept override { return tags_; }
  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    auto text = line.text;
    if (text == "ignored") return Parsed::ignored;
    if (text.starts_with("open ")) {
      Opened opened;
      opened.queue_id = text.substr(5);
      fact = opened;
      return Parsed::fact;
    }
    if (text.starts_with("removed ")) {
      fact = Removed{text.substr(8)};
      return Parsed::fact;
    }
    return Parsed::unknown;
  }
  std::string_view doubt(const LogLine& line) const noexcept override {
    ++asked;
    return line.text.ends_with("?") ? "why?" : "";
  }
  mutable int asked = 0;

 private:
  std::vector<std::string> tags_{"word"};
};

struct Fixture {
  WordParser parser;
  Router router;
  Time received;
  uint64_t sequence = 0;
  std::unique_ptr<Pipeline> pipeline;

  Fixture() {
    router.add(parser);
    parse_time("2026-11-23T20:00:00Z", received);
    pipeline = std::make_unique<Pipeline>(TrackerConfig{}, HeaderOptions{}, router, nullptr, FindOpen{});
  }
  void feed(const std::string& text, const std::string& program = "word") {
    std::string bytes = "<22>" + format_time(received).substr(0, 26) + "Z mx1 " + program + "[7]: " + text;
    Record record;
    record.sequence = ++sequence;
    record.received = received;
    record.peer = "192.0.2.1";
    record.bytes = bytes;
    pipeline->feed(record);
  }
  Batch collect(bool all = false) {
    Batch batch;
    pipeline->collect(received, all, batch);
    return batch;
  }
  void pass(int seconds) { received += std::chrono::seconds(seconds); }
  static uint64_t count(const std::string& result, const std::string& program) {
    return counter("parse_lines_total", "result=\"" + result + "\",program=\"" + program + "\"").load();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pipeline, Fixture)

BOOST_AUTO_TEST_CASE(lines_become_rows_and_the_checkpoint_moves) {
  feed("open AAAAAA1");
  feed("removed AAAAAA1");
  Batch batch = collect();
  BOOST_TEST(batch.rows() == 0u);  // the sequencer waits for earlier lines
  BOOST_TEST(batch.checkpoint.sequence == 1u);
  BOOST_TEST(batch.checkpoint.counted == 1u);
  BOOST_TEST(pipeline->status().held_lines == 2u);
  pass(3);
  batch = collect();
  BOOST_TEST(batch.connects.size() == 1u);
  BOOST_TEST(batch.checkpoint.sequence == 3u);
  BOOST_TEST(batch.checkpoint.counted == 3u);
  BOOST_REQUIRE(batch.hosts.size() == 1u);
  BOOST_TEST(batch.hosts[0].lines == 2);
  BOOST_TEST(pipeline->next_sequence() == 3u);
}

BOOST_AUTO_TEST_CASE(what_the_end_releases_is_read_again) {
  feed("open AAAAAA1");
  Batch batch;
  BOOST_TEST(pipeline->collect(received, true, batch));
  BOOST_TEST(batch.checkpoint.sequence == 1u);
  batch = collect(true);
  BOOST_TEST(batch.connects.size() == 1u);
  BOOST_TEST(batch.checkpoint.sequence == 1u);  // a line that belongs before it may come yet
  BOOST_TEST(batch.checkpoint.counted == 2u);
}

BOOST_AUTO_TEST_CASE(a_half_waits_for_the_next_start) {
  feed("removed AAAAAA1");
  Batch batch;
  while (pipeline->collect(received, true, batch)) continue;
  BOOST_TEST(batch.connects.empty());
  BOOST_TEST(batch.checkpoint.sequence == 1u);
}

BOOST_AUTO_TEST_CASE(what_an_end_released_waits_for_new_lines) {
  pipeline->start_at(1, 2);
  pipeline->was_down(2, {});
  collect();
  feed("open AAAAAA1");
  pass(20);
  collect();
  BOOST_TEST(pipeline->status().held_lines == 1u);
  feed("open AAAAAA2");  // its stamp releases the first
  BOOST_TEST(pipeline->status().held_lines == 1u);
  collect();
  pass(3);
  collect();
  BOOST_TEST(pipeline->status().held_lines == 0u);
}

BOOST_AUTO_TEST_CASE(but_not_for_ever) {
  pipeline->start_at(1, 2);
  pipeline->was_down(2, {});
  collect();
  feed("open AAAAAA1");
  for (int i = 0; i < 9; ++i) pass(3), collect();
  BOOST_TEST(pipeline->status().held_lines == 1u);
  for (int i = 0; i < 2; ++i) pass(3), collect();
  BOOST_TEST(pipeline->status().held_lines == 0u);
}

BOOST_AUTO_TEST_CASE(the_checkpoint_passes_what_is_lost_but_not_what_is_held) {
  feed("open AAAAAA1");
  pipeline->skip(9);
  BOOST_TEST(pipeline->next_sequence() == 9u);
  BOOST_TEST(collect().checkpoint.sequence == 1u);
  pass(11);
  BOOST_TEST(collect().checkpoint.sequence == 9u);
  BOOST_TEST(collect().checkpoint.counted == 9u);
  pipeline->skip(2);
  BOOST_TEST(pipeline->next_sequence() == 9u);
}

BOOST_AUTO_TEST_CASE(a_half_seen_mail_pins) {
  feed("open AAAAAA1");
  pass(3);
  feed("open AAAAAA2");
  collect();
  pass(3);
  BOOST_TEST(collect().checkpoint.sequence == 1u);
  BOOST_TEST(collect().checkpoint.counted == 3u);
  pass(5);
  BOOST_TEST(collect().checkpoint.sequence == 2u);
}

BOOST_AUTO_TEST_CASE(an_hour_behind_is_like_an_hour_ago) {
  feed("open AAAAAA1");
  pass(5);
  feed("open AAAAAA2");
  pass(3600);
  BOOST_TEST(collect().connects.empty());
  received -= std::chrono::seconds(3594);
  feed("open AAAAAA3");  // 11 s after the first
  pass(3595);
  Batch batch = collect();
  BOOST_REQUIRE(batch.connects.size() == 1u);
  BOOST_TEST(*batch.connects[0].queue_id == "AAAAAA1");
  BOOST_TEST(batch.checkpoint.sequence == 2u);
  pass(20);
  BOOST_TEST(collect().connects.size() == 2u);
}

// A machine whose clock was an hour ahead at boot.
BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_makes_nothing_wait) {
  feed("open AAAAAA1");
  pass(3);
  feed("open AAAAAA2");
  collect();
  received -= std::chrono::hours(1);
  feed("open AAAAAA3");
  pass(8);
  feed("open AAAAAA4");
  Batch batch = collect();
  BOOST_REQUIRE(batch.connects.size() == 1u);
  BOOST_TEST(*batch.connects[0].queue_id == "AAAAAA1");
  pass(3);
  BOOST_TEST(collect().connects.size() == 2u);
  pass(11);
  BOOST_TEST(collect().connects.size() == 1u);
  BOOST_TEST(pipeline->pinned() == 5u);
}

BOOST_AUTO_TEST_CASE(starts_where_it_is_told) {
  pipeline->start_at(40, 42);
  BOOST_TEST(pipeline->pinned() == 40u);
  BOOST_TEST(collect().checkpoint.sequence == 40u);
  sequence = 39;
  for (int i = 0; i < 4; ++i) feed("ignored " + std::to_string(i));
  pass(3);
  collect();
  Batch batch = collect(true);
  BOOST_REQUIRE(batch.hosts.size() == 1u);
  BOOST_TEST(batch.hosts[0].lines == 2);
  BOOST_TEST(batch.checkpoint.counted == 44u);
}

BOOST_AUTO_TEST_CASE(lines_are_counted_by_result) {
  auto facts = count("fact", "word"), ignored = count("ignored", "word"), unknown = count("unknown", "word"),
       unparsed = count("unparsed", "stranger");
  feed("open AAAAAA1");
  feed("ignored");
  feed("what");
  feed("what", "stranger");
  Batch batch = collect(true);
  BOOST_TEST(count("fact", "word") == facts + 1);
  BOOST_TEST(count("ignored", "word") == ignored + 1);
  BOOST_TEST(count("unknown", "word") == unknown + 1);
  BOOST_TEST(count("unparsed", "stranger") == unparsed + 1);
  BOOST_REQUIRE(batch.hosts.size() == 1u);
  BOOST_TEST(batch.hosts[0].unknown == 1);
}

BOOST_AUTO_TEST_CASE(the_newest_unknown_line_of_each_program_is_kept) {
  UnknownLines unknown;
  pipeline->keep_unknown(&unknown);
  feed("what", "word/sub");
  feed("what first");
  feed("open AAAAAA1");
  feed("what then");
  feed("nobody reads this", "stranger");
  collect(true);
  auto list = unknown.list();
  BOOST_REQUIRE(list.size() == 2u);
  BOOST_TEST(list[0].program == "word");
  BOOST_TEST(list[0].lines == 2u);
  BOOST_TEST(list[0].host == "mx1");
  BOOST_TEST(list[0].text == "what then");
  BOOST_TEST((list[0].time == received));
  BOOST_TEST(list[1].program == "word/sub");
}

BOOST_AUTO_TEST_CASE(a_doubt_is_said_once) {
  feed("what?");
  feed("open AAAAAA1");
  pass(3);
  feed("open AAAAAA5");
  BOOST_TEST(parser.asked == 1);  // only about facts
  feed("open AAAAAA2?");
  feed("open AAAAAA3?");
  feed("open AAAAAA4");
  pass(3);
  feed("ignored");
  BOOST_TEST(parser.asked == 3);
}

BOOST_AUTO_TEST_CASE(made_up_programs_do_not_fill_the_memory) {
  UnknownLines unknown;
  LogLine line;
  std::string text(10'000, 'x'), name;
  line.text = text;
  for (int i = 0; i < 1000; ++i) {
    name = "word-" + std::to_string(i);
    line.app_name = name;
    unknown.add(line);
  }
  auto list = unknown.list();
  BOOST_TEST(list.size() == 101u);
  BOOST_TEST(list[0].program == "other");
  BOOST_TEST(list[0].lines == 900u);
  BOOST_TEST(list[0].text.size() <= 500u);
}

BOOST_AUTO_TEST_SUITE_END()
