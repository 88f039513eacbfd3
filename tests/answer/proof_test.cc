// Proofs, near misses, company and the greylisting story, asked of a real database.
#include "core/answer/proof.h"

#include <date/tz.h>

#include "core/answer/verdict.h"
#include "tests/answer/stored.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

void put(StoredRows& rows, const Mail& m) {
  rows.connects[m.connect.id] = m.connect;
  for (auto& d : m.deliveries) rows.deliveries[d.id] = d;
}

Mail refusal(uint64_t number, const std::string& time, const std::string& address = "192.0.2.9") {
  auto m = mail(number, "mx1", time);
  m.connect.queue_id.reset();
  m.connect.flags = row_flag::refused;
  m.connect.client_addr = address;
  add(m, time, "greylisted", "boris@example.org", "Greylisted").relay_name.reset();
  return m;
}

HostRow host(const std::string& name, const std::string& first, const std::string& last) {
  return {day_of(at(first)), name, at(first), at(last), 100, 0};
}

ProofOptions options(const char* now) {
  ProofOptions out;
  out.now = at(now);
  out.limit = std::chrono::seconds(60);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proofs)

BOOST_AUTO_TEST_CASE(a_greylisted_mail_that_came_back) {
  StoredRows rows;
  auto first = refusal(1, "2026-11-23T09:02:00Z"), other = refusal(2, "2026-11-23T09:03:00Z", "198.51.100.9");
  auto accepted = mail(3, "mx1", "2026-11-23T09:17:00Z");
  accepted.connect.client_addr = "192.0.2.77";  // the same network
  auto& d = add(accepted, "2026-11-23T09:17:02Z", "sent", "boris@example.org");
  d.transport = "lmtp";
  d.folder = "INBOX";
  for (auto& m : {first, other, accepted}) put(rows, m);
  Stored stored(rows);
  VerdictOptions with;
  with.reader = &stored.reader();
  with.now = at("2026-11-23T10:00:00Z");
  auto of = [&](const Mail& m) {
    auto trace = stored.reader().trace(m.connect.id);
    BOOST_REQUIRE(trace);
    auto all = verdicts(*trace, with);
    BOOST_REQUIRE_EQUAL(all.size(), 1u);
    return all[0];
  };
  auto refused = of(first);
  BOOST_REQUIRE(refused.greylist && refused.greylist->accepted);
  BOOST_TEST((*refused.greylist->accepted_id == accepted.connect.id));
  BOOST_TEST(refused.sentence.customer.en.find("It came back at 09:17 and was accepted") !=
             std::string::npos);
  BOOST_TEST(refused.sentence.customer.de.find("Zugestellt wurde sie um 09:17 Uhr.") != std::string::npos);
  BOOST_TEST(tone_name(refused.tone) == "good");
  auto stranger = of(other);
  BOOST_REQUIRE(stranger.greylist);
  BOOST_TEST(!stranger.greylist->accepted);
  BOOST_TEST(stranger.sentence.customer.en.find("has not come back") != std::string::npos);
  auto delivered = of(accepted);
  BOOST_REQUIRE(delivered.greylist);
  BOOST_TEST(delivered.greylist->refused.size() == 1u);
  BOOST_TEST(delivered.sentence.customer.en.find("15 minutes later") != std::string::npos,
             delivered.sentence.customer.en);
}

