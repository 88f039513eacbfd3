// A connection to PostgreSQL: each call waits for its answer, but not for ever. One thread.
#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>

#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

struct PostgresqlServer {
  std::string connection;  // URI or keywords, as libpq reads it
  std::string password;
  std::string name;  // for messages, without secrets
  int64_t read_limit_ms = 0;
};

class PostgresqlConnection : public Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const PostgresqlServer& server, Purpose purpose);
  ~PostgresqlConnection() override { PQfinish(connection_); }
  Result<void> run(const std::string& statement) override;
  Result<Rows> query(const std::string& statement, std::span<const Cell> parameters) override;
  Result<void> upsert(const Table& table, std::span<const Value> values) override;
  void limit(std::chrono::milliseconds time) override;
  void wait_at_most(std::chrono::milliseconds time) override { wait_ = time; }
  bool broken() const override { return hung_ || PQstatus(connection_) == CONNECTION_BAD; }

 private:
  explicit PostgresqlConnection(PostgresqlServer server) : server_(std::move(server)) {}
  // Tells the server what limit() wants, if that differs enough to be worth a statement.
  Result<void> apply_limit();
  // The last result of what was sent (`sent`: what PQsend… said); null, and the connection is broken, when
  // the server did not answer in time.
  std::unique_ptr<PGresult, decltype(&PQclear)> answer(int sent);
  bool wait_for_answer(std::chrono::steady_clock::time_point until);
  // The name of the prepared upsert; empty: the one without a name.
  Result<void> prepare(const Table& table, const std::string& what, std::string& name);
  // Null if the statement went well.
  Result<void> check(PGresult* result, const std::string& what);

  PostgresqlServer server_;
  int64_t limit_ms_ = 0, set_limit_ms_ = 0;  // wanted; what the server was told
  PGconn* connection_ = nullptr;
  std::unordered_map<const Table*, std::string> prepared_;  // names of prepared upserts
  std::chrono::milliseconds wait_{0};                       // for an answer; zero: as long as it takes
  bool hung_ = false;                                       // it did not come
  bool forgetful_ = false;  // prepared statements are lost between transactions: each is prepared anew
};

}  // namespace mailtrace::sql
