// HostCounts: what each logging host sent on each day, counted once although records are read again after a
// crash. Pipeline thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/mail/rows.h"
#include "core/parse/log_line.h"

namespace mailtrace {

class HostCounts {
 public:
  // Records before `counted` are in the hosts table already.
  void start_at(uint64_t counted) { counted_ = counted; }
  void add(const LogLine& line, bool unknown);
  // Moves what was counted of records before `mark` into rows; the rest waits, so that `mark` parts the
  // counted from the uncounted although the sequencer changes the order. Records without sequence never wait.
  void collect(uint64_t mark, std::vector<HostRow>& rows);

 private:
  struct Waiting {
    uint64_t sequence;
    HostRow* row;
    Time time;
    bool unknown;
  };
  static void count(HostRow& row, Time time, bool unknown);
  HostRow& row_of(Day day, std::string_view host);

  uint64_t counted_ = 0;
  std::map<std::pair<Day, std::string>, HostRow> rows_;  // lines 0: nothing new
  HostRow* last_ = nullptr;
  std::vector<Waiting> waiting_;
};

}  // namespace mailtrace
