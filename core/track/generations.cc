// Which mail a line belongs to when a short queue id was used more than once. Long ids are used once only.
// Lines come in order of their stamps (Sequencer); what comes later than that joins the mail that was there
// at its time. Pipeline thread.
#include "core/track/open_mails.h"
#include "core/track/queue_id.h"

namespace mailtrace {
namespace {

// Neighbouring lines of one host may be stamped this much against the order of what they tell.
constexpr Microseconds jitter = std::chrono::milliseconds(100);

}  // namespace

void OpenMails::identify(OpenMail& mail, Time birth, Born born, int ordinal) {
  mail.birth = birth;
  mail.born = born;
  mail.ordinal = ordinal;
  mail.identified = true;
  std::string generation;
  if (!mail.long_id) generation = std::to_string(to_us(birth));
  if (ordinal) generation += "+" + std::to_string(ordinal);
  mail.id = mail_id(birth, servers_[mail.server], mail.queue_id, generation);
  ready(mail);
}

void OpenMails::adopt(OpenMail& mail, const Id& id, Time birth, Born born) {
  mail.id = id;
  mail.birth = birth;
  mail.born = born;
  mail.identified = true;
  ready(mail);
}

// The first line of a mail. When it comes late, resolve() asks whether the mail is stored under another id.
void OpenMails::open(OpenMail& mail, Time birth, int ordinal) {
  if (!mail.late) return identify(mail, birth, Born::opener, ordinal);
  mail.birth = birth;
  mail.born = Born::opener;
  mail.ordinal = ordinal;
}

bool OpenMails::is_late(uint32_t server, const LogLine& line) {
  if (shared_) return false;
  if (newest_.size() <= server) newest_.resize(server + 1);
  bool late = line.imported || (line.sequence && line.sequence < read_before_) ||
              line.time + config_.reorder < newest_[server];
  if (!line.time_suspect) newest_[server] = std::max(newest_[server], line.time);
  return late;
}

OpenMail& OpenMails::named(uint32_t server, std::string_view queue_id, const LogLine& line) {
  if (OpenMail* mail = find_at(server, queue_id, line.time)) return *mail;
  OpenMail& mail = *pick(server, queue_id, line, LineKind::other).mail;
  mail.placeholder = true;
  touch(mail, line);
  return mail;
}

OpenMails::Picked OpenMails::pick(uint32_t server, std::string_view queue_id, const LogLine& line,
                                  LineKind kind) {
  late_ = is_late(server, line);
  OpenMail* newest = find(server, queue_id);
  if (newest && newest->long_id) return {newest, newest->seen.contains(line.identity)};
  if (Time birth; !newest && long_queue_id(queue_id, birth)) {
    OpenMail& mail = add(server, queue_id, line, birth);
    mail.long_id = true;
    identify(mail, birth, Born::opener, 0);
    mail.first_time = mail.last_time = line.time;
    return {&mail};
  }
  switch (kind) {
    case LineKind::opener:
      return pick_opener(newest, server, queue_id, line);
    case LineKind::message_id:
      return pick_message_id(newest, server, queue_id, line);
    default:
      return pick_other(newest, server, queue_id, line, kind);
  }
}

OpenMails::Picked OpenMails::pick_opener(OpenMail* newest, uint32_t server, std::string_view queue_id,
                                         const LogLine& line) {
  for (OpenMail* mail = newest; mail; mail = older(*mail))
    if (mail->seen.contains(line.identity)) {
      bool reopened = line.whole_seconds && mail == newest && mail->finished && mail->born == Born::opener;
      return {mail, true, reopened};
    }
  int same_second = 0;
  for (OpenMail* mail = newest; mail; mail = older(*mail)) {
    if (!mail->identified && mail->born != Born::opener) {
      auto tolerance = mail->finished ? Microseconds(0) : config_.reorder;
      if (line.time <= mail->first_time + tolerance) {
        mail->late |= late_;
        open(*mail, line.time, 0);
        return {mail};
      }
    } else if (mail->born != Born::opener && mail->birth > line.time) {
      late_ = !shared_;  // what came of it before may be stored
    } else if (mail->born == Born::opener && mail->birth == line.time) {
      if (!mail->opener_seen) return {mail};
      ++same_second;
    }
  }
  OpenMail& mail = add(server, queue_id, line, line.time);
  open(mail, line.time, line.whole_seconds ? same_second : 0);
  return {&mail};
}

OpenMails::Picked OpenMails::pick_message_id(OpenMail* newest, uint32_t server, std::string_view queue_id,
                                             const LogLine& line) {
  for (OpenMail* mail = newest; mail; mail = older(*mail))
    if (mail->seen.contains(line.identity)) {
      mail->reopened.reset();
      return {mail, true};
    }
  if (OpenMail* mail = by_time(newest, line.time, line.whole_seconds)) {
    // cleanup(8) logs the Message-ID before qmgr(8) knows the mail, and never after it.
    bool early = !mail->past_cleanup || line.time < *mail->past_cleanup;
    bool late = !mail->message_id_seen && mail->past_cleanup && line.time <= *mail->past_cleanup + jitter;
    bool open = !mail->finished || (!line.whole_seconds && line.time < mail->finish_time);
    if ((early && open) || late) {
      if (!mail->identified && mail->born == Born::unknown) {
        mail->born = Born::message_id;
        mail->birth = line.time;
      }
      return {mail};
    }
  }
  if (newest && newest->reopened) {
    OpenMail& mail = add(server, queue_id, line, newest->birth);
    identify(mail, newest->birth, Born::opener, newest->ordinal + 1);
    mail.opener_seen = true;
    mail.row = std::move(newest->reopened);
    mail.seen.add(newest->reopened_line);
    mail.only_removed = false;
    return {&mail};
  }
  // Born inside the host (a bounce, a forward), or its first line is elsewhere: known when it is written.
  OpenMail& mail = add(server, queue_id, line, line.time);
  mail.born = Born::message_id;
  return {&mail};
}

OpenMails::Picked OpenMails::pick_other(OpenMail* newest, uint32_t server, std::string_view queue_id,
                                        const LogLine& line, LineKind kind) {
  OpenMail* mail = by_time(newest, line.time, line.whole_seconds);
  if (mail && mail->seen.contains(line.identity)) return {mail, true};
  if (kind != LineKind::removed)
    for (OpenMail* other = newest; other; other = older(*other))
      if (other->seen.contains(line.identity)) return {other, true};
  // The queue manager says no word on a mail that it has removed: it is the next one's, whose first line went
  // to another receiver. What others say of it may come later.
  bool over = mail && mail->finished && kind != LineKind::other && kind != LineKind::note &&
              line.time > mail->finish_time + config_.reorder;
  if (mail && !over) {
    if (!mail->identified && mail->born != Born::opener && line.time < mail->first_time)
      mail->first_time = line.time;
    return {mail};
  }
  return {&add(server, queue_id, line, line.time)};
}

// The youngest that had begun at `time`.
OpenMail* OpenMails::by_time(OpenMail* newest, Time time, bool whole_seconds) {
  for (OpenMail* mail = newest; mail; mail = older(*mail)) {
    bool born = mail->identified || mail->born == Born::opener;
    auto tolerance = born && !whole_seconds ? jitter : config_.reorder;
    if (mail->older != Handle::none) tolerance = Microseconds(0);
    if (time + tolerance >= mail->birth) return mail;
  }
  return nullptr;
}

OpenMail* OpenMails::find_at(uint32_t server, std::string_view queue_id, Time time) {
  OpenMail* newest = find(server, queue_id);
  if (newest && newest->long_id) return newest;
  return by_time(newest, time, false);
}

}  // namespace mailtrace
