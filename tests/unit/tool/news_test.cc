// News: each result once, whatever a database does between two looks.
#include "core/tool/news.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace mailtrace;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Time start = time_from_us(1'795'780'800'000'000);  // 2026-11-27 16:00

// Hosts and results as a test puts them there; a page holds two, so that every walk has several.
class Stored : public Reader {
 public:
  std::vector<HostRow> rows;
  std::vector<Hit> hits;
  int failing = 0;  // every second search fails, so many times
  int searches = 0;

  void line(const std::string& host, Time at) {
    for (auto& row : rows)
      if (row.host == host && row.day == day_of(at)) {
        row.first_time = std::min(row.first_time, at);
        row.last_time = std::max(row.last_time, at);
        ++row.lines;
        return;
      }
    rows.push_back({day_of(at), host, at, at, 1, 0});
  }
  void mail(uint64_t number, const std::string& host, Time born, std::optional<Time> attempt) {
    Hit hit;
    hit.connect.id = make_id(born, {number, 0});
    hit.connect.connect_time = born;
    hit.connect.server = host;
    if (attempt) {
      auto& d = hit.deliver.emplace();
      d.id = make_id(*attempt, {number, 0});
      d.connect_id = hit.connect.id;
      d.deliver_time = *attempt;
    }
    hits.push_back(hit);
    line(host, attempt.value_or(born));
  }

  Result<Page> search(const Query& q) noexcept override {
    ++searches;
    if (failing > 0 && searches % 2 == 0) {
      --failing;
      return Error{Fault::transient, "away"};
    }
    std::vector<Hit> all;
    for (auto& hit : hits) {
      auto born = hit.connect.connect_time;
      if ((q.connect_from && born < *q.connect_from) || (q.connect_to && born >= *q.connect_to)) continue;
      if ((q.deliver_from || q.deliver_to) && !hit.deliver) continue;
      if (q.deliver_from && hit.deliver->deliver_time < *q.deliver_from) continue;
      if (q.deliver_to && hit.deliver->deliver_time >= *q.deliver_to) continue;
      all.push_back(hit);
    }
    size_t from = q.after.empty() ? 0 : std::stoul(q.after), to = std::min(all.size(), from + 2);
    Page page;
    page.hits.assign(all.begin() + static_cast<long>(from), all.begin() + static_cast<long>(to));
    if (to < all.size()) page.next = std::to_string(to);
    return page;
  }
  Result<std::vector<HostRow>> hosts(Day, Day) noexcept override { return rows; }
  Result<std::pair<Day, Day>> days() noexcept override { return std::pair{day_of(start), day_of(start)}; }
  Result<Trace> trace(const Id&) noexcept override { return Trace{}; }
  Result<std::vector<Id>> find(const std::string&) noexcept override { return std::vector<Id>{}; }
  Result<std::optional<Mail>> find_open(const std::string&, const std::string&, Time) noexcept override {
    return std::optional<Mail>{};
  }
  Result<std::vector<Checkpoint>> checkpoints() noexcept override { return std::vector<Checkpoint>{}; }
};

struct Fixture {
  Stored stored;
  News news{stored, Query{}, milliseconds(0)};
  News::Clock::time_point clock{};

  // Times of what is new, in seconds after `start`.
  std::vector<int64_t> look(seconds later = seconds(1)) {
    clock += later;
    auto found = news.look(start, clock);
    BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
    std::vector<int64_t> out;
    for (auto& hit : *found)
      out.push_back(
          (to_us(hit.deliver ? hit.deliver->deliver_time : hit.connect.connect_time) - to_us(start)) /
          1'000'000);
    return out;
  }
  // All of several looks, in which walks get on.
  std::vector<int64_t> look_often() {
    std::vector<int64_t> out;
    for (int i = 0; i < 30; ++i)
      for (auto time : look()) out.push_back(time);
    std::sort(out.begin(), out.end());
    return out;
  }
};

using Times = std::vector<int64_t>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(news, Fixture)

