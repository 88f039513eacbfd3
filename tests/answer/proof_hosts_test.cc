// When "their logs are complete" may be said: asked of a real database.
#include "core/answer/proof.h"
#include "tests/answer/stored.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

constexpr int64_t every_minute = (int64_t{1} << 60) - 1;

// What hosts sent, as a sink gets it.
struct Sent {
  StoredRows rows;
  std::vector<HourRow> hours;

  // A line in every minute from one full hour to another. `source`: "" for an import, whose lines only the
  // hours count.
  void speaks(const std::string& host, const std::string& from, const std::string& to,
              const std::string& source = "r1") {
    for (Time start = at(from); start < at(to); start += std::chrono::hours(1)) {
      HourRow hour;
      hour.day = day_of(start);
      hour.hour = std::chrono::duration_cast<std::chrono::hours>(start - Time(hour.day)).count();
      hour.host = host;
      hour.program = "postfix";
      hour.source = source;
      hour.understood = 60;
      hour.minutes = every_minute;
      hours.push_back(hour);
      Time last = start + std::chrono::minutes(59) + std::chrono::seconds(30);
      auto [row, added] =
          rows.hosts.try_emplace({hour.day, host}, HostRow{hour.day, host, start, last, 0, 0});
      row->second.first_time = std::min(row->second.first_time, start);
      row->second.last_time = std::max(row->second.last_time, last);
      if (!source.empty()) row->second.lines += 60;
    }
  }
  Proof proof(const std::string& from, const std::string& to, const std::string& now, bool named = true) {
    Stored stored(rows, hours);
    Query query;
    query.sender = "nobody@example.net";
    if (!from.empty()) query.connect_from = at(from);
    if (!to.empty()) query.connect_to = at(to);
    ProofOptions options;
    options.now = at(now);
    options.limit = std::chrono::seconds(60);
    options.with_hosts = named;
    auto out = prove_nothing(stored.reader(), query, options);
    BOOST_REQUIRE_MESSAGE(out, (out ? "" : out.error().text));
    return *out;
  }
};

bool says_complete(const Proof& proof) {
  bool english = proof.sentence.en.find("complete") != std::string::npos;
  BOOST_TEST(english == (proof.sentence.de.find("vollständig") != std::string::npos));
  return english;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proof_hosts)

