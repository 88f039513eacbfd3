// Which mail is it: identity of mails whose first line this instance has not seen, and links. Pipeline
// thread.
#include <algorithm>

#include "core/track/mail_tracker.h"
#include "core/track/queue_id.h"

namespace mailtrace {
namespace {

// The latest that the mail of these lines may be born.
Time first_possible(const OpenMail& mail) {
  return mail.first_time + (mail.whole_seconds ? Microseconds(std::chrono::seconds(1)) - Microseconds(1)
                                               : Microseconds(std::chrono::milliseconds(100)));
}

}  // namespace

// ---- identity

std::optional<std::string> MailTracker::cached(const std::string& key) {
  if (!cache_) return std::nullopt;
  auto found = cached_.find(key);
  if (found != cached_.end()) return found->second;
  auto values = cache_->get(std::span(&key, 1));
  return cached_[key] = values.empty() ? std::nullopt : values[0];
}

std::optional<KnownMail> MailTracker::from_cache(const OpenMail& mail) {
  auto value = cached(mail_key(mails_.server_name(mail.server), mail.queue_id));
  return value ? decode_shadow(*value) : std::nullopt;
}

std::optional<KnownMail> MailTracker::from_database(const OpenMail& mail) {
  if (!find_open_) return std::nullopt;
  Time at = mail.identified ? std::max(mail.last_time, mail.birth) + config_.reorder : first_possible(mail);
  auto found = find_open_(mails_.server_name(mail.server), mail.queue_id, at);
  return found ? std::optional(known_from_rows(*found)) : std::nullopt;
}

// Is the mail that was found the one whose lines we have, or an earlier one with the same short queue id?
bool MailTracker::fits(const KnownMail& known, const OpenMail& mail) const {
  if (mail.identified) return known.id == mail.id;
  if (known.birth > first_possible(mail)) return false;
  // One that ended before these lines, as memory knows and the database perhaps not yet.
  for (const OpenMail* older = mails_.older(mail); older; older = mails_.older(*older))
    if (older->finished && older->finish_time < mail.first_time && known.birth <= older->finish_time)
      return false;
  if (known.finished && mail.first_time > known.end_time) return false;
  bool other_message_id =
      mail.message_id_hash && known.message_id_hash && mail.message_id_hash != known.message_id_hash;
  // One mail may have two Message-IDs, and their lines may come to two instances. While it lives, its queue
  // id is no other's; whole seconds do not show that.
  if (!other_message_id) return true;
  return !mail.whole_seconds && (known.finished || mail.first_time < known.birth + config_.linger);
}

std::optional<KnownMail> MailTracker::look_up(const OpenMail& mail) {
  auto cached = from_cache(mail);
  if (cached && !fits(*cached, mail)) cached.reset();
  if (cached && !may_be_stale(*cached, mail)) return cached;
  auto stored = from_database(mail);
  if (stored && cached && stored->id == cached->id) {
    cached->finished = cached->finished || stored->finished;
    cached->end_time = std::max(cached->end_time, stored->end_time);
    if (!fits(*cached, mail)) return std::nullopt;
    return cached;
  }
  // A younger one had the queue id in between: what the cache tells of is over.
  if (stored && cached && stored->birth > cached->birth) cached.reset();
  if (stored && fits(*stored, mail) && !cached) return stored;
  return cached;
}

// The cache may have missed that the mail has ended and its short queue id is another's by now.
bool MailTracker::may_be_stale(const KnownMail& known, const OpenMail& mail) const {
  if (mail.identified || known.finished) return false;
  bool other_message_id =
      mail.message_id_hash && known.message_id_hash && mail.message_id_hash != known.message_id_hash;
  // One that begins with its Message-ID may be a notice, which no first line announces.
  return other_message_id || mail.born == Born::message_id ||
         mail.first_time > known.birth + config_.flush_after;
}

OpenMail* MailTracker::resolve(OpenMail& mail) {
  if (mail.identified) return &mail;
  if (auto known = finer(mail)) return settle(mail, known->id, known->birth, known->born);
  if (mail.born == Born::opener) {
    if (auto half = later_half(mail)) return take_half(mail, std::move(*half));
    mails_.identify(mail, mail.birth, Born::opener, mail.ordinal);
    return settle(mail, mail.id, mail.birth, mail.born);
  }
  // A mail that only its Message-ID line began is in the cache by that line; its true first line comes first.
  // One that is younger than these lines is their later half.
  Time begin = mail.born == Born::unknown ? mail.first_time : mail.birth;
  if (auto known = look_up(mail); known && !(mail.late && known->birth > begin)) {
    OpenMail* out = settle(mail, known->id, known->birth, known->born);
    for (auto& recipient : known->recipients) keep_latest(out->recipients, recipient);
    if (!out->message_id_hash) out->message_id_hash = known->message_id_hash;
    return out;
  }
  if (mail.placeholder) return nullptr;
  if (auto half = later_half(mail)) return take_half(mail, std::move(*half));
  bool partial = mail.born == Born::unknown;
  Time birth = partial ? mail.first_time : mail.birth;
  if (cache_) {
    KnownMail own;
    own.id = mail_id(birth, mails_.server_name(mail.server), mail.queue_id, std::to_string(to_us(birth)));
    own.birth = birth;
    own.born = mail.born;
    own.message_id_hash = mail.message_id_hash;
    auto key = mail_key(mails_.server_name(mail.server), mail.queue_id);
    if (!cache_->add(key, encode_shadow(own), shadow_seconds)) {
      cached_.erase(key);
      if (auto known = look_up(mail)) return settle(mail, known->id, known->birth, known->born);
    }
  }
  if (partial) mail.change().flags |= row_flag::partial_id;
  mails_.identify(mail, birth, mail.born, 0);
  return settle(mail, mail.id, mail.birth, mail.born);
}

OpenMail* MailTracker::settle(OpenMail& mail, const Id& id, Time birth, Born born) {
  for (OpenMail* other = mails_.find(mail.server, mail.queue_id); other; other = mails_.older(*other)) {
    if (other == &mail || !other->identified || other->id != id) continue;
    mails_.fold(mail, *other);
    mails_.forget(mail);
    if (birth < other->birth) {
      other->birth = birth;
      other->born = born;
    }
    for (auto& delivery : other->deliveries)
      if (!delivery.lmtp_session.empty()) mailboxes_.move(delivery.lmtp_session, delivery.line, other->self);
    pass_id(*other);
    return other;
  }
  mails_.adopt(mail, id, birth, born);
  pass_id(mail);
  return &mail;
}

void MailTracker::pass_id(OpenMail& mail) {
  for (Handle handle : mail.children)
    if (OpenMail* child = mails_.get(handle)) {
      child->parent = {};
      set_origin(*child, mail.id, child->parent_kind);
    }
  mail.children.clear();
  for (auto& child : mail.far_children) add_origin(child, mail.id, mail.dirty_sequence);
  mail.far_children.clear();
}

// ---- links

LinkEnd MailTracker::end_of(const OpenMail& mail, const LogLine& line) const {
  LinkEnd end;
  end.mail = mail.self;
  if (mail.identified) end.id = mail.id;
  end.server = mail.server;
  end.queue_id = mail.queue_id;
  if (mail.row && mail.row->instance) end.instance = *mail.row->instance;
  end.birth = mail.birth;
  end.received = line.received;
  end.sequence = line.sequence;
  return end;
}

LinkEnd MailTracker::end_of(const KnownEnd& known) {
  LinkEnd end;
  end.id = known.id;
  end.server = mails_.server(known.server);
  end.queue_id = known.queue_id;
  end.instance = known.instance;
  end.birth = known.birth;
  end.attempt = known.attempt;
  return end;
}

void MailTracker::set_origin(OpenMail& child, const Id& parent, std::string_view kind) {
  ConnectRow& row = child.change();
  row.origin_id = parent;
  row.origin_kind = kind;
  if (kind == "filter") row.flags |= row_flag::filtered;
}

// The current line makes the link: it must be read again until the child is written.
void MailTracker::link(OpenMail& child, OpenMail& parent, std::string_view kind) {
  if (child.has_origin || &child == &parent) return;
  child.has_origin = true;
  child.parent_kind = kind;
  if (parent.identified && !(parent.placeholder && kind == "filter")) {
    set_origin(child, parent.id, kind);
  } else {
    child.parent = parent.self;
    parent.children.push_back(child.self);
    child.change();
  }
  if (line_)
    mails_.dirty(child, *line_);
  else if (!child.dirty && child.row && child.row->origin_id)
    add_loose(child);
}

// The columns of a mail that has been written already and that no line holds the checkpoint for.
void MailTracker::add_loose(OpenMail& mail) {
  Loose loose;
  loose.connect = std::move(*mail.row);
  mail.row.reset();
  loose.connect.id = mail.id;
  loose.connect.day = mail.id.day();
  loose.connect.connect_time = mail.birth;
  loose.connect.server = mails_.server_name(mail.server);
  loose.connect.queue_id = mail.queue_id;
  loose_.push_back(std::move(loose));
}

void MailTracker::linked(const LinkEnd& child, const LinkEnd& parent, std::string_view kind) {
  OpenMail* child_mail = mails_.get(child.mail);
  OpenMail* parent_mail = mails_.get(parent.mail);
  if (child_mail && parent_mail) return link(*child_mail, *parent_mail, kind);
  Id parent_id = parent_mail && parent_mail->identified ? parent_mail->id : parent.id;
  if (parent_id.is_zero()) {
    if (parent_mail && !child.id.is_zero())
      parent_mail->far_children.push_back(
          {child.id, child.birth, child.server, child.queue_id, std::string(kind)});
    return;
  }
  if (child_mail) {
    if (child_mail->has_origin) return;
    child_mail->has_origin = true;
    set_origin(*child_mail, parent_id, kind);
    if (line_)
      mails_.dirty(*child_mail, *line_);
    else if (!child_mail->dirty)
      add_loose(*child_mail);
    return;
  }
  if (child.id.is_zero()) return;
  add_origin({child.id, child.birth, child.server, child.queue_id, std::string(kind)}, parent_id,
             line_ ? line_->sequence : 0);
}

void MailTracker::add_origin(const FarChild& child, const Id& parent, uint64_t sequence) {
  if (child.id == parent) return;
  Loose loose;
  ConnectRow& row = loose.connect;
  row.id = child.id;
  row.day = child.id.day();
  row.connect_time = child.birth;
  row.server = mails_.server_name(child.server);
  row.queue_id = child.queue_id;
  row.origin_id = parent;
  row.origin_kind = child.kind;
  if (child.kind == "filter") row.flags |= row_flag::filtered;
  loose.sequence = sequence;
  loose_.push_back(std::move(loose));
}

}  // namespace mailtrace
