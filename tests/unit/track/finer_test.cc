// A file with whole seconds is imported behind the same lines with microseconds.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

namespace {

struct Finer : TrackerFixture {
  // The stamps of all lines, cut at the second in the file.
  void line(double seconds, const Fact& fact) { apply(whole_seconds ? std::floor(seconds) : seconds, fact); }
  void a_mail(const std::string& queue_id, double start) {
    line(start + 0.25, opened(queue_id));
    line(start + 0.35, message_id(queue_id, queue_id + "@example.org"));
    line(start + 0.45, queued(queue_id));
    line(start + 1.25, attempt(queue_id, "a@example.net"));
    line(start + 1.35, attempt(queue_id, "b@example.net", Outcome::deferred));
    line(start + 400.5, attempt(queue_id, "b@example.net", Outcome::deferred));
    line(start + 800.5, Expired{queue_id, "s@example.org", false});
    line(start + 800.6, removed(queue_id));
  }
  void a_refusal(double start, const std::string& from = "192.0.2.9") {
    Policy fact;
    fact.service = "smtpd";
    fact.client = {"spam.example", from, 0};
    fact.action = PolicyAction::reject;
    fact.smtp_code = 554;
    fact.text = "Relay access denied";
    fact.sender = "s@example.org";
    fact.recipient = "r@example.net";
    line(start, fact);
  }
  std::vector<Hit> stored_refusals(const std::string& server, Time from, Time to) {
    ++asked_for_refusals;
    std::vector<Hit> hits;
    for (auto& [id, row] : rows.deliveries) {
      const ConnectRow& connect = rows.connects.at(row.connect_id);
      if (connect.server == server && connect.connect_time >= from && connect.connect_time < to)
        hits.push_back({connect, row});
    }
    return hits;
  }
  int asked_for_refusals = 0;
  void import_file(const std::string& queue_id, std::initializer_list<double> starts) {
    collect();
    restart();
    whole_seconds = imported = true;
    for (double start : starts) a_mail(queue_id, start);
    collect();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(finer, Finer)

BOOST_AUTO_TEST_CASE(its_mails_and_deliveries_are_those_that_are_stored) {
  for (const char* queue_id : {"7A12051CA6D", "4jYHGz1MFHzmN4q"}) {
    rows = {};
    restart();
    whole_seconds = imported = false;
    a_mail(queue_id, 0);
    collect();
    auto before = rows.print(true);
    BOOST_TEST(rows.deliveries.size() == 4u);
    for (int round = 0; round < 2; ++round) {
      import_file(queue_id, {0});
      BOOST_TEST(rows.print(true) == before, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_notice_begins_with_its_message_id) {
  auto notice = [&] {
    a_mail("7A12051CA6D", 0);
    line(0.55, message_id("8B12051CA6D", "n@mx1"));
    line(0.65, Notification{"7A12051CA6D", "8B12051CA6D", NotificationKind::bounce});
    line(0.75, queued("8B12051CA6D"));
    line(1.85, attempt("8B12051CA6D", "s@example.org"));
    line(1.95, removed("8B12051CA6D"));
    collect();
    restart();
  };
  notice();
  auto before = rows.print(true);
  whole_seconds = imported = true;
  notice();
  BOOST_TEST(rows.print(true) == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refusals_are_found_by_what_they_say) {
  auto log = [&] {
    a_refusal(0.25);
    pid = "12";
    a_refusal(0.75);
    pid = "11";
    a_refusal(0.8, "192.0.2.10");
    a_refusal(30.5);
  };
  log();
  collect();
  auto before = rows.print(true);
  BOOST_TEST(rows.deliveries.size() == 4u);
  whole_seconds = imported = true;
  for (int round = 0; round < 2; ++round) {
    restart();
    tracker->know_refusals(std::bind_front(&Finer::stored_refusals, this));
    log();
    if (round) log();
    collect();
    BOOST_TEST(rows.print(true) == before, boost::test_tools::per_element());
  }
  BOOST_TEST(asked_for_refusals == 2);
  a_refusal(40.5);
  collect();
  BOOST_TEST(rows.deliveries.size() == 5u);
}

BOOST_AUTO_TEST_CASE(what_did_not_come_over_the_network_is_added) {
  a_mail("7A12051CA6D", 0);
  import_file("7A12051CA6D", {0, 2000});
  BOOST_TEST(rows.connects.size() == 2u);
  BOOST_TEST(rows.deliveries.size() == 8u);
  import_file("7A12051CA6D", {0, 2000});
  BOOST_TEST(rows.connects.size() == 2u);
  BOOST_TEST(rows.deliveries.size() == 8u);
}

BOOST_AUTO_TEST_CASE(a_delivery_that_was_missed_is_added_to_its_mail) {
  auto queue_id = "7A12051CA6D";
  line(0.25, opened(queue_id));
  line(0.35, message_id(queue_id, "m@example.org"));
  line(0.45, queued(queue_id));
  line(1.25, attempt(queue_id, "a@example.net"));
  collect();
  restart();
  whole_seconds = imported = true;
  line(0.25, opened(queue_id));
  line(0.35, message_id(queue_id, "m@example.org"));
  line(0.45, queued(queue_id));
  line(1.25, attempt(queue_id, "a@example.net"));
  line(1.75, attempt(queue_id, "b@example.net"));
  line(1.95, removed(queue_id));
  collect();
  BOOST_TEST(rows.connects.size() == 1u);
  BOOST_TEST(ends(queue_id) == "sent:b@example.net sent:a@example.net");
}

BOOST_AUTO_TEST_SUITE_END()
