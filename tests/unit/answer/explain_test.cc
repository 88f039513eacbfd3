// The rules of conf/explanations: each explains its own examples, in both languages; every registered code
// has one; and mistakes in such files are told with their place.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/answer/rule.h"

using namespace mailtrace;
namespace fs = std::filesystem;

namespace {

const Explanations& all() {
  static const Explanations loaded = [] {
    auto result = Explanations::load(MAILTRACE_SOURCE "/conf/explanations");
    BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
    return *result;
  }();
  return loaded;
}

Explanation explained(std::string_view answer) {
  ConnectRow connect;
  DeliverRow deliver;
  connect.sender = "anna@example.net";
  deliver.recipient = "boris@example.org";
  rows_of_reply(answer, connect, deliver);
  return all().explain(connect, deliver);
}

// https://www.iana.org/assignments/smtp-enhanced-status-codes, subjects and details.
const std::vector<std::pair<int, int>>& registry() {
  static const std::vector<std::pair<int, int>> codes = [] {
    std::vector<std::pair<int, int>> out{{0, 0}};
    const int last[] = {0, 10, 4, 6, 7, 6, 10, 30};
    for (int subject = 1; subject <= 7; ++subject)
      for (int detail = 0; detail <= last[subject]; ++detail) out.emplace_back(subject, detail);
    return out;
  }();
  return codes;
}

class Folder {
 public:
  Folder() {
    auto pattern = (fs::temp_directory_path() / "mailtrace-explain-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()));
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string load(const std::string& text) {
    std::ofstream(path_ / "rules.yaml") << text;
    auto result = Explanations::load(path_.string());
    return result ? "loaded" : result.error().text.substr(path_.string().size() + 1);
  }

 private:
  fs::path path_;
};

const char* category = "categories:\n  - {name: c, actor: sender, next_en: e, next_de: d}\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(explain)

BOOST_AUTO_TEST_CASE(every_rule_explains_its_examples) {
  BOOST_TEST(all().rules().size() >= 150u);
  for (auto& rule : all().rules()) {
    BOOST_TEST(!rule.examples.empty(), rule.explanation.rule);
    for (auto& example : rule.examples) {
      auto found = explained(example);
      BOOST_TEST(found.rule == rule.explanation.rule,
                 rule.file << ":" << rule.line << ": \"" << example << "\" is explained by " << found.rule);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_rule_speaks_both_languages_to_both) {
  for (auto& rule : all().rules()) {
    auto& e = rule.explanation;
    for (auto* words : {&e.text.customer, &e.text.admin}) {
      BOOST_TEST(!words->en.empty(), e.rule);
      BOOST_TEST(!words->de.empty(), e.rule);
      BOOST_TEST(words->en != words->de, e.rule);
    }
    for (auto* text : {&e.text.customer.en, &e.text.customer.de, &e.text.admin.en, &e.text.admin.de})
      BOOST_TEST((text->ends_with(".") || text->ends_with("?")), e.rule << ": " << *text);
    // Codes and the names of programs are no words for customers.
    for (auto* text : {&e.text.customer.en, &e.text.customer.de, &e.next.customer.en, &e.next.customer.de})
      for (const char* jargon :
           {"SMTP", "DKIM", "SPF", "DMARC", "MX ", "PTR", "DNS", "Postfix", "5.7.", "TLS", "HELO"})
        BOOST_TEST(text->find(jargon) == std::string::npos, e.rule << ": " << *text);
    bool success = e.category == "success" || e.category == "other";
    BOOST_TEST((success || !e.next.customer.en.empty()), e.rule);
    BOOST_TEST((success || !e.next.admin.de.empty()), e.rule);
  }
}

// Who must act is who takes the step that is told beside it.
BOOST_AUTO_TEST_CASE(every_rule_names_who_takes_its_step) {
  auto holds = [](const std::string& text, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](auto* word) { return text.find(word) != std::string::npos; });
  };
  for (auto& rule : all().rules()) {
    auto& e = rule.explanation;
    auto& step = e.next.customer.en;
    auto who = actor_name(e.customer_actor);
    if (step.empty()) continue;
    if (e.customer_actor == Actor::nobody)
      BOOST_TEST(holds(step, {"Wait", "Nothing"}), e.rule << ": " << step);
    if (step.starts_with("Wait"))
      BOOST_TEST((e.customer_actor == Actor::nobody || e.customer_actor == Actor::other_side),
                 e.rule << ": " << who << ": " << step);
    if (holds(step, {"tell us", "Ask us", "We must"}))
      BOOST_TEST((e.customer_actor == Actor::our_admin), e.rule << ": " << who << ": " << step);
    if (holds(step, {"Whoever runs the sender's", "Whoever runs the sending", "Whoever looks after"}))
      BOOST_TEST((e.customer_actor == Actor::customer_admin || e.customer_actor == Actor::our_admin),
                 e.rule << ": " << who << ": " << step);
    if (e.customer_actor == Actor::sender)
      BOOST_TEST(!holds(step, {"cannot do it alone", "cannot change it alone", "administrators"}),
                 e.rule << ": " << who << ": " << step);
    if (e.actor == Actor::sender || e.actor == Actor::nobody)
      BOOST_TEST(!holds(e.next.admin.en, {"only they can", "only its operators"}),
                 e.rule << ": " << actor_name(e.actor) << ": " << e.next.admin.en);
  }
}

BOOST_AUTO_TEST_CASE(every_registered_code_has_a_rule) {
  std::vector<std::string> missing;
  for (auto& [subject, detail] : registry())
    for (int code_class : {4, 5}) {
      auto code = std::to_string(code_class) + "." + std::to_string(subject) + "." + std::to_string(detail);
      if (subject == 1 && detail == 5) continue;  // success alone
      DeliverRow deliver;
      deliver.status = code_class == 4 ? "deferred" : "bounced";
      deliver.dsn = code;
      deliver.response = "x";
      if (all().explain({}, deliver).general) missing.push_back(code);
    }
  BOOST_TEST(missing == std::vector<std::string>{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(unknown_answers_get_a_true_sentence) {
  BOOST_TEST(explained("host mx.example.org[192.0.2.1] said: 559 9.9.9 xyzzy").rule == "general-5");
  BOOST_TEST(explained("[deferred] xyzzy").rule == "general-4");
  BOOST_TEST(explained("[sent] 250 2.0.0 Ok: queued as 4ABC").rule == "general-2");
  BOOST_TEST(!explained("[sent] xyzzy").text.customer.de.empty());
}

// What outsiders choose - addresses, names, the words in <> - chooses no rule.
BOOST_AUTO_TEST_CASE(addresses_choose_nothing) {
  BOOST_TEST(
      explained("host mx.example.org[192.0.2.1] said: 550 5.1.1 <greylisted.spamhaus@example.org>: Recipient "
                "address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)")
          .rule == "user-unknown-table");
  BOOST_TEST(
      explained(
          "host mx.example.org[192.0.2.1] said: 550 5.1.1 quota-exceeded@example.org... no mailbox here by "
          "that name")
          .category == "unknown_user");
}

BOOST_AUTO_TEST_CASE(values_are_put_in_once) {
  ConnectRow connect;
  connect.sender = "{recipient}@example.net";
  DeliverRow deliver;
  deliver.recipient = "{sender}@example.org";
  deliver.status = "bounced";
  deliver.response = "550 5.1.1 gone";
  deliver.dsn = "5.1.1";
  BOOST_TEST(all().explain(connect, deliver).text.customer.en ==
             "The address {sender}@example.org does not exist.");
}

// An overview explains the answer that many mails got.
BOOST_AUTO_TEST_CASE(nobody_is_named_of_many) {
  auto found = all().explain({"rejected", "5.7.1", "Relay access denied"});
  BOOST_TEST(found.text.customer.en ==
             "The mail server does not pass on mails for … from somebody who has not logged in.");
  BOOST_TEST(found.next.admin.en.find("the MX of ….") != std::string::npos, found.next.admin.en);
  BOOST_TEST(all().explain({"deferred", "", "xyzzy"}).rule == "general-4");
  // Of one mail "…" is an address like any other, and has no domain.
  ConnectRow connect;
  DeliverRow deliver;
  deliver.recipient = "…";
  deliver.status = "rejected";
  deliver.dsn = "5.7.1";
  deliver.response = "Relay access denied";
  found = all().explain(connect, deliver);
  BOOST_TEST(found.next.admin.en.find("the MX of ?.") != std::string::npos, found.next.admin.en);
}

BOOST_AUTO_TEST_CASE(replies_of_several_lines_are_one_text) {
  BOOST_TEST(
      plain_reply(
          "host x[192.0.2.1] said: 550-5.7.26 Your email has been 550-5.7.26 blocked. 550 5.7.26  See <u> "
          "a@b.example (in reply to end of DATA command)") ==
      "host x[192.0.2.1] said: your email has been blocked. see");
  auto reply = read_reply("host x[192.0.2.1] refused to talk to me: 554-mx.example.org 554 5.7.1 No");
  BOOST_TEST(reply.code == 554);
}

BOOST_AUTO_TEST_CASE(patterns) {
  BOOST_TEST(ReplyPattern("Blocked * using").matches("client host blocked by and using"));
  BOOST_TEST(!ReplyPattern("using*blocked").matches("blocked using"));
}

BOOST_AUTO_TEST_CASE(mistakes_are_told_with_their_place) {
  Folder folder;
  BOOST_TEST(folder.load("rules:\n  - {name: a, category: c, en: x}\n").find("rules.yaml:2:") == 0u);
  auto text = folder.load(
      std::string(category) +
      "rules:\n  - {name: a, category: d, reply: [abc], en: x, de: y, admin_en: x, admin_de: y, example: "
      "[z]}\n"
      "  - {name: b, category: c, repyl: [abc], en: x, de: y, admin_en: x, admin_de: '{nobody}', example: "
      "[z]}\n"
      "  - {name: b, category: c, en: x, de: y, admin_en: x, admin_de: '{nobody}', example: [z]}\n");
  BOOST_TEST(text.find("rules.yaml:4:") != std::string::npos);
  BOOST_TEST(text.find("category: not known or not valid: \"d\"") != std::string::npos);
  BOOST_TEST(text.find("did you mean \"reply\"") != std::string::npos, text);
  BOOST_TEST(text.find("no placeholder {nobody}") != std::string::npos, text);
  BOOST_TEST(text.find("expected at least one of service") != std::string::npos);
  BOOST_TEST(!Explanations::load("/nonexistent"));
}

BOOST_AUTO_TEST_CASE(found_beside_the_library) { BOOST_TEST(!explanations_directory().empty()); }

BOOST_AUTO_TEST_SUITE_END()
