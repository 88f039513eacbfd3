// Facts into mails. Pipeline thread.
#include "core/track/tracker.h"

#include <algorithm>

#include "core/mail/queue_id.h"
#include "core/parse/pieces.h"
#include "core/track/fill.h"
#include "core/track/mail_tracker.h"
#include "core/track/queue_id.h"

namespace mailtrace {
namespace {

constexpr size_t most_links = 200'000;
constexpr size_t most_mailboxes = 100'000;
constexpr size_t most_ended_recipients = 1000;  // of a mail, that the cache is told

// cleanup_message.c: "<YYYYMMDDhhmmss.QUEUEID@host>" when the mail brings none
bool made_by_cleanup(const MessageId& fact) {
  auto text = fact.message_id;
  for (size_t i = 0; i < 14; ++i)
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return false;
  text.remove_prefix(14);
  return text.starts_with('.') && text.substr(1).starts_with(fact.queue_id);
}

// Sendmail (sendmail/envelope.c) says only in the bounce's line that it gives up whoever is still waiting:
// "CHILD: DSN: Cannot send message for 5 days", "CHILD: return to sender: …".
bool gave_up(const LogLine& line, const Notification& fact) {
  if (fact.kind != NotificationKind::bounce) return false;
  auto at = line.text.find(fact.child_queue_id);
  if (fact.child_queue_id.empty() || at == std::string_view::npos) return false;
  auto words = line.text.substr(at + fact.child_queue_id.size());
  return words.starts_with(": DSN: Cannot send message for ") ||
         words.starts_with(": return to sender: Cannot send message for ");
}

int64_t doubts(const LogLine& line) {
  return (line.time_suspect ? row_flag::time_suspect : 0) | (line.truncated ? row_flag::truncated : 0) |
         (line.host_foreign ? row_flag::foreign_host : 0);
}

}  // namespace

std::unique_ptr<Tracker> Tracker::make(const TrackerConfig& config, Cache* cache, FindOpen find_open) {
  return std::make_unique<MailTracker>(config, cache, std::move(find_open));
}

MailTracker::MailTracker(const TrackerConfig& config, Cache* cache, FindOpen find_open)
    : config_(config),
      cache_(cache),
      find_open_(std::move(find_open)),
      own_(config.own_networks),
      mails_(config_, cache != nullptr),
      links_(most_links, [this](const LinkEnd& child, const LinkEnd& parent,
                                std::string_view kind) { linked(child, parent, kind); }),
      mailboxes_(most_mailboxes) {}

void MailTracker::apply(const LogLine& line, const Fact& fact) {
  line_ = &line;
  bool fresh = line.sequence && recalled_ && line.received >= *recalled_;  // not out of the hints
  if (fresh && !first_received_) first_received_ = line.received;
  if (!start_ && !line.time_suspect) start_ = line.time;
  if (line.time > newest_ && !line.time_suspect) newest_ = line.time;
  std::visit([&](const auto& what) { on(line, what); }, fact);
  line_ = nullptr;
}

Tracker::Status MailTracker::status() const { return {mails_.size(), 0, newest_}; }

// ---- lines and mails

void MailTracker::keep_raw(OpenMail& mail, std::string_view raw, const Hash128& identity) {
  if (!config_.keep_lines || raw.empty()) return;
  if (mail.lines.empty()) {
    mail.first_line = identity;
    mail.lines.reserve(1024);
  }
  mail.last_line = identity;
  size_t start = mail.lines.size();
  mail.lines.append(raw);
  std::replace(mail.lines.begin() + static_cast<std::ptrdiff_t>(start), mail.lines.end(), '\n', ' ');
  mail.lines += '\n';
}

void MailTracker::account(OpenMail& mail, const LogLine& line, LineKind kind) {
  mail.seen.add(line.identity);
  mail.placeholder = false;
  mail.last_time = std::max(mail.last_time, line.time);
  if (kind != LineKind::removed && kind != LineKind::note) mail.only_removed = false;
  mails_.touch(mail, line);
  ConnectRow& row = mail.change();
  row.flags |= doubts(line);
  if (!row.instance) put_text(row.instance, instance_of(line.app_name));
  if (kind == LineKind::queue && (!mail.past_cleanup || line.time < *mail.past_cleanup))
    mail.past_cleanup = line.time;
  keep_raw(mail, line.raw, line.identity);
  mails_.dirty(mail, line);
}

OpenMail* MailTracker::take(const LogLine& line, std::string_view queue_id, LineKind kind) {
  auto picked = mails_.pick(mails_.server(line.hostname), queue_id, line, kind);
  if (picked.duplicate) return nullptr;
  account(*picked.mail, line, kind);
  return picked.mail;
}

// A line that says nothing to us but names a mail that is known, or may lie in the database: "warning: QID:
// …", "QID: …".
void MailTracker::on(const LogLine& line, const std::monostate&) {
  if (!config_.keep_lines) return;
  auto text = line.text;
  for (std::string_view word : {"warning: ", "error: ", "fatal: "})
    if (text.starts_with(word)) text.remove_prefix(word.size());
  auto end = text.substr(0, 32).find(':');
  if (end == std::string_view::npos || end < 6) return;
  auto queue_id = text.substr(0, end);
  for (char c : queue_id)
    if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) return;
  OpenMail* mail = mails_.find_at(mails_.server(line.hostname), queue_id, line.time);
  if (!mail) {
    if (is_postfix_queue_id(queue_id)) take(line, queue_id, LineKind::note);
    return;
  }
  if (mail->placeholder || mail->seen.contains(line.identity)) return;
  account(*mail, line, mail->only_removed ? LineKind::note : LineKind::other);
}

