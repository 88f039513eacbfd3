// Sessions that name themselves: one process has many, their facts come onto their mails and refusals.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

#include "tests/unit/track/tracker_fixture.h"

using namespace mailtrace;

namespace {

SessionOpened connected(std::string_view session, std::string_view addr = "192.0.2.7") {
  return {{"pc.example.org", addr, 0}, session};
}
SessionTls secured(std::string_view session) { return {{}, {"", "TLSv1.3", "X"}, session}; }
Opened message(std::string_view queue_id, std::string_view session) {
  Opened fact;
  fact.queue_id = queue_id;
  fact.service = "smtpd";
  fact.session = session;
  return fact;
}
Policy refused(std::string_view session) {
  Policy fact;
  fact.service = "smtpd";
  fact.stage = "RCPT";
  fact.smtp_code = 550;
  fact.text = "Invalid recipient";
  fact.recipient = "r@example.net";
  fact.session = session;
  return fact;
}

struct ClientFixture : TrackerFixture {
  ClientFixture() { program = "smtpd"; }
  // "192.0.2.7 pc.example.org TLSv1.3 X anna"
  static std::string client(const ConnectRow& row) {
    return row.client_addr.value_or("-") + " " + row.client_name.value_or("-") + " " + row.tls.value_or("-") +
           " " + row.sasl_user.value_or("-");
  }
  std::string client(const std::string& queue_id) {
    collect();
    auto* row = mail(queue_id);
    BOOST_REQUIRE(row);
    return client(*row);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(clients, ClientFixture)

BOOST_AUTO_TEST_CASE(facts_come_onto_the_mail_in_any_order) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    tracker = make();
    rows = {};
    std::vector<size_t> order = {0, 1, 2, 3, 4};
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i : order) {
      if (i == 0) apply(1, connected("aa"));
      if (i == 1) apply(1.1, secured("aa"));
      if (i == 2) apply(1.2, SessionLogin{"aa", "anna"});
      if (i == 3) apply(1.3, message("0a0b0c0d", "aa"));
      if (i == 4) apply(1.4, refused("aa"));
      if (random() % 2) collect();
    }
    BOOST_REQUIRE_EQUAL(client("0a0b0c0d"), "192.0.2.7 pc.example.org TLSv1.3 X anna");
    for (auto& [id, row] : rows.connects) BOOST_REQUIRE_EQUAL(client(row), client("0a0b0c0d"));
    BOOST_REQUIRE_EQUAL(rows.connects.size(), 2u);
  }
}

BOOST_AUTO_TEST_CASE(sessions_of_one_process_do_not_mix) {
  apply(1, connected("aa"));
  apply(1, connected("bb", "192.0.2.8"));
  apply(1.1, secured("bb"));
  apply(1.1, SessionLogin{"bb", "bert"});
  apply(1.2, message("0a0b0c0d", "aa"));
  apply(1.3, message("0a0b0c0e", "bb"));
  BOOST_TEST(client("0a0b0c0d") == "192.0.2.7 pc.example.org - -");
  BOOST_TEST(client("0a0b0c0e") == "192.0.2.8 pc.example.org TLSv1.3 X bert");
}

BOOST_AUTO_TEST_CASE(not_of_the_same_name_on_another_host) {
  host = "mx2";
  apply(1, connected("aa"));
  host = "mx1";
  apply(1.2, message("0a0b0c0d", "aa"));
  BOOST_TEST(client("0a0b0c0d") == "- - - -");
}

BOOST_AUTO_TEST_CASE(a_client_among_own_hosts_makes_it_a_hop) {
  config.own_networks = {"192.0.2.0/24"};
  tracker = make();
  apply(0.5, opened("4F00", "198.51.100.9"));
  apply(1, connected("aa"));
  apply(1.2, message("0a0b0c0d", "aa"));
  apply(1.3, handed_to("4F00", "0a0b0c0d", "192.0.2.9"));
  collect();
  BOOST_REQUIRE(mail("4F00") && mail("0a0b0c0d"));
  BOOST_TEST((mail("0a0b0c0d")->origin_id == mail("4F00")->id));
}

BOOST_AUTO_TEST_CASE(another_instance_has_the_session) {
  auto other = make(&cache);
  tracker = make(&cache);
  std::swap(tracker, other);
  apply(1, connected("aa"));
  apply(1.1, secured("aa"));
  apply(1.1, SessionLogin{"aa", "anna"});
  std::swap(tracker, other);
  apply(1.2, message("0a0b0c0d", "aa"));
  apply(1.2, refused("aa"));
  BOOST_TEST(client("0a0b0c0d") == "192.0.2.7 pc.example.org TLSv1.3 X anna");
  for (auto& [id, row] : rows.connects) BOOST_TEST(client(row) == client("0a0b0c0d"));
}

BOOST_AUTO_TEST_CASE(the_server_side_of_a_delivery_has_its_own) {
  apply(1, connected("aa"));
  apply(1.2, message("0a0b0c0d", "aa"));
  apply(2, secured("cc"));
  auto out = attempt("0a0b0c0d", "r@example.net");
  out.session = "cc";
  apply(2.1, out);
  BOOST_TEST(client("0a0b0c0d") == "192.0.2.7 pc.example.org - -");
  BOOST_TEST(deliveries("0a0b0c0d").at(0).tls.value_or("-") == "TLSv1.3 X");
}

BOOST_AUTO_TEST_CASE(an_admin_removes_one_recipient) {
  apply(1, message("0a0b0c0d", "aa"));
  apply(2, attempt("0a0b0c0d", "a@example.net", Outcome::deferred));
  apply(2.1, attempt("0a0b0c0d", "b@example.net", Outcome::deferred));
  apply(3, AdminAction{"0a0b0c0d", AdminKind::deleted, "a@example.net", ""});
  collect();
  BOOST_TEST(ends("0a0b0c0d") == "deferred:a@example.net deferred:b@example.net deleted:a@example.net");
  BOOST_TEST(!(mail("0a0b0c0d")->flags & row_flag::removed));
}

BOOST_AUTO_TEST_SUITE_END()
