// Reads the log of OpenSMTPD 6.4 to 7.x (usr.sbin/smtpd: smtp_session.c, mta.c mta_log(), mda.c mda_log()).
// Pipeline thread.
#include <array>
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr size_t message_digits = 8;  // an evpid is the msgid and eight digits of its own

bool read_hex(Scan& scan, size_t size, std::string_view& out) {
  if (!read_word(scan, "", out) || out.size() != size) return false;
  return out.find_first_not_of("0123456789abcdef") == npos;
}

Outcome outcome_of(std::string_view result) {
  return result == "Ok" ? Outcome::sent : result == "TempFail" ? Outcome::deferred : Outcome::bounced;
}

// "evpid=… from=<…> to=<…> rcpt=<…>": addresses with their quotes.
bool read_envelope(Scan& scan, std::string_view& id, std::string_view& sender, std::string_view& to,
                   std::string_view& rcpt) {
  if (!scan.skip("evpid=") || !read_hex(scan, 16, id) || !scan.skip(" from=") || !read_path(scan, sender))
    return false;
  if (!scan.skip(" to=") || !read_path(scan, to)) return false;
  id = id.substr(0, message_digits);
  return !scan.skip(" rcpt=") || read_path(scan, rcpt);
}

// "relay: Expire for EVPID: from=<a@b>, to=<c@d>, rcpt=<->, delay=5d, stat=Envelope expired" (queue.c,
// queue_log()). A null sender is "<@>".
Parsed read_queue(Scan scan, Fact& fact) {
  std::string_view what, id, sender, to, rcpt, delay;
  if (!scan.until(" for ", what) || !read_hex(scan, 16, id) || !scan.skip(": from=") ||
      !read_path(scan, sender) || !scan.skip(", to=") || !read_path(scan, to) || !scan.skip(", rcpt=") ||
      !read_path(scan, rcpt) || !scan.skip(", delay=") || !scan.until(", stat=", delay))
    return Parsed::unknown;
  std::string_view first = rcpt != "-" && rcpt != to ? rcpt : std::string_view();
  if (what == "Remove") {
    fact = AdminAction{id.substr(0, message_digits), AdminKind::deleted, to, first};
    return Parsed::fact;
  }
  if (what != "Expire") return Parsed::unknown;
  Attempt attempt;
  attempt.queue_id = id.substr(0, message_digits);
  attempt.recipient = to;
  attempt.original_recipient = first;
  attempt.outcome = Outcome::expired;
  attempt.response = scan.rest();
  fact = attempt;
  return Parsed::fact;
}

// "192.0.2.25 (mx.example.org)"
Peer read_relay(std::string_view text) {
  Peer peer;
  Scan scan(text);
  if (!scan.until(" (", peer.addr)) return {"", text, 0};
  if (!scan.until(")", peer.name)) peer.name = {};
  return peer;
}

// Behind "address=": "192.0.2.1", "[2001:db8::1]", "local" (the socket of sendmail(8) and the bounce
// process), then " host=mx.example.org" or " host=<unknown>" (envelope.c ss_to_text()).
Peer read_client(Scan scan) {
  Peer client;
  if (!scan.until(" host=", client.addr))
    client.addr = scan.rest();
  else
    client.name = scan.rest();
  if (client.name == "<unknown>") client.name = "unknown";
  if (client.addr == "local") client.addr = {};
  if (client.addr.starts_with('[') && client.addr.ends_with(']'))
    client.addr = client.addr.substr(1, client.addr.size() - 2);
  return client;
}

// "TLSv1.3:TLS_AES_256_GCM_SHA384:256" (tls_to_text())
Parsed read_tls(Scan scan, std::string_view session, Fact& fact) {
  SessionTls tls;
  tls.session = session;
  if (!scan.until(":", tls.tls.protocol) || !scan.until(":", tls.tls.cipher)) return Parsed::unknown;
  fact = tls;
  return Parsed::fact;
}

Parsed read_closed(std::string_view reason, std::string_view session, Fact& fact) {
  SessionClosed closed;
  closed.session = session;
  if (reason != "quit") closed.how = reason;
  fact = closed;
  return Parsed::fact;
}

