// Sink: writes batches into one database; Reader: searches it.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/mail/query.h"
#include "core/mail/rows.h"

namespace mailtrace {

// Each Reader is called from one thread only (which: whoever opened it), has its own connection. A statement
// that runs into the limit of the database's `read_timeout` fails with Fault::slow.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<Page> search(const Query& query) noexcept = 0;
  // The mail with that id and all mails joined to it (origin, own hops by next_queue_id, same host forwards).
  virtual Result<Trace> trace(const Id& connect_id) noexcept = 0;
  // Ids of mails with this queue id, Message-ID (with or without <>) or id in hex; newest first, at most 100.
  virtual Result<std::vector<Id>> find(const std::string& what) noexcept = 0;
  // The youngest mail on `server` with this queue id born not after `at`; for short queue ids after a
  // restart.
  virtual Result<std::optional<Mail>> find_open(const std::string& server, const std::string& queue_id,
                                                Time at) noexcept = 0;
  virtual Result<std::vector<HostRow>> hosts(Day from, Day to) noexcept = 0;  // both included
  // Lines by hour, host and program, and where a receiver lost some; hours and gaps that touch from..to.
  virtual Result<std::vector<HourRow>> hours(Time, Time) noexcept { return unsupported(); }
  virtual Result<std::vector<GapRow>> gaps(Time, Time) noexcept { return unsupported(); }
  // Samples of lines no parser understood, most frequent first; days as in hosts().
  virtual Result<std::vector<UnknownRow>> unknown(Day, Day) noexcept { return unsupported(); }
  virtual Result<Overview> overview(const OverviewQuery&) noexcept { return unsupported(); }
  virtual Result<Alike> alike(const AlikeQuery&) noexcept { return unsupported(); }
  // Stored addresses that differ from this one (or this "@domain") by a slip of the hand; nearest first.
  virtual Result<std::vector<std::string>> near_addresses(const std::string&, size_t) noexcept {
    return unsupported();
  }
  virtual Result<std::vector<Checkpoint>> checkpoints() noexcept = 0;
  // What was half seen and may still be of use at `now`: at most `most`, those first that are of use longest.
  virtual Result<std::vector<HintRow>> hints(Time, size_t) noexcept { return std::vector<HintRow>(); }
  virtual Result<std::pair<Day, Day>> days() noexcept = 0;  // oldest and newest day that holds a mail

 private:
  static Error unsupported() { return {Fault::config, "this database cannot answer that"}; }
};

struct Expiry {
  int64_t connects = 0, deliveries = 0, lines = 0, partitions = 0;
  Day oldest_kept{};
};

// The sink's own thread. write() and the rest never throw.
class Sink {
 public:
  virtual ~Sink() = default;
  // Connects and compares the schema version; creates or upgrades the schema when the options allow it.
  virtual Result<void> open() noexcept = 0;
  // The stored checkpoint of that receiver; sequence 0 if none.
  virtual Result<Checkpoint> checkpoint(const std::string& receiver) noexcept = 0;
  // All or nothing in one transaction, checkpoint included; the same batch twice equals once.
  // Fault::transient: nothing was written or it is unknown; call again with the same batch (it reconnects).
  // Fault::permanent: a value was refused; nothing was written.
  virtual Result<void> write(const Batch& batch) noexcept = 0;
  // Removes everything of days before `before`. Fault::config when it looks like a clock jump and not
  // `force`.
  virtual Result<Expiry> expire(Day before, bool dry_run, bool force) noexcept = 0;
  // A Reader with its own connection; callable from any thread after construction, also without open().
  virtual Result<std::unique_ptr<Reader>> open_reader() noexcept = 0;
  // "sqlite /var/lib/mailtrace/mail.db", never a secret.
  virtual std::string describe() const noexcept = 0;
};

}  // namespace mailtrace
