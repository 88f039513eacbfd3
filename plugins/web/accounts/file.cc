#include "plugins/web/accounts/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/file.h"

namespace mailtrace::accounts {
namespace {

constexpr int64_t schema_version = 1;

// Names of users are kept in lower case. Secrets are only here as hashes. Times are microseconds since 1970.
constexpr const char* tables = R"(
CREATE TABLE users (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, password TEXT NOT NULL,
  must_change INTEGER NOT NULL, locked INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL,
  last_login INTEGER);
CREATE TABLE user_addresses (
  user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, address TEXT NOT NULL,
  PRIMARY KEY (user, address)) WITHOUT ROWID;
CREATE TABLE user_domains (
  user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, domain TEXT NOT NULL,
  PRIMARY KEY (user, domain)) WITHOUT ROWID;
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created INTEGER NOT NULL, seen INTEGER NOT NULL, peer TEXT NOT NULL, agent TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions(user);
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, title TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
  used INTEGER);
CREATE TABLE saved (
  id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, title TEXT NOT NULL,
  search TEXT NOT NULL, created INTEGER NOT NULL);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, user TEXT NOT NULL, how TEXT NOT NULL,
  peer TEXT NOT NULL, action TEXT NOT NULL, details TEXT NOT NULL, hits INTEGER, hash TEXT NOT NULL);
CREATE INDEX audit_user ON audit(user, id);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
)";

}  // namespace

AccountFile::~AccountFile() { sqlite3_close_v2(db_); }

Error AccountFile::failed(const char* what) const {
  int code = db_ ? sqlite3_errcode(db_) : SQLITE_CANTOPEN;
  bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  return {busy ? Fault::transient : Fault::config,
          fmt::format("{} {}: {}", what, path_, db_ ? sqlite3_errmsg(db_) : "out of memory")};
}

Result<void> AccountFile::prepare_file() const {
  int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0 && errno == EEXIST) return {};
  if (file < 0) return Error{Fault::config, fmt::format("make {}: {}", path_, error_text(errno))};
  struct stat folder {};
  std::string above = path_.substr(0, path_.rfind('/') + 1);
  // `mailtrace user add` run by root must not lock the daemon out.
  bool ours = ::geteuid() != 0 || ::stat(above.empty() ? "." : above.c_str(), &folder) != 0 ||
              ::fchown(file, folder.st_uid, folder.st_gid) == 0;
  ::close(file);
  if (ours) return {};
  return Error{Fault::config,
               fmt::format("give {} to the owner of its folder: {}", path_, error_text(errno))};
}

Result<std::unique_ptr<AccountFile>> AccountFile::open(const std::string& path) {
  std::unique_ptr<AccountFile> made(new AccountFile(path));
  if (auto prepared = made->prepare_file(); !prepared) return prepared.error();
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (sqlite3_open_v2(path.c_str(), &made->db_, flags, nullptr) != SQLITE_OK) return made->failed("open");
  sqlite3_busy_timeout(made->db_, 5000);
  for (const char* setting :
       {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON", "PRAGMA trusted_schema = OFF"})
    if (auto set = made->run(setting); !set) return set.error();
  if (auto ready = made->make_tables(); !ready) return ready.error();
  return made;
}

Result<void> AccountFile::make_tables() {
  Transaction all(*this);
  if (!all.begun()) return failed("lock");
  auto version = run("PRAGMA user_version");
  if (!version) return version.error();
  int64_t found = number_of(version->rows.at(0).at(0));
  if (found > schema_version)
    return Error{Fault::schema, fmt::format("{} is of a newer Mailtrace (version {}, this one knows {})",
                                            path_, found, schema_version)};
  if (found == schema_version) return {};
  if (sqlite3_exec(db_, tables, nullptr, nullptr, nullptr) != SQLITE_OK) return failed("make the tables of");
  return all.commit();
}

Result<Answer> AccountFile::run(const char* sql, std::initializer_list<Value> values) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr) != SQLITE_OK) return failed("ask");
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, &sqlite3_finalize);
  int at = 0;
  for (auto& value : values) {
    ++at;
    if (auto* number = std::get_if<int64_t>(&value))
      sqlite3_bind_int64(raw, at, *number);
    else if (auto* text = std::get_if<std::string>(&value))
      sqlite3_bind_text64(raw, at, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    else
      sqlite3_bind_null(raw, at);
  }
  Answer answer;
  int state;
  while ((state = sqlite3_step(raw)) == SQLITE_ROW) {
    auto& row = answer.rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(raw); ++i) {
      if (sqlite3_column_type(raw, i) == SQLITE_INTEGER)
        row.emplace_back(int64_t{sqlite3_column_int64(raw, i)});
      else if (sqlite3_column_type(raw, i) == SQLITE_NULL)
        row.emplace_back();
      else
        row.emplace_back(std::string(reinterpret_cast<const char*>(sqlite3_column_text(raw, i)),
                                     static_cast<size_t>(sqlite3_column_bytes(raw, i))));
    }
  }
  if (state != SQLITE_DONE) return failed("ask");
  answer.changed = sqlite3_changes(db_);
  answer.last_id = sqlite3_last_insert_rowid(db_);
  return answer;
}

}  // namespace mailtrace::accounts
