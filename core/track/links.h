// Links: which mail came from which, when no single line names both. Two sides are needed: a delivery whose
// reply names the next queue id ("queued as X": a claim, written by the other side) and a mail with that
// queue id whose client is one of our own hosts. For pipe filters both sides share the Message-ID. Pipeline
// thread.
#pragma once
#include <deque>
#include <functional>
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
  bool linked = false;
  bool same(const LinkEnd& other) const { return mail == other.mail || (!id.is_zero() && id == other.id); }
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
  void forget_before(Time received);
  size_t size() const { return entries_.size() - free_.size(); }

 private:
  enum Side : uint8_t { claim_side, child_side, pipe_side, pickup_side };
  struct Entry {
    LinkEnd end;
    std::string key;
    bool used = false;
  };
  static std::string key_of(Side side, std::string_view text);
  std::vector<uint32_t> fitting(const std::string& key, const LinkEnd& other, bool other_is_child, bool pipe);
  void add(std::string key, LinkEnd end);
  void remove(uint32_t index);

  const size_t most_;
  const Linked linked_;
  std::deque<Entry> entries_;
  std::vector<uint32_t> free_;
  std::deque<uint32_t> order_;
  std::unordered_multimap<std::string, uint32_t> table_;
};

}  // namespace mailtrace
