// Statement texts, made from the tables: the only place that knows how the three dialects differ. Any thread.
#pragma once
#include <string>
#include <vector>

#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

// INSERT … ON CONFLICT / ON DUPLICATE KEY UPDATE with the merge of core/mail/columns.h. Unknown (NULL) gives
// way, and a row that would stay as it is is not written again. `rows`: how many rows the text takes (MySQL);
// SQLite takes one, PostgreSQL one array for each column.
std::string upsert_text(Dialect dialect, const Table& table, size_t rows);

// "d.recipient" in lower case, in the words of the index that exists for it.
std::string lower_of(Dialect dialect, const std::string& alias, const std::string& column);
// `column LIKE ?`, where the pattern was made by like_pattern().
std::string like_of(Dialect dialect, const std::string& column);
// The text itself as a pattern that matches it and nothing else: %, _ and the escape character lose their
// meaning.
std::string like_escape(Dialect dialect, std::string_view text);

// "a, b, c" of a table, each with `prefix` ("d.").
std::string column_list(const Table& table, const std::string& prefix, size_t count);

}  // namespace mailtrace::sql
