// ImportProgress: the bar of an import on a terminal, and its summary. Main thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "core/tool/terminal.h"

namespace mailtrace {

class ImportWriter;

class ImportProgress {
 public:
  // `total`: bytes of all files, 0 if unknown. The bar is only shown when standard error is a terminal.
  ImportProgress(uint64_t total, bool quiet);
  void begin_file(const std::string& path) { path_ = path; }
  void add_line(uint64_t bytes);
  void clear();
  uint64_t bytes() const { return bytes_; }
  void print_summary(ImportWriter& writer, bool json) const;

 private:
  using Clock = std::chrono::steady_clock;
  void show(Clock::time_point at);
  double seconds() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  uint64_t total_, bytes_ = 0, lines_ = 0;
  bool shows_;
  std::string path_;
  Clock::time_point started_, shown_;
};

}  // namespace mailtrace
