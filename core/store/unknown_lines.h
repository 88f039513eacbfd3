// UnknownLines: lines their parser should know and did not. Per program, how many since the start and the
// newest, for `mailtrace status`; per shape, rows with samples for the database. Filled by the pipeline
// thread, list() by any.
#pragma once
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/mail/rows.h"
#include "core/parse/log_line.h"

namespace mailtrace {

// The text with everything taken out that differs from line to line: numbers, addresses, names with dots,
// what stands in <> and "".
std::string shape_of(std::string_view text);

class UnknownLines {
 public:
  struct Program {
    std::string program;  // the whole tag: postfix/smtpd
    uint64_t lines = 0;
    Time time{};  // these are of the newest line
    std::string host, text;
  };

  // `counted`: a record that is in the tables already.
  void add(const LogLine& line, bool counted = false);
  // Rows of records before `mark`; as HostCounts::collect.
  void collect(uint64_t mark, std::vector<UnknownRow>& rows);
  std::vector<Program> list() const;  // most lines first

 private:
  using Key = std::tuple<Day, std::string, Id, int64_t>;
  void sample(const LogLine& line, const std::string& program);

  mutable std::mutex mutex_;
  std::map<std::string, Program, std::less<>> programs_;
  // The rest: pipeline thread.
  std::map<Key, UnknownRow> rows_;  // lines 0: nothing new
  std::vector<std::pair<uint64_t, UnknownRow*>> waiting_;
  std::set<Id> shapes_;
  Day shapes_of_{};
};

}  // namespace mailtrace
