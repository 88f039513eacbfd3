// A connection to one SQLite file. One thread.
#pragma once
#include <sqlite3.h>

#include <string>
#include <unordered_map>

#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

struct SqliteFile {
  std::string path;
  int64_t cache_bytes = 0;
  int64_t read_limit_ms = 0;  // of one statement of a reader; 0: none
};

class SqliteConnection : public Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const SqliteFile& file, Purpose purpose);
  ~SqliteConnection() override;
  Result<void> run(const std::string& statement) override;
  Result<Rows> query(const std::string& statement, std::span<const Cell> parameters) override;
  Result<void> upsert(const Table& table, std::span<const Value> values) override;
  bool broken() const override { return broken_; }
  void limit(std::chrono::milliseconds time) override;
  void give_back() override;
  Result<bool> lock_expiry() override;
  void unlock_expiry() override;

 private:
  explicit SqliteConnection(SqliteFile file) : file_(std::move(file)) {}
  Result<sqlite3_stmt*> prepare(const std::string& text);
  Error error(const std::string& what);
  Result<void> prepare_file(Purpose purpose);

  SqliteFile file_;
  sqlite3* db_ = nullptr;
  int expiry_ = -1;  // the lock file, while this connection holds it
  bool broken_ = false;
  std::unordered_map<std::string, sqlite3_stmt*> prepared_;
  std::unordered_map<const Table*, std::string> upserts_;
  int64_t limit_ms_ = 0;  // of the next statements
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace mailtrace::sql
