// "=>", "**", "==": one recipient's attempt (src/deliver.c, delivery_log, failure_log, deferral_log).
// Pipeline thread.
#include "core/parse/pieces.h"
#include "plugins/parsers/exim/exim.h"

namespace mailtrace::exim {
namespace {

// "SMTP error from remote mail server after RCPT TO:<…>: 550 5.1.1 …" (src/transports/smtp.c): the code
// behind the address, which may hold anything.
void read_code(std::string_view text, Attempt& attempt) {
  Scan scan(text);
  std::string_view skipped;
  if (scan.skip("SMTP error from remote mail server after ")) {
    scan.skip("pipelined ");
    if (scan.skip("RCPT TO:") || scan.skip("MAIL FROM:")) {
      if (!read_path(scan, skipped)) return;
    }
    if (!scan.until(": ", skipped)) return;
    if (scan.skip("host ") && !scan.until("]: ", skipped)) return;
  }
  attempt.smtp_code = read_reply_code(scan);
  if (attempt.smtp_code) attempt.dsn = read_enhanced_code(scan);
}

// "retry timeout exceeded" (src/retry.c) ends what the last host said; after a 5xx these are its words.
bool gave_up(const Attempt& attempt) {
  std::string_view text = attempt.response;
  return attempt.smtp_code / 100 != 5 &&
         (text.ends_with("retry timeout exceeded") || text == "delivery cancelled; message timed out");
}

// C="250 2.0.0 Ok: queued as X": quotes and backslashes in it are escaped.
void read_confirmation(std::string_view value, Attempt& attempt) {
  attempt.response = value;
  Scan scan(value);
  attempt.smtp_code = read_reply_code(scan);
  if (!attempt.smtp_code) return;
  attempt.dsn = read_enhanced_code(scan);
  if (attempt.smtp_code != 250) return;
  // Dovecot: "250 2.0.0 <recipient> SESSION Saved"
  if (value.ends_with(" Saved")) {
    std::string_view session = last_word(value.substr(0, value.size() - 6));
    std::string_view before = value.substr(0, value.size() - 6 - session.size());
    if (before.ends_with("> ")) attempt.lmtp_session = session;
    return;
  }
  attempt.next_queue_id = queued_as(value);
}

// " <original>", with all_parents " (parent)" in front.
bool read_parents(Scan& scan, Attempt& attempt) {
  std::string_view parent;
  while (scan.skip(" (")) {
    Scan inside = scan;
    parent = read_address(inside);
    if (!parent.ends_with(')')) return false;
    scan = inside;
  }
  Scan ahead = scan;
  if (!ahead.skip(" ") || !ahead.rest().starts_with('<')) return true;
  if (!read_path(ahead, attempt.original_recipient)) return false;
  scan = ahead;
  return true;
}

// " R=… T=… H=… [192.0.2.1] X=… K C="…" QT=1s", up to ": ".
bool read_fields(Scan& scan, Attempt& attempt) {
  std::string_view key, word, helo;
  while (!scan.at_end() && !scan.rest().starts_with(": ")) {
    if (!read_key(scan, key)) {
      if (scan.skip(" defer (")) {
        if (!scan.until(")", word)) return false;
        continue;
      }
      if (!skip_flag(scan)) return false;
      continue;
    }
    if (key == "H") {
      if (!read_host(scan, attempt.relay, helo)) return false;
      continue;
    }
    std::string_view value = read_value(scan);
    if (key == "T") attempt.transport = value;
    if (key == "X") attempt.tls = value;
    if (key == "C") read_confirmation(value, attempt);
  }
  return true;
}

}  // namespace

Parsed parse_delivery(std::string_view id, std::string_view flag, Scan scan, Fact& fact) {
  // by an ACL, local_scan() or the system filter, for all recipients
  if (scan.rest().starts_with("blackhole (") || scan.rest().starts_with("discarded (")) {
    Policy policy;
    policy.queue_id = id;
    policy.action = PolicyAction::discard;
    policy.text = scan.rest();
    fact = policy;
    return Parsed::fact;
  }
  Attempt attempt;
  attempt.queue_id = id;
  attempt.outcome = flag == "**" ? Outcome::bounced : flag == "==" ? Outcome::deferred : Outcome::sent;
  attempt.recipient = read_address(scan);
  if (attempt.recipient.empty() || !read_parents(scan, attempt) || !read_fields(scan, attempt))
    return Parsed::unknown;
  // A command, a file or nothing at all is no recipient: the address it came from is.
  std::string_view target = attempt.recipient;
  if ((target.starts_with('|') || target.starts_with('/') || target == ":blackhole:") &&
      !attempt.original_recipient.empty()) {
    attempt.recipient = attempt.original_recipient;
    attempt.original_recipient = {};
    attempt.response = target;
    if (attempt.outcome == Outcome::sent && (target == ":blackhole:" || target == "/dev/null"))
      attempt.outcome = Outcome::discarded;
  }
  if (scan.skip(": ")) {
    attempt.response = scan.rest();
    read_code(attempt.response, attempt);
    if (flag == "**" && gave_up(attempt)) attempt.outcome = Outcome::expired;
  }
  fact = attempt;
  return Parsed::fact;
}

}  // namespace mailtrace::exim