BOOST_AUTO_TEST_CASE(what_was_there_is_not_new) {
  for (int i = 0; i < 7; ++i)
    stored.mail(static_cast<uint64_t>(i), "mx1", start - seconds(20 - i), start - seconds(10 - i));
  BOOST_REQUIRE(news.start(start));
  BOOST_TEST(look() == Times{});
  stored.mail(8, "mx1", start + seconds(1), start + seconds(2));
  BOOST_TEST(look() == Times{2});
  BOOST_TEST(look() == Times{});
}

BOOST_AUTO_TEST_CASE(without_new_lines_nothing_is_searched) {
  stored.mail(1, "mx1", start - minutes(60), start - minutes(59));
  BOOST_REQUIRE(news.start(start));
  for (int i = 0; i < 100; ++i) look();
  BOOST_TEST(stored.searches == 0);
  stored.mail(2, "mx1", start, start);
  look();
  int searches = stored.searches;
  BOOST_TEST(searches > 0);
  for (int i = 0; i < 100; ++i) look();
  searches = stored.searches;
  for (int i = 0; i < 100; ++i) look();
  BOOST_TEST(stored.searches == searches);
}

BOOST_AUTO_TEST_CASE(a_result_that_is_stored_after_its_lines_were_counted) {
  stored.line("mx1", start - minutes(60));
  BOOST_REQUIRE(news.start(start));
  stored.line("mx1", start);
  BOOST_TEST(look() == Times{});
  auto rows = stored.rows;
  stored.mail(1, "mx1", start - seconds(3), start - seconds(1));
  stored.rows = rows;
  BOOST_TEST(look(seconds(25)) == Times{-1});
}

BOOST_AUTO_TEST_CASE(a_new_attempt_for_a_mail_of_days_ago_in_small_steps) {
  for (int i = 0; i < 9; ++i)
    stored.mail(static_cast<uint64_t>(i), "mx1", start - minutes(5000 + i), start - minutes(4999));
  BOOST_REQUIRE(news.start(start));
  Times expected;
  for (int i = 0; i < 9; ++i) {
    stored.mail(static_cast<uint64_t>(i), "mx1", start - minutes(5000 + i), start + seconds(i));
    expected.push_back(i);
  }
  BOOST_TEST(look_often() == expected);
}

BOOST_AUTO_TEST_CASE(another_host_that_was_cut_off) {
  stored.mail(1, "mx1", start - seconds(200), start - seconds(190));
  stored.line("mx2", start - seconds(900));
  stored.mail(2, "mx1", start - seconds(600), start - seconds(590));
  BOOST_REQUIRE(news.start(start));
  stored.mail(3, "mx2", start - seconds(700), start - seconds(650));
  BOOST_TEST(look_often() == Times{-650});
  // Older lines than any it had sent before; and a host nobody knew.
  stored.mail(4, "mx2", start - seconds(2000), start - seconds(1990));
  stored.mail(5, "mx3", start - seconds(3000), start - seconds(2990));
  BOOST_TEST(look_often() == (Times{-2990, -1990}));
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_when_the_database_fails) {
  stored.mail(1, "mx1", start - minutes(100), start - minutes(99));
  BOOST_REQUIRE(news.start(start));
  for (int failed = 1; failed < 4; ++failed) {
    Times expected;
    auto at = start + minutes(10 * failed);
    for (int i = 0; i < 5; ++i) {
      stored.mail(static_cast<uint64_t>(10 * failed + i), "mx1", at, at + seconds(i));
      stored.mail(1, "mx1", start - minutes(100), at + seconds(100 + i));
      expected.insert(expected.end(), {600 * failed + i, 600 * failed + 100 + i});
    }
    Times seen;
    stored.failing = failed;
    int errors = 0;
    for (int i = 0; i < 60; ++i) {
      clock += seconds(1);
      auto found = news.look(start, clock);
      errors += found ? 0 : 1;
      if (!found) continue;
      for (auto& hit : *found) seen.push_back((to_us(hit.deliver->deliver_time) - to_us(start)) / 1'000'000);
    }
    BOOST_TEST(errors == failed);
    std::sort(seen.begin(), seen.end());
    std::sort(expected.begin(), expected.end());
    BOOST_TEST(seen == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()
