// What is said of the client, or the server, at the other end of a session, and the mails it is about.
// Pipeline thread.
#include <algorithm>

#include "core/track/fill.h"
#include "core/track/mail_tracker.h"

namespace mailtrace {

void MailTracker::on(const LogLine& line, const SessionOpened& fact) {
  if (!fact.session.empty()) return say_named(line, fact.session, fact.client, {}, {});
  sessions_.opened(mails_.server(line.hostname), line, fact.client, cache_ != nullptr);
  if (!cache_ || line.proc_id.empty()) return;
  auto session = session_key(line.hostname, line.app_name, line.proc_id, fact.client.addr);
  cache_->put(opened_key(session, tls_period(line.time)), encode_tls(line.time, {}), 60);
}

void MailTracker::on(const LogLine& line, const SessionTls& fact) {
  if (!fact.session.empty()) return say_named(line, fact.session, fact.client, tls_text(fact.tls), {});
  sessions_.tls(mails_.server(line.hostname), line, fact.client, fact.tls);
  if (!cache_ || line.proc_id.empty()) return;
  auto session = session_key(line.hostname, line.app_name, line.proc_id, fact.client.addr);
  auto period = tls_key(session, tls_period(line.time));
  if (tls_put_.size() > 10'000) tls_put_.clear();
  auto value = encode_tls(line.time, tls_text(fact.tls));
  if (tls_put_.insert(period).second)
    cache_->add(period, value, 60);
  else
    cache_->put(period + last_of_period, value, 60);
}

SessionBase MailTracker::session_base(const LogLine& line) {
  return sessions_.base_of(mails_.server(line.hostname), line,
                           std::max(now_, line.received) - config_.flush_after);
}

void MailTracker::build_on(OpenMail& mail, const SessionBase& base) {
  mails_.pin(mail, base.pin);
  if (base.stored) mails_.write_soon(mail);
}

// For asking the cache: what an earlier client of the same process did is none of this one's.
CachedSession MailTracker::session_of(const LogLine& line, const Peer& client) {
  constexpr Microseconds longest = std::chrono::hours(1);
  Time opened = sessions_.opened_at(mails_.server(line.hostname), line, client);
  return {session_key(line.hostname, line.app_name, line.proc_id, client.addr),
          std::max(opened, line.time - longest), opened == Time{}};
}

void MailTracker::on(const LogLine& line, const SessionLogin& fact) {
  if (!fact.session.empty()) say_named(line, fact.session, {}, {}, fact.username);
}

void MailTracker::on(const LogLine& line, const SessionClosed& fact) {
  uint32_t server = mails_.server(line.hostname);
  if (fact.session.empty())
    sessions_.closed(server, line);
  else
    named_.closed(server, line, fact.session);
}

// ---- sessions that name themselves

constexpr int named_seconds = 6 * 3600;

void MailTracker::say_named(const LogLine& line, std::string_view name, const Peer& client,
                            std::string_view tls, std::string_view user) {
  uint32_t server = mails_.server(line.hostname);
  auto& session = named_.get(server, line, name);
  if (!client.addr.empty() || !client.name.empty()) {
    session.address = client.addr;
    session.client = client.name;
  }
  if (!tls.empty()) session.tls = tls;
  if (!user.empty()) session.user = user;
  named_.changed(session, line);
  for (Handle handle : session.mails)
    if (OpenMail* mail = mails_.get(handle)) {
      fill_named(session, mail->change());
      mails_.dirty(*mail, line);
    }
  for (auto& refusal : session.refusals) {
    Loose loose;
    loose.connect.id = refusal.id;
    loose.connect.day = refusal.id.day();
    loose.connect.connect_time = refusal.time;
    loose.connect.server = line.hostname;
    fill_named(session, loose.connect);
    loose.line = line.identity;
    loose.sequence = line.sequence;
    loose_.push_back(std::move(loose));
  }
  if (!cache_) return;
  auto key = session_key(line.hostname, line.app_name, name, "");
  auto put = [&](char part, std::string_view text) {
    if (!text.empty()) cache_->put(named_key(key, part), encode_tls(line.time, text), named_seconds);
  };
  put('a', client.addr);
  put('n', client.name);
  put('t', tls);
  put('u', user);
}

SessionBase MailTracker::named_base(const LogLine& line, std::string_view name) const {
  return named_.base_of(mails_.server(line.hostname), name,
                        std::max(now_, line.received) - config_.flush_after);
}

void MailTracker::join_named(OpenMail& mail, const LogLine& line, std::string_view name) {
  build_on(mail, named_base(line, name));
  auto& session = named_.get(mail.server, line, name);
  NamedSessions::add(session, mail.self);
  fill_named(session, mail.change());
  if (cache_)
    mail.session = {session_key(line.hostname, line.app_name, name, ""), {}, session.address.empty(), true};
}

uint64_t MailTracker::refused_named(Loose& refusal, const LogLine& line, Policy& fact) {
  uint64_t pin = named_base(line, fact.session).pin;
  auto& session = named_.get(mails_.server(line.hostname), line, fact.session);
  NamedSessions::add(session, {refusal.connect.id, line.time});
  fill_named(session, refusal.connect);
  fact.client = {session.client, session.address, 0};
  if (cache_) refusal.session = {session_key(line.hostname, line.app_name, fact.session, ""), {}, true, true};
  return pin;
}

void MailTracker::use_named_tls(OpenMail& mail, Delivery& delivery, const LogLine& line,
                                std::string_view name) {
  const auto* session = named_.find(mail.server, name);
  if (session) put_text(delivery.row.tls, session->tls);
  if (delivery.row.tls) build_on(mail, named_base(line, name));
  if (!cache_ || delivery.row.tls) return;
  delivery.session_key = session_key(line.hostname, line.app_name, name, "");
  delivery.named_session = true;
}

// ---- what another instance knows of a session

std::optional<std::string> MailTracker::cached_tls(const std::string& session, Time since, Time time) {
  int64_t period = tls_period(time);
  for (int64_t number : {period, period - 1}) {
    auto value = cached(opened_key(session, number));
    auto opened = value ? decode_tls(*value) : std::nullopt;
    if (opened && opened->first <= time) since = std::max(since, opened->first);
  }
  for (int64_t number : {period, period - 1})
    for (const char* which : {last_of_period, ""}) {
      auto value = cached(tls_key(session, number) + which);
      auto tls = value ? decode_tls(*value) : std::nullopt;
      if (tls && tls->first <= time && tls->first >= since) return std::move(tls->second);
    }
  return std::nullopt;
}

void MailTracker::use_cached_named(const std::string& session, char part,
                                   std::optional<std::string>& column) {
  auto value = column ? std::nullopt : cached(named_key(session, part));
  if (auto known = value ? decode_tls(*value) : std::nullopt) put_text(column, known->second);
}

// What came to another instance of the session of a mail or a refusal.
void MailTracker::use_cached_session(const CachedSession& session, ConnectRow& row, Time time) {
  if (session.key.empty()) return;
  if (!session.named) {
    if (!row.tls) row.tls = cached_tls(session.key, session.since, time);
    return;
  }
  use_cached_named(session.key, 'a', row.client_addr);
  use_cached_named(session.key, 'n', row.client_name);
  use_cached_named(session.key, 't', row.tls);
  use_cached_named(session.key, 'u', row.sasl_user);
}

void MailTracker::use_cached_tls(OpenMail& mail) {
  if (mail.row && !mail.session.key.empty()) {
    bool known = mail.row->client_addr.has_value();
    use_cached_session(mail.session, *mail.row, mail.opener_time);
    if (!known && mail.row->client_addr && own_.contains(*mail.row->client_addr)) came_from_own(mail);
  }
  mail.session = {};
  for (auto& delivery : mail.deliveries) {
    if (delivery.session_key.empty() || delivery.row.tls) continue;
    if (delivery.named_session) {
      use_cached_named(delivery.session_key, 't', delivery.row.tls);
      continue;
    }
    auto age = transmit_time(delivery.row) + std::chrono::seconds(1);
    Time time = delivery.row.deliver_time;
    delivery.row.tls = cached_tls(delivery.session_key, time - age, time);
  }
}

}  // namespace mailtrace
