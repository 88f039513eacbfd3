// SessionList: sessions by server and name, least recently used first, with what the hints table has of them.
// Of a Session it wants: key, received, sequence (of its first line that is not stored; 0: none), stored (in
// the hints table), kept (no line behind the checkpoint says all of it again), listed (waits to be stored),
// half_seen() (worth it). Pipeline thread.
#pragma once
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/time.h"

namespace mailtrace {

// Who uses what a session said must hold the checkpoint at `pin` until that is written; 0: nowhere. With
// `stored`, only the hints table tells it again, and only until the session is over: write at once.
struct SessionBase {
  uint64_t pin = 0;
  bool stored = false;
};

template <class Session>
class SessionList {
 public:
  // Null: it is over.
  using Remember = std::function<void(uint32_t server, std::string_view name, const Session* session)>;

  void forget_before(Time received) {
    while (!order_.empty() && order_.front().received < received) erase(order_.begin());
  }
  size_t size() const { return sessions_.size(); }

  // Lines whose mail may still come; they hold the checkpoint for a short while.
  uint64_t pinned(uint64_t next, Time since) const {
    uint64_t least = next;
    for (auto at = order_.rbegin(); at != order_.rend() && at->received > since; ++at)
      if (at->sequence && at->sequence < least) least = at->sequence;
    return least;
  }

  // What was half seen before `before` and is not stored yet; it holds the checkpoint no longer. What is over
  // is forgotten with `forget` only: not before the mails that were told of it are written.
  void remember(Time before, bool forget, const Remember& out) {
    auto tell = [&](const std::string& key, const Session* session) {
      uint32_t server;
      std::memcpy(&server, key.data(), sizeof server);
      out(server, std::string_view(key).substr(sizeof server), session);
    };
    std::vector<std::string> later;
    for (auto& key : over_) {
      Session* session = known(key);
      bool keep = session && session->kept && session->half_seen();
      if (session) session->stored = keep;
      if (keep || forget)
        tell(key, keep ? session : nullptr);
      else
        later.push_back(std::move(key));
    }
    over_ = std::move(later);
    for (size_t left = unstored_.size(); left && unstored_.front().first <= before; --left) {
      std::string key = std::move(unstored_.front().second);
      unstored_.pop_front();
      Session* session = known(key);
      if (!session) continue;
      if (session->received > before) {  // used since
        unstored_.emplace_back(session->received, std::move(key));
        continue;
      }
      session->listed = false;
      if (!session->half_seen()) continue;
      tell(key, session);
      session->stored = session->kept = true;
      session->sequence = 0;
    }
  }

  void restore(uint32_t server, std::string_view name, Session session) {
    session.key = begin_key(server).append(name);
    if (sessions_.contains(session.key) || order_.size() >= most) return;
    session.stored = session.kept = true;
    order_.push_back(std::move(session));
    sessions_.emplace(order_.back().key, std::prev(order_.end()));
  }

 protected:
  using Place = typename std::list<Session>::iterator;

  // The name of the session is to be appended; until the next call.
  std::string& begin_key(uint32_t server) const {
    return key_.assign(reinterpret_cast<const char*>(&server), sizeof server);
  }
  Session* known(std::string_view key) const {
    auto found = sessions_.find(key);
    return found == sessions_.end() ? nullptr : &*found->second;
  }
  // Made if nobody knows it.
  Session& use(std::string_view key, Time received) {
    auto found = sessions_.find(key);
    if (found != sessions_.end()) {
      order_.splice(order_.end(), order_, found->second);
    } else {
      if (order_.size() >= most) erase(order_.begin());
      order_.emplace_back().key = key;
      sessions_.emplace(order_.back().key, std::prev(order_.end()));
    }
    order_.back().received = received;
    return order_.back();
  }
  void erase(std::string_view key) {
    auto found = sessions_.find(key);
    if (found != sessions_.end()) erase(found->second);
  }
  // What is stored of it is not true any more.
  void over(Session& session) {
    if (session.stored) over_.push_back(session.key);
    session.stored = false;
  }
  static SessionBase base(const Session* session, Time since) {
    if (!session || session->received <= since) return {0, session && session->kept};
    return {session->sequence, session->kept};
  }
  // Its first line holds the checkpoint until all is stored; what has been stored is written again at once.
  void changed(Session& session, Time received) {
    over(session);
    if (session.kept) return;
    if (session.listed) return;
    session.listed = true;
    unstored_.emplace_back(received, session.key);
  }

 private:
  static constexpr size_t most = 100'000;

  void erase(Place at) {
    sessions_.erase(at->key);
    order_.erase(at);
  }

  std::list<Session> order_;  // least recently used first
  std::unordered_map<std::string_view, Place> sessions_;
  mutable std::string key_;
  std::deque<std::pair<Time, std::string>> unstored_;
  std::vector<std::string> over_;  // stored, and not true any more
};

}  // namespace mailtrace
