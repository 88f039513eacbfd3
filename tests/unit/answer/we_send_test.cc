// Who must act when the answer was given to our own server.
#include "core/answer/we_send.h"

#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

struct Told {
  Actor actor, customer_actor;
  std::string customer;
};

Told told(const std::string& category, Actor actor, bool again, const std::string& transport = "smtp") {
  auto m = mail(1, "mx1");
  auto& attempt = add(m, "2026-11-23T14:00:01Z", again ? "deferred" : "bounced", "boris@example.org");
  attempt.transport = transport;
  Explanation explanation;
  explanation.rule = "any";
  explanation.category = category;
  explanation.actor = explanation.customer_actor = actor;
  explanation.given_up = {"as nobody tries again", "da niemand es noch einmal versucht"};
  explanation.next.customer = {"as it was", "wie es war"};
  when_we_send(attempt, again, explanation);
  BOOST_TEST((explanation.next.customer.en == "as it was") == (explanation.next.customer.de == "wie es war"));
  // What takes the place of a step is not taken back when the mail is given up.
  if (explanation.next.customer.en.find("then the mail can be sent again") != std::string::npos)
    BOOST_TEST(explanation.given_up.empty());
  return {explanation.actor, explanation.customer_actor, explanation.next.customer.en};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(we_send)

BOOST_AUTO_TEST_CASE(too_many_connections_are_ours) {
  for (auto actor : {Actor::sender, Actor::customer_admin}) {
    auto told_customer = told("rate", actor, true);
    BOOST_TEST((told_customer.actor == Actor::our_admin));
    // Nobody has to act for a mail that goes through by waiting; admins look at why there are so many.
    BOOST_TEST((told_customer.customer_actor == Actor::nobody));
    BOOST_TEST(told_customer.customer == "Wait; the mail is tried again by itself.");
  }
  // A limit that ends the mail may be that of the sender himself.
  BOOST_TEST((told("rate", Actor::sender, false).actor == Actor::sender));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_sending_server_is_ours) {
  for (auto* category : {"protocol", "tls", "own_policy"}) {
    BOOST_TEST((told(category, Actor::customer_admin, true).actor == Actor::our_admin), category);
    BOOST_TEST(told(category, Actor::customer_admin, true).customer.find("tried again") != std::string::npos);
    BOOST_TEST(told(category, Actor::customer_admin, false).customer.find("sent again") != std::string::npos);
  }
  for (auto* category : {"blocklist", "reputation", "sender_dns"})
    BOOST_TEST(told(category, Actor::our_admin, true).customer.find("Our mail administrators") == 0u,
               category);
}

BOOST_AUTO_TEST_CASE(rules_of_others_are_not_ours) {
  auto refused = told("own_policy", Actor::our_admin, false);
  BOOST_TEST((refused.actor == Actor::other_side));
  BOOST_TEST((refused.customer_actor == Actor::sender));
  BOOST_TEST(refused.customer.starts_with("Ask the recipient"));
  BOOST_TEST((told("own_policy", Actor::our_admin, false, "lmtp").actor == Actor::our_admin));
}

BOOST_AUTO_TEST_CASE(trouble_of_our_own_mailboxes_is_ours) {
  BOOST_TEST((told("network", Actor::other_side, true, "lmtp").actor == Actor::our_admin));
  BOOST_TEST((told("network", Actor::other_side, true).actor == Actor::other_side));
}

BOOST_AUTO_TEST_CASE(what_belongs_to_others_stays) {
  for (auto* category : {"authentication", "content", "sender_dns", "blocklist"}) {
    BOOST_TEST((told(category, Actor::customer_admin, true).actor == Actor::customer_admin), category);
    BOOST_TEST(told(category, Actor::customer_admin, true).customer == "as it was", category);
  }
  for (auto* category : {"unknown_user", "mailbox_full", "greylisting"})
    BOOST_TEST((told(category, Actor::recipient, true).actor == Actor::recipient), category);
}

BOOST_AUTO_TEST_SUITE_END()
