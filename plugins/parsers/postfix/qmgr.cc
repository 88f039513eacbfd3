// qmgr, pickup, bounce, postsuper, master: lines about a mail's life in the queue. Pipeline thread.
#include <array>

#include "core/mail/queue_id.h"
#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

// ", size=893, nrcpt=1 (queue active)" to the end of the line
bool read_active(Scan scan, Queued& queued) {
  int64_t size, recipients;
  if (!scan.skip(", size=") || !scan.number(size) || !scan.skip(", nrcpt=") || !scan.number(recipients))
    return false;
  if (scan.rest() != " (queue active)") return false;
  queued.size = size;
  queued.recipients = recipients;
  return true;
}

// ", status=expired, returned to sender"; postfix src/qmgr/qmgr_active.c
bool read_expired(Scan scan, Expired& expired) {
  if (!scan.skip(", status=")) return false;
  expired.forced = scan.skip("force-");
  return scan.rest() == "expired, returned to sender";
}

bool read_from(std::string_view queue_id, std::string_view sender, Scan rest, Fact& fact) {
  Queued queued;
  Expired expired;
  if (read_active(rest, queued)) {
    queued.queue_id = queue_id;
    queued.sender = sender;
    fact = queued;
    return true;
  }
  if (!read_expired(rest, expired)) return false;
  expired.queue_id = queue_id;
  expired.sender = sender;
  fact = expired;
  return true;
}

}  // namespace

Parsed parse_qmgr(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact) {
  if (text == "removed") {
    fact = Removed{queue_id};
    return Parsed::fact;
  }
  if (text.starts_with("to=")) return parse_delivery(line, queue_id, text, fact);
  // qmgr_active.c: "status=deferred (trace failed)", because bounce(8) did not answer
  if (text.starts_with("skipped, still being delivered") || text.starts_with("status=deferred ("))
    return Parsed::ignored;
  Scan scan(text);
  if (!scan.skip("from=")) return Parsed::unknown;
  std::string_view sender;
  Scan strict = scan;
  if (read_address(strict, sender) && read_from(queue_id, sender, strict, fact)) return Parsed::fact;
  // An address that was not quoted: the last '>' ends it, because nothing behind can hold one.
  std::string_view rest = scan.rest();
  size_t close = rest.rfind('>');
  if (!rest.starts_with('<') || close == std::string_view::npos) return Parsed::unknown;
  bool read = read_from(queue_id, rest.substr(1, close - 1), Scan(rest.substr(close + 1)), fact);
  return read ? Parsed::fact : Parsed::unknown;
}

// "uid=1000 from=<anna>[ orig_id=QID]"; postfix src/pickup/pickup.c
Parsed parse_pickup(std::string_view queue_id, std::string_view text, const Line& line, Fact& fact) {
  Scan scan(text);
  Opened opened;
  opened.queue_id = queue_id;
  // Nobody else writes this line, also where the tag does not name the daemon.
  opened.service = line.service.empty() ? "pickup" : line.service;
  if (!scan.skip("uid=") || !scan.until(" from=<", opened.uid)) return Parsed::unknown;
  std::string_view rest = scan.rest();
  size_t close = rest.rfind('>');
  if (close == std::string_view::npos) return Parsed::unknown;
  opened.sender = rest.substr(0, close);
  Scan behind(rest.substr(close + 1));
  if (behind.skip(" orig_id=") && is_postfix_queue_id(behind.rest()))
    opened.resent_queue_id = behind.rest();
  else if (!behind.at_end())
    return Parsed::unknown;
  fact = opened;
  return Parsed::fact;
}

Parsed parse_bounce(std::string_view queue_id, std::string_view text, Fact& fact) {
  struct Form {
    std::string_view text;
    NotificationKind kind;
  };
  static constexpr std::array<Form, 6> forms = {
      {{"sender non-delivery notification: ", NotificationKind::bounce},
       {"sender delay notification: ", NotificationKind::delay},
       {"sender delivery status notification: ", NotificationKind::success},
       {"postmaster non-delivery notification: ", NotificationKind::postmaster},
       {"postmaster delay notification: ", NotificationKind::postmaster},
       {"postmaster delivery status notification: ", NotificationKind::postmaster}}};
  Scan scan(text);
  for (auto& form : forms) {
    if (!scan.skip(form.text)) continue;
    if (!is_postfix_queue_id(scan.rest())) return Parsed::unknown;
    fact = Notification{queue_id, scan.rest(), form.kind};
    return Parsed::fact;
  }
  // Postfix 3.11 "sender notification failed", "not sending trace/success notification for double-bounce
  // message", "no trace file -- not sending a notification"
  if (text.ends_with("notification failed") || text.starts_with("not sending ") ||
      text.starts_with("no trace file ") || text.starts_with("postmaster notice failed while ") ||
      text == "undeliverable postmaster notification discarded")
    return Parsed::ignored;
  return Parsed::unknown;
}

Parsed parse_postsuper(std::string_view queue_id, std::string_view text, Fact& fact) {
  struct Form {
    std::string_view text;
    AdminKind kind;
  };
  static constexpr std::array<Form, 5> forms = {{{"removed", AdminKind::deleted},
                                                 {"placed on hold", AdminKind::held},
                                                 {"released from hold", AdminKind::released},
                                                 {"requeued", AdminKind::requeued},
                                                 {"expired", AdminKind::expired}}};
  for (auto& form : forms) {
    if (text != form.text) continue;
    fact = AdminAction{queue_id, form.kind};
    return Parsed::fact;
  }
  return Parsed::unknown;
}

// "daemon started -- version 3.7.11, configuration /etc/postfix", "reload -- version …", "terminating on
// signal 15"
Parsed parse_master(std::string_view text, Fact& fact) {
  Scan scan(text);
  if (scan.skip("terminating on signal ")) {
    fact = ServiceEvent{"stop", {}};
    return Parsed::fact;
  }
  std::string_view what = scan.skip("daemon started") ? "start" : scan.skip("reload") ? "reload" : "";
  if (what.empty() || !scan.skip(" -- version ")) return Parsed::unknown;
  std::string_view version = scan.rest().substr(0, scan.rest().find(','));
  fact = ServiceEvent{what, version};
  return Parsed::fact;
}

}  // namespace mailtrace::postfix
