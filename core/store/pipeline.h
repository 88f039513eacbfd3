// Pipeline: the way of a record to rows: header -> sequencer -> parser -> tracker -> batch.
// The daemon feeds it from the spool, `mailtrace import` from files. One thread.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>

#include "core/base/counters.h"
#include "core/parse/header.h"
#include "core/parse/router.h"
#include "core/store/host_counts.h"
#include "core/store/kept_lines.h"
#include "core/store/unknown_lines.h"
#include "core/track/sequencer.h"
#include "core/track/tracker.h"

namespace mailtrace {

// The clock of a machine, but for being set back: from then on it is as much ahead. Times of one source.
class ForwardClock {
 public:
  // `least`: it is not earlier than that.
  Time operator()(Time at, Time least = {}) {
    // Records of several inputs are not in order to the millisecond.
    constexpr Microseconds disorder = std::chrono::seconds(5);
    last_ = std::max(last_, least);
    if (at + ahead_ + disorder < last_) ahead_ = last_ - at;
    last_ = std::max(last_, at + ahead_);
    return at + ahead_;
  }

 private:
  Time last_{};
  Microseconds ahead_{};
};

class Pipeline {
 public:
  Pipeline(const TrackerConfig& config, HeaderOptions header, const Router& router, Cache* cache,
           FindOpen find_open);
  // Before the first feed(), for an import.
  void know_refusals(FindRefusals find) { tracker_->know_refusals(std::move(find)); }
  // Before the first feed(): records before `counted` were counted in the hosts table already (replay);
  // `sequence` is the first one that will come. Not called by an import, whose records have no sequence.
  void start_at(uint64_t sequence, uint64_t counted);
  // Before the first feed(): records before `until` were received by a daemon that ended, `time` before now.
  // Senders go on where they stopped, so that is no time in which a mail could have grown old.
  void was_down(uint64_t until, Microseconds time);
  // Before the first feed(): what was half seen when the lines before these were read.
  void recall(const std::vector<HintRow>& hints, Time now);
  // Also counts parse_lines_total{result="fact|ignored|unknown|unparsed",program="…"} (unparsed: no parser).
  void feed(const Record& record);
  // Records before `sequence` that were not fed are lost: they are waited for no longer.
  void skip(uint64_t sequence);
  // Rows that are due, with the checkpoint's sequence (pinned()) and counted (what is still held back for its
  // order is not counted yet). True if more are due at once. `all`: the pipeline ends; to be called
  // until false. Then half a mail makes a row too, out of lines that the checkpoint does not pass.
  // Who lags behind the spool by an hour waits, holds back and forgets as if it were an hour earlier: so
  // lines are joined in the same way whether they are read at once or after an outage. A clock that is set
  // back makes nothing wait.
  bool collect(Time now, bool all, Batch& batch);
  // First record that must be read again after a crash once all collected batches are stored.
  uint64_t pinned() const;
  uint64_t next_sequence() const { return next_; }
  Tracker::Status status() const;
  // Before a feed(): other rules of hosts. They outlive the pipeline or the next use().
  void use(const HostRules* hosts) { header_.hosts = hosts; }
  // Where lines go that a parser should know and does not; null: nobody looks at them. Outlives the pipeline.
  // `kept` (may be null) gets the whole lines. collect() gives the rows of `lines`.
  void keep_unknown(UnknownLines* lines, KeptLines* kept = nullptr) {
    unknown_ = lines;
    kept_ = kept;
  }

 private:
  using Counters = std::array<Counter*, 4>;  // by LineResult
  using Program = std::pair<const std::string, Counters>;
  void understand(const LogLine& line);
  void count_foreign(const Record& record, const LogLine& line);
  void warn_once(const Parser& parser, const LogLine& line);
  Program& program_of(std::string_view app_name);
  Time time_of_lines(Time now);
  bool waits_for_senders(Time now);
  void release_rest();

  HeaderOptions header_;
  const Microseconds reorder_;
  const Router& router_;
  std::unique_ptr<Tracker> tracker_;
  std::unique_ptr<Sequencer> sequencer_;
  HostCounts hosts_;
  UnknownLines* unknown_ = nullptr;
  KeptLines* kept_ = nullptr;
  bool warned_ = false;
  std::unordered_map<std::string, Counter*> foreign_;   // by certificate
  std::unordered_map<std::string, Counters> counters_;  // by program
  Program* last_program_ = nullptr;
  uint64_t next_ = 0, counted_ = 0;
  uint64_t again_from_ = UINT64_MAX;  // pinned when the pipeline ended
  uint64_t up_from_ = 0;
  Microseconds down_{};
  Time started_{}, first_new_{};  // first look for rows; first line behind `up_from_`
  Time received_{};               // of the last line
  bool fed_ = false;
  Microseconds lag_{};
  ForwardClock clock_, received_clock_;
};

}  // namespace mailtrace
