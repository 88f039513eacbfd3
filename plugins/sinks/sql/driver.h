// What a database driver gives the common SQL code: a connection that runs statements, and a few facts about
// its dialect. A Connection belongs to one thread. A Database may be asked by any thread.
#pragma once
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "plugins/sinks/sql/table.h"

namespace mailtrace::sql {

enum class Dialect { sqlite, postgresql, mysql };

// One numbered file of sql/<database>/, embedded when the plugin is built.
struct SchemaStep {
  int number;
  const char* file;
  const char* text;
};

class Connection {
 public:
  virtual ~Connection() = default;
  // One statement without parameters; answers are thrown away.
  virtual Result<void> run(const std::string& statement) = 0;
  // One statement; each `?` is a parameter. No other `?` may occur in the text.
  virtual Result<Rows> query(const std::string& statement, std::span<const Cell> parameters) = 0;
  // Inserts rows or merges them into the stored ones; no key twice. Values are row after row.
  virtual Result<void> upsert(const Table& table, std::span<const Value> values) = 0;
  // The connection is lost; a new one is needed.
  virtual bool broken() const = 0;
  // How long the next statements may take before they end with Fault::slow. Zero: as long as the
  // configuration allows, which is also the most.
  virtual void limit(std::chrono::milliseconds time) = 0;
  // How long this side waits for the answer to each next statement of a writer before it calls the connection
  // lost: a server that hangs says nothing, and its kernel answers for it. Zero: as long as it takes. The
  // waiting of readers follows from limit(). Nothing here where the driver has a fixed bound.
  virtual void wait_at_most(std::chrono::milliseconds) {}
  // One process at a time removes old days, where the database has no such lock itself. False: another does.
  virtual Result<bool> lock_expiry() { return true; }
  virtual void unlock_expiry() {}
  // Gives freed space back to the file system, where the database does not do so itself.
  virtual void give_back() {}
};

// inspect: reads only, but as long as it takes.
enum class Purpose { write, read, inspect };

class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  virtual Result<std::unique_ptr<Connection>> connect(Purpose purpose) = 0;
  virtual std::span<const SchemaStep> steps() const = 0;
  virtual bool create_schema() const = 0;
  virtual std::string describe() const = 0;
};

}  // namespace mailtrace::sql
