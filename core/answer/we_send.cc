#include "core/answer/we_send.h"

#include "core/answer/outcome.h"

namespace mailtrace {
namespace {

bool is_ours(const DeliverRow& attempt) {
  return is_local_delivery(attempt) || is_loopback(attempt.relay_addr.value_or(""));
}

}  // namespace

void when_we_send(const DeliverRow& attempt, bool again, Explanation& explanation) {
  auto& actor = explanation.actor;
  auto ours = [&](const Words& while_tried, const Words& then) {
    actor = explanation.customer_actor = Actor::our_admin;
    explanation.next.customer = again ? while_tried : then;
    explanation.given_up = {};
  };
  if (actor == Actor::other_side && is_ours(attempt))
    return ours({"We must look at it; the mail is not lost.",
                 "Wir müssen uns das ansehen; die Mail ist nicht verloren."},
                {"We must look at it; then the mail can be sent again.",
                 "Wir müssen uns das ansehen; danach kann die Mail neu gesendet werden."});
  auto& category = explanation.category;
  // What is said of our own rules is said by somebody else's server.
  if (category == "own_policy" && actor == Actor::our_admin && !is_ours(attempt)) {
    actor = Actor::other_side;
    explanation.customer_actor = Actor::sender;
    explanation.next = {{"Ask the recipient to allow mails from this sender, or reach them another way.",
                         "Den Empfänger bitten, Mails dieses Absenders zuzulassen, oder ihn auf anderem Weg "
                         "erreichen."},
                        {"A rule of the refusing side; only they can change it.",
                         "Eine Regel der ablehnenden Seite; nur sie kann sie ändern."}};
    return;
  }
  // Of a mail that is given up for the number of mails, some limits are those of the sender himself.
  if (category == "rate" && again) {
    actor = Actor::our_admin;
    explanation.customer_actor = Actor::nobody;
    explanation.next.customer = {"Wait; the mail is tried again by itself.",
                                 "Abwarten; die Mail wird von selbst erneut versucht."};
    return;
  }
  bool server = actor == Actor::customer_admin && (category == "protocol" || category == "rate" ||
                                                   category == "tls" || category == "own_policy");
  bool known = actor == Actor::our_admin && (category == "blocklist" || category == "reputation" ||
                                             category == "sender_dns" || category == "tls");
  if (server || known)
    ours({"Our mail administrators must take care of it; until then the mail is tried again by itself.",
          "Darum muss sich unsere Mail-Administration kümmern; bis dahin wird die Mail von selbst erneut "
          "versucht."},
         {"Our mail administrators must take care of it; then the mail can be sent again.",
          "Darum muss sich unsere Mail-Administration kümmern; danach kann die Mail neu gesendet werden."});
}

}  // namespace mailtrace
