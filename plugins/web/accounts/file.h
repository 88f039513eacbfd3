// AccountFile: one small SQLite file with everything about people. Its caller holds a lock (accounts.h).
#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace mailtrace::accounts {

using Value = std::variant<std::monostate, int64_t, std::string>;
inline int64_t number_of(const Value& v) {
  return std::holds_alternative<int64_t>(v) ? std::get<int64_t>(v) : 0;
}
inline const std::string& text_of(const Value& v) {
  static const std::string none;
  return std::holds_alternative<std::string>(v) ? std::get<std::string>(v) : none;
}
inline Time time_of(const Value& v) { return time_from_us(number_of(v)); }

struct Answer {
  std::vector<std::vector<Value>> rows;
  int64_t changed = 0;  // rows touched
  int64_t last_id = 0;  // of the row inserted last
};

class AccountFile {
 public:
  // Makes the file (0600) and its tables if need be; root leaves it to the owner of the folder.
  static Result<std::unique_ptr<AccountFile>> open(const std::string& path);
  ~AccountFile();
  AccountFile(const AccountFile&) = delete;
  AccountFile& operator=(const AccountFile&) = delete;

  Result<Answer> run(const char* sql, std::initializer_list<Value> values = {});

 private:
  explicit AccountFile(std::string path) : path_(std::move(path)) {}
  Result<void> prepare_file() const;
  Result<void> make_tables();
  Error failed(const char* what) const;

  std::string path_;
  sqlite3* db_ = nullptr;
};

// All or nothing: rolled back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(AccountFile& file) : file_(file) { begun_ = bool(file_.run("BEGIN IMMEDIATE")); }
  ~Transaction() {
    if (begun_) (void)bool(file_.run("ROLLBACK"));
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  bool begun() const { return begun_; }
  Result<void> commit() {
    auto done = file_.run("COMMIT");
    if (!done) return done.error();
    begun_ = false;
    return {};
  }

 private:
  AccountFile& file_;
  bool begun_ = false;
};

}  // namespace mailtrace::accounts
