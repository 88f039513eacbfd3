// Reads syslog headers as rsyslog and syslog-ng really send them: RFC 5424, RFC 3164, RFC 3164 with RFC 3339
// stamp (RSYSLOG_ForwardFormat, RSYSLOG_FileFormat), with and without PRI, cut tags, no colon. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/parse/host_rules.h"
#include "core/parse/log_line.h"
#include "core/spool/record.h"

namespace date {
class time_zone;
}

namespace mailtrace {

struct HeaderOptions {
  const date::time_zone* zone = nullptr;  // of stamps without zone; null: UTC
  bool import = false;                    // far stamps are no suspects; the year is searched backwards
  const HostRules* hosts = nullptr;       // zones and permissions of single hosts; null: none
};
// Null and an Error (Fault::config, with did-you-mean) for an unknown name; "" is the system's zone.
Result<const date::time_zone*> find_zone(const std::string& name);

// Never fails: what cannot be read stays empty and everything is `text`. `line` borrows from `record`.
// For an import, `record.received` is the modification time of the file. Lines of Transport::file are read as
// an import's, only that stamps of the future stay suspects.
void parse_header(const Record& record, const HeaderOptions& options, LogLine& line);

}  // namespace mailtrace
