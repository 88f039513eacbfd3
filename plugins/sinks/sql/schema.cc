#include "plugins/sinks/sql/schema.h"

#include <fmt/format.h>

#include "core/base/log.h"

namespace mailtrace::sql {
namespace {

bool blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

const char* version_table_query(Dialect dialect) {
  switch (dialect) {
    case Dialect::sqlite:
      return "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
    case Dialect::postgresql:
      return "SELECT count(*) FROM (SELECT to_regclass('schema_version') AS r) s WHERE r IS NOT NULL";
    case Dialect::mysql:
      return "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name "
             "= "
             "'schema_version'";
  }
  return "";
}

Result<int64_t> single_number(Connection& connection, const std::string& statement) {
  auto rows = connection.query(statement, {});
  if (!rows) return rows.error();
  if (rows->empty() || rows->row(0)->null) return int64_t{0};
  return rows->row(0)->number;
}

// One process at a time; the others wait here and then find the work done.
Result<void> begin(const Database& database, Connection& connection) {
  switch (database.dialect()) {
    case Dialect::sqlite:
      return connection.run("BEGIN IMMEDIATE");
    case Dialect::postgresql: {
      if (auto begun = connection.run("BEGIN"); !begun) return begun;
      return connection.run("SELECT pg_advisory_xact_lock(7811091072)");
    }
    case Dialect::mysql: {
      auto locked = single_number(connection, "SELECT get_lock(concat('mailtrace_schema_', database()), 60)");
      if (!locked) return locked.error();
      if (*locked != 1)
        return Error{Fault::transient, "another process changes the schema of " + database.describe()};
      return {};
    }
  }
  return {};
}

Result<void> end(const Database& database, Connection& connection, bool good) {
  if (database.dialect() == Dialect::mysql) {
    return connection.run("DO release_lock(concat('mailtrace_schema_', database()))");
  }
  return connection.run(good ? "COMMIT" : "ROLLBACK");
}

Result<void> run_step(Connection& connection, const SchemaStep& step) {
  for (const std::string& statement : split_statements(step.text)) {
    if (auto done = connection.run(statement); !done) return done;
  }
  return {};
}

Result<void> run_steps(const Database& database, Connection& connection) {
  // Asked again under the lock.
  auto version = schema_version(database, connection);
  if (!version) return version.error();
  for (const SchemaStep& step : database.steps()) {
    if (step.number <= *version) continue;
    if (auto done = run_step(connection, step); !done) {
      Error error = done.error();
      if (error.fault == Fault::transient) return error;
      return Error{
          Fault::schema,
          fmt::format("schema step {} on {} was refused: {}; let the owner of the database run it as "
                      "sql/README.md says, or give this user the right to create tables",
                      step.file, database.describe(), error.text)};
    }
    log(LogLevel::info, "sink.schema", {{"database", database.describe()}, {"step", step.file}});
  }
  return {};
}

}  // namespace

std::vector<std::string> split_statements(std::string_view text) {
  std::vector<std::string> statements;
  std::string current;
  auto finish = [&] {
    size_t end = current.find_last_not_of(" \t\r\n");
    if (end != std::string::npos) {
      current.resize(end + 1);
      if (current.ends_with("//")) current.resize(current.size() - 2);
      statements.push_back(current);
    }
    current.clear();
  };
  while (!text.empty()) {
    size_t at = text.find('\n');
    std::string_view line = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    if (line.starts_with("DELIMITER") || (line.starts_with("--") && current.empty())) continue;
    if (blank(line)) {
      if (current.ends_with(";\n") || current.ends_with("//\n")) finish();
      continue;
    }
    current += line;
    current += '\n';
  }
  finish();
  return statements;
}

Result<int> schema_version(const Database& database, Connection& connection) {
  auto exists = single_number(connection, version_table_query(database.dialect()));
  if (!exists) return exists.error();
  if (*exists == 0) return 0;
  auto version = single_number(connection, "SELECT max(version) FROM schema_version");
  if (!version) return version.error();
  return static_cast<int>(*version);
}

Result<void> ensure_schema(const Database& database, Connection& connection, bool may_create) {
  auto version = schema_version(database, connection);
  if (!version) return version.error();
  int wanted = database.steps().back().number;
  if (*version > wanted) {
    return Error{Fault::schema,
                 fmt::format("{} has schema version {}, this program knows only {}: install the newer "
                             "mailtrace on this host",
                             database.describe(), *version, wanted)};
  }
  if (*version == wanted) return {};
  if (!may_create) {
    return Error{
        Fault::schema,
        fmt::format("{} has schema version {}, this program needs {}: run the files of sql/ as its README.md "
                    "says, or set create_schema: true",
                    database.describe(), *version, wanted)};
  }
  connection.wait_at_most({});
  if (auto begun = begin(database, connection); !begun) return begun;
  auto done = run_steps(database, connection);
  auto ended = end(database, connection, static_cast<bool>(done));
  if (!done) return done;
  return ended;
}

}  // namespace mailtrace::sql
