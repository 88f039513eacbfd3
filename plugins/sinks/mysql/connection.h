// A connection to MySQL or MariaDB by Connector/C++ 1.1. One thread. After a loss it is thrown away: a
// reconnect() of the connector would go on with autocommit and without its prepared statements.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "plugins/sinks/sql/driver.h"

namespace sql {
class Connection;
class PreparedStatement;
class SQLException;
}  // namespace sql

namespace mailtrace::sql {

struct MysqlServer {
  std::string host, socket, user, password, database;
  int64_t port = 3306;
  std::string tls_ca, tls_certificate, tls_key;
  std::string name;  // for messages, without secrets
  int64_t read_limit_ms = 0;
};

class MysqlConnection : public Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const MysqlServer& server, Purpose purpose);
  ~MysqlConnection() override;
  Result<void> run(const std::string& statement) override;
  Result<Rows> query(const std::string& statement, std::span<const Cell> parameters) override;
  Result<void> upsert(const Table& table, std::span<const Value> values) override;
  void limit(std::chrono::milliseconds time) override;
  bool broken() const override { return broken_; }

 private:
  explicit MysqlConnection(MysqlServer server);
  Result<void> set_session(Purpose purpose);
  // Tells the server what limit() wants, if that differs enough to be worth a statement.
  Result<void> apply_limit();
  ::sql::PreparedStatement& prepare(const std::string& text);
  void write_block(const Table& table, std::span<const Value> values);
  Error error(const std::string& what, const ::sql::SQLException& e);

  MysqlServer server_;
  int64_t limit_ms_ = 0, set_limit_ms_ = 0;  // wanted; what the server was told
  bool seconds_ = true;                      // MariaDB counts seconds, MySQL milliseconds
  bool broken_ = false;
  std::unique_ptr<::sql::Connection> connection_;
  std::unordered_map<std::string, std::unique_ptr<::sql::PreparedStatement>> prepared_;
  std::unordered_map<const Table*, std::unordered_map<size_t, std::string>> upserts_;
};

}  // namespace mailtrace::sql