BOOST_AUTO_TEST_CASE(hosts_that_sent_lines_all_the_time_prove_it) {
  Sent sent;
  for (auto* host : {"mx1", "mx2"}) sent.speaks(host, "2026-11-24T00:00:00Z", "2026-11-25T12:00:00Z");
  auto proof = sent.proof("2026-11-24T10:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(proof.complete);
  BOOST_TEST(says_complete(proof));
  BOOST_REQUIRE_EQUAL(proof.hosts.size(), 2u);
  for (auto& host : proof.hosts) {
    BOOST_TEST(host.complete);
    BOOST_TEST(host.gaps.empty());
    BOOST_TEST(host.lines == 22 * 60);
    BOOST_TEST(host.silent_seconds == 30);
  }
}

BOOST_AUTO_TEST_CASE(a_host_without_a_line_before_the_end_proves_nothing) {
  Sent sent;
  sent.speaks("mx1", "2026-11-25T09:00:00Z", "2026-11-25T12:00:00Z");
  auto proof = sent.proof("2026-11-24T10:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(!proof.complete);
  BOOST_TEST(!says_complete(proof));
  BOOST_REQUIRE_EQUAL(proof.hosts.size(), 1u);
  BOOST_TEST(!proof.hosts[0].complete);
  BOOST_TEST(proof.hosts[0].lines == 0);
  BOOST_TEST(proof.hosts[0].sentence.en ==
             "mx1: no lines of this time; the first one came on 2026-11-25 09:00:00 UTC");
  BOOST_TEST(
      proof.sentence.en.ends_with("It may have been here all the same: the first lines of mx1 came later."),
      proof.sentence.en);
  BOOST_TEST(
      proof.sentence.de.ends_with("Sie kann trotzdem hier gewesen sein: die ersten Zeilen von mx1 kamen "
                                  "später."),
      proof.sentence.de);
  // Nor does one that began within that time, be it a second too late.
  proof = sent.proof("2026-11-25T08:59:59Z", "2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(!proof.complete);
  proof = sent.proof("2026-11-25T09:00:00Z", "2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(proof.complete);
}

// They were connected together, and one had its first line to log some seconds later.
BOOST_AUTO_TEST_CASE(hosts_that_began_within_minutes_began_together) {
  Sent sent;
  sent.speaks("mx1", "2026-11-24T09:00:00Z", "2026-11-25T12:00:00Z");
  sent.speaks("mx2", "2026-11-24T09:00:00Z", "2026-11-25T12:00:00Z");
  sent.speaks("mx3", "2026-11-24T10:00:00Z", "2026-11-25T12:00:00Z");
  sent.rows.hosts.at({day_of(at("2026-11-24T00:00:00Z")), "mx2"}).first_time = at("2026-11-24T09:00:07Z");
  auto proof = sent.proof("2026-11-24T09:00:03Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_REQUIRE_EQUAL(proof.hosts.size(), 3u);
  BOOST_TEST(proof.hosts[0].complete);
  BOOST_TEST(proof.hosts[1].complete);
  // An hour is more than a pause.
  BOOST_TEST(!proof.hosts[2].complete);
  BOOST_TEST(proof.sentence.en.ends_with("the first lines of mx3 came later."), proof.sentence.en);
  // Before the first line of all nothing is known of anybody.
  proof = sent.proof("2026-11-24T08:59:59Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(!proof.hosts[1].complete);
}

// A customer does not learn our hosts, but what is not proved is no proof for him either.
BOOST_AUTO_TEST_CASE(hosts_that_are_not_named_prove_no_more) {
  Sent sent;
  sent.speaks("mx1", "2026-11-25T09:00:00Z", "2026-11-25T12:00:00Z");
  for (auto* from : {"2026-11-24T10:00:00Z", ""}) {
    auto proof = sent.proof(from, "2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z", false);
    BOOST_TEST(proof.complete == (*from == '\0'));
    BOOST_TEST(proof.hosts.empty());
    BOOST_TEST(proof.sentence.en.find("mx1") == std::string::npos, proof.sentence.en);
    std::string_view english =
        proof.complete ? "our logs are complete for that time." : "it may have been here all the same.";
    BOOST_TEST(proof.sentence.en.ends_with(english), proof.sentence.en);
    BOOST_TEST(proof.sentence.de.find(proof.complete ? "sind für diese Zeit vollständig"
                                                     : "nicht vollständig") != std::string::npos,
               proof.sentence.de);
  }
}

// Nor does he hear of missing logs where nothing is known to be missing.
BOOST_AUTO_TEST_CASE(a_quiet_host_is_no_missing_log) {
  Sent sent;
  sent.speaks("mx1", "2026-11-25T00:00:00Z", "2026-11-25T12:00:00Z");
  for (int minute = 20; minute < 40; ++minute) sent.hours[6].minutes &= ~(int64_t{1} << minute);
  auto proof = sent.proof("2026-11-25T05:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z", false);
  BOOST_TEST(!proof.complete);
  BOOST_TEST(proof.only_quiet);
  BOOST_TEST(proof.sentence.en.find("logged unusually little") != std::string::npos, proof.sentence.en);
  BOOST_TEST(proof.sentence.de.find("nicht vollständig") == std::string::npos, proof.sentence.de);
  // A host that was not here yet: there may be more than silence.
  proof = sent.proof("2026-11-24T05:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z", false);
  BOOST_TEST(!proof.only_quiet);
  BOOST_TEST(proof.sentence.de.find("nicht vollständig") != std::string::npos, proof.sentence.de);
}

BOOST_AUTO_TEST_CASE(a_host_that_fell_silent_days_ago_is_named) {
  Sent sent;
  sent.speaks("mx1", "2026-11-22T00:00:00Z", "2026-11-23T18:00:00Z");
  sent.speaks("mx2", "2026-11-22T00:00:00Z", "2026-11-27T08:00:00Z");
  auto proof = sent.proof("2026-11-27T00:00:00Z", "", "2026-11-27T08:00:00Z");
  BOOST_TEST(!proof.complete);
  BOOST_TEST(!says_complete(proof));
  BOOST_REQUIRE_EQUAL(proof.hosts.size(), 2u);
  BOOST_TEST(proof.hosts[0].host == "mx1");
  BOOST_TEST(!proof.hosts[0].complete);
  BOOST_TEST(proof.hosts[0].sentence.de.find(
                 "mx1: keine Zeilen aus dieser Zeit; die letzte kam am 23.11.2026") == 0u);
  BOOST_TEST(proof.hosts[1].complete);
  BOOST_TEST(proof.sentence.en.ends_with("no more lines came from mx1 until the end of this time."),
             proof.sentence.en);
}

BOOST_AUTO_TEST_CASE(a_host_silent_all_the_time_and_heard_again_has_a_gap) {
  Sent sent;
  for (auto* span : {"2026-11-23T", "2026-11-26T"})
    sent.speaks("mx1", span + std::string("06:00:00Z"), span + std::string("18:00:00Z"));
  auto proof = sent.proof("2026-11-24T10:00:00Z", "2026-11-24T20:00:00Z", "2026-11-26T18:00:00Z");
  BOOST_TEST(!proof.complete);
  BOOST_REQUIRE_EQUAL(proof.hosts[0].gaps.size(), 1u);
  BOOST_TEST((proof.hosts[0].gaps[0].from == at("2026-11-24T10:00:00Z")));
  BOOST_TEST((proof.hosts[0].gaps[0].to == at("2026-11-24T20:00:00Z")));
}

BOOST_AUTO_TEST_CASE(twenty_minutes_without_a_line_of_a_busy_host_are_a_gap) {
  Sent sent;
  sent.speaks("mx1", "2026-11-25T00:00:00Z", "2026-11-25T12:00:00Z");
  for (int minute = 20; minute < 40; ++minute) sent.hours[6].minutes &= ~(int64_t{1} << minute);
  auto proof = sent.proof("2026-11-25T05:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(!proof.complete);
  BOOST_REQUIRE_EQUAL(proof.hosts[0].gaps.size(), 1u);
  BOOST_TEST((proof.hosts[0].gaps[0].from == at("2026-11-25T06:20:00Z")));
  BOOST_TEST((proof.hosts[0].gaps[0].to == at("2026-11-25T06:40:00Z")));
  // A silence is called one, and no loss; it stands in one sentence.
  BOOST_TEST(proof.hosts[0].sentence.en.find("06:20") == std::string::npos, proof.hosts[0].sentence.en);
  BOOST_TEST(proof.hosts[0].quiet.en ==
             "quiet from 2026-11-25 06:20:00 UTC to 2026-11-25 06:40:00 UTC (20 minutes); perhaps there was "
             "nothing to log");
  BOOST_TEST(proof.hosts[0].quiet.de.starts_with("still vom 25.11.2026, 06:20:00 Uhr (UTC) bis zum"));
  BOOST_TEST(proof.sentence.de.ends_with("von mx1 kam ungewöhnlich wenig, vielleicht weil es nichts zu "
                                         "protokollieren gab."),
             proof.sentence.de);
  // What lies outside the time asked for does not matter.
  proof = sent.proof("2026-11-25T07:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(proof.complete);
}

namespace {

// Four days on which nobody writes between 22 and 6 o'clock.
Sent quiet_nights() {
  Sent sent;
  for (auto* day : {"2026-11-22T", "2026-11-23T", "2026-11-24T", "2026-11-25T"})
    sent.speaks("mx1", day + std::string("06:00:00Z"), day + std::string("22:00:00Z"));
  return sent;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_quiet_night_is_no_gap) {
  auto proof = quiet_nights().proof("2026-11-24T20:00:00Z", "2026-11-25T08:00:00Z", "2026-11-25T22:00:00Z");
  BOOST_TEST(proof.complete);
  BOOST_TEST(says_complete(proof));
  BOOST_TEST(proof.hosts[0].gaps.empty());
  BOOST_TEST(proof.hosts[0].quiet.empty());
}

BOOST_AUTO_TEST_CASE(a_silence_on_a_busy_morning_is_one) {
  auto sent = quiet_nights();
  sent.hours.erase(sent.hours.begin() + 16 * 3 + 2, sent.hours.begin() + 16 * 3 + 6);  // 8 to 12 o'clock
  auto proof = sent.proof("2026-11-25T06:00:00Z", "2026-11-25T20:00:00Z", "2026-11-25T22:00:00Z");
  BOOST_TEST(!proof.complete);
  BOOST_REQUIRE_EQUAL(proof.hosts[0].gaps.size(), 1u);
  BOOST_TEST((proof.hosts[0].gaps[0].from == at("2026-11-25T08:00:00Z")));
  BOOST_TEST((proof.hosts[0].gaps[0].to == at("2026-11-25T12:00:00Z")));
}

BOOST_AUTO_TEST_CASE(the_longest_gaps_are_told_in_order) {
  HostProof host;
  auto gap = [&](const char* from, const char* to) { host.gaps.push_back({at(from), at(to)}); };
  gap("2026-11-25T06:00:00Z", "2026-11-25T07:00:00Z");
  gap("2026-11-25T08:00:00Z", "2026-11-25T08:20:00Z");
  gap("2026-11-25T09:00:00Z", "2026-11-25T12:00:00Z");
  auto longest = longest_gaps(host, 2);
  BOOST_REQUIRE_EQUAL(longest.size(), 2u);
  BOOST_TEST((longest[0].from == at("2026-11-25T06:00:00Z")));
  BOOST_TEST((longest[1].from == at("2026-11-25T09:00:00Z")));
}

BOOST_AUTO_TEST_CASE(imported_lines_are_counted) {
  Sent sent;
  sent.speaks("mx1", "2026-11-24T00:00:00Z", "2026-11-25T12:00:00Z", "");
  auto proof = sent.proof("2026-11-25T00:00:00Z", "2026-11-25T10:00:00Z", "2026-11-25T12:00:00Z");
  BOOST_TEST(proof.complete);
  BOOST_TEST(proof.hosts[0].lines == 600);
}

BOOST_AUTO_TEST_CASE(without_a_beginning_it_is_that_of_the_logs) {
  Sent sent;
  sent.speaks("mx1", "2026-11-23T06:00:00Z", "2026-11-25T12:00:00Z");
  sent.speaks("mx2", "2026-11-23T07:00:00Z", "2026-11-25T12:00:00Z");
  auto proof = sent.proof("", "", "2026-11-25T12:00:00Z");
  BOOST_TEST(proof.complete);
  BOOST_TEST(proof.sentence.en.find("between 07:00 on 2026-11-23 and") != std::string::npos,
             proof.sentence.en);
  // One that came days later cannot speak for the days before.
  sent.speaks("mx3", "2026-11-25T07:00:00Z", "2026-11-25T12:00:00Z");
  proof = sent.proof("", "", "2026-11-25T12:00:00Z");
  BOOST_TEST(!proof.complete);
}

BOOST_AUTO_TEST_CASE(without_hosts_nothing_is_proved) {
  auto proof = Sent{}.proof("2026-11-24T10:00:00Z", "", "2026-11-25T12:00:00Z");
  BOOST_TEST(!proof.complete);
  BOOST_TEST(proof.sentence.en.ends_with("No server has sent log lines here."), proof.sentence.en);
}

BOOST_AUTO_TEST_SUITE_END()
