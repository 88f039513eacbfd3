// NamedSessions: what is known of a session whose name stands in each of its lines (OpenSMTPD: 16 hex
// digits). One process has many at a time, and only these lines say who the client is. Pipeline thread.
#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mail/rows.h"
#include "core/parse/log_line.h"
#include "core/track/open_mail.h"
#include "core/track/session_list.h"

namespace mailtrace {

struct NamedSession {
  struct Refusal {  // its row
    Id id;
    Time time{};
  };
  std::string key, address, client, tls, user;
  std::vector<Handle> mails;  // what a later line of it is about too
  std::vector<Refusal> refusals;
  uint64_t sequence = 0;
  Time received{};
  bool closed = false, stored = false, kept = false, listed = false;
  // Lines that use what it said may still come.
  bool half_seen() const {
    return !closed && (!address.empty() || !client.empty() || !tls.empty() || !user.empty());
  }
};

class NamedSessions : public SessionList<NamedSession> {
 public:
  using Session = NamedSession;
  using Refusal = NamedSession::Refusal;

  // The session of that name; made if nobody knows it. Its lines come in any order.
  Session& get(uint32_t server, const LogLine& line, std::string_view name);
  const Session* find(uint32_t server, std::string_view name) const;
  // What the mail or refusal of a line of the session builds on.
  SessionBase base_of(uint32_t server, std::string_view name, Time since) const;
  // `line` said something of it.
  void changed(Session& session, const LogLine& line);
  void closed(uint32_t server, const LogLine& line, std::string_view name);
  static void add(Session& session, Handle mail);
  static void add(Session& session, const Refusal& refusal);

 private:
  std::deque<std::pair<Time, std::string>> closed_;
};

// What the session says and the row does not.
void fill_named(const NamedSessions::Session& session, ConnectRow& row);

}  // namespace mailtrace
