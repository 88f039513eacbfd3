// The sentences themselves: grammar of counts and times in both languages, and what is promised to whom.
#include <algorithm>
#include <regex>
#include <set>

#include "core/answer/rule.h"
#include "core/answer/status_words.h"
#include "core/answer/verdict_texts.h"
#include "core/answer/way.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

constexpr double day = 86400, hour = 3600, minute = 60;

// What is wrong in a German or English text whatever the sentence is.
void check_grammar(const std::string& text, bool german) {
  static const std::regex wrong_german(
      "\\b1 (Tagen?|Stunden|Minuten|Sekunden|Versuchen?)\\b|\\b(0|[2-9]) "
      "(Tag|Stunde|Minute|Sekunde|Versuch)\\b|"
      "\\b(vor|nach|bisher|von|und) \\d+ (Tage|Versuche)\\b|\\bvon weniger als eine\\b|"
      "\\b(um|seit|bis|zwischen|zuletzt|und|von) \\d\\d\\.\\d\\d\\.\\d{4}");
  static const std::regex wrong_english(
      "\\b1 (days|hours|minutes|seconds|attempts)\\b|\\b(0|[2-9]) (day|hour|minute|second|attempt)\\b|"
      "\\b\\d+ attempts? attempts\\b");
  static const std::regex wrong("\\{|\\}|  | [.,;:]|[:;,]$");
  BOOST_TEST(!std::regex_search(text, german ? wrong_german : wrong_english), text);
  BOOST_TEST(!std::regex_search(text, wrong), text);
}

void check_sentence(const Sentence& sentence) {
  for (auto* words : {&sentence.customer, &sentence.admin}) {
    BOOST_TEST(words->en.empty() == words->de.empty(), words->en);
    check_grammar(words->en, false);
    check_grammar(words->de, true);
  }
}

const Explanations& all() {
  static const Explanations loaded = *Explanations::load(MAILTRACE_SOURCE "/conf/explanations");
  return loaded;
}

// What is said of a mail with this answer.
MailVerdict judged(const std::string& answer, const std::string& status, bool refusal) {
  Trace trace;
  trace.mails.push_back(mail(1, "mx1"));
  auto& row = add(trace.mails[0], "2026-11-23T14:00:01Z", status, "boris@example.org");
  ConnectRow read;
  DeliverRow replied;
  rows_of_reply(answer, read, replied);
  row.response = replied.response;
  row.smtp_code = replied.smtp_code;
  row.dsn = replied.dsn;
  if (refusal) {
    trace.mails[0].connect.flags |= row_flag::refused;
    trace.mails[0].connect.queue_id.reset();
  }
  VerdictOptions options;
  options.now = at("2026-11-23T14:30:00Z");
  options.explanations = &all();
  return verdicts(trace, options).at(0);
}

