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
// What stands behind the last @ of "a.address", in the words of the index that exists for it.
std::string domain_of(Dialect dialect, const std::string& prefix);
// Behind the name of a table: take this index. Without statistics the planners of SQLite and MySQL mistake
// the part of a day for the narrower condition.
std::string index_hint(Dialect dialect, const std::string& index);
// An inner join that begins with its left side.
const char* join_of(Dialect dialect);
// `column LIKE ?`, where the pattern was made by like_pattern().
std::string like_of(Dialect dialect, const std::string& column);
// The text itself as a pattern that matches it and nothing else: %, _ and the escape character lose their
// meaning.
std::string like_escape(Dialect dialect, std::string_view text);

// "a, b, c" of a table, each with `prefix` ("d.").
std::string column_list(const Table& table, const std::string& prefix, size_t count);

}  // namespace mailtrace::sql
