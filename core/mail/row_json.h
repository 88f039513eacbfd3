// Rows as JSON: one object per row, keys are the column names in table order, unknown columns left out.
// Times are RFC 3339 in UTC, ids 32 hex digits. For dead letters, `--json` and the API. Any thread.
#pragma once
#include <nlohmann/json.hpp>

#include "core/mail/rows.h"

namespace mailtrace {

using Json = nlohmann::ordered_json;

Json to_json(const ConnectRow& row);
Json to_json(const DeliverRow& row);
Json to_json(const LinesRow& row);  // `data` in hex
// False when a column has the wrong type or a key column is missing; `row` is then undefined.
bool from_json(const Json& json, ConnectRow& row);
bool from_json(const Json& json, DeliverRow& row);
bool from_json(const Json& json, LinesRow& row);

// One line of text; bytes that are no UTF-8 become U+FFFD.
std::string dump_line(const Json& json);

}  // namespace mailtrace
