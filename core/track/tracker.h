// Tracker: joins the facts of one mail into rows, in whatever order they come. Pipeline thread.
// What it holds in memory is only a convenience: every row's key is a function of the lines, every row merges
// with what is stored, and what memory no longer knows is asked of the cache and then the database.
//
// What is half seen when a tracker ends is handed to the next one as hints (recall.cc): a cut between any two
// lines, by a restart or by a second import, changes no row.
//
// What the lines do not carry cannot be told:
// - The mailbox server's line and the answer that names its session must come within five minutes.
// - Two receivers with a shared cache know of each other's sessions, hand-overs, pipe filters and mailbox
//   lines. Holds before a queue id, reasons of refusals and mails sent by Sieve are joined only by the one
//   that has both lines. Without a cache each has what came to it, and a short-id mail split over both gets
//   two ids.
// - Short ids used again within seconds while lines go to two receivers in turn mix: which of two equal ids a
//   line means is told by the lines before it, and these are with the other receiver.
// - Older lines after newer ones (an old log is imported last): a mail with a short queue id keeps the id
// that
//   its newer half got, so ids depend on the order of such imports; columns do not. What was stored with
//   nobody known to wait (an expiry, a deletion) stays a row without recipient.
// - Whole-second stamps: lines that one process wrote within a second in the same words are one, as if they
//   had come twice. Order within the second is that of arrival: a shuffle there mixes the TLS of sessions
//   that one process had with one client within it.
// - Whole-second stamps: mails that share a short queue id and a second are counted in the order of their
//   lines, so a cut or a shuffle within that second mixes them.
// - Several mails that Sieve sent within seconds to one address, and that only their recipient tells apart,
//   have no origin.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// The refusals of a server that the database has of from <= t < to. It may block, too.
using FindRefusals = std::function<std::vector<Hit>(const std::string& server, Time from, Time to)>;

class Tracker {
 public:
  // `cache` may be null; both outlive the tracker.
  static std::unique_ptr<Tracker> make(const TrackerConfig& config, Cache* cache, FindOpen find_open);
  virtual ~Tracker() = default;
  // For an import of lines with whole seconds, before the first line.
  virtual void know_refusals(FindRefusals find) = 0;

  // What an earlier tracker had half seen, before the first line. Lines that must be applied again are
  // appended to `lines`.
  virtual void recall(const std::vector<HintRow>& hints, Time now, std::vector<std::string>& lines) = 0;
  // A line in order of time per host (Sequencer). `fact` is monostate for ignored and unknown lines, which
  // count for the hosts table and, when they name a known queue id, keep their raw text.
  virtual void apply(const LogLine& line, const Fact& fact) = 0;
  // Moves rows that are due into `batch`: finished mails, and half-seen ones whose first unwritten line was
  // received `flush_after` before `now`. `all`: everything, at shutdown or the end of an import.
  // At most about `max_rows` rows; true if more are due.
  virtual bool collect(Time now, bool all, size_t max_rows, Batch& batch) = 0;
  // The lowest sequence whose effect is not in a collected batch; `next` if there is none.
  virtual uint64_t pinned(uint64_t next) const = 0;

  // Records before this one were applied by an earlier tracker, and may be stored.
  virtual void read_before(uint64_t sequence) = 0;
  // The lines that follow come before others that belong between them, and are applied again by a later
  // tracker. Rows come of them, but no hints; and halves of mails wait for that tracker.
  virtual void guess_the_rest() = 0;

  struct Status {
    size_t open_mails = 0, held_lines = 0;
    Time newest{};  // stamp of the newest line applied
  };
  virtual Status status() const = 0;
};

}  // namespace mailtrace
