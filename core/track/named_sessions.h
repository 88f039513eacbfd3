// NamedSessions: what is known of a session whose name stands in each of its lines (OpenSMTPD: 16 hex
// digits). One process has many at a time, and only these lines say who the client is. Pipeline thread.
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mail/rows.h"
#include "core/parse/log_line.h"
#include "core/track/open_mail.h"

namespace mailtrace {

class NamedSessions {
 public:
  struct Refusal {  // its row
    Id id;
    Time time{};
  };
  struct Session {
    std::string key, address, client, tls, user;
    std::vector<Handle> mails;  // what a later line of it is about too
    std::vector<Refusal> refusals;
    uint64_t sequence = 0;  // of its first line that is not stored
    Time received{};
    bool closed = false, stored = false, listed = false;  // in the hints table; in unstored_
    bool any() const { return !address.empty() || !client.empty() || !tls.empty() || !user.empty(); }
  };

  // The session of that name; made if nobody knows it. Its lines come in any order.
  Session& get(uint32_t server, const LogLine& line, std::string_view name);
  const Session* find(uint32_t server, std::string_view name) const;
  // The first line of the session, if it still holds the checkpoint; else 0. Who uses what it said must hold
  // the checkpoint there until that is written.
  uint64_t pin_of(uint32_t server, std::string_view name, Time since) const;
  // `line` said something of it.
  void changed(Session& session, const LogLine& line);
  void closed(uint32_t server, const LogLine& line, std::string_view name);
  static void add(Session& session, Handle mail);
  static void add(Session& session, const Refusal& refusal);

  void forget_before(Time received);
  size_t size() const { return sessions_.size(); }
  // Lines whose mail may still come; they hold the checkpoint for a short while.
  uint64_t pinned(uint64_t next, Time since) const;
  // Null: it is over.
  using Remember = std::function<void(uint32_t server, std::string_view name, const Session* session)>;
  // What was still open before `before` and is not stored yet; it holds the checkpoint no longer.
  void remember(Time before, const Remember& out);
  void restore(uint32_t server, std::string_view name, Session session);

 private:
  void erase(std::list<Session>::iterator at);
  void over(Session& session);

  std::list<Session> order_;  // least recently used first
  std::unordered_map<std::string_view, std::list<Session>::iterator> sessions_;
  std::deque<std::pair<Time, std::string>> unstored_, closed_;
  std::vector<std::string> over_;  // stored, and not true any more
};

// What the session says and the row does not.
void fill_named(const NamedSessions::Session& session, ConnectRow& row);

}  // namespace mailtrace
