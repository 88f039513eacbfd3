// Facts that name no queue id, joined to the mails they are about. Pipeline thread.
#include <algorithm>

#include "core/track/fill.h"
#include "core/track/mail_tracker.h"

namespace mailtrace {
namespace {

constexpr int outcome_seconds = 600;

}  // namespace

// ---- mailboxes

// Anybody can answer "… Saved", and the session is in the header of each mail: so only answers of our own
// hosts count, or of this host: a socket, or a local transport of Exim, which names no host. Dovecot's own
// line confirms them.
void MailTracker::expect_mailbox(OpenMail& mail, const LogLine& line, const Attempt& fact) {
  bool local = fact.relay.addr.find('/') != std::string_view::npos ||
               (fact.relay.addr.empty() && fact.relay.name.empty());
  bool own = own_.contains(fact.relay.addr);
  if (!local && !own) return;
  Delivery& delivery = mail.deliveries.back();
  delivery.lmtp_session = fact.lmtp_session;
  auto* session =
      mailboxes_.deliver(fact.lmtp_session, line, {mail.self, line.identity, line.time, mail.server, own});
  if (!session) return;
  const auto& delivered = session->delivered.back();
  for (auto& told : session->told) {
    if (!delivered.fits(told)) continue;
    if (!mail.seen.contains(told.line)) {
      mail.seen.add(told.line);
      keep_raw(mail, told.raw, told.line);
    }
    mails_.pin(mail, told.sequence);
    told.raw = {};
  }
  set_folder(*session, delivered, delivery.row);
  sent_by_sieve(*session);
}

void MailTracker::set_folder(const Mailboxes::Session& session, const Mailboxes::Delivered& delivered,
                             DeliverRow& row) {
  std::vector<std::string> outcomes;
  for (auto& told : session.told)
    if (delivered.fits(told)) outcomes.push_back(told.what);
  if (!outcomes.empty()) row.folder = folder_text(std::move(outcomes));
}

// The mailbox server's lines, or some of them, may have come to another instance.
void MailTracker::use_cached_outcomes(OpenMail& mail) {
  for (auto& delivery : mail.deliveries) {
    if (delivery.lmtp_session.empty()) continue;
    bool any_server = own_.contains(delivery.row.relay_addr.value_or(""));
    std::vector<std::string> outcomes;
    for (size_t number = 0; number < cached_outcomes; ++number) {
      auto value = cached(outcome_key(delivery.lmtp_session, number));
      auto known = value ? decode_outcome(*value) : std::nullopt;
      if (!known) continue;
      if (any_server || known->first == mails_.server_name(mail.server))
        outcomes.push_back(std::move(known->second));
    }
    if (outcomes.empty()) continue;
    if (auto* session = mailboxes_.find(delivery.lmtp_session))
      for (auto& told : session->told)
        if (any_server || told.server == mail.server) outcomes.push_back(told.what);
    delivery.row.folder = folder_text(std::move(outcomes));
  }
}

void MailTracker::on(const LogLine& line, const Mailbox& fact) {
  if (fact.session.empty()) return;
  uint32_t server = mails_.server(line.hostname);
  auto* session = mailboxes_.tell(fact.session, line, server, fact, config_.keep_lines);
  if (!session) return;
  auto& told = session->told.back();
  if (cache_) {
    auto outcome = encode_outcome(line.hostname, told.what);
    for (size_t number = session->told.size() - 1; number < cached_outcomes; ++number)
      if (cache_->add(outcome_key(fact.session, number), outcome, outcome_seconds)) break;
  }
  sent_by_sieve(*session);
  for (auto& delivered : session->delivered) {
    OpenMail* mail = mails_.get(delivered.mail);
    if (!delivered.fits(told)) continue;
    if (!mail) {
      add_folder(line, *session, delivered);
      continue;
    }
    if (!mail->seen.contains(line.identity)) account(*mail, line, LineKind::other);
    mails_.dirty(*mail, line);
    mails_.pin(*mail, session->sequence);
    told.raw = {};
    // The same key as the row of the delivery, which may have been written.
    Delivery more;
    more.line = delivered.line;
    more.row.deliver_time = delivered.time;
    set_folder(*session, delivered, more.row);
    mail->deliveries.push_back(std::move(more));
  }
}

// The notice comes back to the server that handed the mail to the filter; what its next hops say is no link.
std::string MailTracker::notice_name(std::string_view number, const OpenMail& mail) const {
  return sieve_name('a', std::string(number) + "@" + std::string(mails_.server_name(mail.server)), 0);
}

void MailTracker::sent_by_sieve(const Mailboxes::Session& session) {
  for (auto& told : session.told) {
    if (told.sent.empty()) continue;
    for (auto& delivered : session.delivered) {
      if (!delivered.fits(told)) continue;
      const OpenMail* mail = mails_.get(delivered.mail);
      LinkEnd parent;
      parent.mail = delivered.mail;
      parent.id = mail && mail->identified ? mail->id : delivered.id;
      parent.server = delivered.server;
      parent.queue_id = mail ? mail->queue_id : delivered.queue_id;
      parent.birth = mail ? mail->birth : delivered.birth;
      parent.attempt = told.time;
      parent.received = line_ ? line_->received : now_;
      parent.sequence = told.sequence;
      links_.sent_on(told.sent, std::move(parent));
    }
  }
}

// A redirected mail keeps its Message-ID, so does every hop: the recipient tells which one Sieve sent.
void MailTracker::maybe_by_sieve(OpenMail& mail, const LogLine& line, const Attempt& fact) {
  if (!mail.own_client || mail.has_origin || !mail.message_id_hash) return;
  char letter = mail.by_sieve ? mail.by_sieve : 'f';
  links_.sent(sieve_name(letter, fact.recipient, mail.message_id_hash), end_of(mail, line));
}

// The delivery is stored already, and its mail not in memory.
void MailTracker::add_folder(const LogLine& line, const Mailboxes::Session& session,
                             const Mailboxes::Delivered& delivered) {
  if (delivered.id.is_zero()) return;
  Loose loose;
  loose.connect.id = delivered.id;
  loose.connect.day = delivered.id.day();
  loose.connect.connect_time = delivered.birth;
  loose.connect.server = mails_.server_name(delivered.server);
  loose.connect.queue_id = delivered.queue_id;
  DeliverRow row;
  row.day = delivered.id.day();
  row.connect_id = delivered.id;
  row.id = deliver_id(delivered.id, delivered.line, {}, false);
  row.connect_time = delivered.birth;
  row.deliver_time = delivered.time;
  row.server = loose.connect.server;
  row.queue_id = delivered.queue_id;
  set_folder(session, delivered, row);
  loose.deliver = std::move(row);
  if (config_.keep_lines) loose.lines.append(line.raw).append(1, '\n');
  loose.line = line.identity;
  loose.sequence = line.sequence;
  loose_.push_back(std::move(loose));
}

// ---- reasons

void MailTracker::on(const LogLine& line, const Listed& fact) {
  Reasons::Note note;
  note.text = stored_text(fact.domain);
  note.text = "listed by " + note.text + " (" + stored_text(fact.answer) + ")";
  reasons_.add(line, fact.addr, std::move(note), config_.keep_lines);
}

void MailTracker::on(const LogLine& line, const Screened& fact) {
  if (fact.verdict.starts_with("PASS") || fact.verdict.starts_with("ALLOWLISTED") ||
      fact.verdict.starts_with("WHITELISTED"))
    return;
  Reasons::Note note;
  note.source = Reasons::Source::screened;
  note.text = "postscreen: " + stored_text(fact.verdict);
  while (note.text.ends_with(' ')) note.text.pop_back();
  note.port = fact.client.port;
  reasons_.add(line, fact.client.addr, std::move(note), config_.keep_lines);
}

// A policy server that knows no queue id yet speaks of the recipient that smtpd(8) asks about.
void MailTracker::note_policy(const LogLine& line, const Verdict& fact) {
  bool greylist = fact.action == "greylist";
  if (!greylist && fact.action != "reject" && fact.action != "defer") return;
  Reasons::Note note;
  note.source = Reasons::Source::policy;
  note.text = stored_text(fact.program) + ": ";
  // "Message rejected due to: SPF fail … Please see http://…": the rest names the client's own words.
  auto words = fact.text.substr(0, fact.text.find(". Please see "));
  note.text += greylist ? "greylist, " + stored_text(words) : stored_text(words);
  if (!greylist) note.said = words;
  if (fact.sender) {
    note.any_sender = false;
    note.sender = *fact.sender;
  }
  note.recipient = fact.recipient;
  auto text = note.text;
  reasons_.add(line, fact.client.addr, std::move(note), config_.keep_lines);
  if (auto refusal = reasons_.late(fact.client.addr)) explain_late(line, *refusal, std::move(text));
}

// The refusal's rows are stored, or wait for it: the reason comes as a row of the same key.
void MailTracker::explain_late(const LogLine& line, const Reasons::Refusal& refusal, std::string text) {
  Loose loose;
  loose.connect.id = refusal.connect_id;
  loose.connect.day = refusal.connect_id.day();
  loose.connect.connect_time = refusal.time;
  loose.connect.server = refusal.server;
  DeliverRow row;
  row.day = loose.connect.day;
  row.connect_id = refusal.connect_id;
  row.id = refusal.id;
  row.connect_time = row.deliver_time = refusal.time;
  row.server = refusal.server;
  row.reason = folder_text({std::move(text)});
  loose.deliver = std::move(row);
  if (config_.keep_lines) loose.lines.append(line.raw).append(1, '\n');
  loose.line = line.identity;
  loose.sequence = line.sequence;
  loose_.push_back(std::move(loose));
}

void MailTracker::explain(Loose& refusal, const LogLine& line, const Policy& fact, const Peer& client) {
  std::vector<std::string> texts;
  for (auto* note : reasons_.explain(line, fact, client)) {
    texts.push_back(note->text);
    if (!note->raw.empty()) refusal.lines.append(note->raw).append(1, '\n');
    if (note->sequence) refusal.sequence = std::min(refusal.sequence, note->sequence);
  }
  if (texts.empty()) return reasons_.wait(line, fact, client.addr, *refusal.deliver);
  refusal.deliver->reason = folder_text(std::move(texts));
}

// ---- verdicts

// Filters and milters may run on another host, or serve several: the mail with that queue id on any other
// host, if there is just one.
OpenMail* MailTracker::elsewhere(uint32_t server, std::string_view queue_id, Time time) {
  OpenMail* found = nullptr;
  for (uint32_t other = 0; other < std::min(mails_.servers(), most_servers_asked); ++other) {
    OpenMail* mail = other == server ? nullptr : mails_.find_at(other, queue_id, time);
    if (!mail || mail->placeholder || mail->only_removed) continue;
    if (found) return nullptr;
    found = mail;
  }
  return found;
}

void MailTracker::on(const LogLine& line, const Verdict& fact) {
  if (fact.queue_id.empty()) return note_policy(line, fact);
  uint32_t server = mails_.server(line.hostname);
  OpenMail* here = mails_.find_at(server, fact.queue_id, line.time);
  OpenMail* mail = nullptr;
  if (!here || here->placeholder || here->only_removed) mail = elsewhere(server, fact.queue_id, line.time);
  if (!mail) {
    mail = take(line, fact.queue_id, LineKind::note);
    if (!mail) return;
  } else {
    if (mail->seen.contains(line.identity)) return;
    account(*mail, line, LineKind::note);
  }
  mail->verdict = true;
  fill_verdict(fact, mail->change());
  if (fact.mail_id.empty() || fact.action.starts_with("Passed CLEAN")) return;
  LinkEnd parent = end_of(*mail, line);
  parent.attempt = line.time;
  links_.sent_on(notice_name(fact.mail_id, *mail), std::move(parent));
}

// A verdict whose mail came later, or was written before: on another host.
void MailTracker::pass_on(OpenMail& note) {
  if (!note.row || !note.verdict || note.finished) return;
  if (OpenMail* mail = elsewhere(note.server, note.queue_id, note.last_time + config_.reorder)) {
    mails_.fold(note, *mail);
    mails_.ready(*mail);
    return;
  }
  if (!find_open_) return;
  std::optional<Mail> found;
  for (uint32_t server = 0; server < std::min(mails_.servers(), most_servers_asked); ++server) {
    if (server == note.server) continue;
    auto other = find_open_(mails_.server_name(server), note.queue_id, note.last_time + config_.reorder);
    if (!other || note.last_time > other->connect.connect_time + config_.forget_after) continue;
    if (found) return;
    found = std::move(other);
  }
  if (!found) return;
  Loose loose;
  loose.connect = std::move(*note.row);
  loose.connect.id = found->connect.id;
  loose.connect.day = found->connect.day;
  loose.connect.connect_time = found->connect.connect_time;
  loose.connect.server = found->connect.server;
  loose.connect.queue_id = found->connect.queue_id;
  loose.lines = std::move(note.lines);
  loose.line = note.first_line;
  loose.sequence = note.dirty_sequence;
  loose_.push_back(std::move(loose));
}

}  // namespace mailtrace
