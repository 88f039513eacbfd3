// Rows of a replay in a SQLite database, and a Reader for them.
#pragma once
#include <filesystem>
#include <memory>

#include "core/plugin/plugin.h"
#include "tests/traces/replay.h"

namespace mailtrace {

class Stored {
 public:
  explicit Stored(const StoredRows& rows, const std::vector<HourRow>& hours = {});
  ~Stored();
  Reader& reader() { return *reader_; }
  // Each way once, by birth of its first mail.
  std::vector<Trace> traces();

 private:
  std::filesystem::path folder_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Reader> reader_;
  std::vector<Id> ids_;
};

}  // namespace mailtrace
