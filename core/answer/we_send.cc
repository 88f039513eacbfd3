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
  if (actor == Actor::other_side && is_ours(attempt)) {
    actor = Actor::our_admin;
    explanation.next.customer = {"We must look at it; the mail is not lost.",
                                 "Wir müssen uns das ansehen; die Mail ist nicht verloren."};
    if (!again)
      explanation.next.customer = {"We must look at it; then the mail can be sent again.",
                                   "Wir müssen uns das ansehen; danach kann die Mail neu gesendet werden."};
    return;
  }
  auto& category = explanation.category;
  // Of a mail that is given up for the number of mails, some limits are those of the sender himself.
  bool rate = category == "rate" && again;
  bool server = actor == Actor::customer_admin && (category == "protocol" || category == "rate" ||
                                                   category == "tls" || category == "own_policy");
  bool known = actor == Actor::our_admin && (category == "blocklist" || category == "reputation" ||
                                             category == "sender_dns" || category == "tls");
  if (!rate && !server && !known) return;
  actor = Actor::our_admin;
  if (category == "rate" && again)
    explanation.next.customer = {"Wait; the mail is tried again by itself.",
                                 "Abwarten; die Mail wird von selbst erneut versucht."};
  else if (again)
    explanation.next.customer = {
        "Our mail administrators must take care of it; until then the mail is tried again by itself.",
        "Darum muss sich unsere Mail-Administration kümmern; bis dahin wird die Mail von selbst erneut "
        "versucht."};
  else
    explanation.next.customer = {
        "Our mail administrators must take care of it; then the mail can be sent again.",
        "Darum muss sich unsere Mail-Administration kümmern; danach kann die Mail neu gesendet werden."};
}

}  // namespace mailtrace
