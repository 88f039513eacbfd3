// Facts that name no queue id, joined to the mails they are about. Pipeline thread.
#include <algorithm>

#include "core/track/fill.h"
#include "core/track/mail_tracker.h"

namespace mailtrace {

// ---- mailboxes

// Anybody can answer "… Saved", and the session is in the header of each mail: so only answers of our own
// hosts count, or of a socket of this host. Dovecot's own line confirms them.
void MailTracker::expect_mailbox(OpenMail& mail, const LogLine& line, const Attempt& fact) {
  bool socket = fact.relay.addr.find('/') != std::string_view::npos;
  bool own = own_.contains(fact.relay.addr);
  if (!socket && !own) return;
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
}

void MailTracker::set_folder(const Mailboxes::Session& session, const Mailboxes::Delivered& delivered,
                             DeliverRow& row) {
  std::vector<std::string> outcomes;
  for (auto& told : session.told)
    if (delivered.fits(told)) outcomes.push_back(told.what);
  if (!outcomes.empty()) row.folder = folder_text(std::move(outcomes));
}

void MailTracker::on(const LogLine& line, const Mailbox& fact) {
  if (fact.session.empty()) return;
  uint32_t server = mails_.server(line.hostname);
  auto* session = mailboxes_.tell(fact.session, line, server, fact, config_.keep_lines);
  if (!session) return;
  auto& told = session->told.back();
  for (auto& delivered : session->delivered) {
    OpenMail* mail = mails_.get(delivered.mail);
    if (!mail || !delivered.fits(told)) continue;
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

}  // namespace mailtrace
