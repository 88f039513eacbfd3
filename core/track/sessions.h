// Sessions: what is known of a connection before a queue id is. By host, program and pid. Pipeline thread.
#pragma once
#include <string>
#include <string_view>

#include "core/mail/fact.h"
#include "core/parse/log_line.h"
#include "core/track/session_list.h"

namespace mailtrace {

struct ProcessSession {
  std::string key, address, name, tls, queue_id;
  bool held = false, proxied = false;
  uint64_t sequence = 0;
  Time received{}, opened{}, time{};
  bool stored = false, kept = false, listed = false;
  // Whose mails may still come. A client's session is over with its first mail.
  bool half_seen() const { return held || proxied || (!tls.empty() && queue_id.empty()); }
};

// The name of a session in the list is program NUL pid.
class Sessions : public SessionList<ProcessSession> {
 public:
  using Session = ProcessSession;
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

  // What the mail that this line is about builds on.
  SessionBase base_of(uint32_t server, const LogLine& line, Time since);

 private:
  Session& get(uint32_t server, const LogLine& line);
  Session* find(uint32_t server, const LogLine& line);
  std::string_view key(uint32_t server, const LogLine& line) const;
  void said(Session& session, const LogLine& line);
};

}  // namespace mailtrace
