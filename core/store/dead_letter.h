// DeadLetter: rows no database takes, kept as text for a human and for `mailtrace dead-letter retry`.
// One JSON object a line: {"time":…, "error":…, "sink":…, "table":"connectlog"|"deliverlog"|"lines",
// "row":{…}}. One writer thread per object; several objects (sinks, processes) may append to the same file.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/mail/rows.h"

namespace mailtrace {

class DeadLetter {
 public:
  // <state_directory>/dead-letter.jsonl, mode 0600, made when the first row comes.
  DeadLetter(const std::string& state_directory, std::string sink);
  // Appends and fsyncs: when it returns well, the row is safe and the checkpoint may pass it. The same row
  // again adds nothing.
  template <class Row>
  Result<void> add(const Row& row, const std::string& error);
  const std::string& file() const { return file_; }

 private:
  Result<void> append(const std::string& head, const std::string& body);
  std::string file_, sink_;
};

}  // namespace mailtrace
