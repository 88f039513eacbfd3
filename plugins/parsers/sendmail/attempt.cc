// "to=": what became of one or more recipients of a mail (sendmail/deliver.c, logdelivery). Pipeline thread.
#include "core/parse/pieces.h"
#include "plugins/parsers/sendmail/sendmail.h"

namespace mailtrace::sendmail {
namespace {

// "00:01:02", "1+00:01:02" (pintvl)
std::optional<double> read_interval(std::string_view text) {
  Scan scan(text);
  int64_t days = 0, hours = 0, minutes = 0, seconds = 0;
  Scan ahead = scan;
  if (ahead.number(days) && ahead.skip("+"))
    scan = ahead;
  else
    days = 0;
  if (!scan.number(hours) || !scan.skip(":") || !scan.number(minutes) || !scan.skip(":") ||
      !scan.number(seconds))
    return {};
  if (days < 0 || days > 10000 || hours < 0 || hours > 24 || minutes < 0 || minutes > 60 || seconds < 0 ||
      seconds > 60)
    return {};
  return static_cast<double>(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
}

// "<a@b>,<c@d>", "anna", "\"|/usr/bin/vacation anna\"": quoted where a stranger writes it.
bool read_recipients(Scan& scan, Attempt& attempt) {
  if (!read_path(scan, attempt.recipient)) {
    std::string_view text = scan.rest();
    size_t end = text.find(", ctladdr=");
    if (end == std::string_view::npos) end = text.find(", delay=");
    if (end == std::string_view::npos) return false;
    attempt.recipient = take(scan, end);
    return true;
  }
  if (!scan.rest().starts_with(",<")) return true;
  scan.skip(",");
  std::string_view start = scan.rest(), address;
  do {
    if (!read_path(scan, address)) return false;
  } while (scan.rest().starts_with(",<") && scan.skip(","));
  attempt.other_recipients = start.substr(0, start.size() - scan.rest().size());
  return true;
}

// "Sent (250 …)", "Deferred: …", "User unknown": Sendmail's own words in front.
bool read_stat(std::string_view stat, Attempt& attempt) {
  char kind = attempt.dsn.empty() ? ' ' : attempt.dsn[0];
  if (stat.starts_with("Sent"))
    attempt.outcome = Outcome::sent;
  else if (stat.starts_with("Deferred") || stat.starts_with("queued") || kind == '4')
    attempt.outcome = Outcome::deferred;
  else if (kind == '5')
    attempt.outcome = Outcome::bounced;
  else
    return false;
  if (attempt.response.empty()) attempt.response = stat;
  if (attempt.outcome != Outcome::sent) return true;
  Scan scan(stat);
  if (scan.skip("Sent (") && scan.rest().ends_with(')')) {
    attempt.response = scan.rest().substr(0, scan.rest().size() - 1);
    attempt.next_queue_id = queued_as(attempt.response);
  }
  return true;
}

// ", reply=550 5.1.1 …, stat=User unknown": the reply is the other side's and may hold ", stat="; what
// follows it is not.
bool read_result(Scan scan, Attempt& attempt) {
  if (scan.skip(", reply=")) {
    size_t stat = scan.rest().rfind(", stat=");
    if (stat == std::string_view::npos) return false;
    attempt.response = take(scan, stat);
    Scan reply(attempt.response);
    attempt.smtp_code = read_reply_code(reply);
  }
  return scan.skip(", stat=") && read_stat(scan.rest(), attempt);
}

}  // namespace

Parsed parse_attempt(std::string_view id, Scan scan, Fact& fact) {
  Attempt attempt;
  attempt.queue_id = id;
  if (!read_recipients(scan, attempt)) return Parsed::unknown;
  std::string_view key, value;
  while (!scan.rest().starts_with(", reply=") && !scan.rest().starts_with(", stat=")) {
    if (!scan.skip(", ") || !read_word(scan, "_", key) || !scan.skip("=")) return Parsed::unknown;
    size_t end = scan.rest().find(", ");
    if (end == std::string_view::npos) return Parsed::unknown;
    value = take(scan, end);
    if (key == "delay") attempt.delay = read_interval(value);
    if (key == "mailer") attempt.transport = value;
    if (key == "relay") attempt.relay = read_relay(value);
    if (key == "dsn") attempt.dsn = value;
  }
  // A milter or a rule has put it aside: it waits for the postmaster, whoever it is for.
  if (scan.rest() == ", stat=quarantined") {
    fact = AdminAction{id, AdminKind::held};
    return Parsed::fact;
  }
  if (!read_result(scan, attempt)) return Parsed::unknown;
  fact = attempt;
  return Parsed::fact;
}

}  // namespace mailtrace::sendmail
