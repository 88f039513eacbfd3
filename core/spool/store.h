// SegmentStore: makes encoded records durable, whatever a single file does. store(), prepare(), close():
// writer thread (prepare also in Spool::open, before the thread starts); trim() and the figures: any thread.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "core/spool/recover.h"

namespace mailtrace {

class SegmentStore {
 public:
  SegmentStore(FileSystem& files, std::string directory, uint64_t capacity, RecoveredSpool recovered);

  // Makes a segment if there is none to write to.
  bool prepare(uint64_t sequence);
  // Writes and syncs records numbered from `first`. `bytes` has end_bytes zeros behind `size`. False: at
  // least the last record is not durable; durable() says how far it came. A file that once failed is never
  // written again.
  bool store(char* bytes, size_t size, uint64_t first);
  // Gives back what is reserved and unused.
  void close();
  // The next segment says that what is missing before `sequence` was accepted and is lost (salvage).
  void lost_until(uint64_t sequence) { previous_ = sequence; }

  // The records from `sequence` on are those of a spool `id`, and those before count as its own.
  void renew(const spool_format::Uuid& id, uint64_t sequence);

  // Says in the state what is stored, if that changed since it was written.
  void keep_state();

  void trim(uint64_t sequence);
  uint64_t durable() const { return durable_.load(std::memory_order_acquire); }
  uint64_t used_bytes() const { return closed_bytes_.load() + position_.load(); }
  void fill(SpoolStatus& status) const;

 private:
  bool fits(size_t bytes) const;
  bool roll(uint64_t sequence, size_t waiting);
  size_t seal_part(char* bytes, size_t size, uint64_t& count) const;
  int write_part(const char* bytes, size_t size, uint64_t next, bool with_end);
  void leave_segment();
  void update_state();
  void give_back();
  void note(const std::string& what, int error);
  std::string take_spare();
  void dispose(const SegmentFile& segment);

  FileSystem& files_;
  const std::string directory_;
  const uint64_t capacity_;

  // Writer thread.
  std::unique_ptr<File> active_, state_;
  spool_format::SegmentHeader header_;
  uint64_t next_number_;
  uint64_t previous_;  // of the next segment
  uint64_t next_ = 0;  // the record the active segment takes next
  spool_format::Uuid uuid_;

  uint64_t accepted_;         // in the state: records before this were; after it nothing was, yet
  uint64_t stored_kept_ = 0;  // in the state

  std::atomic<uint64_t> durable_;
  std::atomic<uint64_t> stored_;           // records before this are in every database
  std::atomic<uint64_t> closed_bytes_{0};  // all segments but the active one
  std::atomic<uint64_t> position_{0};      // in the active one

  mutable std::mutex mutex_;
  std::deque<SegmentFile> segments_;  // the last one is the active one, if there is one
  std::vector<SpareFile> spares_;
  uint64_t spare_number_ = 0;
  uint64_t reserved_bytes_ = 0;
  bool has_active_ = false;
  std::string last_error_;
};

}  // namespace mailtrace
