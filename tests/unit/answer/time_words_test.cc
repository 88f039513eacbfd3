// Times as people say them, in both languages: by the day of the reader, and for a text that is kept.
#include "core/answer/time_words.h"

#include <date/tz.h>

#include "core/answer/ticket.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

const date::time_zone* berlin() { return date::locate_zone("Europe/Berlin"); }
constexpr const char* noon = "2026-11-28T11:00:00Z";

TimeWords read_now(Language language) { return {language, berlin(), at(noon)}; }
TimeWords kept(Language language) { return {language, berlin(), std::nullopt}; }

constexpr auto en = Language::english, de = Language::german;

Trace waiting() {
  Trace trace;
  auto m = mail(1, "mx1", "2026-11-28T05:00:00Z");
  add(m, "2026-11-28T05:00:02Z", "deferred", "boris@example.org", "451 4.3.0 later");
  trace.mails.push_back(m);
  return trace;
}

VerdictOptions asked(bool now) {
  VerdictOptions options;
  options.zone = berlin();
  options.now = at("2026-11-28T05:01:00Z");
  options.read_now = now;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(time_words)

BOOST_AUTO_TEST_CASE(near_days_have_names) {
  auto today = at("2026-11-28T05:04:12Z"), yesterday = at("2026-11-26T23:30:00Z"),
       tomorrow = at("2026-11-29T22:59:59Z"), before = at("2026-11-26T22:30:00Z");
  BOOST_TEST(read_now(en).on(today) == "today at 06:04");
  BOOST_TEST(read_now(de).on(today) == "heute um 06:04 Uhr");
  BOOST_TEST(read_now(en).on(yesterday) == "yesterday at 00:30");
  BOOST_TEST(read_now(de).since(yesterday) == "seit gestern 00:30 Uhr");
  BOOST_TEST(read_now(en).by(tomorrow) == "by 23:59 tomorrow");
  BOOST_TEST(read_now(de).by(tomorrow) == "bis morgen 23:59 Uhr");
  // The reader's own zone needs no name.
  BOOST_TEST(read_now(en).on(before) == "on 2026-11-26 at 23:30");
  BOOST_TEST(read_now(de).by(before) == "bis zum 26.11.2026 um 23:30 Uhr");
}

BOOST_AUTO_TEST_CASE(a_kept_text_has_date_and_zone) {
  auto time = at("2026-11-28T05:04:12Z");
  BOOST_TEST(kept(en).on(time) == "on 2026-11-28 at 06:04 CET");
  BOOST_TEST(kept(de).on(time) == "am 28.11.2026 um 06:04 Uhr (MEZ)");
  BOOST_TEST(kept(en).by(time) == "by 06:04 CET on 2026-11-28");
  BOOST_TEST(kept(de).by(time) == "bis zum 28.11.2026 um 06:04 Uhr (MEZ)");
  BOOST_TEST(kept(en).since(time) == "since 06:04 CET on 2026-11-28");
  BOOST_TEST(kept(de).since(time) == "seit dem 28.11.2026 um 06:04 Uhr (MEZ)");
  // Without a zone nobody knows the reader's day.
  BOOST_TEST(TimeWords(de, nullptr, at(noon)).on(time) == "am 28.11.2026 um 05:04 Uhr (UTC)");
}

BOOST_AUTO_TEST_CASE(ranges) {
  auto from = at("2026-11-28T05:04:12Z"), to = at("2026-11-28T05:09:12Z");
  BOOST_TEST(read_now(en).between(from, to) == "today between 06:04 and 06:09");
  BOOST_TEST(read_now(de).between(from, to) == "heute zwischen 06:04 und 06:09 Uhr");
  BOOST_TEST(kept(en).between(from, to) == "on 2026-11-28 between 06:04 and 06:09 CET");
  BOOST_TEST(kept(de).between(from, to) == "am 28.11.2026 zwischen 06:04 und 06:09 Uhr (MEZ)");
  BOOST_TEST(read_now(de).between(from, from) == "heute um 06:04 Uhr");
  auto night = at("2026-11-28T22:58:00Z"), next = at("2026-11-28T23:05:00Z");
  BOOST_TEST(read_now(en).between(night, next) == "between 23:58 today and 00:05 tomorrow");
  BOOST_TEST(read_now(de).between(night, next) == "zwischen heute um 23:58 Uhr und morgen um 00:05 Uhr");
  BOOST_TEST(kept(de).between(night, next) ==
             "zwischen dem 28.11.2026 um 23:58 Uhr und dem 29.11.2026 um 00:05 Uhr (MEZ)");
  // The hour that comes twice.
  auto summer = at("2026-10-25T00:30:00Z"), winter = at("2026-10-25T01:30:00Z");
  BOOST_TEST(kept(de).between(summer, winter) ==
             "zwischen dem 25.10.2026 um 02:30 Uhr (MESZ) und dem 25.10.2026 um 02:30 Uhr (MEZ)");
}

BOOST_AUTO_TEST_CASE(a_day_is_said_once) {
  auto words = kept(de);
  auto time = at("2026-11-28T05:04:12Z");
  BOOST_TEST(words.on(time) == "am 28.11.2026 um 06:04 Uhr (MEZ)");
  BOOST_TEST(words.on(time + std::chrono::minutes(5)) == "um 06:09 Uhr");
  BOOST_TEST(words.between(time, time + std::chrono::minutes(5)) == "zwischen 06:04 und 06:09 Uhr");
  BOOST_TEST(words.by(time + std::chrono::hours(48)) == "bis zum 30.11.2026 um 06:04 Uhr (MEZ)");
  BOOST_TEST(words.since(time) == "seit dem 28.11.2026 um 06:04 Uhr (MEZ)");
  words = read_now(en);
  BOOST_TEST(words.on(time) == "today at 06:04");
  BOOST_TEST(words.by(time) == "by 06:04");
}

BOOST_AUTO_TEST_CASE(a_verdict_that_is_read_now) {
  auto sentence = verdicts(waiting(), asked(true)).at(0).sentence;
  BOOST_TEST(
      sentence.customer.de.find("Der nächste Versuch kommt heute zwischen 06:05 und 06:10 Uhr. Gelingt "
                                "es bis zum 03.12.2026 um 06:00 Uhr nicht,") != std::string::npos,
      sentence.customer.de);
  BOOST_TEST(
      sentence.customer.en.find("The next attempt comes today between 06:05 and 06:10. If it cannot be "
                                "delivered by 06:00 on 2026-12-03,") != std::string::npos,
      sentence.customer.en);
  BOOST_TEST(sentence.admin.de.find("am 28.11.2026, 06:00:02 Uhr (MEZ)") != std::string::npos,
             sentence.admin.de);
}

// Whoever gets it by mail reads it tomorrow.
BOOST_AUTO_TEST_CASE(a_ticket_names_the_day) {
  TicketOptions options;
  options.language = de;
  options.zone = berlin();
  auto text = ticket_text(waiting(), verdicts(waiting(), asked(false)), options);
  for (auto* part :
       {"kommt am 28.11.2026 zwischen 06:05 und 06:10 Uhr (MEZ). Gelingt es bis zum 03.12.2026 um",
        "28.11.2026, 06:00:02 Uhr (MEZ)"})
    BOOST_TEST(text.find(part) != std::string::npos, text);
  BOOST_TEST(text.find("heute") == std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