// ---- the way of a mail

void MailTracker::on(const LogLine& line, const Opened& fact) {
  if (fact.queue_id.empty()) {  // before-queue proxy: the mail comes back under a queue id
    sessions_.proxied(mails_.server(line.hostname), line, fact.client);
    return;
  }
  auto picked = mails_.pick(mails_.server(line.hostname), fact.queue_id, line, LineKind::opener);
  OpenMail& mail = *picked.mail;
  if (picked.reopened) {
    mail.reopened = std::make_unique<ConnectRow>();
    fill_opened(fact, *mail.reopened);
    if (fact.service == "pickup") mail.reopened->sender.reset();
    mail.reopened->flags |= row_flag::opened;
    mail.reopened_line = line.identity;
    put_text(mail.reopened->instance, instance_of(line.app_name));
  }
  if (picked.duplicate) return;
  account(mail, line, LineKind::opener);
  mail.opener_seen = true;
  mail.opener_time = line.time;
  mail.pickup = !fact.uid.empty() || fact.service == "pickup";
  ConnectRow& row = mail.change();
  row.flags |= row_flag::opened;
  Opened first = fact;
  // pickup(8) says the bare name of the submitter; cleanup(8) rewrites it, and qmgr(8) says the sender.
  // Exim and Sendmail name it once, here.
  if (fact.service == "pickup") first.sender.reset();
  fill_opened(first, row);
  if (!fact.session.empty()) {
    join_named(mail, line, fact.session);
    auto view = [](const std::optional<std::string>& text) {
      return text ? std::string_view(*text) : std::string_view();
    };
    first.client = {view(row.client_name), view(row.client_addr), 0};
  }
  auto tls = sessions_.tls_of(mail.server, line, fact.client);
  put_text(row.tls, tls);
  build_on(mail, session_base(line));
  if (sessions_.take_hold(mail.server, line, fact.client)) row.flags |= row_flag::held;
  if (cache_ && !row.tls && !fact.client.addr.empty() && !line.proc_id.empty())
    mail.session = session_of(line, fact.client);
  origin_of_opened(mail, line, first);
  if (mail.message_id_hash && mail.pickup) links_.picked_up(mail.message_id_hash, end_of(mail, line));
  if (cache_) shadow(mail);
}

// Who handed it on says "queued as"; another instance may have that line.
void MailTracker::came_from_own(OpenMail& mail) {
  mail.own_client = true;
  if (!cache_ || !mail.identified) return;
  KnownEnd end{mail.id, mail.birth, {}, mails_.server_name(mail.server), mail.queue_id, {}};
  if (mail.row && mail.row->instance) end.instance = *mail.row->instance;
  cache_->put(child_key(mail.queue_id), encode_end(end), 3600);
}

void MailTracker::origin_of_opened(OpenMail& mail, const LogLine& line, const Opened& fact) {
  if (!fact.resent_queue_id.empty()) {
    link(mail, mails_.named(mail.server, fact.resent_queue_id, line), "resend");
    return;
  }
  if (!fact.notifies_queue_id.empty()) {
    mail.change().flags |= row_flag::notification;
    link(mail, mails_.named(mail.server, fact.notifies_queue_id, line), "bounce");
    return;
  }
  if (!own_.contains(fact.client.addr)) return;
  if (fact.orig_queue_id.empty()) {
    came_from_own(mail);
    links_.arrived(end_of(mail, line));
    return;
  }
  OpenMail* parent = mails_.find_at(mail.server, fact.orig_queue_id, line.time);
  size_t found = parent ? 1 : 0;
  for (uint32_t server = 0; !parent && server < mails_.servers(); ++server)
    if (OpenMail* other = mails_.find_at(server, fact.orig_queue_id, line.time)) {
      ++found;
      parent = other;
    }
  if (!parent) parent = &mails_.named(mail.server, fact.orig_queue_id, line);
  if (found <= 1 && parent != &mail) link(mail, *parent, "filter");
}

