// UnknownLines: per program, how many lines its parser should know and did not, and the newest of them.
// Filled by the pipeline thread, read by `mailtrace status`.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/parse/log_line.h"

namespace mailtrace {

class UnknownLines {
 public:
  struct Program {
    std::string program;  // the whole tag: postfix/smtpd
    uint64_t lines = 0;
    Time time{};  // these are of the newest line
    std::string host, text;
  };

  void add(const LogLine& line);
  std::vector<Program> list() const;  // most lines first

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Program, std::less<>> programs_;
};

}  // namespace mailtrace
