// Rows out of mails: what is due, in which state, and what memory may forget. Pipeline thread.
#include <algorithm>

#include "core/track/fill.h"
#include "core/track/mail_tracker.h"

namespace mailtrace {
namespace {

// An address probe looks like a mail until its first attempt is logged; so long it is waited for.
constexpr Microseconds probe_wait = std::chrono::minutes(5);

// postscreen(8) refuses a client six seconds behind the lists' answers, if it is quick.
constexpr Microseconds refused_after = std::chrono::minutes(1);

}  // namespace

bool MailTracker::collect(Time now, bool all, size_t max_rows, Batch& batch) {
  now_ = now;
  emitter_.start(batch);
  size_t rows = write_loose(max_rows);
  std::vector<Handle> due;
  if (rows < max_rows)
    for (OpenMail* mail : mails_.take_due(now, all, max_rows - rows)) due.push_back(mail->self);
  if (cache_) prefetch(due);
  for (Handle handle : due) {
    OpenMail* mail = mails_.get(handle);
    if (mail && mail->dirty && write(*mail, all, now) == Written::postponed) put_off_.push_back(handle);
  }
  forget_old(now, all);
  bool more = !loose_.empty() || mails_.more_due(now, all);
  if (!more) {
    for (Handle handle : put_off_)
      if (OpenMail* mail = mails_.get(handle); mail && mail->dirty) mails_.postpone(*mail, now);
    put_off_.clear();
  }
  if (!guessing_ && (!more || !all)) remember(now, all, !more, batch);
  emitter_.finish();
  cached_.clear();
  if (cache_) cache_->flush();
  return more;
}

size_t MailTracker::write_loose(size_t max_rows) {
  size_t rows = 0;
  for (; !loose_.empty() && rows < max_rows; loose_.pop_front()) {
    Loose& loose = loose_.front();
    Id id = loose.connect.id;
    Time time = loose.connect.connect_time;
    use_cached_session(loose.session, loose.connect, time);
    emitter_.add(std::move(loose.connect));
    if (loose.deliver) emitter_.add(std::move(*loose.deliver));
    if (!loose.lines.empty()) emitter_.add_lines(id, loose.line, loose.line, loose.lines);
    rows += 2;
  }
  return rows;
}

// One round trip for all the due mails may ask of the cache.
void MailTracker::prefetch(const std::vector<Handle>& due) {
  std::vector<std::string> keys;
  auto add_tls_keys = [&](const std::string& session, Time time) {
    int64_t period = tls_period(time);
    for (int64_t number : {period, period - 1}) {
      keys.push_back(tls_key(session, number));
      keys.push_back(tls_key(session, number) + last_of_period);
      keys.push_back(opened_key(session, number));
    }
  };
  for (Handle handle : due) {
    OpenMail* mail = mails_.get(handle);
    if (!mail) continue;
    keys.push_back(mail_key(mails_.server_name(mail->server), mail->queue_id));
    if (mail->session.named)
      for (auto part : named_parts) keys.push_back(named_key(mail->session.key, part));
    else if (!mail->session.key.empty())
      add_tls_keys(mail->session.key, mail->opener_time);
    if (mail->own_client && !mail->has_origin) keys.push_back(claim_key(mail->queue_id));
    if (mail->pickup && !mail->has_origin && mail->message_id_hash)
      keys.push_back(pipe_key(mails_.server_name(mail->server), mail->message_id_hash));
    for (auto& delivery : mail->deliveries) {
      for (size_t number = 0; !delivery.lmtp_session.empty() && number < cached_outcomes; ++number)
        keys.push_back(outcome_key(delivery.lmtp_session, number));
      if (delivery.named_session)
        keys.push_back(named_key(delivery.session_key, 't'));
      else if (!delivery.session_key.empty())
        add_tls_keys(delivery.session_key, delivery.row.deliver_time);
      if (delivery.row.next_queue_id && delivery.row.relay_addr && own_.contains(*delivery.row.relay_addr))
        keys.push_back(child_key(*delivery.row.next_queue_id));
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.empty()) return;
  auto values = cache_->get(keys);
  for (size_t i = 0; i < keys.size() && i < values.size(); ++i) cached_[keys[i]] = std::move(values[i]);
}

// A lone "removed" is worth a row only if the mail has one: it may have ended an address probe.
bool MailTracker::written_before(OpenMail& mail) {
  if (!find_open_) return true;
  return look_up(mail).has_value();
}

// Whose lines these are, no other line can change: its first one was seen or is stored, its queue id is no
// other mail's, or it is a notice, which begins with its Message-ID.
bool MailTracker::is_certain(OpenMail& mail) {
  if (mail.opener_seen || mail.long_id) return true;
  if (mail.born == Born::message_id && (mail.has_origin || mail.parent_kind == "bounce")) return true;
  auto known = look_up(mail);
  return known && known->born == Born::opener;
}

MailTracker::Written MailTracker::write(OpenMail& given, bool all, Time now) {
  if (given.placeholder || (given.only_removed && !written_before(given))) {
    if (!given.placeholder) pass_on(given);
    // The rest of it may come with an older file.
    if (all && given.imported && given.finished) remember_lines(given);
    // Another instance may be about to write the rest of it.
    Time late = given.dirty_since + 2 * config_.flush_after + config_.reorder;
    if (!given.placeholder && cache_ && !given.imported && now < late) return Written::postponed;
    mails_.clean(given);
    return Written::dropped;
  }
  // At shutdown: its first line, or another instance, may still tell whose these are. The lines stay in the
  // spool.
  if (guessing_ && !is_certain(given)) return Written::postponed;
  if (all && cache_ && !given.identified && !given.imported && now < given.dirty_since + config_.flush_after)
    return Written::postponed;
  // Its first line may lie in the spool of another instance that is just being started.
  if (cache_ && !all && !given.identified && given.born == Born::unknown && !given.imported &&
      now < given.dirty_since + config_.flush_after && !look_up(given))
    return Written::postponed;
  OpenMail* mail = resolve(given);
  if (!mail) {
    mails_.clean(given);
    return Written::dropped;
  }
  if (mail->probe && !mail->real) {
    if (all && !mail->finished) remember_lines(*mail);
    mails_.clean(*mail);
    return Written::dropped;
  }
  if (mail->is_probe_candidate() && (cache_ || !mail->message_id_seen))
    if (auto known = look_up(*mail); known && (known->queued || known->born == Born::opener))
      mail->real = true;
  if (mail->is_probe_candidate()) {
    if (all && mail->imported) {
      remember_lines(*mail);
      mails_.clean(*mail);
      return Written::dropped;
    }
    if (now < mail->touched + probe_wait) return Written::postponed;
  }
  OpenMail* parent = mails_.get(mail->parent);
  if (parent && cache_ && !all && !parent->identified && parent->dirty &&
      now < parent->dirty_since + config_.flush_after)
    return Written::postponed;
  // Which recipients were waiting, another instance may know and not have written yet, or be just starting.
  if (cache_ && !all && !mail->endings.empty() &&
      now < mail->touched + 4 * config_.flush_after + config_.reorder)
    return Written::postponed;
  if (cache_)
    if (auto known = from_cache(*mail); known && known->id == mail->id) take_over(*mail, *known);
  if (cache_ && !all && !mail->imported && !mail->waited && wants(*mail)) {
    mail->waited = true;
    return Written::postponed;
  }
  size_t told = loose_.size();
  adopt_parent(*mail);
  if (!mail->endings.empty()) end_recipients(*mail);
  claim_late(*mail);
  find_written_children(*mail);
  if (cache_) {
    use_cached_tls(*mail);
    use_cached_links(*mail);
    use_cached_outcomes(*mail);
  }
  take_finer(*mail);
  if (cache_) shadow(*mail);
  bool unlinked = mail->own_client && !mail->has_origin && !mail->real && !mail->finished;
  if (all && (unlinked || (mail->pickup && !mail->message_id_seen))) remember_lines(*mail);
  emitter_.add_mail(*mail, mails_.server_name(mail->server));
  // What was found out about other mails on the way comes with the next rows; only these lines tell it again.
  for (; told < loose_.size(); ++told)
    if (!loose_[told].sequence) loose_[told].sequence = mail->dirty_sequence;
  mails_.clean(*mail);
  return Written::yes;
}

// The other half may be with another instance, and not have come there yet.
bool MailTracker::wants(const OpenMail& mail) {
  if (mail.finished && (mail.own_client || mail.pickup) && !mail.has_origin) return true;
  if (!mail.session.key.empty() && mail.session.began_elsewhere && mail.row && !mail.row->tls) return true;
  return std::any_of(mail.deliveries.begin(), mail.deliveries.end(), [&](const Delivery& delivery) {
    return !delivery.lmtp_session.empty() && !delivery.row.folder && mailboxes_.any_told();
  });
}

void MailTracker::adopt_parent(OpenMail& mail) {
  OpenMail* parent = mails_.get(mail.parent);
  if (!parent) return;
  Handle self = mail.self;
  if (parent->placeholder && parent->identified) {
    // Named by XFORWARD: a mail of this host only if somebody knows it.
    if (look_up(*parent)) pass_id(*parent);
    return;
  }
  if (parent->identified)
    pass_id(*parent);
  else
    resolve(*parent);
  if (OpenMail* again = mails_.get(self)) again->parent = {};
}

// What another instance or the database knows of the same mail; what is put into the cache next says it too.
void MailTracker::take_over(OpenMail& mail, const KnownMail& known) {
  if (!mail.message_id_hash) mail.message_id_hash = known.message_id_hash;
  for (auto& from : known.recipients) keep_latest(mail.recipients, from);
}

// qmgr(8) and postsuper(1) end all recipients that are left without naming them.
void MailTracker::end_recipients(OpenMail& mail) {
  bool whole_history = mail.opener_seen || (mail.born == Born::message_id && mail.message_id_seen);
  auto& recipients = mail.recipients;
  if (cache_ || !whole_history)
    if (auto known = from_database(mail); known && known->id == mail.id) take_over(mail, *known);
  for (auto& ending : mail.endings) {
    size_t ended = 0;
    for (auto& recipient : recipients) {
      // The line came again. What it ended may be stored or not: the cache may have been told and the
      // database not, when the daemon was killed. The same row twice is one.
      bool again = recipient.ended && recipient.attempt == ending.time;
      if (!again && (!recipient.waiting || recipient.attempt > ending.time)) continue;
      recipient.waiting = false;
      recipient.ended = true;
      recipient.attempt = ending.time;
      DeliverRow row;
      row.deliver_time = ending.time;
      row.recipient = recipient.address;
      if (!recipient.original.empty()) row.original_recipient = recipient.original;
      row.status = ending.status;
      mail.deliveries.push_back({std::move(row), ending.line, true});
      ++ended;
    }
    if (ended) continue;
    DeliverRow row;
    row.deliver_time = ending.time;
    row.status = ending.status;
    mail.deliveries.push_back({std::move(row), ending.line});
  }
  mail.endings.clear();
}

void MailTracker::use_cached_pipe(OpenMail& mail, const LinkEnd& self) {
  if (!mail.message_id_hash) return;
  auto key = pipe_key(mails_.server_name(mail.server), mail.message_id_hash);
  for (auto& delivery : mail.deliveries) {
    if (delivery.row.transport != "pipe" || delivery.row.status != "sent") continue;
    KnownEnd end{mail.id, mail.birth, delivery.row.deliver_time, {}, mail.queue_id, self.instance};
    cache_->put(key, encode_end(end), 600);
  }
  if (!mail.pickup || mail.has_origin) return;
  auto value = cached(key);
  auto known = value ? decode_end(*value) : std::nullopt;
  if (!known || known->id == mail.id) return;
  LinkEnd parent;
  parent.id = known->id;
  parent.birth = known->birth;
  parent.attempt = known->attempt;
  if (!in_time(self, parent, true)) return;
  mail.has_origin = true;
  set_origin(mail, parent.id, "filter");
}

// The other end of a hop may have come to another instance.
void MailTracker::use_cached_links(OpenMail& mail) {
  LinkEnd self;
  self.id = mail.id;
  self.server = mail.server;
  self.birth = mail.birth;
  if (mail.row && mail.row->instance) self.instance = *mail.row->instance;
  if (mail.own_client && !mail.has_origin)
    if (auto value = cached(claim_key(mail.queue_id)))
      if (auto known = decode_end(*value)) {
        LinkEnd parent = end_of(*known);
        if (parent.id != mail.id && in_time(self, parent, false)) {
          mail.has_origin = true;
          set_origin(mail, parent.id, hop_kind(self, parent));
        }
      }
  use_cached_pipe(mail, self);
  for (auto& delivery : mail.deliveries) {
    const DeliverRow& row = delivery.row;
    if (!row.next_queue_id || !row.relay_addr || row.status != "sent" || !own_.contains(*row.relay_addr))
      continue;
    // Told only now if the mail began at another instance: whose it is was not known when the line came.
    if (delivery.unlinked)
      cache_->put(claim_key(*row.next_queue_id),
                  encode_end({mail.id, mail.birth, row.deliver_time, mails_.server_name(mail.server),
                              mail.queue_id, self.instance}),
                  3600);
    auto value = cached(child_key(*row.next_queue_id));
    auto known = value ? decode_end(*value) : std::nullopt;
    if (!known || known->id == mail.id) continue;
    LinkEnd child = end_of(*known);
    self.attempt = row.deliver_time;
    OpenMail* here = mails_.find(child.server, child.queue_id);
    if (in_time(child, self, false) && !(here && here->has_origin && here->id == child.id))
      linked(child, self, hop_kind(child, self));
  }
}

// Through a pipe filter: the Message-ID came from the cache or the database.
void MailTracker::claim_late(OpenMail& mail) {
  for (auto& delivery : mail.deliveries) {
    if (!delivery.piped) continue;
    if (!mail.message_id_hash)
      if (auto known = look_up(mail)) mail.message_id_hash = known->message_id_hash;
    if (!mail.message_id_hash) continue;
    LinkEnd parent;
    parent.mail = mail.self;
    parent.id = mail.id;
    parent.server = mail.server;
    parent.birth = mail.birth;
    parent.attempt = delivery.row.deliver_time;
    parent.received = now_;
    links_.piped(mail.message_id_hash, std::move(parent));
  }
}

// A delivery to one of our own hosts soon after the start: that host's mail may have come before the start,
// and then lies in the database. Later it would be in memory.
void MailTracker::find_written_children(OpenMail& mail) {
  if (!find_open_ || !start_) return;
  for (auto& delivery : mail.deliveries) {
    const DeliverRow& row = delivery.row;
    if (!delivery.unlinked || row.deliver_time - transmit_time(row) - std::chrono::seconds(5) > *start_)
      continue;
    LinkEnd self;
    self.id = mail.id;
    self.server = mail.server;
    self.birth = mail.birth;
    self.attempt = row.deliver_time;
    if (mail.row && mail.row->instance) self.instance = *mail.row->instance;
    for (uint32_t server = 0; server < std::min(mails_.servers(), most_servers_asked); ++server) {
      auto found =
          find_open_(mails_.server_name(server), *row.next_queue_id, row.deliver_time + config_.reorder);
      if (!found || found->connect.origin_id || !own_.contains(found->connect.client_addr.value_or("")))
        continue;
      LinkEnd child;
      child.id = found->connect.id;
      child.server = server;
      child.queue_id = *row.next_queue_id;
      child.birth = found->connect.connect_time;
      child.instance = found->connect.instance.value_or("");
      if (OpenMail* here = mails_.find(server, child.queue_id);
          here && here->identified && here->id == child.id)
        child.mail = here->self;
      if (child.id != mail.id && in_time(child, self, false)) linked(child, self, hop_kind(child, self));
    }
  }
}

void MailTracker::shadow(const OpenMail& mail) {
  if (!mail.identified) return;
  KnownMail known;
  known.id = mail.id;
  known.birth = mail.birth;
  known.born = mail.born;
  known.finished = mail.finished;
  known.queued = mail.past_cleanup.has_value();
  known.end_time = mail.finish_time;
  known.message_id_hash = mail.message_id_hash;
  known.recipients = mail.recipients;
  cache_->put(mail_key(mails_.server_name(mail.server), mail.queue_id), encode_shadow(known), shadow_seconds);
}

void MailTracker::forget_old(Time now, bool all) {
  std::vector<Handle> old;
  for (OpenMail* mail : mails_.take_old(now)) old.push_back(mail->self);
  for (Handle handle : old) {
    OpenMail* mail = mails_.get(handle);
    if (mail && mail->dirty && write(*mail, all, now) == Written::postponed) continue;
    if (mail = mails_.get(handle); mail) mails_.forget(*mail);
  }
  // The lines that what was recalled waits for may come a while after the start; and lines read again were
  // received long ago.
  auto older_than = [&](Microseconds age) {
    bool waits = recalled_ && (!first_received_ || now < *first_received_ + age);
    return waits ? Time{} : now - age;
  };
  links_.forget_before(older_than(config_.forget_after));
  sessions_.forget_before(older_than(config_.forget_after));
  named_.forget_before(older_than(config_.forget_after));
  reasons_.forget_before(older_than(mailbox_wait));
  mailboxes_.forget_before(older_than(mailbox_wait));
}

uint64_t MailTracker::pinned(uint64_t next) const {
  uint64_t least = mails_.pinned(next);
  for (auto& loose : loose_)
    if (loose.sequence && loose.sequence < least) least = loose.sequence;
  least = links_.pinned(least, now_ - config_.flush_after);
  least = reasons_.pinned(least, now_ - std::max(config_.flush_after, refused_after));
  least = mailboxes_.pinned(least, now_ - config_.flush_after);
  least = named_.pinned(least, now_ - config_.flush_after);
  return sessions_.pinned(least, now_ - config_.flush_after);
}

}  // namespace mailtrace