void MailTracker::on(const LogLine& line, const MessageId& fact) {
  OpenMail* mail = take(line, fact.queue_id, LineKind::message_id);
  if (!mail) return;
  mail->message_id_seen = true;
  fill_message_id(fact, mail->change());
  (made_by_cleanup(fact) ? mail->made_message_id : mail->own_message_id) = true;
  mail->by_sieve = sieve_letter(fact.message_id);
  if (!fact.message_id.empty() && (!mail->message_id_hash || !fact.resent)) {
    mail->message_id_hash = message_id_hash(fact.message_id);
    if (mail->pickup) links_.picked_up(mail->message_id_hash, end_of(*mail, line));
  }
  auto number = amavis_number(fact.message_id);
  if (!number.empty() && mail->own_client && !mail->has_origin)
    links_.sent(notice_name(number, *mail), end_of(*mail, line));
  if (!cache_ || mail->identified) return;
  KnownMail known;
  known.id = mail_id(line.time, line.hostname, fact.queue_id, std::to_string(to_us(line.time)));
  known.birth = line.time;
  known.born = Born::message_id;
  known.message_id_hash = mail->message_id_hash;
  cache_->add(mail_key(line.hostname, fact.queue_id), encode_shadow(known), shadow_seconds);
}

void MailTracker::on(const LogLine& line, const Queued& fact) {
  OpenMail* mail = take(line, fact.queue_id, LineKind::queue);
  if (!mail) return;
  fill_queued(fact, mail->change());
  if (fact.sender && fact.sender->starts_with("double-bounce@")) mail->double_bounce = true;
}

void MailTracker::on(const LogLine& line, const Attempt& fact) {
  OpenMail* mail = take(line, fact.queue_id, LineKind::queue);
  if (!mail) return;
  if (fact.outcome == Outcome::deliverable || fact.outcome == Outcome::undeliverable) {
    mail->probe = true;
    return;
  }
  mail->real = true;
  Delivery delivery{attempt_row(fact, line.time), line.identity};
  if (fact.cut || line.truncated) {
    delivery.row.flags |= row_flag::truncated;
    mail->change().flags |= row_flag::truncated;
  }
  if (!fact.session.empty()) {
    use_named_tls(*mail, delivery, line, fact.session);
  } else if (fact.tls.empty() && !fact.relay.addr.empty()) {
    auto tls = sessions_.relay_tls_of(mail->server, line, fact.relay, fact.queue_id);
    put_text(delivery.row.tls, tls);
    if (!tls.empty()) build_on(*mail, session_base(line));
    if (cache_ && tls.empty() && !line.proc_id.empty())
      delivery.session_key = session_key(line.hostname, line.app_name, line.proc_id, fact.relay.addr);
  }
  Attempt other = fact;
  Scan others(fact.other_recipients);
  for (; read_path(others, other.recipient); others.skip(",")) {
    delivery.by_recipient = true;
    mail->deliveries.push_back(delivery);
    mail->deliveries.back().row.recipient = stored_text(other.recipient);
    note_recipient(*mail, other, line.time);
  }
  mail->deliveries.push_back(std::move(delivery));
  if (!fact.lmtp_session.empty()) expect_mailbox(*mail, line, fact);
  note_recipient(*mail, fact, line.time);
  maybe_by_sieve(*mail, line, fact);
  claims_of_attempt(*mail, line, fact);
}

void MailTracker::note_recipient(OpenMail& mail, const Attempt& fact, Time time) {
  bool waiting = fact.outcome == Outcome::deferred;
  auto known = std::find_if(mail.recipients.begin(), mail.recipients.end(), [&](const Recipient& recipient) {
    return recipient.address == fact.recipient && recipient.original == fact.original_recipient;
  });
  if (known != mail.recipients.end()) {
    if (time >= known->attempt) {
      known->attempt = time;
      known->waiting = waiting;
      known->ended = false;
    }
  } else if (waiting || !mail.opener_seen || (cache_ && mail.recipients.size() < most_ended_recipients)) {
    // A final attempt matters only if an earlier one may lie in the database, or with another instance.
    mail.recipients.push_back(
        {std::string(fact.recipient), std::string(fact.original_recipient), time, waiting});
  }
}

