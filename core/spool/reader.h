// DirectoryReader: the SpoolReader over a directory of segments, at rest or being written. One thread.
#pragma once
#include "core/spool/segment.h"
#include "core/spool/spool.h"

namespace mailtrace {

class DirectoryReader final : public SpoolReader {
 public:
  DirectoryReader(FileSystem& files, std::string directory, uint64_t sequence, bool keep_damage)
      : files_(files), directory_(std::move(directory)), expected_(sequence), keep_damage_(keep_damage) {}

  Next next(Record& record, SpoolGap& gap, uint64_t limit) override;
  std::string later_version() const override;

  uint64_t expected() const { return expected_; }
  // Null before the first record and after an undecodable segment.
  SegmentCursor* cursor() { return cursor_.get(); }

 private:
  enum class Step { moved, gap, end };
  bool find_end();
  Step find_on(SpoolGap& gap, uint64_t limit);
  Step enter(uint64_t base, uint64_t file_end, SpoolGap& gap);
  Step lose(uint64_t next_sequence, uint64_t bytes, std::string reason, SpoolGap& gap);
  Step search_current(uint64_t upper, SpoolGap& gap, bool& found);
  bool was_replaced();
  Step stop_before(uint64_t base, SpoolGap& gap);
  uint64_t bytes_left();
  Time last_received() const;

  FileSystem& files_;
  std::string directory_;
  uint64_t expected_;
  bool keep_damage_;
  std::unique_ptr<SegmentCursor> cursor_;
  uint64_t end_ = 0;            // base of the segment behind ours, as far as it is known
  uint64_t base_ = 0;           // of the segment we are in, also if it is undecodable; 0 before the first
  Time after_{};                // when the last record of the segments before was received
  uint64_t later_version_ = 0;  // base of the segment that is not read past
  uint64_t fresh_until_ = 0;    // records before this were on disk when the buffer was read
};

}  // namespace mailtrace
