#include "plugins/sinks/sqlite/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/owner.h"
#include "plugins/sinks/sql/statements.h"

namespace mailtrace::sql {
namespace {

constexpr size_t kept_statements = 100;

// sqlite.org/rescode.html
Fault fault_of(int code) {
  switch (code & 0xff) {
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
    case SQLITE_RANGE:
      return Fault::permanent;
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Fault::schema;
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Fault::config;
    default:
      return Fault::transient;  // busy, locked, full disk, I/O error, no memory, interrupted
  }
}

void bind(sqlite3_stmt* statement, int at, const Value& v) {
  if (v.null) {
    sqlite3_bind_null(statement, at);
    return;
  }
  const char* text = v.text.data() != nullptr ? v.text.data() : "";
  switch (v.kind) {
    case Kind::integer:
    case Kind::time:
    case Kind::day:
      sqlite3_bind_int64(statement, at, v.number);
      return;
    case Kind::real:
      sqlite3_bind_double(statement, at, v.real);
      return;
    case Kind::text:
      sqlite3_bind_text64(statement, at, text, v.text.size(), SQLITE_STATIC, SQLITE_UTF8);
      return;
    case Kind::bytes:
    case Kind::id:
      sqlite3_bind_blob64(statement, at, text, v.text.size(), SQLITE_STATIC);
      return;
  }
}

Cell read(sqlite3_stmt* statement, int at) {
  Cell cell;
  int type = sqlite3_column_type(statement, at);
  if (type == SQLITE_NULL) return cell;
  cell.null = false;
  if (type == SQLITE_INTEGER) {
    cell.kind = Kind::integer;
    cell.number = sqlite3_column_int64(statement, at);
    cell.real = static_cast<double>(cell.number);
  } else if (type == SQLITE_FLOAT) {
    cell.kind = Kind::real;
    cell.real = sqlite3_column_double(statement, at);
    cell.number = static_cast<int64_t>(cell.real);
  } else {
    cell.kind = type == SQLITE_BLOB ? Kind::bytes : Kind::text;
    const void* data = sqlite3_column_blob(statement, at);
    cell.text.assign(static_cast<const char*>(data),
                     static_cast<size_t>(sqlite3_column_bytes(statement, at)));
  }
  return cell;
}

// Who wrote to whom is not everybody's to read; SQLite alone makes 0644. Its -wal and -shm get the same mode.
// An existing file is not opened: closing it again would drop the locks of another connection of this
// process.
void make_private(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return;
  own_like_directory(fd, path);  // SQLite itself gives -wal and -shm the owner of this one
  ::close(fd);
}

}  // namespace

Result<std::unique_ptr<Connection>> SqliteConnection::open(const SqliteFile& file, Purpose purpose) {
  std::unique_ptr<SqliteConnection> self(new SqliteConnection(file));
  int flags = purpose == Purpose::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
  if (purpose == Purpose::write) make_private(file.path);
  int code = sqlite3_open_v2(file.path.c_str(), &self->db_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code == SQLITE_CANTOPEN) {
    std::string directory = std::filesystem::path(file.path).parent_path().string();
    bool is_there = directory.empty() || ::access(directory.c_str(), F_OK) == 0;
    return Error{
        purpose == Purpose::write ? Fault::transient : Fault::config,
        fmt::format("cannot open sqlite file {}: {}", file.path,
                    is_there ? "check that it exists and that this user may write it and its directory"
                             : "there is no directory " + directory + "; make it, or see state_directory")};
  }
  if (code != SQLITE_OK) return self->error("open");
  if (auto ready = self->prepare_file(purpose); !ready) return ready.error();
  return std::unique_ptr<Connection>(std::move(self));
}

Result<void> SqliteConnection::prepare_file(Purpose purpose) {
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, 10'000);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  std::string cache = fmt::format("PRAGMA cache_size = -{}", file_.cache_bytes / 1024);
  std::vector<std::string> settings;
  if (purpose == Purpose::write) {
    // The checkpoint row tells the spool what it may drop, so a commit must be on disk: FULL, not NORMAL.
    // auto_vacuum must come before the first table.
    settings = {"PRAGMA auto_vacuum = INCREMENTAL",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA wal_autocheckpoint = 8000",
                "PRAGMA journal_size_limit = 67108864",
                cache};
  } else {
    // Opened for writing only because WAL needs its shared memory file; no statement may write.
    settings = {"PRAGMA query_only = ON", "PRAGMA cache_size = -32768", "PRAGMA mmap_size = 268435456"};
  }
  settings.push_back("PRAGMA temp_store = MEMORY");
  for (const std::string& setting : settings) {
    if (auto done = run(setting); !done) return done;
  }
  if (purpose == Purpose::read) {
    limit({});
    sqlite3_progress_handler(
        db_, 5'000,
        [](void* self) {
          return std::chrono::steady_clock::now() > static_cast<SqliteConnection*>(self)->deadline_ ? 1 : 0;
        },
        this);
  }
  return {};
}

SqliteConnection::~SqliteConnection() {
  unlock_expiry();
  for (auto& [text, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

Error SqliteConnection::error(const std::string& what) {
  int code = db_ != nullptr ? sqlite3_extended_errcode(db_) : SQLITE_NOMEM;
  Fault fault = fault_of(code);
  // After a disk error or damage the handle's view of the file may be stale: begin anew.
  if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    broken_ = true;
  if ((code & 0xff) == SQLITE_INTERRUPT) {
    return {Fault::slow,
            fmt::format("sqlite {}: the search took longer than the allowed {} ms", file_.path, limit_ms_)};
  }
  return {fault,
          fmt::format("sqlite {}: {} failed: {} (code {})", file_.path, what, sqlite3_errmsg(db_), code)};
}

Result<void> SqliteConnection::run(const std::string& statement) {
  deadline_ = std::chrono::steady_clock::now() + std::chrono::hours(24);
  if (sqlite3_exec(db_, statement.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error(statement.substr(0, statement.find_first_of("\n(")));
  }
  return {};
}

Result<sqlite3_stmt*> SqliteConnection::prepare(const std::string& text) {
  if (auto found = prepared_.find(text); found != prepared_.end()) return found->second;
  if (prepared_.size() >= kept_statements) {
    for (auto& [old, statement] : prepared_) sqlite3_finalize(statement);
    prepared_.clear();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    return error(text.substr(0, 40));
  }
  prepared_.emplace(text, statement);
  return statement;
}

Result<Rows> SqliteConnection::query(const std::string& text, std::span<const Cell> parameters) {
  auto allowed = limit_ms_ > 0 ? std::chrono::milliseconds(limit_ms_) : std::chrono::hours(24);
  deadline_ = std::chrono::steady_clock::now() + allowed;
  auto prepared = prepare(text);
  if (!prepared) return prepared.error();
  sqlite3_stmt* statement = *prepared;
  for (size_t i = 0; i < parameters.size(); ++i)
    bind(statement, static_cast<int>(i) + 1, parameters[i].value());
  Rows rows;
  int width = sqlite3_column_count(statement);
  rows.width = static_cast<size_t>(width);
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    for (int i = 0; i < width; ++i) rows.cells.push_back(read(statement, i));
  }
  Result<Rows> result = code == SQLITE_DONE ? Result<Rows>(Rows{}) : Result<Rows>(error(text.substr(0, 40)));
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (!result) return result;
  rows.changed = sqlite3_changes64(db_);
  return rows;
}

Result<void> SqliteConnection::upsert(const Table& table, std::span<const Value> values) {
  std::string& text = upserts_[&table];
  if (text.empty()) text = upsert_text(Dialect::sqlite, table, 1);
  auto prepared = prepare(text);
  if (!prepared) return prepared.error();
  size_t width = table.columns.size();
  for (size_t at = 0; at < values.size(); at += width) {
    for (size_t i = 0; i < width; ++i) bind(*prepared, static_cast<int>(i) + 1, values[at + i]);
    if (sqlite3_step(*prepared) != SQLITE_DONE) {
      Error failed = error("insert into " + table.name);
      sqlite3_reset(*prepared);
      return failed;
    }
    sqlite3_reset(*prepared);
  }
  return {};
}

void SqliteConnection::limit(std::chrono::milliseconds time) {
  limit_ms_ = time.count();
  if (limit_ms_ <= 0 || (file_.read_limit_ms > 0 && limit_ms_ > file_.read_limit_ms))
    limit_ms_ = file_.read_limit_ms;
}

Result<bool> SqliteConnection::lock_expiry() {
  std::string path = file_.path + ".expire";
  if (expiry_ < 0) {
    expiry_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (expiry_ < 0)
      return Error{Fault::config,
                   fmt::format("cannot make the lock file {}: check that this user may write there", path)};
    own_like_directory(expiry_, path);
  }
  return ::flock(expiry_, LOCK_EX | LOCK_NB) == 0;
}

void SqliteConnection::unlock_expiry() {
  if (expiry_ >= 0) ::close(expiry_);
  expiry_ = -1;
}

void SqliteConnection::give_back() {
  // In small steps, each a transaction of its own: a writer waits for none of them, and the write-ahead log
  // stays small on a disk that is nearly full. What stays is used again by later rows: no failure matters.
  auto free_pages = [&]() -> int64_t {
    auto rows = query("PRAGMA freelist_count", {});
    return rows && !rows->empty() ? rows->row(0)->number : 0;
  };
  for (int64_t left = free_pages(), before = left + 1; left < before; left = free_pages()) {
    before = left;
    if (left > 0 && !run("PRAGMA incremental_vacuum(1000)")) return;
    if (!run("PRAGMA wal_checkpoint(TRUNCATE)")) return;
  }
}

}  // namespace mailtrace::sql
