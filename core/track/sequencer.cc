// The lines of a host wait in a queue ordered by stamp; nearly all are appended at its end. The bytes lie in
// blocks that are used again when no line in them is held. Pipeline thread.
#include "core/track/sequencer.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mailtrace {
namespace {

constexpr size_t block_size = 256 * 1024;
// A host whose stamps fall back further than this has set its clock, or its file is read again: what it sent
// before goes out first, and order is judged anew.
constexpr Microseconds step_back = std::chrono::seconds(10);
// More names than this are hardly hosts: whoever may send lines can make them up.
constexpr size_t most_hosts = 10'000;

struct Block {
  std::unique_ptr<char[]> bytes;
  size_t size = 0, used = 0, live = 0;
};

struct Entry {
  int64_t time;
  uint32_t slot;
};

struct Host {
  std::deque<Entry> queue;  // by stamp, then arrival
  Time newest{};
};

struct Held {
  LogLine line;
  uint32_t block = 0;
};

class StampSequencer final : public Sequencer {
 public:
  StampSequencer(Microseconds reorder, size_t max_held, Out out)
      : reorder_(reorder), max_held_(std::max<size_t>(max_held, 1)), out_(std::move(out)) {}

  void put(const LogLine& line) override {
    Host& host = host_of(line.hostname);
    if (host.queue.empty()) host.newest = line.time;
    if (line.time + reorder_ + step_back < host.newest) {
      release_all(host);
      host.newest = line.time;
    }
    auto at = place(host, line);
    if (!at) return;
    insert(host, *at, line);
    if (!line.time_suspect && line.time > host.newest) host.newest = line.time;
    while (!host.queue.empty() && host.queue.front().time + reorder_.count() <= to_us(host.newest))
      release_front(host);
    while (held_ > max_held_ && !host.queue.empty()) release_front(host);
  }

  void tick(Time now) override {
    if (!held_) return;
    for (auto& [name, host] : hosts_)
      while (!host.queue.empty() && slots_[host.queue.front().slot].line.received + reorder_ <= now)
        release_front(host);
  }

  void drain() override {
    for (auto& [name, host] : hosts_) release_all(host);
  }

  uint64_t pinned(uint64_t next) const override {
    if (!held_) return next;
    uint64_t least = next;
    for (auto sequence : sequences_)
      if (sequence && sequence < least) least = sequence;
    return least;
  }

  size_t held() const override { return held_; }
  size_t hosts() const override { return hosts_.size(); }

 private:
  Host& host_of(std::string_view name) {
    if (last_ && last_->first == name) return last_->second;
    if (hosts_.size() >= forget_at_ && !hosts_.contains(std::string(name))) forget_hosts();
    auto found = hosts_.try_emplace(std::string(name)).first;
    last_ = &*found;
    return found->second;
  }

  // Of a host none of whose lines wait nothing is remembered: put() begins anew with it.
  void forget_hosts() {
    last_ = nullptr;
    std::erase_if(hosts_, [](const auto& host) { return host.second.queue.empty(); });
    // Not at each line while all of them wait.
    forget_at_ = std::max(most_hosts, hosts_.size() * 2);
  }

  // Where the line belongs; nothing if the same line waits already. Equal identity has an equal stamp.
  std::optional<size_t> place(const Host& host, const LogLine& line) const {
    size_t at = host.queue.size();
    int64_t time = to_us(line.time);
    if (at && host.queue.back().time > time) {
      auto behind = std::upper_bound(host.queue.begin(), host.queue.end(), time,
                                     [](int64_t t, const Entry& entry) { return t < entry.time; });
      at = static_cast<size_t>(behind - host.queue.begin());
    }
    if (line.whole_seconds) return at;
    for (size_t i = at; i && host.queue[i - 1].time == time; --i)
      if (slots_[host.queue[i - 1].slot].line.identity == line.identity) return std::nullopt;
    return at;
  }

  void insert(Host& host, size_t at, const LogLine& line) {
    uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<uint32_t>(slots_.size());
      slots_.emplace_back();
      sequences_.push_back(0);
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    keep(slots_[slot], line);
    sequences_[slot] = line.sequence;
    host.queue.insert(host.queue.begin() + static_cast<std::ptrdiff_t>(at), {to_us(line.time), slot});
    ++held_;
  }

  // Copies the bytes of `line`; views into `raw` move with it, others (a host name taken from the peer) are
  // copied behind it.
  void keep(Held& held, const LogLine& line) {
    held.line = line;
    LogLine& copy = held.line;
    std::string_view* views[] = {&copy.hostname, &copy.app_name,        &copy.proc_id,
                                 &copy.msg_id,   &copy.structured_data, &copy.text};
    auto inside = [&](std::string_view view) {
      return view.empty() || (view.data() >= line.raw.data() &&
                              view.data() + view.size() <= line.raw.data() + line.raw.size());
    };
    size_t size = line.raw.size();
    for (auto* view : views)
      if (!inside(*view)) size += view->size();
    char* to = room(size, held.block);
    if (!line.raw.empty()) std::memcpy(to, line.raw.data(), line.raw.size());
    copy.raw = {to, line.raw.size()};
    char* end = to + line.raw.size();
    for (auto* view : views) {
      if (view->empty()) {
        *view = {};
      } else if (inside(*view)) {
        *view = {to + (view->data() - line.raw.data()), view->size()};
      } else {
        std::memcpy(end, view->data(), view->size());
        *view = {end, view->size()};
        end += view->size();
      }
    }
  }

  char* room(size_t size, uint32_t& block) {
    if (blocks_.empty() || blocks_[current_].size - blocks_[current_].used < size)
      current_ = fresh_block(size);
    Block& b = blocks_[current_];
    char* out = b.bytes.get() + b.used;
    b.used += size;
    ++b.live;
    block = current_;
    return out;
  }

  uint32_t fresh_block(size_t size) {
    if (!empty_blocks_.empty() && size <= block_size) {
      uint32_t index = empty_blocks_.back();
      empty_blocks_.pop_back();
      return index;
    }
    Block block;
    block.size = std::max(size, block_size);
    block.bytes.reset(new char[block.size]);
    blocks_.push_back(std::move(block));
    return static_cast<uint32_t>(blocks_.size() - 1);
  }

  void release_front(Host& host) {
    uint32_t slot = host.queue.front().slot;
    host.queue.pop_front();
    --held_;
    out_(slots_[slot].line);
    sequences_[slot] = 0;
    free_.push_back(slot);
    uint32_t index = slots_[slot].block;
    Block& block = blocks_[index];
    if (--block.live) return;
    block.used = 0;
    if (index != current_ && block.size == block_size) empty_blocks_.push_back(index);
  }

  void release_all(Host& host) {
    while (!host.queue.empty()) release_front(host);
  }

  const Microseconds reorder_;
  const size_t max_held_;
  const Out out_;
  std::unordered_map<std::string, Host> hosts_;
  std::pair<const std::string, Host>* last_ = nullptr;
  size_t forget_at_ = most_hosts;
  std::deque<Held> slots_;
  std::vector<uint64_t> sequences_;  // by slot; 0: free, or an import
  std::vector<uint32_t> free_;
  std::vector<Block> blocks_;
  std::vector<uint32_t> empty_blocks_;
  uint32_t current_ = 0;
  size_t held_ = 0;
};

}  // namespace

std::unique_ptr<Sequencer> Sequencer::make(Microseconds reorder, size_t max_held, Out out) {
  return std::make_unique<StampSequencer>(reorder, max_held, std::move(out));
}

}  // namespace mailtrace
