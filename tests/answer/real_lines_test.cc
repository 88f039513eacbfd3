// Explanations reached from whole log lines, through header, parser and tracker: what Postfix answers when it
// refuses, and every example of a rule in the line that it would stand in.
#include <boost/test/unit_test.hpp>
#include <cstdio>

#include "core/answer/rule.h"
#include "tests/traces/replay.h"

using namespace mailtrace;

namespace {

const Explanations& explanations() {
  static const Explanations loaded = [] {
    auto result = Explanations::load(MAILTRACE_SOURCE "/conf/explanations");
    BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
    return *result;
  }();
  return loaded;
}

std::string stamped(const std::string& rest) {
  return "2026-11-23T20:12:21.000001+00:00 mx1 postfix/" + rest;
}

// The explanation of the one refusal or delivery that these lines tell of.
Explanation explained(Replay& replay, const std::vector<std::string>& lines) {
  auto rows = replay.run(lines);
  BOOST_TEST(rows.deliveries.size() == 1u, lines.back());
  if (rows.deliveries.size() != 1) return {};
  auto& deliver = rows.deliveries.begin()->second;
  BOOST_TEST(deliver.status.value_or("") != "sent", lines.back());
  return explanations().explain(rows.connects.at(deliver.connect_id), deliver);
}

std::string refusal(const std::string& program, const std::string& stage, const std::string& reply) {
  const std::string client = "unknown[192.0.2.9]", from = "from=<a@example.net>", to = "to=<b@example.org>";
  if (program == "postscreen") {
    std::string line = "postscreen[7]: NOQUEUE: reject: " + stage + " from [192.0.2.9]:4711: " + reply;
    return stamped(
        stage == "CONNECT" ? line : line + "; " + from + ", " + to + ", proto=ESMTP, helo=<h.example.net>");
  }
  if (program == "cleanup") {
    std::string end =
        " from " + client + "; " + from + " " + to + " proto=ESMTP helo=<h.example.net>: " + reply;
    if (stage == "milter")
      return stamped("cleanup[7]: 7A12051CA6D: milter-reject: END-OF-MESSAGE from " + client + ": " + reply +
                     "; " + from + " " + to + " proto=ESMTP helo=<h.example.net>");
    return stamped("cleanup[7]: 7A12051CA6D: reject: " + stage + " Subject: x" + end);
  }
  std::string line = "smtpd[7]: NOQUEUE: reject: " + stage + " from " + client + ": " + reply + ";";
  if (stage == "CONNECT") return stamped(line + " proto=SMTP");
  if (stage == "HELO") return stamped(line + " proto=ESMTP helo=<h.example.net>");
  return stamped(line + " " + from + (stage == "MAIL" ? "" : " " + to) + " proto=ESMTP helo=<h.example.net>");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(real_lines)

BOOST_AUTO_TEST_CASE(each_refusal_of_postfix_has_a_rule) {
  Replay replay;
  int seen = 0;
  for (auto& entry : read_lines(MAILTRACE_SOURCE "/tests/answer/postfix_refusals.txt")) {
    if (entry.starts_with("#") || entry.empty()) continue;
    auto stage_at = entry.find(' ') + 1, reply_at = entry.find(' ', stage_at) + 1;
    auto line = refusal(entry.substr(0, stage_at - 1), entry.substr(stage_at, reply_at - 1 - stage_at),
                        entry.substr(reply_at));
    auto found = explained(replay, {line});
    BOOST_TEST(!found.general, line);
    // A rule that says more than the class of a code does.
    BOOST_TEST(!found.rule.starts_with("general"), line);
    ++seen;
  }
  BOOST_TEST(seen >= 80);
}

BOOST_AUTO_TEST_CASE(each_example_is_explained_the_same_from_its_line) {
  Replay replay;
  int seen = 0;
  for (auto& rule : explanations().rules())
    for (auto& example : rule.examples) {
      // "[held] …" names a status that another line brings.
      if (example.starts_with("[")) continue;
      std::vector<std::string> lines;
      if (example.starts_with("NOQUEUE: ")) {
        bool postscreen =
            example.find("]:") < example.find("; ") && example.find("from [") != std::string::npos;
        lines = {stamped((postscreen ? "postscreen[7]: " : "smtpd[7]: ") + example)};
      } else if (example.starts_with("host ")) {
        ConnectRow connect;
        DeliverRow as_pasted;
        rows_of_reply(example, connect, as_pasted);
        auto dsn = as_pasted.dsn.value_or(as_pasted.smtp_code.value_or(550) < 500 ? "4.0.0" : "5.0.0");
        auto name = example.substr(5, example.find(' ', 5) - 5);
        lines = {stamped("smtp[7]: 7A12051CA6D: to=<boris@example.org>, relay=" + name +
                         ":25, delay=1, delays=1/0/0/0, dsn=" + dsn +
                         ", status=" + (dsn[0] == '4' ? "deferred" : "bounced") + " (" + example + ")")};
      } else {
        continue;
      }
      auto found = explained(replay, lines);
      BOOST_TEST(found.rule == rule.explanation.rule,
                 rule.file << ":" << rule.line << ": " << lines[0] << " is explained by " << found.rule);
      ++seen;
    }
  BOOST_TEST(seen >= 200);
}

BOOST_AUTO_TEST_SUITE_END()
