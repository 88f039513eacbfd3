// Sessions: what is known of a connection before a queue id is. By host, program and pid. Pipeline thread.
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mail/fact.h"
#include "core/parse/log_line.h"

namespace mailtrace {

class Sessions {
 public:
  // `remember`: keep it even if nothing is known of the process, for opened_at().
  void opened(uint32_t server, const LogLine& line, const Peer& client, bool remember);
  void tls(uint32_t server, const LogLine& line, const Peer& client, const Tls& tls);
  void closed(uint32_t server, const LogLine& line);
  // A mail of that session was put on hold before it had a queue id.
  void hold(uint32_t server, const LogLine& line, const Peer& client);

  // A before-queue proxy took a mail of that client; its verdict names no client.
  void proxied(uint32_t server, const LogLine& line, const Peer& client);
  Peer proxied_client(uint32_t server, const LogLine& line);

  // "" if nothing is known. A server's session: until the client leaves.
  std::string_view tls_of(uint32_t server, const LogLine& line, const Peer& client);
  // A client's session: only for the mail it was opened for.
  std::string_view relay_tls_of(uint32_t server, const LogLine& line, const Peer& relay,
                                std::string_view queue_id);
  // When the session began; zero if that line was not seen here.
  Time opened_at(uint32_t server, const LogLine& line, const Peer& client);
  bool take_hold(uint32_t server, const LogLine& line, const Peer& client);

  void forget_before(Time received);
  size_t size() const { return sessions_.size(); }
  // Lines whose mail may still come; they hold the checkpoint for a short while.
  uint64_t pinned(uint64_t next, Time since) const;
  // The line of the session that this one builds on, if it still holds the checkpoint; else 0. Who uses what
  // it said must hold the checkpoint there until that is written.
  uint64_t pin_of(uint32_t server, const LogLine& line, Time since);

  struct Session {
    std::string key, address, name, tls, queue_id;
    bool held = false, proxied = false;
    uint64_t sequence = 0;
    Time received{}, opened{}, time{};
    bool stored = false, listed = false;  // in the hints table; in unstored_
    // Whose mails may still come. A client's session is over with its first mail.
    bool half_seen() const { return held || proxied || (!tls.empty() && queue_id.empty()); }
  };
  // The server, program and pid of a session; `process` is program NUL pid. Null: it is over.
  using Remember = std::function<void(uint32_t server, std::string_view process, const Session* session)>;
  // What was half seen before `before` and is not stored yet; it holds the checkpoint no longer.
  void remember(Time before, const Remember& out);
  void restore(uint32_t server, std::string_view process, Session session);

 private:
  Session& get(uint32_t server, const LogLine& line);
  Session* find(uint32_t server, const LogLine& line);
  std::string_view key(uint32_t server, const LogLine& line);
  void changed(Session& session, const LogLine& line);
  void over(Session& session);

  std::list<Session> order_;  // least recently used first
  std::unordered_map<std::string_view, std::list<Session>::iterator> sessions_;
  std::string key_;
  std::deque<std::pair<Time, std::string>> unstored_;
  std::vector<std::string> over_;  // stored, and not true any more
};

}  // namespace mailtrace
