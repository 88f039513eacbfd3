#include "core/track/named_sessions.h"

#include "core/track/fill.h"

namespace mailtrace {
namespace {

constexpr size_t most_mails = 64;
// Lines that were logged just before the last one may come behind it.
constexpr Microseconds linger = std::chrono::seconds(10);

template <class T>
void add_some(std::vector<T>& to, const T& value) {
  if (to.size() >= most_mails) to.erase(to.begin());
  to.push_back(value);
}

}  // namespace

NamedSessions::Session& NamedSessions::get(uint32_t server, const LogLine& line, std::string_view name) {
  for (; !closed_.empty() && closed_.front().first + linger < line.received; closed_.pop_front()) {
    const std::string& key = closed_.front().second;
    if (Session* session = known(key); session && session->closed) erase(key);
  }
  return use(begin_key(server).append(name), line.received);
}

const NamedSessions::Session* NamedSessions::find(uint32_t server, std::string_view name) const {
  return known(begin_key(server).append(name));
}

SessionBase NamedSessions::base_of(uint32_t server, std::string_view name, Time since) const {
  return base(find(server, name), since);
}

void NamedSessions::changed(Session& session, const LogLine& line) {
  if (session.closed) return;
  if (!session.kept && !session.sequence) session.sequence = line.sequence;
  SessionList::changed(session, line.received);
}

void NamedSessions::closed(uint32_t server, const LogLine& line, std::string_view name) {
  Session* session = known(begin_key(server).append(name));
  if (!session || session->closed) return;
  over(*session);
  session->closed = true;
  session->sequence = 0;
  closed_.emplace_back(line.received, session->key);
}

void NamedSessions::add(Session& session, Handle mail) { add_some(session.mails, mail); }
void NamedSessions::add(Session& session, const Refusal& refusal) { add_some(session.refusals, refusal); }

void fill_named(const NamedSessions::Session& session, ConnectRow& row) {
  if (!row.client_addr && !row.client_name) {
    put_text(row.client_addr, session.address);
    put_text(row.client_name, session.client);
  }
  if (!row.tls) put_text(row.tls, session.tls);
  if (!row.sasl_user) put_text(row.sasl_user, session.user);
}

}  // namespace mailtrace
