// Tracker: joins the facts of one mail into rows, in whatever order they come. Pipeline thread.
// What it holds in memory is only a convenience: every row's key is a function of the lines, every row merges
// with what is stored, and what memory no longer knows is asked of the cache and then the database.
//
// What the lines do not carry cannot be told:
// - A session's lines without queue id (TLS, hold) reach a mail only through memory, ten seconds of replay,
//   or the cache; not from one import to the next.
// - The mailbox server's line and the answer that names its session must come to one memory within five
//   minutes, and before the mail has left it; or the former to the cache before the delivery is written. Else
//   the delivery has no folder.
// - Links by Message-ID (pipe filters) need both mails in one memory. A hop whose answer was read before the
//   next host's first line, by another instance without cache, has no origin_id: readers join it by
//   next_queue_id.
// - Whole-second stamps: mails that share a short queue id and a second are counted in the order of their
//   lines, so a cut or a shuffle within that second mixes them. Short ids used again within seconds while
//   lines go to two instances in turn mix as well.
// - A mail split over two receivers without shared cache gets its id from the first line of each (short ids).
// - An address probe whose end another import holds leaves no row; neither does a postmaster notice cut right
//   behind its Message-ID line keep that Message-ID.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/config/config.h"
#include "core/mail/fact.h"
#include "core/mail/query.h"
#include "core/mail/rows.h"
#include "core/parse/log_line.h"
#include "core/plugin/cache.h"

namespace mailtrace {

// The database's answer for a short queue id that memory and cache do not know (Reader::find_open). It may
// block until the database is back; nullopt: no such mail. Empty function: there is no database to ask.
using FindOpen =
    std::function<std::optional<Mail>(const std::string& server, const std::string& queue_id, Time at)>;

class Tracker {
 public:
  // `cache` may be null; both outlive the tracker.
  static std::unique_ptr<Tracker> make(const TrackerConfig& config, Cache* cache, FindOpen find_open);
  virtual ~Tracker() = default;

  // A line in order of time per host (Sequencer). `fact` is monostate for ignored and unknown lines, which
  // count for the hosts table and, when they name a known queue id, keep their raw text.
  virtual void apply(const LogLine& line, const Fact& fact) = 0;
  // Moves rows that are due into `batch`: finished mails, and half-seen ones whose first unwritten line was
  // received `flush_after` before `now`. `all`: everything, at shutdown or the end of an import.
  // At most about `max_rows` rows; true if more are due.
  virtual bool collect(Time now, bool all, size_t max_rows, Batch& batch) = 0;
  // The lowest sequence whose effect is not in a collected batch; `next` if there is none.
  virtual uint64_t pinned(uint64_t next) const = 0;

  struct Status {
    size_t open_mails = 0, held_lines = 0;
    Time newest{};  // stamp of the newest line applied
  };
  virtual Status status() const = 0;
};

}  // namespace mailtrace
