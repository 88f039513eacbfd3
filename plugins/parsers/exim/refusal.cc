// "rejected …": what an ACL refused (src/smtp_in.c, smtp_handle_acl_fail), and failed logins. Pipeline
// thread.
#include "core/parse/pieces.h"
#include "plugins/parsers/exim/exim.h"

namespace mailtrace::exim {
namespace {

bool says_greylist(std::string_view text) {
  for (; text.size() >= 8; text.remove_prefix(1))
    if ((text[0] | 0x20) == 'g' && text.substr(1, 7) == "reylist") return true;
  return false;
}

// "NAME authenticator failed for host (helo) [192.0.2.1]:4711: 535 … (set_id=USER)"
Parsed parse_login(Scan scan, Fact& fact) {
  LoginFailed failed;
  std::string_view helo;
  if (!read_word(scan, "_-", failed.mechanism) || !scan.skip(" authenticator failed for "))
    return Parsed::unknown;
  scan.skip("H=");
  if (!read_host(scan, failed.client, helo)) return Parsed::unknown;
  std::string_view skipped;
  if (!scan.until(": ", skipped)) return Parsed::unknown;
  failed.reason = scan.rest();
  size_t at = failed.reason.rfind(" (set_id=");
  if (at != std::string_view::npos && failed.reason.ends_with(')')) {
    failed.username = failed.reason.substr(at + 9, failed.reason.size() - at - 10);
    failed.reason = failed.reason.substr(0, at);
  }
  fact = failed;
  return Parsed::fact;
}

// "RCPT <…>: reason", "MAIL <…>: …", "EHLO or HELO …: …", "after DATA: …", "connection in "connect" ACL: …"
void read_stage(Scan scan, Policy& policy) {
  std::string_view address, skipped;
  if (scan.skip("RCPT ")) {
    policy.stage = "RCPT";
    if (read_path(scan, address)) policy.recipient = address;
  } else if (scan.skip("MAIL ")) {
    policy.stage = "MAIL";
    if (read_path(scan, address)) policy.sender = address;
  } else if (scan.skip("EHLO or HELO ")) {
    policy.stage = "EHLO";
  } else if (scan.skip("connection")) {
    policy.stage = "CONNECT";
  } else if (scan.skip("after DATA")) {
    policy.stage = "END-OF-MESSAGE";
  } else if (scan.skip("DATA")) {
    policy.stage = "DATA";
  } else {
    policy.stage = {};
  }
  policy.text = scan.until(": ", skipped) ? scan.rest() : scan.rest().substr(0, scan.rest().size());
}

// receive.c: "rejected from <a@b> H=… U=…: message too big: read=1 max=1", 'Too many "Received" headers'
bool read_data_refusal(Scan scan, Policy& policy) {
  std::string_view sender, skipped;
  if (!scan.skip("rejected from ") || !read_path(scan, sender)) return false;
  policy.sender = sender;
  policy.stage = "DATA";
  if (scan.skip(" H=") && !read_host(scan, policy.client, policy.helo)) return false;
  if (!scan.until(": ", skipped)) return false;
  policy.text = scan.rest();
  return true;
}

// receive.c: "F=<a@b> rejected by non-SMTP ACL: …"; a local program was told no
bool read_local_refusal(Scan scan, Policy& policy) {
  std::string_view sender;
  if (!scan.skip("F=") || !read_path(scan, sender) || !scan.skip(" rejected by non-SMTP ACL: ")) return false;
  policy.sender = sender;
  policy.stage = "DATA";
  policy.text = scan.rest();
  return true;
}

// What smtp_in.c refuses before any ACL is asked: the host stands behind the command, what the client sent
// last.
bool read_protocol_refusal(Scan scan, Policy& policy) {
  std::string_view command, address, skipped;
  if (Scan size = scan; size.skip("rejected MAIL FROM:")) {
    policy.stage = "MAIL";
    if (!read_path(size, address) || !size.skip(" H=") || !read_host(size, policy.client, policy.helo) ||
        !size.until(": ", skipped))
      return false;
    policy.sender = address;
    policy.text = size.rest();
    return true;
  }
  if (scan.skip("unqualified ")) {
    if (!read_word(scan, "", command) || !scan.skip(" rejected: ") || !read_path(scan, address)) return false;
    if (command != "sender" && command != "recipient") return false;
    if (!scan.skip(" H=") || !read_host(scan, policy.client, policy.helo)) return false;
    policy.stage = command == "sender" ? "MAIL" : "RCPT";
    if (command == "sender")
      policy.sender = address;
    else
      policy.recipient = address;
    policy.text = command == "sender" ? "unqualified sender rejected" : "unqualified recipient rejected";
    return true;
  }
  if (scan.skip("SMTP protocol synchronization error (")) {
    std::string_view start = scan.rest();
    if (!scan.until("): rejected connection from H=", skipped) || skipped.find('"') != std::string_view::npos)
      return false;
    policy.stage = "CONNECT";
    policy.text = start.substr(0, skipped.size());
    return read_host(scan, policy.client, policy.helo);
  }
  if (scan.skip("refused connection from ")) {
    scan.skip("H=");
    policy.stage = "CONNECT";
    if (!read_host(scan, policy.client, policy.helo)) return false;
    if (scan.skip(" (") && scan.rest().ends_with(')'))
      policy.text = scan.rest().substr(0, scan.rest().size() - 1);
    return true;
  }
  if (!scan.skip("rejected ") || !read_word(scan, "", command) || !scan.skip(" from ")) return false;
  if (command != "EHLO" && command != "HELO" && command != "MAIL") return false;
  scan.skip("H=");
  policy.stage = command;
  if (!read_host(scan, policy.client, policy.helo) || !scan.until(": ", skipped)) return false;
  policy.text = scan.rest();
  return true;
}

}  // namespace

Parsed parse_refusal(std::string_view id, Scan scan, Fact& fact) {
  if (!scan.skip("H=")) {
    Policy early;
    early.service = "exim";
    early.queue_id = id;
    // No two of them begin alike.
    bool read = read_data_refusal(scan, early) || read_local_refusal(scan, early) ||
                (id.empty() && read_protocol_refusal(scan, early));
    if (!read) return id.empty() ? parse_login(scan, fact) : Parsed::unknown;
    fact = early;
    return Parsed::fact;
  }
  Policy policy;
  policy.queue_id = id;
  policy.service = "exim";
  if (!read_host(scan, policy.client, policy.helo)) return Parsed::ignored;
  std::string_view key;
  while (read_key(scan, key)) {
    std::string_view value = read_value(scan);
    if (key == "F") policy.sender = value;
    if (key == "A") {
      Scan auth(value);
      if (auth.until(":", policy.sasl_method)) policy.sasl_username = auth.rest();
    }
  }
  if (policy.sender == "<>") policy.sender = "";
  scan.skip(" ");
  if (scan.skip("temporarily ")) policy.action = PolicyAction::defer;
  // attempts to hosts, sender verification, warnings: "rejected" follows if it comes to that
  if (!scan.skip("rejected ")) return Parsed::ignored;
  read_stage(scan, policy);
  policy.greylisted = says_greylist(policy.text);
  fact = policy;
  return Parsed::fact;
}

}  // namespace mailtrace::exim
