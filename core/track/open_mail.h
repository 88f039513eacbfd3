// OpenMail: what memory holds of one mail on one host: what is not written yet, and the little that later
// lines need. Pipeline thread.
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/mail/rows.h"

namespace mailtrace {

// Stamps so far from both ends of what came that nothing is missing beside them: the other half of what was
// logged near the first line may come with an older file, that of the last with the next lines.
struct Settled {
  Time until{}, since{};
  bool covers(Time time) const { return time >= since && time < until; }
};

// Names an OpenMail as long as it is in memory.
struct Handle {
  static constexpr uint32_t none = UINT32_MAX;
  uint32_t index = none, epoch = 0;
  bool operator==(const Handle&) const = default;
};

// Identities of the lines a mail has taken, so that a doubled line takes no effect.
class SeenLines {
 public:
  bool contains(const Hash128& line) const {
    if (many_) return many_->contains(line.low);
    return std::find(few_.begin(), few_.end(), line.low) != few_.end();
  }
  void add(const Hash128& line) {
    if (many_) {
      many_->insert(line.low);
      return;
    }
    few_.push_back(line.low);
    if (few_.size() < 64) return;
    many_ = std::make_unique<std::unordered_set<uint64_t>>(few_.begin(), few_.end());
    few_ = {};
  }
  void add_all(const SeenLines& other) {
    for (auto low : other.few_) add({0, low});
    if (other.many_)
      for (auto low : *other.many_) add({0, low});
  }

 private:
  std::vector<uint64_t> few_;
  std::unique_ptr<std::unordered_set<uint64_t>> many_;
};

// Where the cache may know the TLS session of a client of which this instance has not seen one.
struct CachedSession {
  std::string key;  // empty: nothing to ask
  Time since{};     // no older than this
  bool began_elsewhere = false;
  bool named = false;  // the key is that of a session that names itself
};

// A row of deliverlog that waits for its mail's id.
struct Delivery {
  DeliverRow row;
  Hash128 line;
  bool by_recipient = false;   // one line gave several rows: the recipient is part of the id
  bool unlinked = false;       // handed to one of our own hosts, and that side is not known
  bool piped = false;          // through pipe(8), while the Message-ID was not known
  std::string lmtp_session{};  // in the answer of one of our own mailbox servers
  std::string session_key{};   // of its TLS session in the cache, when this instance has not seen one
  bool named_session = false;  // that session names itself
  Id stored{};                 // of its row, if another rendering of the line is stored: see finer.cc
};

// The last attempt for one recipient.
struct Recipient {
  std::string address, original;
  Time attempt{};
  bool waiting = false;
  bool ended = false;  // by an Ending at the time `attempt`, not by an attempt
};

// A line that ends every recipient that is still waiting: status=expired, postsuper -d.
struct Ending {
  Hash128 line;
  Time time{};
  std::string status;
};

// A mail that came from this one and is not in memory.
struct FarChild {
  Id id;
  Time birth{};
  uint32_t server = 0;
  std::string queue_id, kind;
};

// Which line gave the mail's generation.
enum class Born : uint8_t { unknown, message_id, opener };

struct OpenMail {
  Handle self;
  uint32_t server = 0;  // index in OpenMails
  std::string queue_id;
  uint32_t older = Handle::none;  // the mail before it with the same queue id

  bool long_id = false, identified = false;
  Id id;
  Time birth{};
  Born born = Born::unknown;
  int ordinal = 0;  // of mails with the same short id and the same whole-second birth
  Time first_time{}, last_time{};

  bool opener_seen = false;  // all of its lines came by
  bool message_id_seen = false;
  bool finished = false;  // "removed"
  bool probe = false, real = false, double_bounce = false;
  bool pickup = false;
  char by_sieve = 0;                                     // sieve_letter() of its Message-ID
  bool own_client = false;                               // came from a host in our own networks
  bool own_message_id = false, made_message_id = false;  // Message-ID: of the mail, or made by cleanup(8)
  bool only_removed = true;                              // nothing else is known
  bool verdict = false;                                  // with another program's word on it
  bool placeholder = false;                              // named by another mail's line, not seen itself
  bool whole_seconds = false, imported = false;
  bool late = false;  // newer lines may have been stored under this queue id: see halves.cc
  bool queued_ready = false;
  bool waited = false;               // for what another instance may have
  std::optional<Time> past_cleanup;  // first line of qmgr or later
  Time finish_time{};
  uint64_t message_id_hash = 0;
  SeenLines seen;
  std::vector<Recipient> recipients;
  // An opener line that may belong to the next mail (whole seconds).
  std::unique_ptr<ConnectRow> reopened;
  Hash128 reopened_line;

  bool dirty = false;
  uint64_t dirty_sequence = 0;
  Time dirty_since{};               // when the first unwritten line was received
  Time due_since{};                 // `dirty_since`, or when it was postponed last
  std::unique_ptr<ConnectRow> row;  // columns that are not written yet
  std::vector<Delivery> deliveries;
  std::vector<Ending> endings;
  std::string lines;
  Hash128 first_line, last_line;

  CachedSession session;
  Time opener_time{};

  Handle parent;
  std::string parent_kind;
  bool has_origin = false;
  std::vector<Handle> children;  // wait for this mail's id
  std::vector<FarChild> far_children;

  Time touched{};
  uint32_t previous = Handle::none, next = Handle::none;  // least recently touched first

  ConnectRow& change() {
    if (!row) row = std::make_unique<ConnectRow>();
    return *row;
  }
  // An address probe (verify(8)) has a Message-ID made by cleanup(8) and the double-bounce sender; a real
  // bounce of a bounce brings its own Message-ID.
  bool is_probe_candidate() const {
    if (opener_seen || real || own_message_id) return false;
    return double_bounce || (made_message_id && !past_cleanup);
  }
};

}  // namespace mailtrace
