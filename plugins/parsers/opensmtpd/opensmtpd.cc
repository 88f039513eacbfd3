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
  if (what == "Remove") {
    fact = AdminAction{id.substr(0, message_digits), AdminKind::deleted};
    return Parsed::fact;
  }
  if (what != "Expire") return Parsed::unknown;
  Attempt attempt;
  attempt.queue_id = id.substr(0, message_digits);
  attempt.recipient = to;
  if (rcpt != "-" && rcpt != to) attempt.original_recipient = rcpt;
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

// Behind "mta delivery ": `… source="…" relay="…" delay=1s result="Ok" stat="…"`; stat is the other side's
// text and takes all the rest.
Parsed read_mta(Scan scan, Fact& fact) {
  Attempt attempt;
  attempt.transport = "mta";
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

// Where the command ends: behind its address if nothing else follows, else where only one end is possible.
size_t command_end(std::string_view text) {
  Scan scan(text);
  std::string_view address;
  if ((scan.skip("RCPT TO:") || scan.skip("MAIL FROM:")) && read_path(scan, address)) {
    while (scan.skip(" ")) {
    }
    if (scan.rest().starts_with(before_result)) return text.size() - scan.rest().size();
  }
  return find_only(text, before_result);
}

// `command="RCPT TO:<…> " result="550 Invalid recipient: <…>"`: both hold what the client sent.
Parsed read_failed(Scan scan, Fact& fact) {
  Policy policy;
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
  if (command.skip("RCPT TO:")) {
    policy.stage = "RCPT";
    read_path(command, policy.recipient);
  } else if (command.skip("MAIL FROM:")) {
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

Parsed read_smtp(Scan scan, Fact& fact) {
  if (scan.skip("message msgid=")) {
    Opened opened;
    opened.service = "smtpd";
    int64_t size = 0, recipients = 0;
    if (!read_hex(scan, message_digits, opened.queue_id) || !scan.skip(" size=") || !scan.number(size) ||
        !scan.skip(" nrcpt=") || !scan.number(recipients))
      return Parsed::unknown;
    opened.size = size;
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
  if (scan.skip("failed-command ")) return read_failed(scan, fact);
  if (scan.skip("authentication user=") && !scan.rest().ends_with(" result=ok")) {
    LoginFailed failed;
    size_t at = scan.rest().rfind(" result=");
    if (at == npos) return Parsed::unknown;
    failed.username = scan.rest().substr(0, at);
    failed.reason = scan.rest().substr(at + 8);
    fact = failed;
    return Parsed::fact;
  }
  // connected, disconnected, tls, bad-input, client-cert-check …
  return Parsed::ignored;
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
    if (scan.skip("smtp ")) return read_smtp(scan, fact);
    if (scan.skip("mta delivery ")) return read_mta(scan, fact);
    if (scan.skip("mda delivery ")) return read_mda(scan, fact);
    return scan.skip("mta ") || scan.skip("mda ") || scan.skip("filters ") ? Parsed::ignored
                                                                           : Parsed::unknown;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::OpenSmtpd, "opensmtpd", "reads the log of OpenSMTPD 6.4 and later");
