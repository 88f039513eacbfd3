// GapWatch: notes when lines were lost on the way through this receiver, as rows for the database. Pipeline
// thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/mail/rows.h"
#include "core/spool/spool.h"

namespace mailtrace {

class GapWatch {
 public:
  GapWatch(std::string receiver, std::string spool)
      : receiver_(std::move(receiver)), spool_(std::move(spool)) {}
  // Its id is another one from now on.
  void use(std::string spool) { spool_ = std::move(spool); }
  // Each record that was read, and each hole in front of the next one.
  void received(Time at) { end_holes(at); }
  void damaged(const SpoolGap& gap) { open_.push_back(gap); }
  // Nothing more can be read now: what is lost was received before.
  void caught_up(Time now) { end_holes(now); }
  // Looks at the counters of lines that were dropped; now and then.
  void look(Time now);
  // What is new; the same gap again as it grows.
  void collect(std::vector<GapRow>& rows);

 private:
  GapRow row(const char* kind, Time first, Time last, std::string reason, std::string_view what) const;
  void end_holes(Time at);
  static uint64_t dropped();

  std::string receiver_, spool_;
  Time looked_{};
  uint64_t dropped_ = dropped();
  std::optional<GapRow> drops_;  // under way
  bool drops_grew_ = false;
  std::vector<SpoolGap> open_;  // wait for the record behind them
  std::vector<GapRow> done_;
};

}  // namespace mailtrace
