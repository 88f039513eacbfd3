// HostCounts: what each logging host sent in each hour, by program and by what became of it; each line
// counted once although records are read again after a crash. Pipeline thread.
#pragma once
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/mail/rows.h"
#include "core/parse/log_line.h"

namespace mailtrace {

enum class LineResult : size_t { understood, ignored, unknown, unparsed };  // unparsed: no parser

class HostCounts {
 public:
  // Records before `counted` are in the tables already.
  void start_at(uint64_t counted) { counted_ = counted; }
  bool is_counted(const LogLine& line) const { return line.sequence && line.sequence < counted_; }
  void add(const LogLine& line, std::string_view program, LineResult result);
  // Moves what was counted of records before `mark` into rows; the rest waits, so that `mark` parts the
  // counted from the uncounted although the sequencer changes the order. Records without sequence never wait.
  void collect(uint64_t mark, std::vector<HostRow>& hosts, std::vector<HourRow>& hours);

 private:
  struct Entry {
    HourRow row;  // no lines: nothing new
    Time first{}, last{};
  };
  struct Waiting {
    uint64_t sequence;
    Entry* entry;
    Time time;
    LineResult result;
  };
  struct KeyHash {
    size_t operator()(const Hash128& key) const { return static_cast<size_t>(key.low); }
  };
  Entry& entry_of(Time time, std::string_view host, std::string_view program);
  void count(Entry& entry, Time time, LineResult result);

  uint64_t counted_ = 0;
  std::unordered_map<Hash128, Entry, KeyHash> entries_;  // by hour, host and program
  std::vector<Entry*> touched_;
  std::set<std::string, std::less<>> hosts_;
  std::vector<Waiting> waiting_;
};

}  // namespace mailtrace
