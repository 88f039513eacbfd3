// What the database says about its servers, in words and as JSON: for `mailtrace status`. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/mail/coverage.h"
#include "core/mail/row_json.h"
#include "core/plugin/sink.h"
#include "core/store/expiry_record.h"
#include "core/tool/terminal.h"

namespace mailtrace {

struct Stored {
  std::vector<HostRow> hosts;          // one row a host: days joined
  std::vector<HostCoverage> coverage;  // of the same time
  std::vector<HourRow> programs;       // by_program()
  std::vector<GapRow> gaps;
  std::vector<UnknownRow> unknown;  // one row a shape, if asked for
  std::vector<Checkpoint> checkpoints;
};

// Of the newest `days` days that hold a mail.
Result<Stored> read_stored(Reader& reader, int days, bool with_unknown);
// One row a host: days joined.
std::vector<HostRow> joined_hosts(const std::vector<HostRow>& days);
// One row a program and shape: slots, days and sources joined; the newest sample; most lines first.
std::vector<UnknownRow> joined_unknown(const std::vector<UnknownRow>& rows);

std::string stored_text(const Stored& stored, const Terminal& terminal);
std::string unknown_text(const std::vector<UnknownRow>& unknown, const Terminal& terminal);
Json stored_json(const Stored& stored);

std::string expiry_text(const std::optional<ExpiryRecord>& expiry, const Terminal& terminal);

}  // namespace mailtrace
