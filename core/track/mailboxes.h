// Mailboxes: what Dovecot did with a mail, until it and the delivery that handed the mail over are both
// known. By LMTP session, which is in both lines; a session has one mail for one recipient. Pipeline thread.
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
    Time time{};
    std::string sent;  // sieve_name() of the mail it sent
  };
  struct Delivered {
    Handle mail;
    Hash128 line;
    Time time{};
    uint32_t server = 0;
    bool any_server = false;  // over the network to one of our own hosts; else by a socket of the same host
    // Of the mail, when it is not in memory.
    Id id{};
    Time birth{};
    std::string queue_id{};
    bool fits(const Told& told) const { return any_server || told.server == server; }
  };
  struct Session {
    std::string name;
    std::vector<Told> told;
    std::vector<Delivered> delivered;
    uint64_t sequence = 0;  // of the first line
    Time received{}, time{};
    bool listed = false;  // in unstored_
    bool half_seen() const { return told.empty() || delivered.empty(); }
  };

  explicit Mailboxes(size_t most) : most_(most) {}
  // The session with the line added; null if it has the line already, or too many.
  Session* tell(std::string_view session, const LogLine& line, uint32_t server, const Mailbox& fact,
                bool keep_raw);
  Session* deliver(std::string_view session, const LogLine& line, const Delivered& delivered);
  const Session* find(std::string_view session) const;
  // The mail is known under another handle.
  void move(std::string_view session, const Hash128& line, Handle mail);
  void forget_before(Time received);
  // Lines whose other half may still come; they hold the checkpoint for a short while.
  uint64_t pinned(uint64_t next, Time since) const;
  size_t size() const { return sessions_.size(); }
  bool any_told() const { return any_told_; }
  // Sessions changed before `before` and since the last call; `all`: those too of which both sides are known,
  // if a line of them is not settled.
  void remember(Time before, bool all, const Settled& settled,
                const std::function<void(const Session&)>& out);
  void restore(Session session);

 private:
  Session& get(std::string_view session, const LogLine& line);
  void changed(Session& session, const LogLine& line);

  const size_t most_;
  bool any_told_ = false;     // a mailbox server logs to us
  std::list<Session> order_;  // oldest first
  std::deque<std::pair<Time, std::string>> unstored_;
  std::unordered_map<std::string_view, std::list<Session>::iterator> sessions_;
};

uint64_t message_id_hash(std::string_view message_id);

// 'v' or 'b' when Dovecot made the Message-ID, of a vacation answer or a rejection; else 0.
char sieve_letter(std::string_view message_id);
// amavis puts its own number of the mail into the Message-IDs of the notices it writes: "VSNUMBER@host" to
// the sender of a virus or a forbidden part, "SS" of spam, "VA" to the admin …; "" if it is none.
std::string_view amavis_number(std::string_view message_id);
// Names a mail that Sieve sent: how ('f' redirected, 'v', 'b'), to whom, and of a redirected one its
// Message-ID; 'a': a notice of amavis, named by the number.
std::string sieve_name(char letter, std::string_view recipient, uint64_t message_id_hash);

// One outcome as it stands in DeliverRow.folder: "INBOX", "(discarded)", "(redirected to <a@b>)". A folder
// that could be taken for something else is quoted.
std::string outcome_text(const Mailbox& fact);
// Several of them, in the order that makes a longer list the greater text (Merge::most).
std::string folder_text(std::vector<std::string> outcomes);

}  // namespace mailtrace
