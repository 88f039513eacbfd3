// What rulesets, milters and the list of users refused, and failed logins (sendmail/srvrsmtp.c, parseaddr.c).
// Pipeline thread.
#include "core/parse/pieces.h"
#include "plugins/parsers/sendmail/sendmail.h"

namespace mailtrace::sendmail {
namespace {

constexpr auto npos = std::string_view::npos;

// "550 5.7.1 <…>... Relaying denied"
void read_reply(std::string_view reply, Policy& policy) {
  Scan scan(reply);
  policy.smtp_code = read_reply_code(scan);
  policy.dsn = read_enhanced_code(scan);
  policy.text = scan.rest();
  if (policy.smtp_code / 100 == 4) policy.action = PolicyAction::defer;
  for (std::string_view rest = policy.text; rest.size() >= 8; rest.remove_prefix(1))
    if ((rest[0] | 0x20) == 'g' && rest.substr(1, 7) == "reylist") policy.greylisted = true;
}

// "check_rcpt, arg1=<…>, relay=mx.example.org [192.0.2.1], reject=550 …": arg1 is the client's.
Parsed parse_ruleset(Scan scan, Policy& policy) {
  std::string_view ruleset, address, relay;
  if (!read_word(scan, "_", ruleset) || !scan.skip(", arg1=")) return Parsed::unknown;
  bool path = read_path(scan, address);
  if (ruleset == "check_rcpt") {
    policy.stage = "RCPT";
    policy.recipient = address;
  } else if (ruleset == "check_mail") {
    policy.stage = "MAIL";
    if (path) policy.sender = address;
  } else if (ruleset == "check_relay") {
    policy.stage = "CONNECT";
  } else if (ruleset == "check_data") {
    policy.stage = "DATA";
  }
  std::string_view skipped;
  if (!path && find_only(scan.rest(), ", relay=") == npos) return Parsed::unknown;
  if (!scan.until(", relay=", skipped) || !scan.until(", ", relay)) return Parsed::unknown;
  policy.client = read_relay(relay);
  if (scan.skip("reject=")) {
    read_reply(scan.rest(), policy);
  } else if (scan.skip("discard")) {
    policy.action = PolicyAction::discard;
  } else if (scan.skip("quarantine=")) {
    policy.action = PolicyAction::hold;
    policy.text = scan.rest();
  } else {
    return Parsed::unknown;
  }
  return Parsed::fact;
}

// "to=<…>, reject=451 …", "data, discard": behind "Milter: ".
Parsed parse_milter(Scan scan, Policy& policy) {
  std::string_view address;
  policy.milter = true;
  if (scan.skip("to=")) {
    policy.stage = "RCPT";
    if (!read_path(scan, policy.recipient)) return Parsed::unknown;
  } else if (scan.skip("from=")) {
    policy.stage = "MAIL";
    if (!read_path(scan, address)) return Parsed::unknown;
    policy.sender = address;
  } else if (scan.skip("helo=")) {
    policy.stage = "EHLO";
    size_t end = find_only(scan.rest(), ", reject=");
    if (end == npos) return Parsed::ignored;
    policy.helo = take(scan, end);
  } else if (scan.skip("data")) {
    policy.stage = "END-OF-MESSAGE";
  } else {
    return Parsed::ignored;
  }
  if (scan.skip(", discard")) {
    policy.action = PolicyAction::discard;
    return Parsed::fact;
  }
  if (!scan.skip(", reject=")) return Parsed::ignored;
  read_reply(scan.rest(), policy);
  return Parsed::fact;
}

// "milter=NAME, quarantine=REASON". Its other lines, "milter=NAME, action=…, reject=550 …" (LogLevel 11 of
// milters), come with a "Milter: " line that says the same and of whom.
Parsed parse_milter_name(Scan scan, Policy& policy) {
  std::string_view name;
  if (!scan.until(", ", name)) return Parsed::unknown;
  if (!scan.skip("quarantine=")) return Parsed::ignored;
  policy.milter = true;
  policy.stage = "END-OF-MESSAGE";
  policy.action = PolicyAction::hold;
  policy.text = scan.rest();
  return Parsed::fact;
}

// "AUTH failure (LOGIN): authentication failure (-13) SASL(-13): …, relay=mx.example.org [192.0.2.1]"
Parsed parse_login(Scan scan, Fact& fact) {
  LoginFailed failed;
  if (!scan.until("): ", failed.mechanism)) return Parsed::unknown;
  size_t relay = scan.rest().rfind(", relay=");
  if (relay == npos) return Parsed::unknown;
  failed.client = read_relay(scan.rest().substr(relay + 8));
  failed.reason = scan.rest().substr(0, relay);
  size_t user = failed.reason.rfind(", user=");
  if (user != npos) {
    failed.username = failed.reason.substr(user + 7);
    failed.reason = failed.reason.substr(0, user);
  }
  fact = failed;
  return Parsed::fact;
}

}  // namespace

Parsed parse_refusal(std::string_view id, Scan scan, Fact& fact) {
  if (scan.skip("AUTH failure (")) return parse_login(scan, fact);
  Policy policy;
  policy.queue_id = id;
  policy.service = "sendmail";
  Parsed parsed = Parsed::unknown;
  if (scan.skip("ruleset=")) {
    parsed = parse_ruleset(scan, policy);
  } else if (scan.skip("Milter: ")) {
    parsed = parse_milter(scan, policy);
  } else if (scan.skip("milter=")) {
    parsed = parse_milter_name(scan, policy);
  } else if (read_path(scan, policy.recipient) && scan.skip("... ")) {
    // "<nosuch@example.com>... User unknown"
    policy.stage = "RCPT";
    policy.text = scan.rest();
    parsed = Parsed::fact;
  }
  if (parsed == Parsed::fact) fact = policy;
  return parsed;
}

}  // namespace mailtrace::sendmail
