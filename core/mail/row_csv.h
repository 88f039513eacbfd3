// Results as a table for a spreadsheet (RFC 4180, UTF-8), safe to open: no cell is taken for a formula. For
// the export of the web page and `--csv`. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "core/mail/query.h"

namespace mailtrace {

// The mark that makes a spreadsheet take it for UTF-8, and the line of column names.
std::string csv_heading();
// One line, CRLF.
void add_csv_row(std::string& out, const Hit& hit);
// A line with one cell, for a note behind the rows.
void add_csv_note(std::string& out, std::string_view text);

}  // namespace mailtrace
