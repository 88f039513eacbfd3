// Retention: removes days as a whole, whole partitions where there are any. The sink's thread.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/log.h"
#include "plugins/sinks/sql/reader.h"
#include "plugins/sinks/sql/schema.h"
#include "plugins/sinks/sql/sink.h"

namespace mailtrace::sql {
namespace {

using std::chrono::days;

class Expire {
 public:
  Expire(Database& database, Connection& connection, Day before)
      : dialect_(database.dialect()), name_(database.describe()), connection_(connection), before_(before) {}
  Result<void> lock();
  void unlock();
  Result<void> refuse_clock_jump();
  Result<Expiry> count();
  Result<void> remove(Expiry& done);

 private:
  Result<int64_t> number(const std::string& statement, std::vector<Cell> parameters = {});
  Result<std::vector<std::string>> old_partitions(const std::string& table);
  Result<void> drop_partitions(Expiry& done);
  Result<void> delete_rows(const std::string& table, const std::string& column);
  Result<void> delete_addresses();
  Result<void> delete_hints();

  Dialect dialect_;
  std::string name_;
  Connection& connection_;
  Day before_;
};

// No mail server that is in use is still for so long.
constexpr days quiet_days(7);

constexpr const char* day_tables[] = {"lines", "deliverlog", "connectlog"};
std::string in_quotes(const std::string& name) { return '"' + name + '"'; }

Result<int64_t> Expire::number(const std::string& statement, std::vector<Cell> parameters) {
  auto rows = connection_.query(statement, parameters);
  if (!rows) return rows.error();
  return rows->empty() || rows->row(0)->null ? int64_t{0} : rows->row(0)->number;
}

// One process at a time.
Result<void> Expire::lock() {
  if (dialect_ == Dialect::sqlite) {
    auto locked = connection_.lock_expiry();
    if (!locked) return locked.error();
    if (*locked) return {};
    return Error{Fault::transient, "another process removes old days from " + name_ + " at this moment"};
  }
  auto locked =
      number(dialect_ == Dialect::mysql ? "SELECT get_lock(concat('mailtrace_expire_', database()), 0)"
                                        : "SELECT pg_try_advisory_lock(7811091073)::int");
  if (!locked) return locked.error();
  if (*locked != 1)
    return Error{Fault::transient, "another host removes old days from " + name_ + " at this moment"};
  return {};
}

void Expire::unlock() {
  connection_.unlock_expiry();
  if (dialect_ == Dialect::mysql)
    (void)connection_.run("DO release_lock(concat('mailtrace_expire_', database()))");
  if (dialect_ == Dialect::postgresql) (void)connection_.run("SELECT pg_advisory_unlock(7811091073)");
}

// A clock that jumped makes everything look old.
Result<void> Expire::refuse_clock_jump() {
  if (before_ > day_of(now())) {
    return Error{Fault::config,
                 fmt::format("refused to remove days before {}: this day has not come yet; use --force if "
                             "that is meant",
                             format_day(before_))};
  }
  if (dialect_ != Dialect::sqlite) {
    auto rows =
        connection_.query(dialect_ == Dialect::mysql ? "SELECT utc_timestamp(6)" : "SELECT now()", {});
    if (!rows) return rows.error();
    Time there = time_from_us(rows->row(0)->number);
    if (std::chrono::abs(there - now()) > days(2)) {
      return Error{Fault::config,
                   fmt::format("refused to remove days from {}: its clock says {}, this host's {}; set the "
                               "clocks or use --force",
                               name_, format_time(there), format_time(now()))};
    }
  }
  int64_t all = 0, old = 0;
  Day day = Day(days(-1));  // no id is older than 1970
  // Days that only forged stamps name do not count: a few lines of them would hold the timer up for ever.
  std::string next_day = fmt::format(
      "SELECT c.day FROM connectlog c WHERE c.day > ? AND (c.flags & {}) = 0 ORDER BY c.day LIMIT 1",
      row_flag::time_suspect);
  while (true) {
    auto next = connection_.query(next_day, std::vector<Cell>{Cell(day_value(day))});
    if (!next) return next.error();
    if (next->empty()) break;
    day = day_of_cell(*next->row(0));
    ++all;
    if (day < before_) ++old;
  }
  Day today = day_of(now());
  if (old > 0 && day < today - quiet_days) {
    return Error{
        Fault::config,
        fmt::format("refused to remove {} of {} stored days from {}: the newest mail there is of {}; "
                    "check the date of this host, or use --force",
                    old, all, name_, format_day(day))};
  }
  if (old * 2 <= all) return {};
  // Old logs that were imported. Before the day that a clock jumped to there would be days without mail.
  int64_t kept = (today - before_).count();
  if (kept >= quiet_days.count() && (all - old) * 2 > kept) return {};
  return Error{Fault::config,
               fmt::format("refused to remove {} of {} stored days from {}: more than half; check the date "
                           "of this host, or use --force",
                           old, all, name_)};
}

Result<Expiry> Expire::count() {
  Expiry out;
  for (auto [table, to] : {std::pair{"connectlog", &out.connects}, std::pair{"deliverlog", &out.deliveries},
                           std::pair{"lines", &out.lines}}) {
    auto rows =
        number("SELECT count(*) FROM " + in_quotes(table) + " t WHERE t.day < ?", {Cell(day_value(before_))});
    if (!rows) return rows.error();
    *to = *rows;
  }
  if (dialect_ != Dialect::sqlite) {
    for (const char* table : day_tables) {
      auto old = old_partitions(table);
      if (!old) return old.error();
      out.partitions += static_cast<int64_t>(old->size());
    }
  }
  auto rest = connection_.query("SELECT c.day FROM connectlog c WHERE c.day >= ? ORDER BY c.day LIMIT 1",
                                std::vector<Cell>{Cell(day_value(before_))});
  if (!rest) return rest.error();
  out.oldest_kept = rest->empty() ? before_ : day_of_cell(*rest->row(0));
  return out;
}

// Names of the partitions that hold nothing but days before `before_`.
Result<std::vector<std::string>> Expire::old_partitions(const std::string& table) {
  std::string statement = dialect_ == Dialect::mysql
                              ? "SELECT p.partition_name FROM information_schema.partitions p WHERE "
                                "p.table_schema = database() AND "
                                "p.table_name = '" +
                                    table + "' AND p.partition_name LIKE 'before%'"
                              : "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = "
                                "i.inhrelid WHERE i.inhparent = '" +
                                    table + "'::regclass AND c.relname NOT LIKE '%default'";
  auto rows = connection_.query(statement, {});
  if (!rows) return rows.error();
  // PostgreSQL: the day itself; MySQL: the first day that is not in it.
  days beyond(dialect_ == Dialect::mysql ? 0 : 1);
  std::vector<std::string> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    std::string name = rows->row(i)->text;
    if (name.size() < 9) continue;
    std::string date = name.substr(name.size() - 8);
    Time time;
    if (!parse_time(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6), time)) continue;
    if (day_of(time) + beyond <= before_) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> Expire::drop_partitions(Expiry& done) {
  for (const char* table : day_tables) {
    auto old = old_partitions(table);
    if (!old) return old.error();
    for (const std::string& name : *old) {
      std::string statement = dialect_ == Dialect::mysql
                                  ? "ALTER TABLE " + in_quotes(table) + " DROP PARTITION " + in_quotes(name)
                                  : "DROP TABLE " + in_quotes(name);
      if (auto dropped = connection_.run(statement); !dropped) return dropped;
      ++done.partitions;
    }
  }
  return {};
}

// In small steps, so that nobody waits long for a lock.
Result<void> Expire::delete_rows(const std::string& table, const std::string& column) {
  std::string statement = "DELETE FROM " + in_quotes(table) + " WHERE " + column + " < ?";
  if (dialect_ == Dialect::mysql) statement += " LIMIT 5000";
  if (dialect_ == Dialect::sqlite) {
    statement =
        fmt::format("DELETE FROM \"{0}\" WHERE rowid IN (SELECT rowid FROM \"{0}\" WHERE {1} < ? LIMIT 5000)",
                    table, column);
  }
  std::vector<Cell> parameters{Cell(day_value(before_))};
  while (true) {
    auto gone = connection_.query(statement, parameters);
    if (!gone) return gone.error();
    if (gone->changed == 0 || dialect_ == Dialect::postgresql) return {};
  }
}

Result<void> Expire::delete_addresses() {
  if (dialect_ != Dialect::mysql) return delete_rows("addresses", "last_day");
  // Both or none: an address without its pieces would never be found again.
  if (auto begun = connection_.run("BEGIN"); !begun) return begun;
  std::vector<Cell> parameters{Cell(day_value(before_))};
  auto pieces = connection_.query(
      "DELETE t FROM address_trigrams t JOIN addresses a ON a.id = t.address_id "
      "WHERE a.last_day < ?",
      parameters);
  if (!pieces) return pieces.error();
  auto names = connection_.query("DELETE FROM addresses WHERE last_day < ?", parameters);
  if (!names) return names.error();
  return connection_.run("COMMIT");
}

// Of no use to anybody since yesterday. Few of them, whatever the traffic was.
Result<void> Expire::delete_hints() {
  std::vector<Cell> parameters{Cell(time_value(now() - days(1)))};
  auto gone = connection_.query("DELETE FROM hints WHERE until < ?", parameters);
  if (!gone) return gone.error();
  return {};
}

Result<void> Expire::remove(Expiry& done) {
  done.partitions = 0;
  if (dialect_ != Dialect::sqlite) {
    if (auto dropped = drop_partitions(done); !dropped) return dropped;
  }
  // Days without a partition of their own.
  for (const char* table : day_tables) {
    if (auto gone = delete_rows(table, "day"); !gone) return gone;
  }
  for (const char* table : {"hosts", "host_hours", "unknown_lines", "gaps"}) {
    if (auto gone = delete_rows(table, "day"); !gone) return gone;
  }
  if (auto gone = delete_addresses(); !gone) return gone;
  if (auto gone = delete_hints(); !gone) return gone;
  connection_.give_back();
  return {};
}

}  // namespace

// What expire() would do, over a connection that cannot write.
Result<Expiry> SqlSink::count_old(Day before, bool force) {
  auto connection = database_->connect(Purpose::inspect);
  if (!connection) return connection.error();
  if (auto ready = ensure_schema(*database_, **connection, false); !ready) return ready.error();
  Expire work(*database_, **connection, before);
  Result<Expiry> result = work.count();
  if (result && !force) {
    if (auto sure = work.refuse_clock_jump(); !sure) result = sure.error();
  }
  return result;
}

Result<Expiry> SqlSink::expire(Day before, bool dry_run, bool force) noexcept {
  try {
    if (dry_run) return count_old(before, force);
    if (auto ready = connect(); !ready) return ready.error();
    connection_->wait_at_most({});  // it may have to read and remove whole days
    Expire work(*database_, *connection_, before);
    if (auto locked = work.lock(); !locked) return failed(locked.error());
    known_days_.clear();
    seen_addresses_.clear();
    Result<Expiry> result = work.count();
    if (result && !force) {
      if (auto sure = work.refuse_clock_jump(); !sure) result = sure.error();
    }
    if (result) {
      if (auto done = work.remove(*result); !done) result = done.error();
    }
    if (!result) result = failed(result.error());
    if (connection_) work.unlock();
    return result;
  } catch (const std::exception& e) {
    return Error{Fault::transient, std::string("unexpected error: ") + e.what()};
  }
}

}  // namespace mailtrace::sql
