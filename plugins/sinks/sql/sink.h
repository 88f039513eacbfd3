// SqlSink: the writer of one SQL database, whatever the driver. The sink's thread, except open_reader().
#pragma once
#include <chrono>
#include <memory>
#include <set>
#include <unordered_map>

#include "core/plugin/probe.h"
#include "core/plugin/sink.h"
#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

class SqlSink : public Sink, public Prober {
 public:
  explicit SqlSink(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  Result<void> open() noexcept override;
  Result<Checkpoint> checkpoint(const std::string& receiver) noexcept override;
  Result<void> write(const Batch& batch) noexcept override;
  Result<void> probe(const Batch& batch) noexcept override;
  Result<Expiry> expire(Day before, bool dry_run, bool force) noexcept override;
  Result<std::unique_ptr<Reader>> open_reader() noexcept override;
  std::string describe() const noexcept override { return database_->describe(); }

 private:
  static constexpr std::chrono::minutes usual_wait{1}, longest_wait{32};
  Result<void> connect();
  Result<void> write_once(const Batch& batch);
  // What the connection says about `error` afterwards: a lost one is dropped, so that the next call makes a
  // new one.
  Error failed(Error error);
  Result<Expiry> count_old(Day before, bool force);
  Result<void> begin(const Batch& batch);
  Result<void> make_days(const Batch& batch);
  Result<void> make_day(Day day);
  Result<void> write_rows(const Batch& batch);
  template <class Row, class Key>
  Result<void> upsert_rows(const Table& table, const std::vector<Row>& rows, Key key);
  Result<void> write_addresses(const Batch& batch);
  Result<void> write_trigrams(const std::vector<std::pair<Id, std::string_view>>& fresh);
  Result<void> write_counts(const Batch& batch);

  std::shared_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
  std::chrono::milliseconds wait_ = usual_wait;  // for the answer to a statement of a batch
  std::set<Day> known_days_;
  // Last day each address was stored with; what is in here needs no statement. Forgotten when it grows too
  // big.
  std::unordered_map<Id, Day> seen_addresses_;
  std::vector<std::pair<Id, Day>> fresh_addresses_;  // of the transaction that runs
};

}  // namespace mailtrace::sql
