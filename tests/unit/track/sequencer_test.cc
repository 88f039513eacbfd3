// Sequencer: lines of a host in order of their stamps, each once.
#include "core/track/sequencer.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

using namespace mailtrace;

namespace {

constexpr int64_t second = 1'000'000;

struct Fixture {
  std::vector<std::string> out;
  std::unique_ptr<Sequencer> sequencer = make(100'000);
  uint64_t sequence = 0;

  std::unique_ptr<Sequencer> make(size_t most) {
    return Sequencer::make(std::chrono::seconds(2), most, [this](const LogLine& line) {
      BOOST_TEST(line.raw.find(line.text) != std::string_view::npos);
      out.push_back(std::string(line.hostname) + ":" + std::string(line.text));
    });
  }

  // The bytes are gone once put() has returned.
  void put(const std::string& host, int64_t time, const std::string& text, int64_t received = 0,
           bool whole = false, uint64_t identity = 0) {
    std::string raw = "<22>" + host + " " + text;
    LogLine line;
    line.raw = raw;
    line.hostname = std::string_view(raw).substr(4, host.size());
    line.text = std::string_view(raw).substr(5 + host.size());
    line.time = time_from_us(time);
    line.received = time_from_us(received ? received : time);
    line.sequence = ++sequence;
    line.whole_seconds = whole;
    line.identity = {0, identity ? identity : std::hash<std::string>()(raw) ^ static_cast<uint64_t>(time)};
    sequencer->put(line);
    std::fill(raw.begin(), raw.end(), '#');
  }
  std::string text() {
    std::string all;
    for (auto& line : out) all += (all.empty() ? "" : " ") + line;
    return all;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sequencer, Fixture)

BOOST_AUTO_TEST_CASE(orders_lines_of_a_host_within_the_window) {
  put("a", 10 * second + 2, "two");
  put("a", 10 * second + 1, "one");
  put("a", 10 * second + 3, "three");
  BOOST_TEST(out.empty());
  put("a", 13 * second, "later");
  BOOST_TEST(text() == "a:one a:two a:three");
  BOOST_TEST(sequencer->held() == 1u);
}

BOOST_AUTO_TEST_CASE(hosts_do_not_wait_for_each_other) {
  put("a", 10 * second, "a1");
  put("b", 20 * second, "b1");
  BOOST_TEST(out.empty());
  put("b", 23 * second, "b2");
  BOOST_TEST(text() == "b:b1");
}

BOOST_AUTO_TEST_CASE(equal_stamps_keep_their_order) {
  for (auto text : {"x", "y", "z"}) put("a", 10 * second, text, 0, true);
  put("a", 9 * second, "before", 0, true);
  sequencer->drain();
  BOOST_TEST(text() == "a:before a:x a:y a:z");
}

BOOST_AUTO_TEST_CASE(the_same_line_passes_once_but_not_with_whole_seconds) {
  for (int i = 0; i < 2; ++i) put("a", 10 * second + 5, "x", 0, false, 7);
  put("a", 10 * second + 5, "y", 0, false, 8);
  put("a", 10 * second + 5, "x", 0, false, 7);
  for (int i = 0; i < 2; ++i) put("a", 11 * second, "w", 0, true, 9);
  sequencer->drain();
  BOOST_TEST(text() == "a:x a:y a:w a:w");
}

BOOST_AUTO_TEST_CASE(releases_by_receive_time) {
  put("a", 10 * second, "x", 50 * second);
  sequencer->tick(time_from_us(51 * second));
  BOOST_TEST(out.empty());
  sequencer->tick(time_from_us(52 * second));
  BOOST_TEST(text() == "a:x");
}

BOOST_AUTO_TEST_CASE(pins_the_lowest_sequence_held) {
  BOOST_TEST(sequencer->pinned(77) == 77u);
  put("a", 10 * second, "x");
  put("b", 10 * second, "y");
  put("a", 13 * second, "z");
  BOOST_TEST(sequencer->pinned(4) == 2u);
  put("b", 13 * second, "w");
  BOOST_TEST(sequencer->pinned(5) == 3u);
  sequencer->drain();
  BOOST_TEST(sequencer->pinned(5) == 5u);
}

BOOST_AUTO_TEST_CASE(too_many_lines_push_the_oldest_out) {
  sequencer = make(3);
  for (int i = 0; i < 5; ++i) put("a", 10 * second + i, std::to_string(i));
  BOOST_TEST(sequencer->held() == 3u);
  BOOST_TEST(text() == "a:0 a:1");
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_starts_anew) {
  put("a", 100 * second, "new");
  put("a", 10 * second, "old");
  BOOST_TEST(text() == "a:new");
  put("a", 13 * second, "old2");
  BOOST_TEST(text() == "a:new a:old");
}

BOOST_AUTO_TEST_CASE(a_suspect_stamp_does_not_push) {
  put("a", 10 * second, "x");
  LogLine line;
  std::string raw = "far";
  line.raw = line.text = raw;
  line.hostname = "a";
  line.time = time_from_us(1'000'000 * second);
  line.time_suspect = true;
  line.sequence = 9;
  sequencer->put(line);
  BOOST_TEST(out.empty());
}

BOOST_AUTO_TEST_CASE(made_up_hosts_do_not_fill_the_memory) {
  constexpr int many = 45'000;
  put("real", 100 * second + 2, "two");
  size_t most = 0;
  for (int i = 0; i < many; ++i) {
    put("made-up-" + std::to_string(i), 10 * second, "x");
    if (i % 1000 == 0) sequencer->tick(time_from_us(20 * second));
    most = std::max(most, sequencer->hosts());
  }
  BOOST_TEST(most <= 10'000u);
  // The host that waits was not forgotten with them.
  put("real", 100 * second + 1, "one");
  sequencer->drain();
  BOOST_TEST(out.size() == size_t{many} + 2);
  auto one = std::find(out.begin(), out.end(), "real:one"),
       two = std::find(out.begin(), out.end(), "real:two");
  BOOST_TEST((one < two && two != out.end()));
}

BOOST_AUTO_TEST_CASE(hosts_whose_lines_wait_are_kept_however_many) {
  constexpr int many = 45'000;
  for (int i = 0; i < many; ++i) put("host-" + std::to_string(i), 10 * second + 1, "second");
  for (int i = 0; i < many; ++i) put("host-" + std::to_string(i), 10 * second, "first");
  BOOST_TEST(out.empty());
  BOOST_TEST(sequencer->hosts() == size_t{many});
  sequencer->drain();
  BOOST_TEST(out.size() == 2u * many);
  for (size_t i = 0; i < out.size(); i += 2) BOOST_REQUIRE(out[i].ends_with(":first"));
}

BOOST_AUTO_TEST_CASE(any_shuffle_within_the_window_comes_out_sorted) {
  std::mt19937 random(4711);
  std::vector<std::pair<int64_t, int>> keyed;
  for (int i = 0; i < 5000; ++i) keyed.emplace_back(i * 3000 + static_cast<int64_t>(random() % 1'900'000), i);
  std::sort(keyed.begin(), keyed.end());
  std::string filler(300, 'f');
  for (auto& [key, i] : keyed) put("a", 100 * second + i * 3000, filler + std::to_string(i));
  sequencer->drain();
  BOOST_REQUIRE(out.size() == 5000u);
  for (int i = 0; i < 5000; ++i)
    BOOST_REQUIRE(out[static_cast<size_t>(i)] == "a:" + filler + std::to_string(i));
}

BOOST_AUTO_TEST_SUITE_END()
