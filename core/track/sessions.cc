#include "core/track/sessions.h"

#include "core/track/fill.h"

namespace mailtrace {
namespace {

bool same_peer(std::string_view address, std::string_view name, const Peer& peer) {
  return address == peer.addr && (name.empty() || peer.name.empty() || name == peer.name);
}

}  // namespace

std::string_view Sessions::key(uint32_t server, const LogLine& line) const {
  return begin_key(server).append(line.app_name).append(1, '\0').append(line.proc_id);
}

Sessions::Session* Sessions::find(uint32_t server, const LogLine& line) {
  return line.proc_id.empty() ? nullptr : known(key(server, line));
}

Sessions::Session& Sessions::get(uint32_t server, const LogLine& line) {
  return use(key(server, line), line.received);
}

void Sessions::changed(Session& session, const LogLine& line) {
  session.time = line.time;
  SessionList::changed(session, line.received);
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
  Session* session = find(server, line);
  if (!session) return;
  over(*session);
  erase(key(server, line));
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

uint64_t Sessions::pin_of(uint32_t server, const LogLine& line, Time since) {
  Session* session = find(server, line);
  return session && session->received > since ? session->sequence : 0;
}

}  // namespace mailtrace
