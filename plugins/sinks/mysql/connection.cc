#include "plugins/sinks/mysql/connection.h"

#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fmt/format.h>
#include <mysql_driver.h>

#include <algorithm>
#include <mutex>

#include "plugins/sinks/sql/statements.h"

namespace mailtrace::sql {
namespace {

// A statement for so many rows is kept prepared; the rest of a batch uses the smaller ones.
constexpr size_t block_sizes[] = {500, 50, 5, 1};
// max_allowed_packet is 16 MiB by default.
constexpr size_t most_block_bytes = 4u << 20;
constexpr size_t most_placeholders = 65'535;
constexpr size_t kept_statements = 100;

// MariaDB "Error codes" and MySQL "Server error message reference"; SQLSTATE is often HY000.
Fault fault_of(int code, std::string_view state) {
  switch (code) {
    case 1044:
    case 1045:
    case 1049:
    case 1130:
    case 1142:
    case 1143:
    case 1227:
    case 1251:
    case 1370:
    case 1524:
    case 1698:
    case 1820:
    case 1862:
    case 2026:
      return Fault::config;  // access denied, no such database, TLS
    case 1022:
    case 1048:
    case 1062:
    case 1118:
    case 1264:
    case 1265:
    case 1292:
    case 1300:
    case 1364:
    case 1366:
    case 1367:
    case 1406:
    case 1411:
    case 1526:
    case 1644:
    case 1690:
    case 1748:
    case 1918:
    case 3140:
    case 3819:
    case 4025:
    case 1153:
      // The value, also in the words of a CHECK (3819, 4025) or a trigger (1644); 1153: larger than the
      // server takes.
      return Fault::permanent;
    case 1054:
    case 1051:
    case 1064:
    case 1109:
    case 1136:
    case 1146:
    case 1305:
    case 1318:
    case 1347:
    case 1356:
    case 1390:
    case 1050:
    case 1419:
      return Fault::schema;  // names and shapes
    default:
      break;
  }
  // Data exception, constraint, SIGNAL of a user. Not 42: "too many connections" is in there, too.
  for (std::string_view data : {"22", "23", "45"})
    if (state.starts_with(data)) return Fault::permanent;
  return Fault::transient;
}

// The connection cannot be used again after these; 2000 and up come from the client library. 1243 and 1615:
// the prepared statement is gone.
bool is_lost(int code) {
  bool server_says = code >= 3000 && code < 5000;  // newer errors of the two servers
  return (code >= 2000 && !server_says) || code == 1243 || code == 1615 || code == 1153 || code == 1053 ||
         code == 1927 || (code >= 1077 && code <= 1080) || (code >= 1158 && code <= 1161) || code == 0;
}

std::string text_of(const Value& v) {
  if (v.kind == Kind::day) return format_day(Day(std::chrono::days(v.number)));
  std::string text = format_time(time_from_us(v.number));  // 2026-11-23T20:11:54.131466Z
  text.pop_back();
  if (size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
  return text;
}

void bind(::sql::PreparedStatement& statement, unsigned at, const Value& v) {
  if (v.null) {
    statement.setNull(at, 0);
    return;
  }
  switch (v.kind) {
    case Kind::integer:
      statement.setInt64(at, v.number);
      return;
    case Kind::real:
      statement.setDouble(at, v.real);
      return;
    case Kind::time:
    case Kind::day:
      statement.setString(at, text_of(v));
      return;
    case Kind::text:
    case Kind::bytes:
    case Kind::id:
      statement.setString(at, ::sql::SQLString(v.text.data(), v.text.size()));
      return;
  }
}

Cell read(::sql::ResultSet& rows, unsigned at, int type) {
  Cell cell;
  if (rows.isNull(at)) return cell;
  cell.null = false;
  switch (type) {
    case ::sql::DataType::BIT:
    case ::sql::DataType::TINYINT:
    case ::sql::DataType::SMALLINT:
    case ::sql::DataType::MEDIUMINT:
    case ::sql::DataType::INTEGER:
    case ::sql::DataType::BIGINT:
      cell.kind = Kind::integer;
      cell.number = rows.getInt64(at);
      cell.real = static_cast<double>(cell.number);
      return cell;
    case ::sql::DataType::REAL:
    case ::sql::DataType::DOUBLE:
    case ::sql::DataType::DECIMAL:
    case ::sql::DataType::NUMERIC:
      cell.kind = Kind::real;
      cell.real = static_cast<double>(rows.getDouble(at));
      cell.number = static_cast<int64_t>(cell.real);
      return cell;
    case ::sql::DataType::DATE:
    case ::sql::DataType::TIMESTAMP: {
      Time time{};
      std::string text = rows.getString(at).asStdString();
      parse_time(text, time);
      bool day = type == ::sql::DataType::DATE;
      cell.kind = day ? Kind::day : Kind::time;
      cell.number = day ? day_of(time).time_since_epoch().count() : to_us(time);
      return cell;
    }
    default: {
      cell.kind = Kind::text;
      cell.text = rows.getString(at).asStdString();
      return cell;
    }
  }
}

}  // namespace

MysqlConnection::MysqlConnection(MysqlServer server) : server_(std::move(server)) {}
MysqlConnection::~MysqlConnection() {
  try {
    prepared_.clear();
    connection_.reset();
  } catch (...) {
    // A lost connection may fail to say goodbye.
  }
}

Error MysqlConnection::error(const std::string& what, const ::sql::SQLException& e) {
  int code = e.getErrorCode();
  if (is_lost(code)) broken_ = true;
  // Of MariaDB and of MySQL.
  if ((code == 1969 || code == 3024) && set_limit_ms_ > 0) {
    return {Fault::slow,
            fmt::format("{}: the search took longer than the allowed {} ms", server_.name, set_limit_ms_)};
  }
  return {fault_of(code, e.getSQLState()),
          fmt::format("{}: {} failed: {} (code {})", server_.name, what, e.what(), code)};
}

Result<std::unique_ptr<Connection>> MysqlConnection::open(const MysqlServer& server, Purpose purpose) {
  static std::mutex one_at_a_time;  // the driver's own start is not safe between threads
  std::unique_ptr<MysqlConnection> self(new MysqlConnection(server));
  ::sql::ConnectOptionsMap options;
  options["hostName"] =
      ::sql::SQLString(server.socket.empty() ? fmt::format("tcp://{}:{}", server.host, server.port)
                                             : "unix://" + server.socket);
  options["userName"] = ::sql::SQLString(server.user);
  options["password"] = ::sql::SQLString(server.password);
  options["schema"] = ::sql::SQLString(server.database);
  options["OPT_CHARSET_NAME"] = ::sql::SQLString("utf8mb4");
  options["OPT_CONNECT_TIMEOUT"] = 10;
  options["OPT_READ_TIMEOUT"] =
      purpose == Purpose::read ? static_cast<int>(server.read_limit_ms / 1000) + 5 : 120;
  options["OPT_WRITE_TIMEOUT"] = 60;
  if (!server.tls_ca.empty()) {
    options["sslCA"] = ::sql::SQLString(server.tls_ca);
    options["sslVerify"] = true;
    options["sslEnforce"] = true;
  }
  if (!server.tls_certificate.empty()) options["sslCert"] = ::sql::SQLString(server.tls_certificate);
  if (!server.tls_key.empty()) options["sslKey"] = ::sql::SQLString(server.tls_key);
  try {
    std::lock_guard lock(one_at_a_time);
    self->connection_.reset(::sql::mysql::get_driver_instance()->connect(options));
  } catch (const ::sql::SQLException& e) {
    return self->error("connect", e);
  } catch (const std::exception& e) {
    return Error{Fault::transient, fmt::format("cannot connect to {}: {}", server.name, e.what())};
  }
  if (auto ready = self->set_session(purpose); !ready) return ready.error();
  return std::unique_ptr<Connection>(std::move(self));
}

Result<void> MysqlConnection::set_session(Purpose purpose) {
  // Without a strict mode a bad byte silently becomes a question mark.
  for (const char* setting :
       {"SET SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,NO_ENGINE_SUBSTITUTION'",
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin", "SET SESSION time_zone = '+00:00'",
        "SET SESSION autocommit = 1", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION lock_wait_timeout = 30", "SET SESSION innodb_lock_wait_timeout = 30"}) {
    if (auto done = run(setting); !done) return done;
  }
  if (purpose == Purpose::write) return {};
  if (purpose == Purpose::read) {
    // Each of the two knows only its own variable.
    seconds_ = bool(run("SET SESSION max_statement_time = 0"));
    limit({});
    if (auto limited = apply_limit(); !limited) return limited;
  }
  return run("SET SESSION TRANSACTION READ ONLY");
}

void MysqlConnection::limit(std::chrono::milliseconds time) {
  limit_ms_ = time.count();
  if (limit_ms_ <= 0 || (server_.read_limit_ms > 0 && limit_ms_ > server_.read_limit_ms))
    limit_ms_ = server_.read_limit_ms;
}

Result<void> MysqlConnection::apply_limit() {
  bool near = limit_ms_ <= set_limit_ms_ && limit_ms_ * 10 >= set_limit_ms_ * 8;
  if (limit_ms_ == set_limit_ms_ || (near && limit_ms_ > 0 && limit_ms_ != server_.read_limit_ms)) return {};
  auto done = run(
      seconds_ ? fmt::format("SET SESSION max_statement_time = {:.3f}", static_cast<double>(limit_ms_) / 1000)
               : fmt::format("SET SESSION max_execution_time = {}", limit_ms_));
  if (done) set_limit_ms_ = limit_ms_;
  return done;
}

Result<void> MysqlConnection::run(const std::string& text) {
  try {
    std::unique_ptr<::sql::Statement> statement(connection_->createStatement());
    if (statement->execute(text)) std::unique_ptr<::sql::ResultSet> ignored(statement->getResultSet());
    return {};
  } catch (const ::sql::SQLException& e) {
    return error(text.substr(0, text.find_first_of("\n(")), e);
  } catch (const std::exception& e) {
    broken_ = true;
    return Error{Fault::transient, server_.name + ": " + e.what()};
  }
}

::sql::PreparedStatement& MysqlConnection::prepare(const std::string& text) {
  if (auto found = prepared_.find(text); found != prepared_.end()) return *found->second;
  if (prepared_.size() >= kept_statements) prepared_.clear();
  std::unique_ptr<::sql::PreparedStatement> made(connection_->prepareStatement(text));
  return *prepared_.emplace(text, std::move(made)).first->second;
}

Result<Rows> MysqlConnection::query(const std::string& text, std::span<const Cell> parameters) {
  if (auto done = apply_limit(); !done) return done.error();
  try {
    ::sql::PreparedStatement& statement = prepare(text);
    for (size_t i = 0; i < parameters.size(); ++i)
      bind(statement, static_cast<unsigned>(i) + 1, parameters[i].value());
    Rows rows;
    if (!text.starts_with("SELECT")) {
      rows.changed = statement.executeUpdate();
      return rows;
    }
    std::unique_ptr<::sql::ResultSet> found(statement.executeQuery());
    ::sql::ResultSetMetaData* columns = found->getMetaData();
    unsigned width = columns->getColumnCount();
    rows.width = width;
    std::vector<int> types;
    for (unsigned i = 1; i <= width; ++i) types.push_back(columns->getColumnType(i));
    while (found->next()) {
      for (unsigned i = 1; i <= width; ++i) rows.cells.push_back(read(*found, i, types[i - 1]));
    }
    return rows;
  } catch (const ::sql::SQLException& e) {
    return error(text.substr(0, 40), e);
  } catch (const std::exception& e) {
    broken_ = true;
    return Error{Fault::transient, server_.name + ": " + e.what()};
  }
}

void MysqlConnection::write_block(const Table& table, std::span<const Value> values) {
  size_t rows = values.size() / table.columns.size();
  std::string& text = upserts_[&table][rows];
  if (text.empty()) text = upsert_text(Dialect::mysql, table, rows);
  ::sql::PreparedStatement& statement = prepare(text);
  for (size_t i = 0; i < values.size(); ++i) bind(statement, static_cast<unsigned>(i) + 1, values[i]);
  statement.executeUpdate();
}

Result<void> MysqlConnection::upsert(const Table& table, std::span<const Value> values) {
  size_t width = table.columns.size();
  auto fits = [&](size_t rows) {
    if (rows * width > values.size() || rows * width > most_placeholders) return false;
    size_t bytes = 0;
    for (const Value& v : values.first(rows * width)) bytes += v.text.size() + 8;
    return rows == 1 || bytes <= most_block_bytes;
  };
  try {
    while (!values.empty()) {
      size_t rows = *std::find_if(std::begin(block_sizes), std::end(block_sizes), fits);
      write_block(table, values.first(rows * width));
      values = values.subspan(rows * width);
    }
    return {};
  } catch (const ::sql::SQLException& e) {
    return error("insert into " + table.name, e);
  } catch (const std::exception& e) {
    broken_ = true;
    return Error{Fault::transient, server_.name + ": " + e.what()};
  }
}

}  // namespace mailtrace::sql
