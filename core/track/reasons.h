// Reasons: what other programs said of a client before the server refused it: dnsblog(8) and postscreen(8) by
// its address, policy servers by the words they gave. They speak first; the refusal takes what fits. Pipeline
// thread.
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mail/fact.h"
#include "core/mail/rows.h"
#include "core/parse/log_line.h"

namespace mailtrace {

class Reasons {
 public:
  enum class Source : uint8_t { listed, screened, policy };
  struct Note {
    Source source = Source::listed;
    Time time{};
    std::string server, text;
    std::string said;  // policy: stands in the refusal's text; empty: that text says greylisting
    std::string sender, recipient;
    bool any_sender = true;  // the note names none
    int port = 0;            // of the client; 0: not said
    Hash128 line;
    std::string raw;
    uint64_t sequence = 0;
  };
  // One that nothing explained yet: the policy server may log on another host.
  struct Refusal {
    Time time{};
    std::string server, recipient, text;
    std::optional<std::string> sender;
    bool greylisted = false;
    Id connect_id, id;  // of its rows
  };
  struct Client {
    std::string address;
    std::vector<Refusal> waiting;
    std::vector<Note> notes;
    std::vector<Hash128> refusals;  // explained: of whole-second stamps, later notes would fit the line again
    Time received{}, time{};
  };

  void add(const LogLine& line, std::string_view address, Note note, bool keep_raw);
  // In the order of their lines; none for a line that comes again.
  std::vector<const Note*> explain(const LogLine& line, const Policy& refusal, const Peer& client);
  // A refusal without such a note; and the first one behind a policy server's note that comes late.
  void wait(const LogLine& line, const Policy& refusal, std::string_view address, const DeliverRow& row);
  std::optional<Refusal> late(std::string_view address);
  void forget_before(Time received);
  // Lines whose refusal may still come; they hold the checkpoint for a short while.
  uint64_t pinned(uint64_t next, Time since);
  // Clients with a line younger than `time`.
  void remember(Time time, const std::function<void(const Client&)>& out) const;
  void restore(Client client);
  size_t size() const { return clients_.size(); }

 private:
  Client& client_of(std::string_view address, const LogLine& line);
  std::list<Client> order_;  // least recently noted first
  std::unordered_map<std::string_view, std::list<Client>::iterator> clients_;
  std::deque<std::pair<Time, uint64_t>> pins_;
};

}  // namespace mailtrace
