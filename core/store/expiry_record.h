// How the last `mailtrace expire` of this host ended, kept in `<state_directory>/expire.json`: the timer runs
// at night, and `mailtrace status` tells whether it removed anything. One process at a time writes it; the
// last one wins.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/mail/row_json.h"

namespace mailtrace {

struct ExpiryRecord {
  struct Refusal {
    std::string what;  // a sink, or the state directory
    std::string error;
  };
  Time ended{};
  int max_age_days = 0;
  std::vector<Refusal> refused;  // empty: all went well
};

Json to_json(const ExpiryRecord& record);
Result<void> write_expiry_record(const std::string& state_directory, const ExpiryRecord& record);
// Nothing if there was no run, or what is there cannot be understood.
std::optional<ExpiryRecord> read_expiry_record(const std::string& state_directory);

}  // namespace mailtrace