BOOST_AUTO_TEST_CASE(nothing_found_and_why) {
  StoredRows rows;
  auto m = mail(1, "mx1", "2026-11-23T09:00:00Z");
  add(m, "2026-11-23T09:00:01Z", "sent", "boris@example.org");
  put(rows, m);
  for (auto row : {host("mx1", "2026-11-22T20:00:00Z", "2026-11-22T23:59:50Z"),
                   host("mx1", "2026-11-23T00:00:10Z", "2026-11-23T11:59:30Z")})
    rows.hosts[{row.day, row.host}] = row;
  Stored stored(rows);
  Query query;
  query.recipient = "borsi@example.org";
  query.connect_from = at("2026-11-23T00:00:00Z");
  query.connect_to = at("2026-11-23T12:00:00Z");
  auto proof = prove_nothing(stored.reader(), query, options("2026-11-23T12:00:00Z"));
  BOOST_REQUIRE(proof);
  BOOST_TEST(proof->complete);
  BOOST_REQUIRE_EQUAL(proof->hosts.size(), 1u);
  BOOST_TEST(proof->hosts[0].silent_seconds == 30);
  BOOST_REQUIRE_EQUAL(proof->near.size(), 1u);
  BOOST_TEST(proof->near[0].value == "boris@example.org");
  BOOST_TEST(near_miss_name(proof->near[0].kind) == "similar_address");
  BOOST_TEST(proof->near[0].words.de == "ähnliche Adresse: boris@example.org (1)");
  // The right address on the wrong day.
  query.recipient = "boris@example.org";
  query.connect_from = at("2026-11-23T10:00:00Z");
  query.connect_to = at("2026-11-23T15:00:00Z");
  proof = prove_nothing(stored.reader(), query, options("2026-11-23T16:00:00Z"));
  BOOST_REQUIRE(proof);
  BOOST_TEST(!proof->complete);  // mx1 was silent for hours when the time asked for ended
  BOOST_REQUIRE(!proof->near.empty());
  BOOST_TEST(near_miss_name(proof->near[0].kind) == "other_time");
  BOOST_TEST(proof->near[0].count == 1);
  // The same name elsewhere.
  query = {};
  query.recipient = "boris@example.com";
  proof = prove_nothing(stored.reader(), query, options("2026-11-23T12:00:00Z"));
  BOOST_REQUIRE(proof);
  BOOST_REQUIRE(!proof->near.empty());
  BOOST_TEST(proof->near[0].value == "boris@example.org");
}

BOOST_AUTO_TEST_CASE(what_one_may_not_see_is_no_near_miss) {
  StoredRows rows;
  auto m = mail(1, "mx1", "2026-11-23T09:00:00Z");
  add(m, "2026-11-23T09:00:01Z", "sent", "boris@example.org");
  put(rows, m);
  Stored stored(rows);
  Query query;
  query.recipient = "borsi@example.org";
  query.only_addresses = std::vector<std::string>{"carla@example.org"};
  auto proof = prove_nothing(stored.reader(), query, options("2026-11-23T12:00:00Z"));
  BOOST_REQUIRE(proof);
  BOOST_TEST(proof->near.empty());
}

BOOST_AUTO_TEST_CASE(you_are_not_alone) {
  StoredRows rows;
  const std::string answer =
      "host mx.example.org[198.51.100.7] said: 421 4.7.0 Come back later (in reply to MAIL FROM command)";
  for (uint64_t i = 1; i <= 4; ++i) {
    auto m = mail(i, "out1", "2026-11-23T09:0" + std::to_string(i) + ":00Z");
    m.connect.sender = (i % 2 ? "anna" : "carla") + std::string("@example.net");
    auto& d = add(m, "2026-11-23T09:0" + std::to_string(i) + ":01Z", "deferred",
                  "u" + std::to_string(i) + "@example.org", answer);
    d.smtp_code = 421;
    d.dsn = i == 4 ? "4.4.2" : "4.7.0";
    put(rows, m);
  }
  Stored stored(rows);
  auto trace = stored.reader().trace(rows.connects.begin()->first);
  BOOST_REQUIRE(trace);
  auto company = not_alone(stored.reader(), trace->mails[0].deliveries[0], options("2026-11-23T12:00:00Z"));
  BOOST_REQUIRE(company);
  BOOST_TEST(company->others == 2);  // one has another code
  BOOST_TEST(company->senders == 2);
  // Its search finds them and the asked one by what was answered.
  BOOST_TEST(company->query.sent_to.value() == "mx.example.org");
  BOOST_TEST(company->query.response.value() == "*Come back later*");
  BOOST_TEST(company->query.deliver_from.has_value());
  BOOST_TEST(stored.reader().search(company->query)->hits.size() == 4u);
  auto here = options("2026-11-23T12:00:00Z");
  here.zone = date::locate_zone("Europe/Berlin");
  company = not_alone(stored.reader(), trace->mails[0].deliveries[0], here);
  BOOST_TEST(company->sentence.de.find("seit dem 23.11.2026 um 10:02 Uhr (MEZ)") != std::string::npos,
             company->sentence.de);
  BOOST_TEST(format_time(*company->since) == "2026-11-23T09:02:01.000000Z");
  BOOST_TEST(company->sentence.en.find("for 2 other deliveries of 2 senders since 10:02 CET on 2026-11-23") !=
                 std::string::npos,
             company->sentence.en);
}

BOOST_AUTO_TEST_SUITE_END()