// Behind "mta delivery ": `… source="…" relay="…" delay=1s result="Ok" stat="…"`; stat is the other side's
// text and takes all the rest.
Parsed read_mta_delivery(Scan scan, std::string_view session, Fact& fact) {
  Attempt attempt;
  attempt.transport = "mta";
  attempt.session = session;
  std::string_view sender, rcpt, source, relay, delay, result;
  if (!read_envelope(scan, attempt.queue_id, sender, attempt.recipient, rcpt)) return Parsed::unknown;
  if (!scan.skip(" source=\"") || !scan.until("\" relay=\"", source) || !scan.until("\" delay=", relay) ||
      !scan.until(" result=\"", delay) || !scan.until("\" stat=\"", result))
    return Parsed::unknown;
  if (rcpt != "-" && rcpt != attempt.recipient) attempt.original_recipient = rcpt;
  attempt.relay = read_relay(relay);
  attempt.outcome = outcome_of(result);
  attempt.response = scan.rest();
  if (attempt.response.ends_with('"')) attempt.response.remove_suffix(1);
  Scan reply(attempt.response);
  attempt.smtp_code = read_reply_code(reply);
  if (attempt.smtp_code) attempt.dsn = read_enhanced_code(reply);
  if (attempt.outcome == Outcome::sent) attempt.next_queue_id = queued_as(attempt.response);
  fact = attempt;
  return Parsed::fact;
}

// Behind "mda delivery ": "… user=anna delay=1s result=Ok stat=Delivered"
Parsed read_mda(Scan scan, Fact& fact) {
  Attempt attempt;
  attempt.transport = "mda";
  std::string_view sender, rcpt, user, delay, result;
  if (!read_envelope(scan, attempt.queue_id, sender, attempt.recipient, rcpt)) return Parsed::unknown;
  if (!scan.skip(" user=") || !scan.until(" delay=", user) || !scan.until(" result=", delay) ||
      !scan.until(" stat=", result))
    return Parsed::unknown;
  if (!rcpt.empty() && rcpt != "-" && rcpt != attempt.recipient) attempt.original_recipient = rcpt;
  attempt.outcome = outcome_of(result);
  attempt.response = scan.rest();
  fact = attempt;
  return Parsed::fact;
}

constexpr std::string_view before_result = "\" result=\"";

// "RCPT TO:<…>"; the process that writes bounces puts a blank before the address.
bool skip_verb(Scan& scan, std::string_view verb) { return scan.skip(verb) && (scan.skip(" ") || true); }

// Where the command ends: behind its address if nothing else follows, else where only one end is possible.
size_t command_end(std::string_view text) {
  Scan scan(text);
  std::string_view address;
  if (skip_verb(scan, "RCPT TO:") || skip_verb(scan, "MAIL FROM:")) {
    if (!read_path(scan, address)) return find_only(text, before_result);
    while (scan.skip(" ")) {
    }
    if (scan.rest().starts_with(before_result)) return text.size() - scan.rest().size();
  }
  return find_only(text, before_result);
}

// `command="RCPT TO:<…> " result="550 Invalid recipient: <…>"`: both hold what the client sent.
Parsed read_failed(Scan scan, std::string_view session, Fact& fact) {
  Policy policy;
  policy.session = session;
  policy.service = "smtpd";
  if (!scan.skip("command=\"")) return Parsed::unknown;
  size_t at = command_end(scan.rest());
  if (at == npos) return Parsed::unknown;
  Scan command(take(scan, at));
  scan.skip(before_result);
  std::string_view address;
  policy.smtp_code = read_reply_code(scan);
  policy.dsn = read_enhanced_code(scan);
  policy.text = scan.rest();
  if (policy.text.ends_with('"')) policy.text.remove_suffix(1);
  if (policy.smtp_code / 100 == 4) policy.action = PolicyAction::defer;
  if (skip_verb(command, "RCPT TO:")) {
    policy.stage = "RCPT";
    read_path(command, policy.recipient);
  } else if (skip_verb(command, "MAIL FROM:")) {
    policy.stage = "MAIL";
    if (read_path(command, address)) policy.sender = address;
  } else if (command.rest().starts_with("DATA")) {
    policy.stage = "DATA";
  } else if (command.rest().empty()) {
    policy.stage = "CONNECT";
  } else {
    return Parsed::ignored;  // AUTH, unknown commands: no mail
  }
  fact = policy;
  return Parsed::fact;
}

