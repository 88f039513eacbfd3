// Searching by two addresses.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::hours;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

// Both stand in many mails, few of which they have together: other statements than for rare ones.
BOOST_DATA_TEST_CASE(two_frequent_addresses_meet, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Time base = Time(today()) - hours(12);
  const std::string often = "often@example.org", also = "also@example.com";
  Batch batch;
  std::set<std::string> expected, own;
  for (int i = 0; i < 400; ++i) {
    ConnectRow row = mail(base - seconds(400 * i), "m" + std::to_string(i));
    row.sender = i % 2 ? often : "other" + std::to_string(i) + "@example.org";
    DeliverRow to = delivery(row, i % 3 ? also : "another" + std::to_string(i) + "@example.com", "sent");
    if (i % 7 == 0) {  // an alias
      to.original_recipient = to.recipient;
      to.recipient = "box" + std::to_string(i) + "@example.com";
    }
    if (i % 2 && i % 3) expected.insert(*row.queue_id);
    if (i % 2 && i % 3 && i < 300) own.insert(*row.queue_id);
    batch.connects.push_back(row);
    batch.deliveries.push_back(to);
  }
  must(sink->write(std::move(batch)));
  auto reader = sink->open_reader();
  BOOST_REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
  auto names = [&](Query query) {
    std::set<std::string> out;
    query.limit = 25;
    for (;;) {
      auto page = (*reader)->search(query);
      BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
      for (const Hit& hit : page->hits)
        BOOST_TEST(out.insert(*hit.connect.queue_id).second, *hit.connect.queue_id << " twice");
      if (page->next.empty()) return out;
      query.after = page->next;
    }
  };
  Query both;
  both.sender = often;
  both.recipient = "ALSO@example.com";
  BOOST_TEST(names(both) == expected, boost::test_tools::per_element());
  both.ascending = true;
  BOOST_TEST(names(both) == expected, boost::test_tools::per_element());
  both.ascending = false;
  both.connect_from = base - seconds(400 * 299);
  BOOST_TEST(names(both) == own, boost::test_tools::per_element());
  both.connect_from.reset();
  both.sender.reset();
  both.only_addresses = {{often}};
  BOOST_TEST(names(both) == expected, boost::test_tools::per_element());
  both.sort = Query::Sort::recipient;
  auto page = (*reader)->search(both);
  BOOST_REQUIRE(page);
  BOOST_TEST(page->hits.size() == 25u);
  both.recipient = "nobody@example.com";
  BOOST_TEST(names(both).empty());
}
