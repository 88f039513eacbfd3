#include "plugins/sinks/sql/statements.h"

#include <fmt/format.h>

namespace mailtrace::sql {
namespace {

// `lines` is a reserved word of MySQL; all sessions there run with ANSI_QUOTES.
std::string quoted(const std::string& name) { return name == "lines" ? "\"lines\"" : name; }

std::string stored_name(Dialect dialect, const Table& table, const std::string& column) {
  return dialect == Dialect::mysql ? quoted(column) : quoted(table.name) + "." + quoted(column);
}
std::string new_name(Dialect dialect, const std::string& column) {
  return dialect == Dialect::mysql ? "VALUES(" + quoted(column) + ")" : "excluded." + quoted(column);
}

// LEAST and GREATEST ignore NULL in PostgreSQL; in the other two any NULL makes the result NULL.
std::string extreme(Dialect dialect, bool least, const std::string& stored, const std::string& fresh) {
  if (dialect == Dialect::postgresql)
    return fmt::format("{}({}, {})", least ? "least" : "greatest", stored, fresh);
  const char* name = dialect == Dialect::sqlite ? (least ? "min" : "max") : (least ? "least" : "greatest");
  return fmt::format("coalesce({}({}, {}), {}, {})", name, stored, fresh, stored, fresh);
}

std::string merged(Dialect dialect, const Table& table, const SqlColumn& column) {
  std::string stored = stored_name(dialect, table, column.name), fresh = new_name(dialect, column.name);
  switch (column.rule) {
    case Rule::least:
      return extreme(dialect, true, stored, fresh);
    case Rule::most:
      return extreme(dialect, false, stored, fresh);
    case Rule::bits:
      return fmt::format("{} | {}", stored, fresh);
    case Rule::add:
      return fmt::format("{} + {}", stored, fresh);
    case Rule::key:
    case Rule::replace:
      return fresh;
    case Rule::longer:
      return fmt::format(
          "CASE WHEN length({1}) > length({0}) OR (length({1}) = length({0}) AND {1} > {0}) THEN {1} ELSE "
          "{0} END",
          stored, fresh);
    case Rule::of_newest:
      return fmt::format("CASE WHEN {} >= {} THEN {} ELSE {} END", new_name(dialect, "last_time"),
                         stored_name(dialect, table, "last_time"), fresh, stored);
    case Rule::hash_of_message_id: {
      std::string old_id = stored_name(dialect, table, "message_id"),
                  new_id = new_name(dialect, "message_id");
      return fmt::format("CASE WHEN {1} < {0} OR {0} IS NULL THEN {3} ELSE {2} END", old_id, new_id, stored,
                         fresh);
    }
  }
  return fresh;
}

const char* array_type(Kind kind) {
  switch (kind) {
    case Kind::integer:
      return "int8[]";
    case Kind::real:
      return "float8[]";
    case Kind::text:
      return "text[]";
    case Kind::bytes:
      return "bytea[]";
    case Kind::id:
      return "uuid[]";
    case Kind::time:
      return "timestamptz[]";
    case Kind::day:
      return "date[]";
  }
  return "text[]";
}

std::string join(const std::vector<std::string>& parts, const char* by = ", ") {
  return fmt::format("{}", fmt::join(parts, by));
}

std::string values_part(Dialect dialect, const Table& table, size_t rows) {
  if (dialect == Dialect::postgresql) {
    std::vector<std::string> arrays;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      arrays.push_back(fmt::format("${}::{}", i + 1, array_type(table.columns[i].kind)));
    }
    return " SELECT * FROM unnest(" + join(arrays) + ")";
  }
  std::string row = "(" + join(std::vector<std::string>(table.columns.size(), "?")) + ")";
  return " VALUES " + join(std::vector<std::string>(dialect == Dialect::sqlite ? 1 : rows, row));
}

}  // namespace

std::string column_list(const Table& table, const std::string& prefix, size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(prefix + quoted(table.columns[i].name));
  return join(names);
}

std::string upsert_text(Dialect dialect, const Table& table, size_t rows) {
  std::vector<std::string> keys, sets, stored, result;
  // MySQL evaluates assignments from left to right and later ones see the new values: what looks at another
  // column comes first.
  for (bool dependent : {true, false}) {
    for (const SqlColumn& column : table.columns) {
      if ((column.rule == Rule::hash_of_message_id || column.rule == Rule::of_newest) != dependent) continue;
      if (column.rule == Rule::key) {
        keys.push_back(column.name);
        continue;
      }
      std::string value = merged(dialect, table, column);
      sets.push_back(quoted(column.name) + " = " + value);
      stored.push_back(stored_name(dialect, table, column.name));
      result.push_back(value);
    }
  }
  std::string text =
      fmt::format("INSERT INTO {} ({})", quoted(table.name), column_list(table, "", table.columns.size())) +
      values_part(dialect, table, rows);
  if (dialect == Dialect::mysql) {
    // Not INSERT IGNORE: that would also turn refused values into silently changed ones.
    if (sets.empty()) sets.push_back(keys[0] + " = " + keys[0]);
    return text + " ON DUPLICATE KEY UPDATE " + join(sets);
  }
  text += fmt::format(" ON CONFLICT ({}) DO ", join(keys));
  if (sets.empty()) return text + "NOTHING";
  return text + fmt::format("UPDATE SET {} WHERE ({}) {} ({})", join(sets), join(stored),
                            dialect == Dialect::sqlite ? "IS NOT" : "IS DISTINCT FROM", join(result));
}

std::string lower_of(Dialect dialect, const std::string& alias, const std::string& column) {
  bool indexed = column == "sender" || column == "recipient" || column == "original_recipient";
  // MariaDB has no index over an expression; a stored column does the same in both.
  if (dialect == Dialect::mysql && indexed) return alias + "." + column + "_lower";
  return "lower(" + alias + "." + column + ")";
}

std::string domain_of(Dialect dialect, const std::string& prefix) {
  if (dialect == Dialect::mysql) return prefix + "domain";
  if (dialect == Dialect::postgresql)
    return fmt::format("reverse(split_part(reverse({}address), '@', 1))", prefix);
  return fmt::format("substr({0}address, length(rtrim({0}address, replace({0}address, '@', ''))) + 1)",
                     prefix);
}

std::string index_hint(Dialect dialect, const std::string& index) {
  if (index.empty() || dialect == Dialect::postgresql) return "";
  return dialect == Dialect::sqlite ? " INDEXED BY " + index : " FORCE INDEX (" + index + ")";
}

const char* join_of(Dialect dialect) {
  if (dialect == Dialect::postgresql) return " JOIN ";
  return dialect == Dialect::sqlite ? " CROSS JOIN " : " STRAIGHT_JOIN ";
}

std::string like_of(Dialect dialect, const std::string& column) {
  // PostgreSQL looks a pattern up in a trigram index only without ESCAPE; its default is the backslash.
  return column + (dialect == Dialect::postgresql ? " LIKE ?" : " LIKE ? ESCAPE '!'");
}

std::string like_escape(Dialect dialect, std::string_view text) {
  char escape = dialect == Dialect::postgresql ? '\\' : '!';
  std::string out;
  for (char c : text) {
    if (c == '%' || c == '_' || c == escape) out += escape;
    out += c;
  }
  return out;
}

}  // namespace mailtrace::sql
