// Sink plugin sqlite: one file, nothing to install. Used by the sink's thread; readers by the threads that
// open them.
#include <filesystem>

#include <fmt/format.h>

#include "core/plugin/plugin.h"
#include "plugins/sinks/sql/sink.h"
#include "plugins/sinks/sql/steps.h"
#include "plugins/sinks/sqlite/connection.h"

namespace mailtrace::sql {

struct SqliteConfig {
  std::string file = "mail.db";
  bool create_schema = true;
  Bytes cache{64ull << 20};
  Microseconds read_timeout{std::chrono::seconds(10)};
};

class SqliteDatabase : public Database {
 public:
  SqliteDatabase(const SqliteConfig& config, const StoreContext& context)
      : create_schema_(config.create_schema) {
    file_.path = (std::filesystem::path(context.state_directory) / config.file).string();
    file_.cache_bytes = static_cast<int64_t>(config.cache.count);
    file_.read_limit_ms = config.read_timeout.count() / 1000;
  }
  Dialect dialect() const override { return Dialect::sqlite; }
  Result<std::unique_ptr<Connection>> connect(Purpose purpose) override {
    return SqliteConnection::open(file_, purpose);
  }
  std::span<const SchemaStep> steps() const override { return schema_steps(); }
  bool create_schema() const override { return create_schema_; }
  std::string describe() const override { return "sqlite " + file_.path; }

 private:
  SqliteFile file_;
  bool create_schema_;
};

class SqliteSink : public SqlSink {
 public:
  using Config = SqliteConfig;
  SqliteSink(const Config& config, const StoreContext& context)
      : SqlSink(std::make_shared<SqliteDatabase>(config, context)) {}
  static std::span<const Option> options() {
    static const Option table[] = {
        option("file", &Config::file, "the database file; a relative path is meant from the state directory"),
        option("create_schema", &Config::create_schema,
               "make and upgrade the tables when they are missing or old"),
        option("cache", &Config::cache, "memory of the writer for pages of the file"),
        option("read_timeout", &Config::read_timeout, "a search that takes longer is stopped"),
    };
    return table;
  }
};

}  // namespace mailtrace::sql

MAILTRACE_SINK(mailtrace::sql::SqliteSink, "sqlite", "SQLite file, nothing to install");