bool holds(const std::string& text, std::initializer_list<const char*> any) {
  return std::any_of(any.begin(), any.end(),
                     [&](auto* part) { return text.find(part) != std::string::npos; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(texts)

BOOST_AUTO_TEST_CASE(every_sentence_with_every_count) {
  for (int64_t count : {0, 1, 2, 5})
    for (double seconds : {0.0, 1.0, 2.0, minute, 2 * minute, hour, 2 * hour, day, 2 * day, 32 * day}) {
      Telling tell(nullptr, std::nullopt);
      for (auto name : {"recipient", "server", "client", "by", "transport", "folder", "target", "told",
                        "lists", "reason", "original", "answer"})
        tell.set(name, std::string("x"));
      for (auto name :
           {"time", "accepted", "refused", "delivered", "next_from", "next_to", "deadline", "due"})
        tell.set(name, at("2026-10-26T14:00:00Z"));
      tell.set_attempts(count);
      tell.set_queue_commands({});
      tell.set_duration("duration", seconds);
      for (int which = 0; which <= static_cast<int>(Phrase::not_finished); ++which)
        check_sentence(tell.tell(static_cast<Phrase>(which)));
    }
}

BOOST_AUTO_TEST_CASE(every_advice) {
  for (auto* service : {"smtpd", "exim"}) {
    Telling tell(nullptr, std::nullopt);
    ConnectRow mail;
    mail.service = service;
    tell.set("server", "mx1");
    tell.set_queue_commands(mail);
    check_sentence(tell.fill_all(next_overdue()));
    for (int kind = 0; kind <= static_cast<int>(VerdictKind::unknown); ++kind)
      check_sentence(tell.fill_all(next_of(static_cast<VerdictKind>(kind))));
  }
  check_sentence(next_for_now());
}

BOOST_AUTO_TEST_CASE(counts_and_durations) {
  auto words = [](int64_t count) { return counted(count, {"line", "Zeile"}, {"lines", "Zeilen"}); };
  BOOST_TEST(words(0).en == "0 lines");
  BOOST_TEST(words(1).en == "1 line");
  BOOST_TEST(words(2).de == "2 Zeilen");
  BOOST_TEST(duration_text(32 * day, Language::german) == "32 Tage");
  BOOST_TEST(duration_text(32 * day, Language::german, Case::dative) == "32 Tagen");
  BOOST_TEST(duration_text(day + hour, Language::german, Case::dative) == "1 Tag 1 Stunde");
  BOOST_TEST(duration_text(2 * day, Language::english, Case::dative) == "2 days");
  BOOST_TEST(duration_text(0, Language::german, Case::dative) == "weniger als einer Sekunde");
}

// RFC 5321 4.2.1: after 4yz the mail waits at the client, and nobody is told; after 5yz it is over.
BOOST_AUTO_TEST_CASE(nobody_gets_a_notice_of_what_is_tried_again) {
  size_t for_now = 0, for_good = 0;
  for (auto& rule : all().rules())
    for (auto& example : rule.examples)
      for (bool refusal : {true, false}) {
        ConnectRow connect;
        DeliverRow row;
        rows_of_reply(example, connect, row);
        char kind = row.smtp_code ? static_cast<char>('0' + *row.smtp_code / 100) : row.dsn.value_or("0")[0];
        if (row.status == "sent" || (kind != '4' && kind != '5')) continue;
        bool again = kind == '4';
        if (!refusal && again) continue;  // waits in our queue: the sentences of the queue
        for (std::string status : {refusal ? "rejected" : "bounced", refusal ? "blocked" : "expired"}) {
          auto v = judged(example, status, refusal);
          auto de = v.sentence.customer.de + " " + v.next.customer.de,
               en = v.sentence.customer.en + " " + v.next.customer.en;
          if (again) {
            BOOST_TEST(!holds(de, {"Meldung von seinem", "die Meldung lesen", "endgültig"}),
                       example << ": " << de);
            BOOST_TEST(!holds(en, {"notice from their", "look at the notice", "for good"}),
                       example << ": " << en);
            ++for_now;
          } else {
            BOOST_TEST(!holds(de, {"von selbst erneut", "von selbst wieder", "die Mail wartet"}),
                       example << ": " << de);
            BOOST_TEST(!holds(en, {"again by itself", "the mail waits"}), example << ": " << en);
            ++for_good;
          }
        }
      }
  BOOST_TEST(for_now > 40u);
  BOOST_TEST(for_good > 200u);
}

BOOST_AUTO_TEST_CASE(postscreen_puts_off) {
  auto v = judged("450 4.3.2 Service currently unavailable", "blocked", true);
  BOOST_TEST(v.sentence.customer.de.find("am 23.11.2026 um 14:00 Uhr (UTC) vorerst nicht angenommen") !=
                 std::string::npos,
             v.sentence.customer.de);
  BOOST_TEST(v.word.de == "blockiert");
}

// A list, a verdict and a picture call it the same.
BOOST_AUTO_TEST_CASE(one_word_for_a_status) {
  std::set<std::string> german;
  for (auto status :
       {"sent", "delivered", "forwarded", "deferred", "delayed", "bounced", "expired", "rejected", "blocked",
        "greylisted", "discarded", "filtered", "held", "deleted", "queued"}) {
    BOOST_TEST(status_words(status).en == status);
    BOOST_TEST(german.insert(status_words(status).de).second, status);
  }
  BOOST_TEST(status_words("").de == "unbekannt");
  for (auto status : {"deferred", "bounced", "expired", "rejected", "blocked", "greylisted", "discarded",
                      "filtered", "held", "deleted"}) {
    auto m = mail(1, "mx1");
    add(m, "2026-11-23T14:00:01Z", status, "boris@example.org", "550 no");
    Trace trace;
    trace.mails.push_back(m);
    VerdictOptions options;
    options.now = at("2026-11-23T14:00:30Z");
    auto v = verdicts(trace, options).at(0);
    BOOST_TEST(v.word.de == status_words(status).de);
    BOOST_TEST(row_status(m.connect, &m.deliveries[0]) == status);
    for (auto& node : way_of(trace).nodes)
      if (node.kind == WayNodeKind::nowhere) BOOST_TEST(node.words.de == v.word.de, status);
  }
}

BOOST_AUTO_TEST_SUITE_END()
