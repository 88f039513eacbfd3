#include "core/track/sessions.h"

#include "core/track/fill.h"

namespace mailtrace {
namespace {

bool same_peer(std::string_view address, std::string_view name, const Peer& peer) {
  return address == peer.addr && (name.empty() || peer.name.empty() || name == peer.name);
}

// Lines of one process that changed places, half of them before a restart. More is a clock that was set.
constexpr Microseconds swapped = std::chrono::seconds(10);

bool is_older(const LogLine& line, const Sessions::Session& session) {
  return line.time < session.time && session.time - line.time < swapped;
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

void Sessions::said(Session& session, const LogLine& line) {
  if (!is_older(line, session)) session.time = line.time;
  if (!session.kept && !session.sequence) session.sequence = line.sequence;
  SessionList::changed(session, line.received);
}

void Sessions::opened(uint32_t server, const LogLine& line, const Peer& client, bool remember) {
  if (line.proc_id.empty()) return;
  Session* session = remember ? &get(server, line) : find(server, line);
  if (!session) return;  // nothing to forget
  session->opened = line.time;
  if (is_older(line, *session)) return;  // what is known was said after this
  over(*session);
  session->time = line.time;
  session->address = client.addr;
  session->name = client.name;
  session->tls.clear();
  session->queue_id.clear();
  session->held = session->proxied = session->kept = false;
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
  session.kept = false;
  session.sequence = line.sequence;
  said(session, line);
}

void Sessions::closed(uint32_t server, const LogLine& line) {
  Session* session = find(server, line);
  if (!session || is_older(line, *session)) return;
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
  said(session, line);
}

void Sessions::proxied(uint32_t server, const LogLine& line, const Peer& client) {
  if (line.proc_id.empty()) return;
  Session& session = get(server, line);
  if (!same_peer(session.address, session.name, client)) session.tls.clear();
  session.address = client.addr;
  session.name = client.name;
  session.proxied = true;
  said(session, line);
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
  said(*session, line);
  return true;
}

SessionBase Sessions::base_of(uint32_t server, const LogLine& line, Time since) {
  return base(find(server, line), since);
}

}  // namespace mailtrace
