#include "core/track/sessions.h"

#include <cstring>

#include "core/track/fill.h"

namespace mailtrace {
namespace {

constexpr size_t most_sessions = 100'000;

bool same_peer(std::string_view address, std::string_view name, const Peer& peer) {
  return address == peer.addr && (name.empty() || peer.name.empty() || name == peer.name);
}

}  // namespace

std::string_view Sessions::key(uint32_t server, const LogLine& line) {
  key_.assign(reinterpret_cast<const char*>(&server), sizeof server);
  key_.append(line.app_name).append(1, '\0').append(line.proc_id);
  return key_;
}

Sessions::Session* Sessions::find(uint32_t server, const LogLine& line) {
  if (line.proc_id.empty()) return nullptr;
  auto found = sessions_.find(key(server, line));
  return found == sessions_.end() ? nullptr : &*found->second;
}

Sessions::Session& Sessions::get(uint32_t server, const LogLine& line) {
  auto found = sessions_.find(key(server, line));
  if (found != sessions_.end()) {
    order_.splice(order_.end(), order_, found->second);
  } else {
    order_.emplace_back().key = key_;
    sessions_.emplace(order_.back().key, std::prev(order_.end()));
    if (order_.size() > most_sessions) {
      sessions_.erase(order_.front().key);
      order_.pop_front();
    }
  }
  Session& session = order_.back();
  session.received = line.received;
  return session;
}

void Sessions::changed(Session& session, const LogLine& line) {
  session.time = line.time;
  if (session.stored) over(session);
  if (session.listed) return;
  session.listed = true;
  unstored_.emplace_back(line.received, session.key);
}

void Sessions::over(Session& session) {
  if (session.stored) over_.push_back(session.key);
  session.stored = false;
}

void Sessions::opened(uint32_t server, const LogLine& line, const Peer& client, bool remember) {
  if (line.proc_id.empty()) return;
  Session* session = remember ? &get(server, line) : find(server, line);
  if (!session) return;  // nothing to forget
  over(*session);
  session->opened = line.time;
  session->address = client.addr;
  session->name = client.name;
  session->tls.clear();
  session->queue_id.clear();
  session->held = session->proxied = false;
  session->sequence = 0;
  session->received = line.received;
}

void Sessions::tls(uint32_t server, const LogLine& line, const Peer& client, const Tls& tls) {
  if (line.proc_id.empty()) return;
  Session& session = get(server, line);
  session.address = client.addr;
  session.name = client.name;
  session.tls = tls_text(tls);
  session.queue_id.clear();
  session.sequence = line.sequence;
  changed(session, line);
}

void Sessions::closed(uint32_t server, const LogLine& line) {
  if (line.proc_id.empty()) return;
  auto found = sessions_.find(key(server, line));
  if (found == sessions_.end()) return;
  auto at = found->second;
  over(*at);
  sessions_.erase(found);
  order_.erase(at);
}

void Sessions::hold(uint32_t server, const LogLine& line, const Peer& client) {
  if (line.proc_id.empty()) return;
  Session& session = get(server, line);
  if (!same_peer(session.address, session.name, client)) session.tls.clear();
  session.address = client.addr;
  session.name = client.name;
  session.held = true;
  if (!session.sequence) session.sequence = line.sequence;
  changed(session, line);
}

void Sessions::proxied(uint32_t server, const LogLine& line, const Peer& client) {
  if (line.proc_id.empty()) return;
  Session& session = get(server, line);
  if (!same_peer(session.address, session.name, client)) session.tls.clear();
  session.address = client.addr;
  session.name = client.name;
  session.proxied = true;
  if (!session.sequence) session.sequence = line.sequence;
  changed(session, line);
}

Peer Sessions::proxied_client(uint32_t server, const LogLine& line) {
  Session* session = find(server, line);
  if (!session || !session->proxied) return {};
  return {session->name, session->address, 0};
}

std::string_view Sessions::tls_of(uint32_t server, const LogLine& line, const Peer& client) {
  Session* session = find(server, line);
  if (!session || !same_peer(session->address, session->name, client)) return {};
  return session->tls;
}

std::string_view Sessions::relay_tls_of(uint32_t server, const LogLine& line, const Peer& relay,
                                        std::string_view queue_id) {
  Session* session = find(server, line);
  if (!session || session->tls.empty() || session->address != relay.addr) return {};
  if (session->queue_id.empty()) {
    session->queue_id = queue_id;
    over(*session);
  }
  return session->queue_id == queue_id ? std::string_view(session->tls) : std::string_view{};
}

Time Sessions::opened_at(uint32_t server, const LogLine& line, const Peer& client) {
  Session* session = find(server, line);
  return session && same_peer(session->address, session->name, client) ? session->opened : Time{};
}

bool Sessions::take_hold(uint32_t server, const LogLine& line, const Peer& client) {
  Session* session = find(server, line);
  if (!session || !session->held || !same_peer(session->address, session->name, client)) return false;
  session->held = false;
  changed(*session, line);
  return true;
}

void Sessions::forget_before(Time received) {
  while (!order_.empty() && order_.front().received < received) {
    sessions_.erase(order_.front().key);
    order_.pop_front();
  }
}

void Sessions::remember(Time before, const Remember& out) {
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
    if (!session.half_seen()) continue;
    tell(key, &session);
    session.stored = true;
    session.sequence = 0;
  }
}

void Sessions::restore(uint32_t server, std::string_view process, Session session) {
  key_.assign(reinterpret_cast<const char*>(&server), sizeof server);
  key_.append(process);
  if (sessions_.contains(key_) || order_.size() >= most_sessions) return;
  session.key = key_;
  session.stored = true;
  order_.push_back(std::move(session));
  sessions_.emplace(order_.back().key, std::prev(order_.end()));
}

uint64_t Sessions::pin_of(uint32_t server, const LogLine& line, Time since) {
  Session* session = find(server, line);
  return session && session->received > since ? session->sequence : 0;
}

uint64_t Sessions::pinned(uint64_t next, Time since) const {
  uint64_t least = next;
  for (auto at = order_.rbegin(); at != order_.rend() && at->received > since; ++at)
    if (at->sequence && at->sequence < least) least = at->sequence;
  return least;
}

}  // namespace mailtrace
