// Spool: the durable queue between receiving and understanding. A directory of segment files, see format.h.
// SpoolWriter: one thread of its own; append() and its callbacks belong to the loop thread.
// SpoolReader: pipeline thread. Both may run at once; the directory has one owner process (flock).
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/spool/record.h"

struct uv_loop_s;

namespace mailtrace {

class FileSystem;

// Damage found while opening or reading: these records are gone; their bytes were copied to bad/. What open()
// finds in the last segment is found again by the reader when it comes there: count the reader's.
struct SpoolGap {
  uint64_t first_sequence = 0, next_sequence = 0;  // [first, next)
  uint64_t bytes = 0;
  std::string segment, reason;
  Time after{};  // of the reader: when the last record before it was received, if that is still there
};

struct SpoolStatus {
  std::string id;                 // uuid, part of the checkpoint
  uint64_t first_sequence = 0;    // oldest record kept
  uint64_t next_sequence = 1;     // the one the next append gets
  uint64_t durable_sequence = 1;  // records before this are durable
  uint64_t stored_sequence = 0;   // records before this were trimmed, at least; 0: not known
  uint64_t bytes = 0;             // on disk, all segments, reserved space included
  size_t segments = 0;
  std::vector<SpoolGap> gaps;
  bool failed = false;     // two write errors in a row: nothing is accepted until one succeeds
  std::string last_error;  // of a write, sync or new segment; stays after it is overcome
};

// What tests change.
struct SpoolSeams {
  FileSystem* files = nullptr;              // null: the real one
  size_t pending_limit = 64u << 20;         // bytes waiting in memory
  std::chrono::milliseconds recheck{1000};  // free space; a new try after failed
};

class Spool {
 public:
  // Opens or creates the directory (0700), locks it, verifies from the last durable point, cuts a torn tail,
  // never refuses because of damage. Fault::config: no right, locked by another process, not a directory.
  // Fault::transient: the disk or the process is in trouble now; to be called again.
  static Result<std::unique_ptr<Spool>> open(const SpoolConfig& config, const std::string& directory,
                                             uv_loop_s* loop, const SpoolSeams& seams = {});
  // Without close(): ends the thread after what is waiting is written, calls nothing; the loop must run once
  // more to close the handles.
  virtual ~Spool() = default;

  // ---- loop thread
  // Before the first append: the next record gets at least `sequence`. Called with the checkpoint, so that a
  // spool that lost its end does not give out sequences a second time, which the reader would step over.
  virtual void resume_at(uint64_t sequence) = 0;
  // Encodes and queues; written by the writer thread, one fdatasync for all that is waiting, no artificial
  // delay. `durable(true)` on the loop thread once the records are on disk; false: never will be.
  // False and nothing taken: full (max_size, min_free), failed, closed, or too much is waiting in memory.
  // Lines over a quarter of a segment (at most 16 MiB) are cut and flagged, peers are cut at 255 bytes.
  virtual bool append(const Record* records, size_t count, std::function<void(bool)> durable) = 0;
  // Called on the loop thread when append() may succeed again after it returned false.
  virtual void on_room(std::function<void()> room) = 0;
  // Writes what is waiting, calls its callbacks, ends the thread; then `done`.
  virtual void close(std::function<void()> done) = 0;

  // ---- any thread
  virtual SpoolStatus status() const = 0;
  // SpoolStatus::durable_sequence without the rest: the reader's limit.
  virtual uint64_t durable_sequence() const = 0;
  // Waits until records behind `sequence` are durable, the spool is closed or the time is over.
  // The durable sequence then.
  virtual uint64_t wait_durable(uint64_t sequence, std::chrono::milliseconds at_most) = 0;
  // Every database has the records before `sequence`: segments that hold no others may be deleted.
  virtual void trim(uint64_t sequence) = 0;
  // From now on it is another spool: what is stored of the one it was says nothing about its records. They
  // keep their sequences. The new id; soon in the directory, too: until then a start finds the former one.
  virtual std::string renew_id() = 0;
};

// Reads records in order, from a Spool that is being written or from a directory at rest.
class SpoolReader {
 public:
  enum class Next { record, end, gap };
  // Starts at `sequence`, or at the oldest record if that is gone (a gap is then reported first). 0: at the
  // oldest record, no gap. `keep_damage`: damaged ranges are copied to bad/.
  static Result<std::unique_ptr<SpoolReader>> open(const std::string& directory, uint64_t sequence,
                                                   bool keep_damage = true, FileSystem* files = nullptr);
  virtual ~SpoolReader() = default;
  // `record`'s views live until the next call. `end`: no durable record now; call again after a wait.
  // `limit`: records at and behind this sequence are not durable yet and are not returned
  // (SpoolStatus::durable_sequence; UINT64_MAX for a directory at rest).
  virtual Next next(Record& record, SpoolGap& gap, uint64_t limit) = 0;
  // The segment of a later version that next() does not read past; it and what follows are left alone until
  // that version reads them or somebody takes it away. Usually "".
  virtual std::string later_version() const = 0;
};

// `mailtrace spool verify|dump|salvage`: reads a directory at rest or in use, changes nothing there.
struct SpoolReport {
  std::string id;
  uint64_t first_sequence = 0, next_sequence = 0, records = 0, bytes = 0;
  size_t segments = 0;
  std::vector<SpoolGap> gaps;
  uint64_t goes_on_at = 0;    // number that the next start gives out first: not before next_sequence
  uint64_t torn_bytes = 0;    // an unfinished write at the very end: normal after a crash
  std::string later_version;  // the segment of a later version that ends what can be read; usually ""
};
Result<SpoolReport> verify_spool(const std::string& directory,
                                 const std::function<void(const Record&)>& each = {},
                                 FileSystem* files = nullptr);
// Copies every readable record of `from` into a new spool `to` (must not exist or be empty), sequences and
// uuid kept, so that the checkpoint stays true.
Result<SpoolReport> salvage_spool(const std::string& from, const std::string& to,
                                  FileSystem* files = nullptr);

}  // namespace mailtrace
