#include "plugins/sinks/postgresql/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "plugins/sinks/postgresql/binary.h"
#include "plugins/sinks/sql/statements.h"

namespace mailtrace::sql {
namespace {

using ResultHolder = std::unique_ptr<PGresult, decltype(&PQclear)>;
using Clock = std::chrono::steady_clock;

// A reader's statement ends at the server's statement_timeout; so much later nobody answers any more.
constexpr std::chrono::milliseconds grace{10'000};

// A prepared statement that is not there, or one of that name that is: a pooler gave this connection to
// somebody else, or DISCARD ALL.
bool is_forgotten(std::string_view state) { return state == "26000" || state == "42P05"; }

// postgresql.org/docs/current/errcodes-appendix.html
Fault fault_of(std::string_view state) {
  std::string_view group = state.substr(0, 2);
  if (state == "42501" || group == "28" || state == "3D000") return Fault::config;
  if (is_forgotten(state)) return Fault::transient;
  // 27, 44, 45 and P0001: what triggers, views and functions say of a row.
  for (std::string_view data : {"21", "22", "23", "27", "44", "45", "54", "P0001"}) {
    if (state.starts_with(data)) return Fault::permanent;
  }
  for (std::string_view structure : {"42", "3F", "0A"}) {
    if (group == structure) return Fault::schema;
  }
  return Fault::transient;  // 08, 25, 26, 40, 53, 55, 57, 58, XX and what nobody knows
}

// libpq ends its messages with LF and puts details on further lines, behind a tab.
std::string one_line(const char* text) {
  std::string out;
  for (char c : std::string_view(text != nullptr ? text : "")) {
    bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string numbered(const std::string& statement) {
  std::string out;
  int number = 0;
  for (char c : statement) {
    if (c == '?')
      out += "$" + std::to_string(++number);
    else
      out += c;
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Connection>> PostgresqlConnection::open(const PostgresqlServer& server,
                                                               Purpose purpose) {
  std::unique_ptr<PostgresqlConnection> self(new PostgresqlConnection(server));
  // What stands before dbname are defaults, what stands behind it wins.
  std::vector<const char*> names{"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                                 "tcp_user_timeout", "application_name", "dbname",
                                 "client_encoding"};
  std::vector<const char*> values{"10", "30", "10", "60000", "mailtrace", server.connection.c_str(), "UTF8"};
  if (!server.password.empty()) {
    names.push_back("password");
    values.push_back(server.password.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  self->connection_ = PQconnectdbParams(names.data(), values.data(), 1);
  if (self->connection_ == nullptr) return Error{Fault::transient, "out of memory"};
  if (PQstatus(self->connection_) != CONNECTION_OK) {
    return Error{Fault::transient, fmt::format("cannot connect to {}: {}", server.name,
                                               one_line(PQerrorMessage(self->connection_)))};
  }
  if (PQsetnonblocking(self->connection_, 1) != 0) return Error{Fault::transient, "out of memory"};
  PQsetNoticeProcessor(
      self->connection_, [](void*, const char*) {}, nullptr);
  std::vector<std::string> settings{"SET timezone = 'UTC'", "SET standard_conforming_strings = on",
                                    "SET idle_in_transaction_session_timeout = '60s'"};
  self->wait_ = std::chrono::minutes(1);
  if (purpose != Purpose::write) settings.push_back("SET default_transaction_read_only = on");
  if (purpose == Purpose::read) {
    settings.push_back("SET jit = off");  // costs more than any of these searches
    self->limit_ms_ = self->set_limit_ms_ = server.read_limit_ms;
    if (server.read_limit_ms > 0) self->wait_ = std::chrono::milliseconds(server.read_limit_ms) + grace;
  } else {
    settings.push_back("SET lock_timeout = '30s'");
  }
  // What this side gave up holds no locks for long. Not every version and system can look.
  if (PQserverVersion(self->connection_) >= 140'000)
    settings.push_back("SET client_connection_check_interval = '10s'");
  // Last: a short one is for searches, not for the other settings.
  if (purpose == Purpose::read)
    settings.push_back(fmt::format("SET statement_timeout = {}", server.read_limit_ms));
  for (const std::string& setting : settings) {
    auto done = self->run(setting);
    if (!done && (self->broken() || !setting.starts_with("SET client_connection_check"))) return done.error();
  }
  if (purpose == Purpose::inspect) self->wait_ = {};
  return std::unique_ptr<Connection>(std::move(self));
}

// False: not in time, or the connection is lost. Also sends what the kernel did not take at once, and reads
// meanwhile, as libpq wants it: the server may send before it has read everything.
bool PostgresqlConnection::wait_for_answer(Clock::time_point until) {
  for (bool sending = true; sending || PQisBusy(connection_) != 0;) {
    int left = PQflush(connection_);
    if (left < 0) return true;  // PQgetResult says why
    sending = left > 0;
    if (!sending && PQisBusy(connection_) == 0) return true;
    int patience = -1;
    if (until != Clock::time_point::max()) {
      auto rest = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      if (rest <= 0) return false;
      patience = static_cast<int>(std::min<int64_t>(rest, 60'000));
    }
    pollfd socket{PQsocket(connection_), static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0};
    if (::poll(&socket, 1, patience) > 0 && (socket.revents & ~POLLOUT) != 0 &&
        PQconsumeInput(connection_) == 0)
      return true;
  }
  return true;
}

// A server that hangs would not answer a PQcancel either, which waits without limit: the connection is shut
// down, and a server that comes back sees that.
ResultHolder PostgresqlConnection::answer(int sent) {
  ResultHolder last(nullptr, PQclear);
  if (sent == 0) return last;
  auto until = wait_.count() > 0 ? Clock::now() + wait_ : Clock::time_point::max();
  for (;;) {
    if (!wait_for_answer(until)) {
      hung_ = true;
      ::shutdown(PQsocket(connection_), SHUT_RDWR);
      return {nullptr, PQclear};
    }
    ResultHolder next(PQgetResult(connection_), PQclear);
    if (!next) return last;
    // The first error is the one that tells, as PQexec has it.
    if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(next);
  }
}

Result<void> PostgresqlConnection::check(PGresult* result, const std::string& what) {
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return {};
  if (hung_) {
    return Error{Fault::transient,
                 fmt::format("{}: {}: no answer within {} s", server_.name, what, wait_.count() / 1000)};
  }
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) {
    return Error{Fault::transient,
                 fmt::format("{}: {} failed: {}", server_.name, what, one_line(PQerrorMessage(connection_)))};
  }
  if (is_forgotten(state)) {
    forgetful_ = true;
    prepared_.clear();
  }
  if (std::string_view(state) == "57014" && set_limit_ms_ > 0) {
    return Error{Fault::slow, fmt::format("{}: the search took longer than the allowed {} ms", server_.name,
                                          set_limit_ms_)};
  }
  return Error{fault_of(state),
               fmt::format("{}: {} failed: {} (sqlstate {})", server_.name, what,
                           one_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)), state)};
}

Result<void> PostgresqlConnection::run(const std::string& statement) {
  ResultHolder result = answer(PQsendQuery(connection_, statement.c_str()));
  auto done = check(result.get(), statement.substr(0, statement.find_first_of("\n(")));
  // COMMIT of a transaction that had failed before says ROLLBACK and no error.
  if (done && statement == "COMMIT" && std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
    return Error{Fault::transient, server_.name + ": the transaction was rolled back"};
  }
  return done;
}

void PostgresqlConnection::limit(std::chrono::milliseconds time) {
  limit_ms_ = time.count();
  if (limit_ms_ <= 0 || (server_.read_limit_ms > 0 && limit_ms_ > server_.read_limit_ms))
    limit_ms_ = server_.read_limit_ms;
}

Result<void> PostgresqlConnection::apply_limit() {
  bool near = limit_ms_ <= set_limit_ms_ && limit_ms_ * 10 >= set_limit_ms_ * 8;
  if (limit_ms_ == set_limit_ms_ || (near && limit_ms_ > 0 && limit_ms_ != server_.read_limit_ms)) return {};
  auto done = run(fmt::format("SET statement_timeout = {}", limit_ms_));
  if (done) set_limit_ms_ = limit_ms_;
  return done;
}

Result<Rows> PostgresqlConnection::query(const std::string& statement, std::span<const Cell> parameters) {
  if (auto done = apply_limit(); !done) return done.error();
  std::vector<std::string> texts;
  std::vector<const char*> values;
  texts.reserve(parameters.size());
  for (const Cell& cell : parameters) {
    texts.push_back(text_form(cell));
    values.push_back(cell.null ? nullptr : texts.back().c_str());
  }
  // Not prepared: with the values known the planner can use trigrams, ranges of text and single partitions.
  ResultHolder result =
      answer(PQsendQueryParams(connection_, numbered(statement).c_str(), static_cast<int>(values.size()),
                               nullptr, values.data(), nullptr, nullptr, 1));
  if (auto done = check(result.get(), statement.substr(0, 40)); !done) return done.error();
  Rows rows;
  int width = PQnfields(result.get());
  rows.width = static_cast<size_t>(width);
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < width; ++column) {
      if (PQgetisnull(result.get(), row, column) != 0) {
        rows.cells.emplace_back();
        continue;
      }
      rows.cells.push_back(read_binary(PQftype(result.get(), column), PQgetvalue(result.get(), row, column),
                                       static_cast<size_t>(PQgetlength(result.get(), row, column))));
    }
  }
  rows.changed = std::atoll(PQcmdTuples(result.get()));
  return rows;
}

Result<void> PostgresqlConnection::prepare(const Table& table, const std::string& what, std::string& name) {
  auto known = prepared_.find(&table);
  if (known != prepared_.end()) {
    name = known->second;
    return {};
  }
  if (!forgetful_) name = fmt::format("upsert{}", prepared_.size() + 1);
  std::string text = upsert_text(Dialect::postgresql, table, 0);
  ResultHolder made = answer(PQsendPrepare(connection_, name.c_str(), text.c_str(), 0, nullptr));
  if (auto done = check(made.get(), what); !done) return done;
  if (!forgetful_) prepared_[&table] = name;
  return {};
}

Result<void> PostgresqlConnection::upsert(const Table& table, std::span<const Value> values) {
  if (values.empty()) return {};
  std::string what = "insert into " + table.name;
  std::string name;
  if (auto ready = prepare(table, what, name); !ready) return ready;
  size_t width = table.columns.size();
  std::vector<std::string> arrays;
  std::vector<const char*> data;
  std::vector<int> lengths, formats(width, 1);
  arrays.reserve(width);
  for (size_t i = 0; i < width; ++i) {
    arrays.push_back(binary_array(table.columns[i].kind, values, i, width));
    data.push_back(arrays.back().data());
    lengths.push_back(static_cast<int>(arrays.back().size()));
  }
  ResultHolder result = answer(PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(width),
                                                   data.data(), lengths.data(), formats.data(), 1));
  return check(result.get(), what);
}

}  // namespace mailtrace::sql
