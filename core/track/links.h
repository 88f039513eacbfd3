// Links: which mail came from which, when no single line names both. Two sides are needed: a delivery whose
// reply names the next queue id ("queued as X": a claim, written by the other side) and a mail with that
// queue id whose client is one of our own hosts. For pipe filters both sides share the Message-ID. Pipeline
// thread.
#pragma once
#include <deque>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/id.h"
#include "core/track/open_mail.h"

namespace mailtrace {

// One end of a link: a mail, in memory or not.
struct LinkEnd {
  Handle mail;
  Id id;  // zero while not known
  uint32_t server = 0;
  std::string queue_id, instance;
  Time birth{};
  Time attempt{};  // parent: when it was handed on
  Time received{};
  uint64_t sequence = 0;  // of the line that told it
  bool linked = false;
  std::string parent;  // child that was handed on: whose it is, see Links::name_of
  bool same(const LinkEnd& other) const {
    if (mail.index != Handle::none && mail == other.mail) return true;
    if (!id.is_zero() && !other.id.is_zero()) return id == other.id;
    return !queue_id.empty() && queue_id == other.queue_id && server == other.server &&
           attempt == other.attempt;
  }
};

// Could `child` have come out of that hand-over? `pipe`: through a pipe filter.
bool in_time(const LinkEnd& child, const LinkEnd& parent, bool pipe);
// "filter" within one Postfix, "relay" between two.
std::string_view hop_kind(const LinkEnd& child, const LinkEnd& parent);

class Links {
 public:
  // Called for each pair that fits, once.
  using Linked = std::function<void(const LinkEnd& child, const LinkEnd& parent, std::string_view kind)>;
  Links(size_t most, Linked linked) : most_(most), linked_(std::move(linked)) {}

  bool claim(std::string_view next_queue_id, LinkEnd parent);  // false: nothing fits yet
  void arrived(LinkEnd child);                                 // opened by a client in our own networks
  void piped(uint64_t message_id, LinkEnd parent);
  void picked_up(uint64_t message_id, LinkEnd child);
  // Sent by Sieve; `name` is a sieve_name() (core/track/mailboxes.h).
  void sent_on(const std::string& name, LinkEnd parent);
  void sent(const std::string& name, LinkEnd child);
  void forget_before(Time received);
  size_t size() const { return entries_.size() - free_.size(); }
  // Ends without the other side; they hold the checkpoint until they are stored, or for a short while.
  uint64_t pinned(uint64_t next, Time since);

  enum Side : uint8_t { claim_side, child_side, pipe_side, pickup_side, sieve_side, sent_side };
  // `name`: the queue id, or the Message-ID's hash in 8 bytes.
  using Remember = std::function<void(Side side, std::string_view name, const LinkEnd& end)>;
  // Ends told before `before` that are not linked and not stored yet. Without `all` only what the database
  // does not tell: hand-overs. Through a pipe only what came behind `settled`.
  void remember(Time before, bool all, const Settled& settled, const Remember& out);
  void restore(Side side, std::string_view name, LinkEnd end);

 private:
  struct Entry {
    LinkEnd end;
    std::string key;
    bool used = false;
    uint64_t serial = 0;
    bool stored = false;
  };
  struct Named {  // an entry that may be another one by now
    uint32_t index;
    uint64_t serial;
  };
  struct Pin {
    uint64_t sequence;
    Named entry;
    bool operator>(const Pin& other) const { return sequence > other.sequence; }
  };
  Entry* entry(const Named& named);
  static std::string key_of(Side side, std::string_view text);
  std::vector<uint32_t> fitting(const std::string& key, const LinkEnd& other, bool other_is_child, bool pipe);
  static std::string name_of(const LinkEnd& end);
  void keep_nearest(std::vector<uint32_t>& children, const LinkEnd& parent) const;
  void add(std::string key, LinkEnd end);
  void remove(uint32_t index);

  const size_t most_;
  const Linked linked_;
  std::deque<Entry> entries_;
  std::vector<uint32_t> free_;
  std::deque<uint32_t> order_;
  std::unordered_multimap<std::string, uint32_t> table_;
  std::deque<Named> unstored_;
  std::priority_queue<Pin, std::vector<Pin>, std::greater<Pin>> pins_;
  uint64_t serial_ = 0;
};

}  // namespace mailtrace
