// Mailboxes: what Dovecot did with a mail, until it and the delivery that handed the mail over are both
// known. By LMTP session, which is in both lines; a session has one mail for one recipient. Pipeline thread.
#pragma once
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mail/fact.h"
#include "core/parse/log_line.h"
#include "core/track/open_mail.h"

namespace mailtrace {

class Mailboxes {
 public:
  struct Told {
    std::string what;  // outcome_text()
    uint32_t server = 0;
    Hash128 line;
    std::string raw;  // until a mail has taken it
    uint64_t sequence = 0;
  };
  struct Delivered {
    Handle mail;
    Hash128 line;
    Time time{};
    uint32_t server = 0;
    bool any_server = false;  // over the network to one of our own hosts; else by a socket of the same host
    bool fits(const Told& told) const { return any_server || told.server == server; }
  };
  struct Session {
    std::string name;
    std::vector<Told> told;
    std::vector<Delivered> delivered;
    uint64_t sequence = 0;  // of the first line
    Time received{};
  };

  explicit Mailboxes(size_t most) : most_(most) {}
  // The session with the line added; null if it has the line already, or too many.
  Session* tell(std::string_view session, const LogLine& line, uint32_t server, const Mailbox& fact,
                bool keep_raw);
  Session* deliver(std::string_view session, const LogLine& line, Delivered delivered);
  const Session* find(std::string_view session) const;
  // The mail is known under another handle.
  void move(std::string_view session, const Hash128& line, Handle mail);
  void forget_before(Time received);
  // Lines whose other half may still come; they hold the checkpoint for a short while.
  uint64_t pinned(uint64_t next, Time since) const;
  size_t size() const { return sessions_.size(); }

 private:
  Session& get(std::string_view session, const LogLine& line);

  const size_t most_;
  std::list<Session> order_;  // oldest first
  std::unordered_map<std::string_view, std::list<Session>::iterator> sessions_;
};

// One outcome as it stands in DeliverRow.folder: "INBOX", "(discarded)", "(redirected to <a@b>)". A folder
// that could be taken for something else is quoted.
std::string outcome_text(const Mailbox& fact);
// Several of them, in the order that makes a longer list the greater text (Merge::most).
std::string folder_text(std::vector<std::string> outcomes);

}  // namespace mailtrace
