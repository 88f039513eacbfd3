// Removes what is older than the retention, in every configured database. For `mailtraced --max-age`,
// `mailtrace expire` and the timer: one process, one call; a lock in the database lets one host at a time do
// it.
#pragma once
#include <string>

namespace mailtrace {

// Prints one line per database to stdout, errors to stderr. Keeps today and the `max_age_days` days before it
// (UTC). The exit code: 0, 78 (configuration or a clock jump without `force`), 69 (a database did not
// answer).
int expire_all(const std::string& config_file, int max_age_days, bool dry_run, bool force);

}  // namespace mailtrace
