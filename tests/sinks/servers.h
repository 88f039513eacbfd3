// Databases for tests: each Database is a fresh one, in a server this program started. Missing server =
// failure.
#pragma once
#include <memory>
#include <string>

#include "core/plugin/sink.h"

namespace mailtrace::test {

class Database {
 public:
  explicit Database(const std::string& kind);  // sqlite, postgresql, mysql
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& kind() const { return kind_; }
  // `more`: further lines of YAML options; a line replaces the default of the same name.
  std::unique_ptr<Sink> sink(const std::string& more = "") const;
  // Runs SQL as the owner with the database's own client; rows by LF, columns by '|'.
  std::string run(const std::string& statement) const;
  int64_t number(const std::string& statement) const { return std::stoll(run(statement)); }
  // For statements that a killed connection ends.
  void run_until_killed(const std::string& statement) const;
  std::string place() const;  // PostgreSQL's connection keywords without the user
  // Ends every connection of the sinks to this database; SQLite has none.
  void cut_connections() const;
  std::string name() const { return name_; }
  std::string file() const;
  int server() const;  // its process; 0: none

 private:
  std::string kind_, name_;
};

// The same for every test.
inline const std::string all_kinds[] = {"sqlite", "postgresql", "mysql"};

void must(const Result<void>& result);  // fails the test with the error's text
// Runs a shell command; its output. Fails the test if it fails.
std::string shell(const std::string& command, bool check = true);
std::string scratch();  // a folder of this run

}  // namespace mailtrace::test
