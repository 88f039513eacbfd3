// The table, the lists and what is due; the choice among generations is in generations.cc.
#include "core/track/open_mails.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <iterator>

#include "core/mail/columns.h"

namespace mailtrace {

size_t OpenMails::KeyHash::operator()(const KeyView& key) const noexcept {
  return XXH3_64bits_withSeed(key.queue_id.data(), key.queue_id.size(), key.server);
}

uint32_t OpenMails::server(std::string_view name) {
  if (last_server_ != Handle::none && servers_[last_server_] == name) return last_server_;
  auto [found, added] = server_index_.try_emplace(std::string(name), static_cast<uint32_t>(servers_.size()));
  if (added) servers_.emplace_back(name);
  return last_server_ = found->second;
}

OpenMail* OpenMails::find(uint32_t server, std::string_view queue_id) {
  auto found = table_.find(KeyView{server, queue_id});
  return found == table_.end() ? nullptr : &mails_[found->second];
}

OpenMail* OpenMails::get(Handle handle) {
  if (handle.index >= mails_.size()) return nullptr;
  OpenMail& mail = mails_[handle.index];
  return mail.self == handle ? &mail : nullptr;
}

// `start` orders the generations of a queue id: the chain goes from the youngest to the oldest.
OpenMail& OpenMails::add(uint32_t server, std::string_view queue_id, const LogLine& line, Time start) {
  uint32_t index;
  if (free_.empty()) {
    index = static_cast<uint32_t>(mails_.size());
    mails_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  OpenMail& mail = mails_[index];
  uint32_t epoch = mail.self.epoch + 1;
  mail = OpenMail{};
  mail.self = {index, epoch};
  mail.server = server;
  mail.queue_id = queue_id;
  mail.first_time = mail.last_time = mail.birth = start;
  mail.whole_seconds = line.whole_seconds;
  mail.imported = line.imported;
  mail.late = late_;

  auto [found, added] = table_.try_emplace(Key{server, mail.queue_id}, index);
  if (!added) {
    uint32_t* at = &found->second;
    while (*at != Handle::none && mails_[*at].birth > start) at = &mails_[*at].older;
    mail.older = *at;
    *at = index;
  }
  return mail;
}

void OpenMails::unlink(OpenMail& mail) {
  List& list = mail.finished ? finished_ : open_;
  if (mail.previous == Handle::none && mail.next == Handle::none && list.head != mail.self.index) return;
  (mail.previous == Handle::none ? list.head : mails_[mail.previous].next) = mail.next;
  (mail.next == Handle::none ? list.tail : mails_[mail.next].previous) = mail.previous;
  mail.previous = mail.next = Handle::none;
}

void OpenMails::move_to_tail(OpenMail& mail) {
  List& list = mail.finished ? finished_ : open_;
  if (list.tail == mail.self.index) return;
  unlink(mail);
  mail.previous = list.tail;
  (list.tail == Handle::none ? list.head : mails_[list.tail].next) = mail.self.index;
  list.tail = mail.self.index;
}

void OpenMails::touch(OpenMail& mail, const LogLine& line) {
  // With whole-second stamps, mails that shared a queue id leave memory together: which of two equal lines
  // belongs to which of them can only be told with all of them at hand.
  if (mail.whole_seconds)
    for (OpenMail* other = older(mail); other; other = older(*other)) {
      other->touched = line.received;
      move_to_tail(*other);
    }
  mail.touched = line.received;
  mail.imported = line.imported;
  move_to_tail(mail);
}

void OpenMails::finish(OpenMail& mail, Time time) {
  if (mail.finished) {
    mail.finish_time = std::max(mail.finish_time, time);
    return;
  }
  unlink(mail);
  mail.finished = true;
  mail.finish_time = time;
  move_to_tail(mail);
}

void OpenMails::push_pin(OpenMail& mail) {
  if (mail.dirty_sequence) pins_.push({mail.dirty_sequence, mail.self});
}

void OpenMails::dirty(OpenMail& mail, const LogLine& line) {
  if (!mail.dirty) {
    mail.dirty = true;
    mail.dirty_sequence = line.sequence;
    mail.dirty_since = mail.due_since = line.received;
    due_.push_back({line.received, mail.self});
    push_pin(mail);
  } else if (line.sequence && (line.sequence < mail.dirty_sequence || !mail.dirty_sequence)) {
    mail.dirty_sequence = line.sequence;
    push_pin(mail);
  }
  ready(mail);
}

void OpenMails::pin(OpenMail& mail, uint64_t sequence) {
  if (!sequence || !mail.dirty || sequence >= mail.dirty_sequence) return;
  mail.dirty_sequence = sequence;
  push_pin(mail);
}

void OpenMails::ready(OpenMail& mail) {
  if (!mail.finished || mail.only_removed) return;
  if (!mail.identified && mail.born != Born::opener) return;
  write_soon(mail);
}

void OpenMails::write_soon(OpenMail& mail) {
  if (!mail.dirty || mail.queued_ready) return;
  mail.queued_ready = true;
  ready_.push_back(mail.self);
}

void OpenMails::postpone(OpenMail& mail, Time since) {
  mail.queued_ready = false;
  mail.due_since = since;
  due_.push_back({since, mail.self});
}

bool OpenMails::more_due(Time now, bool all) {
  while (!ready_.empty()) {
    OpenMail* mail = get(ready_.front());
    if (mail && mail->dirty && mail->queued_ready) return true;
    ready_.pop_front();
  }
  while (!due_.empty()) {
    OpenMail* mail = get(due_.front().mail);
    if (mail && mail->dirty && mail->due_since == due_.front().since)
      return all || mail->due_since + config_.flush_after <= now;
    due_.pop_front();
  }
  return false;
}

std::vector<OpenMail*> OpenMails::take_due(Time now, bool all, size_t limit) {
  std::vector<OpenMail*> out;
  size_t rows = 0;
  std::unordered_set<uint32_t> taken;
  while (rows < limit && more_due(now, all)) {
    Handle handle;
    if (!ready_.empty()) {
      handle = ready_.front();
      ready_.pop_front();
    } else {
      handle = due_.front().mail;
      due_.pop_front();
    }
    OpenMail* mail = get(handle);
    mail->queued_ready = false;
    if (!taken.insert(handle.index).second) continue;
    out.push_back(mail);
    rows += 2 + mail->deliveries.size();
  }
  return out;
}

void OpenMails::clean(OpenMail& mail) {
  mail.dirty = mail.queued_ready = false;
  mail.dirty_sequence = 0;
  mail.row.reset();
  mail.deliveries = {};
  mail.endings = {};
  mail.lines = {};
}

uint64_t OpenMails::pinned(uint64_t next) {
  while (!pins_.empty()) {
    OpenMail* mail = get(pins_.top().mail);
    if (mail && mail->dirty && mail->dirty_sequence == pins_.top().sequence)
      return std::min(next, pins_.top().sequence);
    pins_.pop();
  }
  return next;
}

std::vector<OpenMail*> OpenMails::take_old(Time now) {
  std::vector<OpenMail*> out;
  size_t most = static_cast<size_t>(std::max<int64_t>(config_.max_open_mails, 1));
  size_t left = size();
  auto sweep = [&](List& list, Microseconds age, bool written_only) {
    for (uint32_t at = list.head; at != Handle::none; at = mails_[at].next) {
      OpenMail& mail = mails_[at];
      bool old = !mail.imported && mail.touched + age < now && !(written_only && mail.dirty);
      if (!old && left <= most) break;
      out.push_back(&mail);
      --left;
    }
  };
  sweep(finished_, config_.linger, true);
  sweep(open_, config_.forget_after, true);
  return out;
}

void OpenMails::forget(OpenMail& mail) {
  unlink(mail);
  auto found = table_.find(KeyView{mail.server, mail.queue_id});
  if (found != table_.end()) {
    uint32_t* at = &found->second;
    while (*at != Handle::none && *at != mail.self.index) at = &mails_[*at].older;
    if (*at != Handle::none) *at = mail.older;
    if (found->second == Handle::none) table_.erase(found);
  }
  Handle self{Handle::none, mail.self.epoch};
  uint32_t index = mail.self.index;
  mail = OpenMail{};
  mail.self = self;
  free_.push_back(index);
}

void OpenMails::fold(OpenMail& from, OpenMail& to) {
  to.seen.add_all(from.seen);
  std::move(from.deliveries.begin(), from.deliveries.end(), std::back_inserter(to.deliveries));
  std::move(from.endings.begin(), from.endings.end(), std::back_inserter(to.endings));
  std::move(from.children.begin(), from.children.end(), std::back_inserter(to.children));
  std::move(from.far_children.begin(), from.far_children.end(), std::back_inserter(to.far_children));
  for (auto& recipient : from.recipients) to.recipients.push_back(std::move(recipient));
  if (to.lines.empty()) to.first_line = from.first_line;
  if (!from.lines.empty()) to.last_line = from.last_line;
  to.lines += from.lines;
  to.only_removed = to.only_removed && from.only_removed;
  to.probe |= from.probe;
  to.real |= from.real;
  to.double_bounce |= from.double_bounce;
  to.own_message_id |= from.own_message_id;
  to.made_message_id |= from.made_message_id;
  to.message_id_seen |= from.message_id_seen;
  to.pickup |= from.pickup;
  to.own_client |= from.own_client;
  if (from.opener_seen && !to.opener_seen) {
    to.opener_seen = true;
    to.opener_time = from.opener_time;
    to.session = std::move(from.session);
  }
  if (!to.message_id_hash) to.message_id_hash = from.message_id_hash;
  if (!to.past_cleanup || (from.past_cleanup && *from.past_cleanup < *to.past_cleanup))
    to.past_cleanup = from.past_cleanup;
  if (!to.has_origin && from.has_origin) {
    to.has_origin = true;
    to.parent = from.parent;
    to.parent_kind = std::move(from.parent_kind);
  }
  if (from.row) {
    if (to.row)
      merge(*to.row, *from.row);
    else
      to.row = std::move(from.row);
  }
  if (from.finished) finish(to, from.finish_time);
  if (from.dirty && (!to.dirty || (from.dirty_sequence && from.dirty_sequence < to.dirty_sequence))) {
    to.dirty_sequence = from.dirty_sequence;
    if (!to.dirty) {
      to.dirty = true;
      to.dirty_since = to.due_since = from.dirty_since;
      due_.push_back({to.due_since, to.self});
    }
    push_pin(to);
  }
}

}  // namespace mailtrace
