// LogLine: one syslog message with its header read. What parsers get.
#pragma once
#include <string_view>

#include "core/base/id.h"
#include "core/base/time.h"

namespace mailtrace {

// All views borrow from the record's bytes and live as long as these do.
struct LogLine {
  int facility = -1, severity = -1;  // -1: the line had no PRI
  Time time;                         // when the host logged it (receive time if the line had none)
  bool whole_seconds = false;        // the stamp had no fraction: order within the second is unknown
  bool time_suspect = false;         // more than 36 h off `received`; not in imports, nor old in files
  bool truncated = false;            // longer than the input's limit; the rest was thrown away
  bool host_foreign = false;         // named a host that its certificate may not speak for: `hostname` is the
                                     // certificate's name, `raw` has what was claimed
  std::string_view hostname;         // "" if the line named none: then `peer` stands for it
  std::string_view app_name;         // the tag as the operator writes it: "postfix/submission/smtpd"
  std::string_view proc_id;          // "" if cut or absent
  std::string_view msg_id, structured_data;
  std::string_view text;  // the message behind the tag; leading blank and trailing LF removed
  std::string_view raw;   // the whole line as received
  Time received;
  uint64_t sequence = 0;  // its record in the spool; 0 for an import
  bool imported = false;
  // Equal identity = the same line, over the network as from a file: hash of host, stamp, program and text.
  // With milliseconds the pid too; with whole seconds the uuid in structured data, or else the pid.
  Hash128 identity;
};

}  // namespace mailtrace
