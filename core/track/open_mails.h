// OpenMails: the mails in memory, found by server and queue id, and the order in which they are written and
// forgotten. Pipeline thread.
#pragma once
#include <deque>
#include <queue>
#include <string_view>
#include <unordered_map>

#include "core/config/config.h"
#include "core/parse/log_line.h"
#include "core/track/open_mail.h"

namespace mailtrace {

// What a line is for the choice between mails that shared a short queue id.
// `note`: another program's word on a mail; alone it makes none.
enum class LineKind { opener, message_id, queue, removed, note, other };

class OpenMails {
 public:
  // `shared`: another instance may have any of the lines.
  OpenMails(const TrackerConfig& config, bool shared) : config_(config), shared_(shared) {}

  uint32_t server(std::string_view name);
  const std::string& server_name(uint32_t server) const { return servers_[server]; }
  uint32_t servers() const { return static_cast<uint32_t>(servers_.size()); }
  size_t size() const { return mails_.size() - free_.size(); }

  struct Picked {
    OpenMail* mail;
    bool duplicate = false;  // that mail has taken this very line
    bool reopened = false;   // the same opener as before, after the mail was removed
  };
  // The mail a line belongs to; made if there is none.
  Picked pick(uint32_t server, std::string_view queue_id, const LogLine& line, LineKind kind);
  // A mail that another mail's line names: the one there at `line`'s time, or a placeholder.
  OpenMail& named(uint32_t server, std::string_view queue_id, const LogLine& line);
  // The youngest mail in memory with that queue id.
  OpenMail* find(uint32_t server, std::string_view queue_id);
  // The one that was there at `time`.
  OpenMail* find_at(uint32_t server, std::string_view queue_id, Time time);
  OpenMail* get(Handle handle);
  OpenMail* older(const OpenMail& mail) { return mail.older == Handle::none ? nullptr : &mails_[mail.older]; }
  const OpenMail* older(const OpenMail& mail) const {
    return mail.older == Handle::none ? nullptr : &mails_[mail.older];
  }

  void identify(OpenMail& mail, Time birth, Born born, int ordinal);
  // Lines of the spool before this one have been read before.
  void read_before(uint64_t sequence) { read_before_ = sequence; }
  // A generation that the cache or the database knew.
  void adopt(OpenMail& mail, const Id& id, Time birth, Born born);
  // Takes everything `from` has into `to` and forgets `from`.
  void fold(OpenMail& from, OpenMail& to);

  void touch(OpenMail& mail, const LogLine& line);
  void finish(OpenMail& mail, Time time);
  void dirty(OpenMail& mail, const LogLine& line);
  // Holds the checkpoint at an earlier line too.
  void pin(OpenMail& mail, uint64_t sequence);
  void ready(OpenMail& mail);
  // With the next batch, though more is to come.
  void write_soon(OpenMail& mail);
  void postpone(OpenMail& mail, Time since);
  // Mails to write now, oldest first; each once. Those not taken because of `limit` come again.
  std::vector<OpenMail*> take_due(Time now, bool all, size_t limit);
  bool more_due(Time now, bool all);
  void clean(OpenMail& mail);
  uint64_t pinned(uint64_t next);

  // Mails that may leave memory: finished and lingered, idle, or too many. Those not written yet must be.
  std::vector<OpenMail*> take_old(Time now);
  void forget(OpenMail& mail);

 private:
  struct Key {
    uint32_t server;
    std::string queue_id;
  };
  struct KeyView {
    uint32_t server;
    std::string_view queue_id;
  };
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(const KeyView& key) const noexcept;
    size_t operator()(const Key& key) const noexcept { return (*this)(KeyView{key.server, key.queue_id}); }
  };
  struct KeyEqual {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return a.server == b.server && std::string_view(a.queue_id) == std::string_view(b.queue_id);
    }
  };
  struct Pin {
    uint64_t sequence;
    Handle mail;
    bool operator>(const Pin& other) const { return sequence > other.sequence; }
  };
  struct Due {
    Time since;
    Handle mail;
  };
  struct List {
    uint32_t head = Handle::none, tail = Handle::none;
  };

  bool is_late(uint32_t server, const LogLine& line);
  void open(OpenMail& mail, Time birth, int ordinal);
  OpenMail& add(uint32_t server, std::string_view queue_id, const LogLine& line, Time start);
  Picked pick_opener(OpenMail* newest, uint32_t server, std::string_view queue_id, const LogLine& line);
  Picked pick_message_id(OpenMail* newest, uint32_t server, std::string_view queue_id, const LogLine& line);
  Picked pick_other(OpenMail* newest, uint32_t server, std::string_view queue_id, const LogLine& line,
                    LineKind kind);
  OpenMail* by_time(OpenMail* newest, Time time, bool whole_seconds);
  void unlink(OpenMail& mail);
  void move_to_tail(OpenMail& mail);
  void push_pin(OpenMail& mail);

  const TrackerConfig& config_;
  const bool shared_;
  uint64_t read_before_ = 0;
  bool late_ = false;         // the line that pick() is at
  std::vector<Time> newest_;  // stamp, by server
  std::vector<std::string> servers_;
  std::unordered_map<std::string, uint32_t> server_index_;
  uint32_t last_server_ = Handle::none;
  std::unordered_map<Key, uint32_t, KeyHash, KeyEqual> table_;
  std::deque<OpenMail> mails_;
  std::vector<uint32_t> free_;
  List open_, finished_;
  std::priority_queue<Pin, std::vector<Pin>, std::greater<Pin>> pins_;
  std::deque<Due> due_;
  std::deque<Handle> ready_;
};

}  // namespace mailtrace