// "user=anna result=ok": the user is what the client sent, the result stands behind it.
Parsed read_login(Scan scan, std::string_view session, Fact& fact) {
  size_t at = scan.rest().rfind(" result=");
  if (at == npos) return Parsed::unknown;
  std::string_view user = take(scan, at);
  if (scan.rest() == " result=ok") {
    fact = SessionLogin{session, user};
    return Parsed::fact;
  }
  LoginFailed failed;
  failed.username = user;
  failed.reason = scan.rest().substr(8);
  fact = failed;
  return Parsed::fact;
}

Parsed read_smtp(Scan scan, std::string_view session, Fact& fact) {
  if (scan.skip("connected address=")) {
    fact = SessionOpened{read_client(scan), session};
    return Parsed::fact;
  }
  if (scan.skip("tls ciphers=")) return read_tls(scan, session, fact);
  if (scan.skip("authentication user=")) return read_login(scan, session, fact);
  if (scan.skip("disconnected ")) {
    scan.skip(" ");
    return scan.skip("reason=") ? read_closed(scan.rest(), session, fact) : Parsed::unknown;
  }
  if (scan.skip("message msgid=")) {
    Opened opened;
    opened.service = "smtpd";
    opened.session = session;
    int64_t size = 0, recipients = 0;
    if (!read_hex(scan, message_digits, opened.queue_id) || !scan.skip(" size=") || !scan.number(size) ||
        !scan.skip(" nrcpt=") || !scan.number(recipients))
      return Parsed::unknown;
    opened.size = size;
    opened.recipients = recipients;
    if (scan.skip(" proto=")) read_word(scan, "", opened.protocol);
    fact = opened;
    return Parsed::fact;
  }
  if (scan.skip("envelope ")) {
    Queued queued;
    std::string_view sender, to, rcpt;
    if (!read_envelope(scan, queued.queue_id, sender, to, rcpt)) return Parsed::unknown;
    queued.sender = sender;
    fact = queued;
    return Parsed::fact;
  }
  if (scan.skip("failed-command ")) return read_failed(scan, session, fact);
  return Parsed::ignored;  // bad-input, client-cert-check, event=proxy …
}

// What it does as a client of other servers.
Parsed read_mta(Scan scan, std::string_view session, Fact& fact) {
  if (scan.skip("delivery ")) return read_mta_delivery(scan, session, fact);
  if (scan.skip("tls ciphers=")) return read_tls(scan, session, fact);
  if (scan.skip("disconnected reason=")) return read_closed(scan.rest(), session, fact);
  return Parsed::ignored;  // connecting, connected, error, server-cert-check …
}

bool is_note(std::string_view text) {
  for (std::string_view note :
       {"info: ",   "warn: ",          "debug: ",      "fatal: ",   "smtp-out: ", "smtp-in: ",
        "smtp: ",   "mda: ",           "mta: ",        "warning: ", "control: ",  "scheduler: ",
        "queue: ",  "queue-backend: ", "dispatcher: ", "pony: ",    "ca: ",       "lookup: ",
        "bounce: ", "mproc: ",         "imsg: ",       "smtpd: "})
    if (text.starts_with(note)) return true;
  return false;
}

class OpenSmtpd : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"smtpd"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log")};
    return table;
  }
  explicit OpenSmtpd(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Scan scan(line.text);
    std::string_view session;
    if (Scan queue = scan; queue.skip("relay: ") || queue.skip("delivery: ")) return read_queue(queue, fact);
    if (!read_hex(scan, 16, session) || !scan.skip(" "))
      return is_note(line.text) ? Parsed::ignored : Parsed::unknown;
    if (scan.skip("smtp ")) return read_smtp(scan, session, fact);
    if (scan.skip("mta ")) return read_mta(scan, session, fact);
    if (scan.skip("mda delivery ")) return read_mda(scan, fact);
    return scan.skip("mda ") || scan.skip("filters ") ? Parsed::ignored : Parsed::unknown;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::OpenSmtpd, "opensmtpd", "reads the log of OpenSMTPD 6.4 and later");
