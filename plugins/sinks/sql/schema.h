// The version of the schema in a database, and the steps to the one this program needs. Calling thread only.
#pragma once
#include <string>
#include <vector>

#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

// Statements of one file of sql/: each ends with `;` (or the `//` of a DELIMITER section, which the mysql
// client needs) at the end of a line that a blank line or the end of the file follows.
std::vector<std::string> split_statements(std::string_view text);

// 0: no schema at all.
Result<int> schema_version(const Database& database, Connection& connection);

// Fault::schema unless the database has, or may be given, exactly the schema this program was built for.
Result<void> ensure_schema(const Database& database, Connection& connection, bool may_create);

}  // namespace mailtrace::sql