void MailTracker::claims_of_attempt(OpenMail& mail, const LogLine& line, const Attempt& fact) {
  bool sent = fact.outcome == Outcome::sent;
  if (sent && fact.forwarded && !fact.next_queue_id.empty()) {
    auto child = mails_.pick(mail.server, fact.next_queue_id, line, LineKind::other);
    if (child.duplicate || child.mail == &mail) return;
    account(*child.mail, line, LineKind::other);
    child.mail->real = true;
    link(*child.mail, mail, "forward");
    return;
  }
  if (sent && !fact.next_queue_id.empty() && own_.contains(fact.relay.addr)) {
    LinkEnd parent = end_of(mail, line);
    parent.attempt = line.time;
    if (cache_ && mail.identified) {
      KnownEnd end{mail.id,       mail.birth,     line.time, mails_.server_name(mail.server),
                   mail.queue_id, parent.instance};
      cache_->put(claim_key(fact.next_queue_id), encode_end(end), 3600);
    }
    mail.deliveries.back().unlinked = !links_.claim(fact.next_queue_id, std::move(parent));
    return;
  }
  // A cut tag leaves the transport unknown; pipe(8) words its own answer.
  bool pipe = fact.transport == "pipe" || (fact.transport.empty() && fact.relay.addr.empty() &&
                                           fact.response.starts_with("delivered via "));
  if (!sent || !pipe) return;
  if (!mail.message_id_hash) {
    mail.deliveries.back().piped = true;
    return;
  }
  LinkEnd parent = end_of(mail, line);
  parent.attempt = line.time;
  links_.piped(mail.message_id_hash, std::move(parent));
}

void MailTracker::on(const LogLine& line, const Expired& fact) {
  OpenMail* mail = take(line, fact.queue_id, LineKind::queue);
  if (!mail) return;
  mail->real = true;
  Queued sender;
  sender.sender = fact.sender;
  fill_queued(sender, mail->change());
  mail->endings.push_back({line.identity, line.time, "expired"});
}

void MailTracker::on(const LogLine& line, const Removed& fact) {
  auto picked = mails_.pick(mails_.server(line.hostname), fact.queue_id, line, LineKind::removed);
  if (picked.duplicate) return;
  OpenMail& mail = *picked.mail;
  mails_.finish(mail, line.time);
  account(mail, line, LineKind::removed);
  ConnectRow& row = mail.change();
  row.flags |= row_flag::removed;
  row.end_time = row.end_time ? std::max(*row.end_time, line.time) : line.time;
}

void MailTracker::on(const LogLine& line, const Notification& fact) {
  uint32_t server = mails_.server(line.hostname);
  auto parent = mails_.pick(server, fact.queue_id, line, LineKind::other);
  if (!parent.duplicate) account(*parent.mail, line, LineKind::other);
  parent.mail->real = true;
  auto child = mails_.pick(server, fact.child_queue_id, line, LineKind::other);
  if (child.duplicate || child.mail == parent.mail) return;
  account(*child.mail, line, LineKind::other);
  child.mail->real = true;
  child.mail->change().flags |= row_flag::notification;
  link(*child.mail, *parent.mail, "bounce");
  if (!parent.duplicate && gave_up(line, fact))
    parent.mail->endings.push_back({line.identity, line.time, "expired"});
}

void MailTracker::on(const LogLine& line, const AdminAction& fact) {
  if (fact.queue_id.empty()) return;
  OpenMail* mail = take(line, fact.queue_id, LineKind::other);
  if (!mail) return;
  mail->real = true;
  ConnectRow& row = mail->change();
  if (fact.kind == AdminKind::deleted && !fact.recipient.empty()) {
    Attempt last;
    last.recipient = fact.recipient;
    last.original_recipient = fact.original_recipient;
    Delivery deleted{attempt_row(last, line.time), line.identity};
    deleted.row.status = "deleted";
    mail->deliveries.push_back(std::move(deleted));
    note_recipient(*mail, last, line.time);
  } else if (fact.kind == AdminKind::deleted) {
    mail->endings.push_back({line.identity, line.time, "deleted"});
    row.flags |= row_flag::removed;
    row.end_time = row.end_time ? std::max(*row.end_time, line.time) : line.time;
    mails_.finish(*mail, line.time);
    mails_.dirty(*mail, line);
  } else if (fact.kind == AdminKind::held) {
    // The hold is an event of the mail, not of a recipient: one row without recipient.
    row.flags |= row_flag::held;
    DeliverRow held;
    held.deliver_time = line.time;
    held.status = "held";
    mail->deliveries.push_back({std::move(held), line.identity});
  }
}

