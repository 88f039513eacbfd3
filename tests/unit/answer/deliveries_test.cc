// Pages of deliveries: as many rows as asked for, each with all of its attempts, none twice and none lost.
#include "core/answer/deliveries.h"

#include <map>

#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

// Rows in the order of a search; a place is the number of the next one.
class Rows : public Reader {
 public:
  std::vector<Hit> hits;
  size_t calls = 0;

  // `attempts` of each recipient, in turns.
  void add(uint64_t number, const std::vector<std::string>& recipients, size_t attempts) {
    Mail m = mail(number, "mx1");
    for (size_t i = 0; i < attempts; ++i)
      for (auto& to : recipients) {
        auto time = "2026-11-23T14:00:" + std::to_string(59 - i) + "Z";
        test::add(m, time, "deferred", to).id.bytes[9] = static_cast<uint8_t>(i + 1);
        hits.push_back({m.connect, m.deliveries.back()});
      }
  }
  Result<Page> search(const Query& query) noexcept override {
    ++calls;
    Page page;
    size_t at = query.after.empty() ? 0 : std::stoul(query.after);
    for (; at < hits.size() && page.hits.size() < static_cast<size_t>(query.limit); ++at)
      page.hits.push_back(hits[at]);
    if (at < hits.size()) page.next = std::to_string(at);
    page.complete = page.next.empty();
    return page;
  }
  Result<Trace> trace(const Id&) noexcept override { return Trace{}; }
  Result<std::vector<Id>> find(const std::string&) noexcept override { return std::vector<Id>{}; }
  Result<std::optional<Mail>> find_open(const std::string&, const std::string&, Time) noexcept override {
    return std::optional<Mail>{};
  }
  Result<std::vector<HostRow>> hosts(Day, Day) noexcept override { return std::vector<HostRow>{}; }
  Result<std::vector<Checkpoint>> checkpoints() noexcept override { return std::vector<Checkpoint>{}; }
  Result<std::pair<Day, Day>> days() noexcept override { return std::pair<Day, Day>{}; }
};

DeliveryPage page_of(Reader& reader, int limit, const std::string& after = "") {
  Query query;
  query.limit = limit;
  query.after = after;
  auto page = search_deliveries(reader, query);
  BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
  return *page;
}

// Mail and recipient of every row with its number of attempts, page after page.
std::map<std::string, size_t> walk(Reader& reader, int limit) {
  std::map<std::string, size_t> out;
  std::string after;
  do {
    auto page = page_of(reader, limit, after);
    if (!page.next.empty()) BOOST_TEST(page.rows.size() == static_cast<size_t>(limit));
    BOOST_TEST(page.complete == page.next.empty());
    for (auto& row : page.rows) {
      auto name = row.hit.connect.id.hex() + " " + row.hit.deliver->recipient.value_or("");
      BOOST_TEST(out.emplace(name, row.attempts.size()).second, name);
    }
    after = page.next;
  } while (!after.empty());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(deliveries)

BOOST_AUTO_TEST_CASE(attempts_are_one_row_and_pages_are_full) {
  Rows rows;
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i) many.push_back("r" + std::to_string(i) + "@example.org");
  rows.add(1, {"anna@example.org"}, 1);
  rows.add(2, {"anna@example.org", "boris@example.org", "carla@example.org"}, 7);
  rows.add(3, many, 3);
  for (uint64_t i = 4; i < 30; ++i) rows.add(i, {"anna@example.org"}, i % 4 + 1);
  for (int limit : {1, 2, 3, 5, 10, 25, 100}) {
    auto found = walk(rows, limit);
    BOOST_TEST(found.size() == 1 + 3 + 40 + 26u);
    size_t attempts = 0;
    for (auto& [name, count] : found) attempts += count;
    BOOST_TEST(attempts == rows.hits.size());
  }
}

BOOST_AUTO_TEST_CASE(the_last_attempt_is_shown) {
  Rows rows;
  rows.add(1, {"anna@example.org"}, 3);
  auto row = page_of(rows, 25).rows.at(0);
  BOOST_TEST(format_time(row.hit.deliver->deliver_time) == "2026-11-23T14:00:59.000000Z");
  BOOST_TEST(row.attempts.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_mail_without_a_delivery_is_a_row) {
  Rows rows;
  rows.hits.push_back({mail(1, "mx1").connect, {}});
  rows.hits.push_back({mail(2, "mx1").connect, {}});
  auto page = page_of(rows, 1);
  BOOST_TEST(page.rows.at(0).attempts.empty());
  BOOST_TEST(page_of(rows, 1, page.next).rows.at(0).hit.connect.queue_id.value() == "4F2A1B4C52");
}

BOOST_AUTO_TEST_CASE(what_came_since_is_passed_over) {
  Rows rows;
  for (uint64_t i = 1; i < 20; ++i) rows.add(i, {"anna@example.org"}, 2);
  auto first = page_of(rows, 5);
  Rows later;
  for (uint64_t i = 100; i < 150; ++i) later.add(i, {"anna@example.org"}, 2);
  later.hits.insert(later.hits.end(), rows.hits.begin(), rows.hits.end());
  auto page = page_of(later, 5, first.next);
  BOOST_TEST(page.rows.at(0).hit.connect.queue_id.value() == "4F2A1B4C56");
  // The mail is gone: what is there is shown.
  rows.hits.erase(rows.hits.begin(), rows.hits.begin() + 12);
  BOOST_TEST(page_of(rows, 5, first.next).rows.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_page_is_one_question_as_a_rule) {
  Rows rows;
  for (uint64_t i = 1; i < 400; ++i) rows.add(i, {"anna@example.org"}, 1);
  auto page = page_of(rows, 25);
  BOOST_TEST(rows.calls == 1u);
  page_of(rows, 25, page.next);
  BOOST_TEST(rows.calls == 2u);
}

BOOST_AUTO_TEST_CASE(places_of_nobody_are_refused) {
  Rows rows;
  for (auto* after :
       {"1~x~1", "1~~1", "~00000000000000000000000000000001~0", "1~00000000000000000000000000000001~",
        "1~00000000000000000000000000000001", "1~00000000000000000000000000000001~1x"}) {
    Query query;
    query.after = after;
    auto page = search_deliveries(rows, query);
    BOOST_TEST((!page && page.error().fault == Fault::config), after);
  }
}

BOOST_AUTO_TEST_SUITE_END()
