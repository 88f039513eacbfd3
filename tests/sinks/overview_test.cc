// Overviews, how many others, and addresses that are nearly the one that was asked for.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::hours;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

BOOST_DATA_TEST_CASE(an_overview_adds_up, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Time noon = Time(today()) - hours(12);
  Batch batch;
  for (int i = 0; i < 30; ++i) {
    auto row = mail(noon - hours(i * 2), "o" + std::to_string(i));
    row.sender = i % 3 == 0 ? "Much@example.org" : "s" + std::to_string(i) + "@example.org";
    batch.connects.push_back(row);
    auto sent = delivery(row, "r@example.com", "sent");
    sent.relay_name = "MX.example.com";
    sent.delay = i < 20 ? 0.5 : 100;
    auto refused = delivery(row, "x" + std::to_string(i) + "@example.com", "rejected", seconds(2));
    refused.response = "554 5.7.1 Client host [192.0.2." + std::to_string(i) + "] blocked using list.example";
    refused.dsn = "5.7.1";
    // One delivery that two lines end, and a refusal that was logged again: each is one.
    auto again = delivery(row, "r@example.com", "sent", seconds(3)),
         anew = delivery(row, *refused.recipient, "rejected", seconds(4));
    again.relay_name = "mx.example.com";
    again.delay = sent.delay;
    anew.response = refused.response;
    anew.dsn = refused.dsn;
    batch.deliveries.insert(batch.deliveries.end(), {sent, refused, again, anew});
  }
  must(sink->write(batch));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  OverviewQuery query{.from = noon - hours(47), .to = noon + hours(1), .top = 5};
  auto overview = (*reader)->overview(query);
  BOOST_REQUIRE_MESSAGE(overview, (overview ? "" : overview.error().text));
  BOOST_TEST(overview->complete);
  BOOST_TEST(overview->hours.size() == 24u);
  BOOST_TEST((overview->hours.back().start == noon));
  BOOST_TEST(overview->hours.back().mails == 1);
  BOOST_TEST(overview->hours.back().deliveries["sent"] == 1);
  BOOST_TEST(overview->hours.back().deliveries["rejected"] == 1);
  BOOST_REQUIRE(!overview->reasons.empty());
  BOOST_TEST(overview->reasons.size() == 1u);
  BOOST_TEST(overview->reasons[0].count == 24);
  BOOST_TEST(overview->reasons[0].text == "Client host \u2026 blocked using list.example");
  BOOST_REQUIRE(!overview->destinations.empty());
  BOOST_TEST(overview->destinations[0].name == "mx.example.com");
  BOOST_TEST(overview->destinations[0].sent == 24);
  BOOST_TEST(overview->destinations[0].median_delay() == 1.0);
  BOOST_REQUIRE(!overview->senders.empty());
  BOOST_TEST(overview->senders.size() == 5u);
  BOOST_TEST(overview->senders[0].address == "much@example.org");
  BOOST_TEST(overview->senders[0].count == 16);  // two recipients each
  BOOST_REQUIRE(!overview->recipients.empty());
  BOOST_TEST(overview->recipients[0].count == 24);

  AlikeQuery alike;
  alike.response = "blocked using list.example";
  alike.since = noon - hours(10);
  alike.until = noon + hours(1);
  auto others = (*reader)->alike(alike);
  BOOST_REQUIRE_MESSAGE(others, (others ? "" : others.error().text));
  BOOST_TEST(others->deliveries == 6);
  BOOST_TEST(others->recipients == 6);
  BOOST_TEST(others->senders == 5);
  BOOST_TEST(others->complete);
  BOOST_TEST((others->last == noon + seconds(4)));
  alike.relay = "mx.example.com";
  BOOST_TEST((*reader)->alike(alike)->deliveries == 0);
}

BOOST_DATA_TEST_CASE(a_slip_of_the_hand_is_found, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  auto row = mail(Time(today()), "n");
  std::vector<DeliverRow> deliveries;
  for (const char* address : {"anna.berg@example.org", "bert@example.com", "carla@mail.example.net"})
    deliveries.push_back(delivery(row, address, "sent"));
  must(sink->write(batch_of({row}, deliveries)));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  auto nearest = [&](const std::string& text) {
    auto found = (*reader)->near_addresses(text, 3);
    BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
    return found->empty() ? std::string() : found->front();
  };
  BOOST_TEST(nearest("anna.berg@exmaple.org") == "anna.berg@example.org");
  BOOST_TEST(nearest("Ana.berg@example.org") == "anna.berg@example.org");
  BOOST_TEST(nearest("anna.burg@example.org") == "anna.berg@example.org");
  BOOST_TEST(nearest("@mail.exampel.net") == "@mail.example.net");
  BOOST_TEST(nearest("bert@example.com").empty());
  BOOST_TEST(nearest("somebody@else.example").empty());
  BOOST_TEST(nearest("%").empty());
}
