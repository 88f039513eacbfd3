// Sink plugin mysql: MySQL 8 and MariaDB. Used by the sink's thread; readers by the threads that open them.
#include <fmt/format.h>

#include "core/plugin/plugin.h"
#include "plugins/sinks/mysql/connection.h"
#include "plugins/sinks/sql/sink.h"
#include "plugins/sinks/sql/steps.h"

namespace mailtrace::sql {

struct MysqlConfig {
  std::string host = "localhost";
  int64_t port = 3306;
  std::string socket;
  std::string user = "mailtrace";
  Secret password;
  std::string database = "mailtrace";
  std::string tls_ca, tls_certificate, tls_key;
  bool create_schema = true;
  Microseconds read_timeout{std::chrono::seconds(10)};
};

class MysqlDatabase : public Database {
 public:
  explicit MysqlDatabase(const MysqlConfig& c) : create_schema_(c.create_schema) {
    server_ = {c.host,
               c.socket,
               c.user,
               c.password.text,
               c.database,
               c.port,
               c.tls_ca,
               c.tls_certificate,
               c.tls_key,
               "",
               c.read_timeout.count() / 1000};
    std::string place = c.socket.empty() ? fmt::format("{}:{}", c.host, c.port) : c.socket;
    server_.name = fmt::format("mysql {}@{}/{}", c.user, place, c.database);
  }
  Dialect dialect() const override { return Dialect::mysql; }
  Result<std::unique_ptr<Connection>> connect(Purpose purpose) override {
    return MysqlConnection::open(server_, purpose);
  }
  std::span<const SchemaStep> steps() const override { return schema_steps(); }
  bool create_schema() const override { return create_schema_; }
  std::string describe() const override { return server_.name; }

 private:
  MysqlServer server_;
  bool create_schema_;
};

class MysqlSink : public SqlSink {
 public:
  using Config = MysqlConfig;
  MysqlSink(const Config& config, const StoreContext&) : SqlSink(std::make_shared<MysqlDatabase>(config)) {}
  static std::span<const Option> options() {
    static const Option table[] = {
        option("host", &Config::host, "name or address of the server"),
        option("port", &Config::port, int64_t{1}, int64_t{65535}, "its port"),
        option("socket", &Config::socket, "path of its unix socket, instead of host and port"),
        option("user", &Config::user, "database user"),
        option("password", &Config::password, "its password, or file:PATH"),
        option("database", &Config::database, "the database"),
        option("tls_ca", &Config::tls_ca,
               "certificates of the authorities that may sign the server's; switches TLS on"),
        option("tls_certificate", &Config::tls_certificate, "own certificate, for users that need one"),
        option("tls_key", &Config::tls_key, "key of the own certificate"),
        option("create_schema", &Config::create_schema,
               "make and upgrade the tables when they are missing or old"),
        option("read_timeout", &Config::read_timeout, "a search that takes longer is stopped"),
    };
    return table;
  }
};

}  // namespace mailtrace::sql

MAILTRACE_SINK(mailtrace::sql::MysqlSink, "mysql", "MySQL 8 or MariaDB, by Connector/C++");
