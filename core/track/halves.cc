// Mails with a short queue id whose later lines came first: an old log is imported when the daemon has begun,
// or a sender was cut off. Rows under the id of the later lines are stored then; the earlier lines are of the
// same mail and take that id, so that one mail is one row. Pipeline thread.
#include <algorithm>

#include "core/track/mail_tracker.h"

namespace mailtrace {
namespace {

// Between two lines of one mail: Postfix tries for five days.
constexpr Microseconds longest_wait = std::chrono::seconds(shadow_seconds);
// Between the first line and the Message-ID: a client may be that slow, and not slower.
constexpr Microseconds longest_session = std::chrono::hours(1);

Time begin_of(const OpenMail& mail) { return mail.born == Born::unknown ? mail.first_time : mail.birth; }

}  // namespace

// Is `row`, the next one stored under the queue id, what came later of the same mail?
bool MailTracker::continues(const ConnectRow& row, const OpenMail& mail) const {
  // Both halves have been here before.
  if (row.flags & row_flag::opened)
    return mail.born == Born::opener && row.connect_time == mail.birth && !mail.whole_seconds;
  if (mail.finished && mail.finish_time < row.connect_time) return false;
  // Another mail began in between.
  for (const OpenMail* other = mails_.find(mail.server, mail.queue_id); other; other = mails_.older(*other)) {
    bool between = other->birth > begin_of(mail) && other->birth < row.connect_time;
    if (other != &mail && !other->placeholder && between) return false;
  }
  auto message_id = row.message_id.value_or("");
  auto hash = message_id.empty() ? 0 : message_id_hash(message_id);
  if (hash && mail.message_id_hash && hash != mail.message_id_hash) return false;
  if (row.flags & row_flag::partial_id) return true;
  // Begins with its Message-ID: a mail born inside the host, or one whose first line came before.
  bool inside = (row.flags & row_flag::notification) || row.origin_id;
  if (mail.born == Born::message_id || inside) return false;
  return mail.message_id_seen ? hash == mail.message_id_hash
                              : row.connect_time - begin_of(mail) < longest_session;
}

std::optional<Mail> MailTracker::later_half(const OpenMail& mail) {
  if (!mail.late || mail.long_id || !find_open_) return std::nullopt;
  Time begin = begin_of(mail);
  std::optional<Mail> next;
  for (Time at = std::max(mail.last_time, begin) + longest_wait;;) {
    auto found = find_open_(mails_.server_name(mail.server), mail.queue_id, at);
    if (!found || found->connect.connect_time < begin) break;
    // Before the first moment a database knows it finds the same row again.
    if (found->connect.connect_time > at) break;
    at = found->connect.connect_time - Microseconds(1);
    next = std::move(found);
  }
  if (!next || !continues(next->connect, mail)) return std::nullopt;
  return next;
}

OpenMail* MailTracker::take_half(OpenMail& mail, Mail half) {
  Time birth = begin_of(mail);
  auto known = known_from_rows(half);
  // Stored rows learn when their mail began.
  for (auto& row : half.deliveries) {
    if (row.connect_time <= birth) continue;
    row.connect_time = birth;
    emitter_.add(std::move(row));
  }
  OpenMail* out = settle(mail, known.id, birth, mail.born == Born::unknown ? known.born : mail.born);
  for (auto& recipient : known.recipients) keep_latest(out->recipients, recipient);
  if (!out->message_id_hash) out->message_id_hash = known.message_id_hash;
  out->change();
  return out;
}

}  // namespace mailtrace
