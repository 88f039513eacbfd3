#include "core/track/named_sessions.h"

#include <cstring>

#include "core/track/fill.h"

namespace mailtrace {
namespace {

constexpr size_t most_sessions = 100'000, most_mails = 64;
// Lines that were logged just before the last one may come behind it.
constexpr Microseconds linger = std::chrono::seconds(10);

std::string key_of(uint32_t server, std::string_view name) {
  return std::string(reinterpret_cast<const char*>(&server), sizeof server).append(name);
}

template <class T>
void add_some(std::vector<T>& to, const T& value) {
  if (to.size() >= most_mails) to.erase(to.begin());
  to.push_back(value);
}

}  // namespace

NamedSessions::Session& NamedSessions::get(uint32_t server, const LogLine& line, std::string_view name) {
  for (; !closed_.empty() && closed_.front().first + linger < line.received; closed_.pop_front())
    if (auto found = sessions_.find(closed_.front().second);
        found != sessions_.end() && found->second->closed)
      erase(found->second);
  auto key = key_of(server, name);
  auto found = sessions_.find(key);
  if (found != sessions_.end()) {
    order_.splice(order_.end(), order_, found->second);
  } else {
    if (order_.size() >= most_sessions) erase(order_.begin());
    order_.emplace_back().key = std::move(key);
    sessions_.emplace(order_.back().key, std::prev(order_.end()));
  }
  Session& session = order_.back();
  session.received = line.received;
  return session;
}

const NamedSessions::Session* NamedSessions::find(uint32_t server, std::string_view name) const {
  auto found = sessions_.find(key_of(server, name));
  return found == sessions_.end() ? nullptr : &*found->second;
}

uint64_t NamedSessions::pin_of(uint32_t server, std::string_view name, Time since) const {
  const Session* session = find(server, name);
  return session && session->received > since ? session->sequence : 0;
}

void NamedSessions::changed(Session& session, const LogLine& line) {
  if (session.closed) return;
  if (!session.sequence) session.sequence = line.sequence;
  over(session);
  if (session.listed) return;
  session.listed = true;
  unstored_.emplace_back(line.received, session.key);
}

void NamedSessions::closed(uint32_t server, const LogLine& line, std::string_view name) {
  auto found = sessions_.find(key_of(server, name));
  if (found == sessions_.end() || found->second->closed) return;
  Session& session = *found->second;
  over(session);
  session.closed = true;
  session.sequence = 0;
  closed_.emplace_back(line.received, session.key);
}

void NamedSessions::add(Session& session, Handle mail) { add_some(session.mails, mail); }
void NamedSessions::add(Session& session, const Refusal& refusal) { add_some(session.refusals, refusal); }

void NamedSessions::erase(std::list<Session>::iterator at) {
  sessions_.erase(at->key);
  order_.erase(at);
}

void NamedSessions::over(Session& session) {
  if (session.stored) over_.push_back(session.key);
  session.stored = false;
}

void NamedSessions::forget_before(Time received) {
  while (!order_.empty() && order_.front().received < received) erase(order_.begin());
}

uint64_t NamedSessions::pinned(uint64_t next, Time since) const {
  uint64_t least = next;
  for (auto at = order_.rbegin(); at != order_.rend() && at->received > since; ++at)
    if (at->sequence && at->sequence < least) least = at->sequence;
  return least;
}

void NamedSessions::remember(Time before, const Remember& out) {
  auto tell = [&](const std::string& key, const Session* session) {
    uint32_t server;
    std::memcpy(&server, key.data(), sizeof server);
    out(server, std::string_view(key).substr(sizeof server), session);
  };
  for (auto& key : over_) tell(key, nullptr);
  over_.clear();
  for (size_t left = unstored_.size(); left && unstored_.front().first <= before; --left) {
    std::string key = std::move(unstored_.front().second);
    unstored_.pop_front();
    auto found = sessions_.find(key);
    if (found == sessions_.end()) continue;
    Session& session = *found->second;
    if (session.received > before) {  // used since
      unstored_.emplace_back(session.received, std::move(key));
      continue;
    }
    session.listed = false;
    if (session.closed || !session.any()) continue;
    tell(key, &session);
    session.stored = true;
    session.sequence = 0;
  }
}

void NamedSessions::restore(uint32_t server, std::string_view name, Session session) {
  session.key = key_of(server, name);
  if (sessions_.contains(session.key) || order_.size() >= most_sessions) return;
  session.stored = true;
  order_.push_back(std::move(session));
  sessions_.emplace(order_.back().key, std::prev(order_.end()));
}

void fill_named(const NamedSessions::Session& session, ConnectRow& row) {
  if (!row.client_addr && !row.client_name) {
    put_text(row.client_addr, session.address);
    put_text(row.client_name, session.client);
  }
  if (!row.tls) put_text(row.tls, session.tls);
  if (!row.sasl_user) put_text(row.sasl_user, session.user);
}

}  // namespace mailtrace
