// Sink plugin postgresql. Used by the sink's thread; readers by the threads that open them.
#include <fmt/format.h>

#include "core/plugin/plugin.h"
#include "plugins/sinks/postgresql/connection.h"
#include "plugins/sinks/sql/sink.h"
#include "plugins/sinks/sql/steps.h"

namespace mailtrace::sql {

struct PostgresqlConfig {
  Secret connection{"dbname=mailtrace"};
  Secret password;
  bool create_schema = true;
  Microseconds read_timeout{std::chrono::seconds(10)};
};

using Parsed = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

class PostgresqlDatabase : public Database {
 public:
  explicit PostgresqlDatabase(const PostgresqlConfig& config) : create_schema_(config.create_schema) {
    server_.connection = config.connection.text;
    server_.password = config.password.text;
    server_.read_limit_ms = config.read_timeout.count() / 1000;
    server_.name = "postgresql";
    Parsed parsed(PQconninfoParse(server_.connection.c_str(), nullptr), PQconninfoFree);
    for (const char* shown : {"host", "hostaddr", "port", "dbname", "user"}) {
      for (PQconninfoOption* o = parsed.get(); o != nullptr && o->keyword != nullptr; ++o) {
        if (o->val != nullptr && std::string_view(o->keyword) == shown) {
          server_.name += fmt::format(" {}={}", o->keyword, o->val);
        }
      }
    }
  }
  Dialect dialect() const override { return Dialect::postgresql; }
  Result<std::unique_ptr<Connection>> connect(Purpose purpose) override {
    return PostgresqlConnection::open(server_, purpose);
  }
  std::span<const SchemaStep> steps() const override { return schema_steps(); }
  bool create_schema() const override { return create_schema_; }
  std::string describe() const override { return server_.name; }

 private:
  PostgresqlServer server_;
  bool create_schema_;
};

class PostgresqlSink : public SqlSink {
 public:
  using Config = PostgresqlConfig;
  PostgresqlSink(const Config& config, const StoreContext&)
      : SqlSink(std::make_shared<PostgresqlDatabase>(config)) {}
  static std::span<const Option> options() {
    static const Option table[] = {
        option("connection", &Config::connection,
               "URI (postgresql://host/database) or keywords (host=… dbname=… user=… sslmode=verify-full), "
               "or file:PATH"),
        option("password", &Config::password, "password of the database user, or file:PATH"),
        option("create_schema", &Config::create_schema,
               "make and upgrade the tables when they are missing or old"),
        option("read_timeout", &Config::read_timeout, "a search that takes longer is stopped"),
    };
    return table;
  }
  static void check(const Config& config, const Node& node, ConfigErrors& errors) {
    char* text = nullptr;
    Parsed parsed(PQconninfoParse(config.connection.text.c_str(), &text), PQconninfoFree);
    if (parsed) return;
    // libpq's own words may repeat a part of the text, which may be a secret.
    const Node* at = node.find("connection");
    errors.add(at != nullptr ? *at : node,
               "expected a connection URI or keyword=value pairs as libpq reads them");
    PQfreemem(text);
  }
};

}  // namespace mailtrace::sql

MAILTRACE_SINK(mailtrace::sql::PostgresqlSink, "postgresql", "PostgreSQL 13 or later, by libpq");
