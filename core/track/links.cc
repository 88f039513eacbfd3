#include "core/track/links.h"

#include <algorithm>
#include <cstring>

namespace mailtrace {
namespace {

// Clocks of two hosts, and the answer's way back.
constexpr Microseconds before_parent = std::chrono::seconds(2);
constexpr Microseconds behind_claim = std::chrono::seconds(5);
// pickup(8) reads the maildrop while or right after pipe(8) logs.
constexpr Microseconds behind_pipe = std::chrono::seconds(1);

std::string number_key(uint32_t server, uint64_t number) {
  std::string out(reinterpret_cast<const char*>(&server), sizeof server);
  return out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string_view sieve_kind(std::string_view name) {
  return name[0] == 'f' ? "forward" : name[0] == 'v' ? "vacation" : "bounce";
}

}  // namespace

bool in_time(const LinkEnd& child, const LinkEnd& parent, bool pipe) {
  return child.birth + before_parent >= parent.birth &&
         child.birth <= parent.attempt + (pipe ? behind_pipe : behind_claim);
}

std::string_view hop_kind(const LinkEnd& child, const LinkEnd& parent) {
  bool other_instance =
      !child.instance.empty() && !parent.instance.empty() && child.instance != parent.instance;
  return child.server == parent.server && !other_instance ? "filter" : "relay";
}

std::string Links::key_of(Side side, std::string_view text) {
  std::string out(1, static_cast<char>(side));
  return out.append(text);
}

std::string Links::name_of(const LinkEnd& end) { return std::to_string(end.server) + "/" + end.queue_id; }

std::vector<uint32_t> Links::fitting(const std::string& key, const LinkEnd& other, bool other_is_child,
                                     bool pipe) {
  std::vector<uint32_t> out;
  auto [at, end] = table_.equal_range(key);
  for (; at != end; ++at) {
    const LinkEnd& found = entries_[at->second].end;
    if (found.same(other)) continue;
    if (!(other_is_child ? in_time(other, found, pipe) : in_time(found, other, pipe))) continue;
    // Known from before the restart and by its line again.
    bool again =
        std::any_of(out.begin(), out.end(), [&](uint32_t index) { return entries_[index].end.same(found); });
    if (!again) out.push_back(at->second);
  }
  return out;
}

// A host has one file of a name at a time: of its mails that had this queue id one after the other, the
// hand-over made the last one born before the answer was logged.
void Links::keep_nearest(std::vector<uint32_t>& children, const LinkEnd& parent) const {
  auto nearer = [&](const LinkEnd& one, const LinkEnd& other) {
    bool one_before = one.birth <= parent.attempt, other_before = other.birth <= parent.attempt;
    if (one_before != other_before) return one_before;
    return one_before ? one.birth > other.birth : one.birth < other.birth;
  };
  std::erase_if(children, [&, all = children](uint32_t index) {
    const LinkEnd& child = entries_[index].end;
    return std::any_of(all.begin(), all.end(), [&](uint32_t other) {
      const LinkEnd& rival = entries_[other].end;
      return rival.server == child.server && nearer(rival, child);
    });
  });
}

bool Links::claim(std::string_view next_queue_id, LinkEnd parent) {
  auto children = fitting(key_of(child_side, next_queue_id), parent, false, false);
  keep_nearest(children, parent);
  if (children.size() == 1) {
    LinkEnd& child = entries_[children[0]].end;
    if (!child.linked) {
      linked_(child, parent, hop_kind(child, parent));
      child.linked = true;
      child.parent = name_of(parent);
    }
    if (child.parent == name_of(parent)) return true;
    // Another's: the mail with this queue id that is meant is still to come.
  }
  auto key = key_of(claim_side, next_queue_id);
  auto [at, end] = table_.equal_range(key);
  for (; at != end; ++at)
    if (entries_[at->second].end.same(parent)) return false;  // a second recipient of the same transaction
  add(std::move(key), std::move(parent));
  return false;
}

void Links::arrived(LinkEnd child) {
  auto parents = fitting(key_of(claim_side, child.queue_id), child, true, false);
  std::erase_if(parents, [&](uint32_t index) { return entries_[index].end.linked; });
  if (parents.size() == 1) {
    LinkEnd& parent = entries_[parents[0]].end;
    linked_(child, parent, hop_kind(child, parent));
    child.linked = parent.linked = true;
    child.parent = name_of(parent);
  }
  auto key = key_of(child_side, child.queue_id);
  add(std::move(key), std::move(child));
}

void Links::piped(uint64_t message_id, LinkEnd parent) {
  auto number = number_key(parent.server, message_id);
  for (uint32_t index : fitting(key_of(pickup_side, number), parent, false, true)) {
    LinkEnd& child = entries_[index].end;
    if (child.linked) continue;
    linked_(child, parent, "filter");
    child.linked = true;
    parent.linked = true;
  }
  auto key = key_of(pipe_side, number);
  auto [at, end] = table_.equal_range(key);
  for (; at != end; ++at)
    if (entries_[at->second].end.same(parent)) return;
  if (!parent.linked) add(std::move(key), std::move(parent));
}

void Links::picked_up(uint64_t message_id, LinkEnd child) {
  auto number = number_key(child.server, message_id);
  std::vector<uint32_t> parents;
  for (uint32_t index : fitting(key_of(pipe_side, number), child, true, true))
    if (!entries_[index].end.linked) parents.push_back(index);
  if (parents.size() == 1) {
    LinkEnd& parent = entries_[parents[0]].end;
    linked_(child, parent, "filter");
    child.linked = parent.linked = true;
  }
  if (!child.linked) add(key_of(pickup_side, number), std::move(child));
}

void Links::sent_on(const std::string& name, LinkEnd parent) {
  auto key = key_of(sieve_side, name);
  auto [at, end] = table_.equal_range(key);
  for (; at != end; ++at)
    if (entries_[at->second].end.same(parent)) return;
  std::vector<uint32_t> children;
  for (uint32_t index : fitting(key_of(sent_side, name), parent, false, true))
    if (!entries_[index].end.linked) children.push_back(index);
  if (children.size() == 1) {
    LinkEnd& child = entries_[children[0]].end;
    linked_(child, parent, sieve_kind(name));
    child.linked = parent.linked = true;
  }
  add(std::move(key), std::move(parent));
}

void Links::sent(const std::string& name, LinkEnd child) {
  auto key = key_of(sent_side, name);
  auto [at, end] = table_.equal_range(key);
  for (; at != end; ++at)
    if (entries_[at->second].end.same(child)) return;
  std::vector<uint32_t> parents;
  for (uint32_t index : fitting(key_of(sieve_side, name), child, true, true))
    if (!entries_[index].end.linked) parents.push_back(index);
  if (parents.size() == 1) {
    LinkEnd& parent = entries_[parents[0]].end;
    linked_(child, parent, sieve_kind(name));
    child.linked = parent.linked = true;
  }
  add(std::move(key), std::move(child));
}

void Links::add(std::string key, LinkEnd end) {
  if (size() >= most_ && !order_.empty()) {
    remove(order_.front());
    order_.pop_front();
  }
  uint32_t index;
  if (free_.empty()) {
    index = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  table_.emplace(key, index);
  Named named{index, ++serial_};
  if (!end.linked) {
    unstored_.push_back(named);
    if (end.sequence) pins_.push({end.sequence, named});
  }
  entries_[index] = {std::move(end), std::move(key), true, serial_, false};
  order_.push_back(index);
}

Links::Entry* Links::entry(const Named& named) {
  Entry& entry = entries_[named.index];
  return entry.used && entry.serial == named.serial ? &entry : nullptr;
}

uint64_t Links::pinned(uint64_t next, Time since) {
  for (; !pins_.empty(); pins_.pop()) {
    const Entry* found = entry(pins_.top().entry);
    if (found && !found->stored && !found->end.linked && found->end.received > since)
      return std::min(next, pins_.top().sequence);
  }
  return next;
}

void Links::remember(Time before, bool all, const Settled& settled, const Remember& out) {
  for (; !unstored_.empty(); unstored_.pop_front()) {
    Entry* found = entry(unstored_.front());
    if (!found || found->end.linked) continue;
    if (found->end.received > before) return;
    auto side = static_cast<Side>(found->key[0]);
    bool piped = side == pipe_side || side == pickup_side;
    if (!all && side != claim_side && side != pipe_side) continue;
    if (side != claim_side && side != child_side &&
        settled.covers(std::max(found->end.attempt, found->end.birth)))
      continue;
    out(side, std::string_view(found->key).substr(piped ? 1 + sizeof(uint32_t) : 1), found->end);
    found->stored = true;
  }
}

void Links::restore(Side side, std::string_view name, LinkEnd end) {
  bool piped = side == pipe_side || side == pickup_side;
  std::string key(1, static_cast<char>(side));
  if (piped) key.append(reinterpret_cast<const char*>(&end.server), sizeof end.server);
  key.append(name);
  auto [at, last] = table_.equal_range(key);
  for (; at != last; ++at)
    if (entries_[at->second].end.same(end)) return;
  add(std::move(key), std::move(end));
  unstored_.pop_back();
  entries_[order_.back()].stored = true;
}

void Links::remove(uint32_t index) {
  auto [at, end] = table_.equal_range(entries_[index].key);
  for (; at != end; ++at)
    if (at->second == index) {
      table_.erase(at);
      break;
    }
  entries_[index] = {};
  free_.push_back(index);
}

void Links::forget_before(Time received) {
  while (!order_.empty() && entries_[order_.front()].end.received < received) {
    remove(order_.front());
    order_.pop_front();
  }
}

}  // namespace mailtrace
