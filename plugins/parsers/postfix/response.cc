// The answer of the other side: reply code, its queue id, Dovecot's session. Claims of a stranger: each form
// is taken only where the program that writes it puts it. Pipeline thread.
#include "core/mail/queue_id.h"
#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

std::string_view last_word(std::string_view text) {
  size_t blank = text.rfind(' ');
  return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

bool is_id(std::string_view id) {
  if (id.size() < 5 || id.size() > 40) return false;
  Scan scan(id);
  std::string_view word;
  return read_word(scan, word) && scan.at_end();
}

// 250 at the start, the id at the very end: "Ok: queued as X" (Postfix, amavis), "… bytes queued as X",
// "OK id=X" (Exim), "X Message accepted for delivery" (Sendmail).
std::string_view queued_as(std::string_view reply) {
  std::string_view id = last_word(reply);
  std::string_view before = reply.substr(0, reply.size() - id.size());
  if (before.ends_with(" queued as ") && is_id(id)) return id;
  if (id.starts_with("id=") && (before == "250 OK " || before.ends_with(" 250 OK ")) && is_id(id.substr(3)))
    return id.substr(3);
  Scan scan(reply);
  std::string_view own;
  if (read_code(scan) == 250 && !read_dsn(scan).empty() && read_word(scan, own) &&
      scan.rest() == " Message accepted for delivery" && is_id(own))
    return own;
  return {};
}

// "host name[addr] said: 550 …", "host name[addr] refused to talk to me: 421 …" (postfix
// src/smtp/smtp_trouble.c)
int code_of_host(Scan scan) {
  scan.skip("delivery temporarily suspended: ");
  Peer host;
  if (!scan.skip("host ") || !read_peer(scan, host)) return 0;
  if (!scan.skip(" said: ") && !scan.skip(" refused to talk to me: ")) return 0;
  return read_code(scan);
}

}  // namespace

void read_response(Attempt& attempt) {
  std::string_view reply = attempt.response;
  Scan scan(reply);
  attempt.smtp_code = read_code(scan);
  if (!attempt.smtp_code) {
    attempt.smtp_code = code_of_host(Scan(reply));
    // local(8): only it writes this, and its relay is no other host
    if (reply.starts_with("forwarded as ") && attempt.relay.addr.empty() &&
        is_postfix_queue_id(reply.substr(13))) {
      attempt.next_queue_id = reply.substr(13);
      attempt.forwarded = true;
    }
    return;
  }
  if (attempt.smtp_code != 250 || attempt.outcome != Outcome::sent) return;
  // Dovecot: "250 2.0.0 <recipient> SESSION Saved"
  if (reply.ends_with(" Saved")) {
    std::string_view rest = reply.substr(0, reply.size() - 6);
    std::string_view session = last_word(rest);
    if (rest.size() > session.size() && rest.substr(0, rest.size() - session.size()).ends_with("> "))
      attempt.lmtp_session = session;
    return;
  }
  attempt.next_queue_id = queued_as(reply);
}

}  // namespace mailtrace::postfix