// ---- refusals and notes

void MailTracker::on(const LogLine& line, const Policy& fact) {
  auto status = refusal_status(fact);
  if (fact.queue_id.empty()) {
    if (fact.action == PolicyAction::hold)
      sessions_.hold(mails_.server(line.hostname), line, fact.client);
    else if (!status.empty())
      refuse(line, fact);
    return;
  }
  OpenMail* mail = take(line, fact.queue_id, LineKind::other);
  if (!mail) return;
  mail->real = true;
  ConnectRow& row = mail->change();
  fill_session(fact, row);
  if (fact.action == PolicyAction::hold) row.flags |= row_flag::held;
  DeliverRow refusal = refusal_row(fact, line.time);
  if (fact.cut || line.truncated) {
    row.flags |= row_flag::truncated;
    refusal.flags |= row_flag::truncated;
  }
  if (!status.empty()) mail->deliveries.push_back({std::move(refusal), line.identity});
}

void MailTracker::refuse(const LogLine& line, const Policy& fact) {
  Loose loose;
  ConnectRow& row = loose.connect;
  row.id = refusal_id(line.time, line.hostname, line.identity);
  row.day = row.id.day();
  row.connect_time = line.time;
  row.server = line.hostname;
  put_text(row.instance, instance_of(line.app_name));
  put_text(row.service, fact.service);
  Policy told = fact;
  bool proxied = fact.proxy && fact.client.addr.empty();
  if (proxied) told.client = sessions_.proxied_client(mails_.server(line.hostname), line);
  uint64_t named_pin = fact.session.empty() ? 0 : refused_named(loose, line, told);
  fill_session(told, row);
  if (fact.session.empty()) {
    put_text(row.tls, sessions_.tls_of(mails_.server(line.hostname), line, told.client));
    if (cache_ && !row.tls && !line.proc_id.empty()) loose.session = session_of(line, told.client);
  }
  row.flags |= row_flag::refused;
  row.flags |= doubts(line);

  DeliverRow deliver = refusal_row(fact, line.time);
  if (fact.cut || line.truncated) {
    row.flags |= row_flag::truncated;
    deliver.flags |= row_flag::truncated;
  }
  deliver.day = row.day;
  deliver.connect_id = row.id;
  deliver.id = deliver_id(row.id, line.identity, {}, false);
  deliver.connect_time = line.time;
  deliver.server = row.server;
  loose.deliver = std::move(deliver);
  if (config_.keep_lines) loose.lines.append(line.raw).append(1, '\n');
  loose.line = line.identity;
  loose.sequence = line.sequence;
  take_finer(loose, line);
  explain(loose, line, fact, told.client);
  if (auto sequence = session_base(line).pin; sequence && (row.tls || proxied))
    loose.sequence = std::min(sequence, loose.sequence);
  if (named_pin) loose.sequence = std::min(named_pin, loose.sequence);
  loose_.push_back(std::move(loose));
}

void MailTracker::on(const LogLine& line, const Subject& fact) {
  OpenMail* mail = take(line, fact.queue_id, LineKind::other);
  if (mail) put_text(mail->change().subject, fact.subject);
}

void MailTracker::on(const LogLine& line, const Aborted& fact) {
  if (fact.queue_id.empty()) return;
  OpenMail* mail = take(line, fact.queue_id, LineKind::other);
  if (!mail) return;
  mail->real = true;
  mails_.finish(*mail, line.time);
  mails_.dirty(*mail, line);
  ConnectRow& row = mail->change();
  row.flags |= row_flag::removed;
  row.end_time = row.end_time ? std::max(*row.end_time, line.time) : line.time;
  // The server said no ("warning: QID: message rejected: …"); else the client went away.
  if (!line.text.starts_with("warning: ")) return;
  DeliverRow refused;
  refused.deliver_time = line.time;
  refused.status = "rejected";
  put_text(refused.response, fact.reason);
  put_text(refused.dsn, fact.dsn);
  if (fact.smtp_code) refused.smtp_code = fact.smtp_code;
  mail->deliveries.push_back({std::move(refused), line.identity});
}

}  // namespace mailtrace
