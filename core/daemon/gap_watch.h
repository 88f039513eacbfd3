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
  // Each record that was read, and each hole between two of them.
  void received(Time at);
  void damaged(const SpoolGap& gap);
  // Looks at the counters of lines that were dropped; now and then.
  void look(Time now);
  // What is new; the same gap again as it grows.
  void collect(std::vector<GapRow>& rows);

 private:
  GapRow row(const char* kind, Time first, Time last, std::string reason, std::string_view what) const;
  static uint64_t dropped();

  std::string receiver_, spool_;
  Time last_received_{}, looked_{};
  uint64_t dropped_ = dropped();
  std::optional<GapRow> drops_;  // under way
  bool drops_grew_ = false;
  std::vector<GapRow> open_, done_;  // holes that wait for the record behind them
};

}  // namespace mailtrace
