// All mails counted, in words and bars: golden texts in both languages, and hostile names.
#include "core/tool/overview_text.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

using namespace mailtrace;

namespace {

Terminal terminal(size_t width, bool german = false) {
  Terminal t;
  t.width = width;
  t.utc = true;
  t.german = german;
  return t;
}

Json sample() {
  return Json::parse(R"({"from":"2026-11-23T10:30:00.000000Z","to":"2026-11-23T13:30:00.000000Z","step":3600,
    "columns":[{"time":"2026-11-23T10:00:00.000000Z","counts":{"sent":300,"deferred":1,"rejected":99}},
               {"time":"2026-11-23T12:00:00.000000Z","counts":{"sent":3,"held":1}},
               {"time":"2026-11-23T13:00:00.000000Z","counts":{"discarded":7}}],
    "reasons":[{"name":"Sender address rejected: it's bad","count":98,
                "criteria":{"status":["rejected"],"response":"*it's bad*"},
                "text":{"en":"The sender is not allowed.","de":"Der Absender ist nicht erlaubt."}},
               {"name":"Oh\u001b[2J","count":1,"criteria":{"status":["rejected"],"response":"*5.7.1*"}}],
    "destinations":[{"name":"slow.example","count":10,"criteria":{"sent_to":"slow.example","status":["sent"]},
                     "sent":10,"deferred":0,"bounced":0,"delay":600},
                    {"name":"none","count":200,"criteria":{"sent_to":"none","status":["deferred","bounced"]},
                     "sent":199,"deferred":1,"bounced":0,"delay":60},
                    {"name":"good.example","count":90,"criteria":{"sent_to":"good.example"},
                     "sent":90,"deferred":0,"bounced":0,"delay":1},
                    {"name":"-rf;.example","count":4,"criteria":{"sent_to":"-rf;.example","status":["bounced"]},
                     "sent":0,"deferred":1,"bounced":3,"delay":0}],
    "senders":[{"name":"","count":20},{"name":"anna@alpha.example","count":5}],
    "recipients":[],
    "hosts":[{"host":"mx1","first_time":"2026-11-23T10:30:00.000000Z","last_time":"2026-11-23T12:10:00.000000Z",
              "lines":1200,"unknown":3,
              "gaps":[{"from":"2026-11-23T11:10:00.000000Z","to":"2026-11-23T11:20:00.000000Z"}]}],
    "complete":true})");
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_overview_in_english) {
  BOOST_TEST(overview_text(sample(), terminal(60)) == R"(2026-11-23 10:30:00 – 2026-11-23 13:30:00 UTC

Deliveries by status
  sent       303  ██████████████████████████████████████████
  deferred     1  ▒
  held         1  ▒
  rejected    99  ××××××××××××××
  discarded    7  ·

Deliveries by time
  2026-11-23 10:00  400  █████████████████████████▒×××××××××
             11:00    0
             12:00    4  █▒
             13:00    7  ·

Why mails were refused or undeliverable
  98  ××××××××××××××××××××××××××××××××××××××××××××××××××××××
      The sender is not allowed.
      --status rejected --response '*it'\''s bad*'
   1  ×
      Oh\u{1b}[2J
      --status rejected --response '*5.7.1*'

Slow or failing destinations
   100%  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
         -rf;.example
         1 is waiting, 3 undeliverable, of 4 in all
         --sent-to='-rf;.example' --status bounced
    <1%  ▒
         no server reached
         1 is waiting, of 200 in all, usually within 1 min
         --sent-to none --status deferred,bounced
     0%
         slow.example
         of 10 in all, usually within 10 min
         --sent-to slow.example --status sent

Top senders (--from)
  20  <>                  ██████████████████████████████████
   5  anna@alpha.example  █████████

Top recipients (--to)
  none

Servers and gaps (--logged-by)
  mx1  █████░░██████            1200 lines, 3 not understood
    silent 2026-11-23 11:10:00 – 2026-11-23 11:20:00

The mails behind a line
  mailtrace search --since "2026-11-23 10:30:00" --until "2026-11-23 13:30:00" --utc …
  with the options that stand below the line or beside its
  title
)");
}

BOOST_AUTO_TEST_CASE(an_overview_in_german) {
  auto text = overview_text(sample(), terminal(60, true));
  BOOST_TEST(text == R"(2026-11-23 10:30:00 – 2026-11-23 13:30:00 UTC

Zustellungen nach Status
  gesendet    303  █████████████████████████████████████████
  wartet        1  ▒
  angehalten    1  ▒
  abgelehnt    99  ×××××××××××××
  verworfen     7  ·

Zustellungen nach Zeit
  2026-11-23 10:00  400  █████████████████████████▒×××××××××
             11:00    0
             12:00    4  █▒
             13:00    7  ·

Warum Mails abgelehnt wurden oder unzustellbar waren
  98  ××××××××××××××××××××××××××××××××××××××××××××××××××××××
      Der Absender ist nicht erlaubt.
      --status rejected --response '*it'\''s bad*'
   1  ×
      Oh\u{1b}[2J
      --status rejected --response '*5.7.1*'

Langsame oder gestörte Ziele
  100 %  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
         -rf;.example
         1 wartet, 3 unzustellbar, von insgesamt 4
         --sent-to='-rf;.example' --status bounced
   <1 %  ▒
         kein Server erreicht
         1 wartet, von insgesamt 200, meist innerhalb von 1
         min
         --sent-to none --status deferred,bounced
    0 %
         slow.example
         von insgesamt 10, meist innerhalb von 10 min
         --sent-to slow.example --status sent

Häufigste Absender (--from)
  20  <>                  ██████████████████████████████████
   5  anna@alpha.example  █████████

Häufigste Empfänger (--to)
  keine

Server und Lücken (--logged-by)
  mx1  ████░░██████          1200 Zeilen, 3 nicht verstanden
    still 2026-11-23 11:10:00 – 2026-11-23 11:20:00

Die Mails hinter einer Zeile
  mailtrace search --since "2026-11-23 10:30:00" --until "2026-11-23 13:30:00" --utc …
  mit den Optionen, die unter der Zeile oder neben ihrer
  Überschrift stehen
)");
}

BOOST_AUTO_TEST_CASE(the_time_that_was_not_counted_is_left_out) {
  auto partly = sample();
  partly["complete"] = false;
  partly["reached"] = "2026-11-23T12:00:00.000000Z";
  auto text = overview_text(partly, terminal(0));
  BOOST_TEST(
      text.starts_with("2026-11-23 12:00:00 – 2026-11-23 13:30:00 UTC\n"
                       "Counted back to 2026-11-23 12:00:00. Counting took too long: what is older is not "
                       "in these numbers; --seconds 0 counts to the end.\n"));
  BOOST_TEST(text.find("\n  2026-11-23 12:00") != text.npos);
  BOOST_TEST(text.find("11:00 ") == text.npos);
  BOOST_TEST(text.find("--since \"2026-11-23 12:00:00\" --until \"2026-11-23 13:30:00\" --utc") != text.npos);
  partly.erase("reached");
  BOOST_TEST(overview_text(partly, terminal(0)).find("these numbers are not complete; --seconds 0") !=
             text.npos);
}

BOOST_AUTO_TEST_CASE(an_overview_of_nothing) {
  auto empty = sample();
  for (const char* list : {"columns", "reasons", "destinations", "senders", "recipients"})
    empty[list] = Json::array();
  BOOST_TEST(!counts_anything(empty));
  auto text = overview_text(empty, terminal(60));
  BOOST_TEST(text.find("\nnothing found\n") != text.npos);
  BOOST_TEST(text.find("\n  mx1  ") != text.npos);
}

BOOST_AUTO_TEST_CASE(bars_fit_every_width) {
  for (size_t width : {60, 80, 132}) {
    std::istringstream lines(overview_text(sample(), terminal(width)));
    // An option is never broken, so that it can be copied.
    for (std::string line; std::getline(lines, line);)
      if (line.find("--") == line.npos) BOOST_TEST(display_width(line) <= width, line);
  }
}
