#include "plugins/sinks/sql/sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <unordered_set>

#include "core/base/faults.h"
#include "core/base/text.h"
#include "core/mail/plausible.h"
#include "plugins/sinks/sql/pattern.h"
#include "plugins/sinks/sql/reader.h"
#include "plugins/sinks/sql/schema.h"

namespace mailtrace::sql {
namespace {

constexpr size_t most_seen_addresses = 1'000'000;

void fold(std::vector<LinesRow>& rows, const LinesRow& row) { merge(rows.back(), row); }
void fold(std::vector<ConnectRow>& rows, const ConnectRow& row) { merge(rows.back(), row); }
void fold(std::vector<DeliverRow>& rows, const DeliverRow& row) { merge(rows.back(), row); }
void fold(std::vector<HintRow>& rows, const HintRow& row) { rows.back() = row; }
void fold(std::vector<HostRow>& rows, const HostRow& row) {
  HostRow& to = rows.back();
  to.first_time = std::min(to.first_time, row.first_time);
  to.last_time = std::max(to.last_time, row.last_time);
  to.lines += row.lines;
  to.unknown += row.unknown;
}

// Keys of these come once in a batch.
void fold(std::vector<HourRow>& rows, const HourRow& row) { rows.back() = row; }
void fold(std::vector<UnknownRow>& rows, const UnknownRow& row) { rows.back() = row; }
void fold(std::vector<GapRow>& rows, const GapRow& row) { rows.back() = row; }

// Nothing of the standard library or a driver may throw past the plugin border. A logic error comes from the
// value and comes again; no memory, no thread, no file are no fault of the row.
template <class T, class F>
Result<T> guarded(F&& f) noexcept {
  try {
    return f();
  } catch (const std::logic_error& e) {
    return Error{Fault::permanent, std::string("unexpected error: ") + e.what()};
  } catch (const std::exception& e) {
    return Error{Fault::transient, std::string("unexpected error: ") + e.what()};
  }
}

// Senders keep what they could not deliver, for days or weeks.
constexpr std::chrono::days backlog(31);

// Days from before `backlog` that a log really has. Whoever may send lines can write any stamp, and the time
// of a mail's birth into a long queue id: neither makes a partition, only a delivery of a mail without such
// doubts, from about that day, as an import or a followed file brings it. Rows in the catch-all partition are
// moved when their day gets its own.
std::set<Day> old_days(const Batch& batch, Day today) {
  std::unordered_set<Id> sure;
  for (const auto& row : batch.connects)
    if (row.day < today - backlog && plausible_day(row.day, today) && !(row.flags & row_flag::time_suspect))
      sure.insert(row.id);
  std::set<Day> out;
  if (sure.empty()) return out;
  for (const auto& row : batch.deliveries)
    if (sure.contains(row.connect_id) && row.deliver_time < Time(row.day + backlog)) out.insert(row.day);
  return out;
}

}  // namespace

Result<void> SqlSink::open() noexcept {
  return guarded<void>([&]() -> Result<void> { return connect(); });
}

Result<void> SqlSink::connect() {
  if (connection_ && !connection_->broken()) return {};
  connection_.reset();
  known_days_.clear();
  seen_addresses_.clear();
  auto made = database_->connect(Purpose::write);
  if (!made) return made.error();
  if (auto ready = ensure_schema(*database_, **made, database_->create_schema()); !ready) return ready;
  connection_ = std::move(*made);
  return make_days(Batch{});
}

Error SqlSink::failed(Error error) {
  fresh_addresses_.clear();
  if (connection_ && !connection_->broken() && !connection_->run("ROLLBACK")) connection_.reset();
  if (connection_ && connection_->broken()) connection_.reset();
  return error;
}

Result<void> SqlSink::make_day(Day day) {
  if (!known_days_.insert(day).second) return {};
  Cell parameter(day_value(day));
  // A new partition may have to look through all rows of the one it is cut from.
  connection_->wait_at_most(longest_wait);
  const char* call =
      database_->dialect() == Dialect::mysql ? "CALL mailtrace_make_day(?)" : "SELECT mailtrace_make_day(?)";
  auto made = connection_->query(call, {&parameter, 1});
  if (made) return {};
  known_days_.erase(day);
  Error error = made.error();
  // Another writer put a row of that day into the catch-all partition meanwhile: no fault of this batch.
  if (error.fault == Fault::permanent) error.fault = Fault::transient;
  return error;
}

Result<void> SqlSink::make_days(const Batch& batch) {
  if (database_->dialect() == Dialect::sqlite) return {};
  Day today = day_of(now());
  std::set<Day> days{today, today + std::chrono::days(1), today + std::chrono::days(2)};
  // All others share the catch-all partition: a forged date makes none.
  auto want = [&](Day day) {
    if (plausible_day(day, today) && day >= today - backlog) days.insert(day);
  };
  for (const auto& row : batch.connects) want(row.day);
  for (const auto& row : batch.deliveries) want(row.day);
  for (const auto& row : batch.lines) want(row.day);
  for (Day day : old_days(batch, today)) days.insert(day);
  for (Day day : days) {
    if (auto made = make_day(day); !made) return made;
  }
  return {};
}

Result<Checkpoint> SqlSink::checkpoint(const std::string& receiver) noexcept {
  return guarded<Checkpoint>([&]() -> Result<Checkpoint> {
    if (auto ready = connect(); !ready) return ready.error();
    connection_->wait_at_most(usual_wait);
    auto read = read_checkpoints(*connection_, &receiver);
    if (!read) {
      if (connection_->broken()) connection_.reset();
      return read.error();
    }
    if (!read->empty()) return read->front();
    Checkpoint none;
    none.receiver = receiver;
    return none;
  });
}

// A transaction with everything the batch writes.
Result<void> SqlSink::begin(const Batch& batch) {
  if (auto ready = connect(); !ready) return ready;
  if (auto made = make_days(batch); !made) return failed(made.error());
  connection_->wait_at_most(wait_);
  const char* statement = database_->dialect() == Dialect::sqlite ? "BEGIN IMMEDIATE" : "BEGIN";
  if (auto begun = connection_->run(statement); !begun) return failed(begun.error());
  crash_point("rows.before");
  if (auto written = write_rows(batch); !written) return failed(written.error());
  return {};
}

Result<void> SqlSink::probe(const Batch& batch) noexcept {
  return guarded<void>([&]() -> Result<void> {
    if (auto begun = begin(batch); !begun) return begun;
    fresh_addresses_.clear();
    auto undone = connection_->run("ROLLBACK");
    return undone ? Result<void>() : failed(undone.error());
  });
}

Result<void> SqlSink::write_once(const Batch& batch) {
  if (auto begun = begin(batch); !begun) return begun;
  crash_point("commit.before");
  if (auto committed = connection_->run("COMMIT"); !committed) return failed(committed.error());
  crash_point("commit.after");
  if (seen_addresses_.size() > most_seen_addresses) seen_addresses_.clear();
  for (const auto& [id, day] : fresh_addresses_) seen_addresses_[id] = day;
  fresh_addresses_.clear();
  return {};
}

// A batch that was not answered in time gets twice the time: a server may be so slow, and then the same limit
// again would end the same way for ever.
Result<void> SqlSink::write(const Batch& batch) noexcept {
  auto begun = std::chrono::steady_clock::now();
  auto done = guarded<void>([&] { return write_once(batch); });
  if (done)
    wait_ = usual_wait;
  else if (std::chrono::steady_clock::now() - begun >= wait_)
    wait_ = std::min<std::chrono::milliseconds>(wait_ * 2, longest_wait);
  return done;
}

// Sorted by key: new rows go to the right edge of the index, and two writers lock rows in the same order.
// PostgreSQL refuses the same key twice in a statement (21000), so equal keys are folded here.
template <class Row, class Key>
Result<void> SqlSink::upsert_rows(const Table& table, const std::vector<Row>& rows, Key key) {
  if (rows.empty()) return {};
  std::vector<const Row*> sorted;
  sorted.reserve(rows.size());
  for (const Row& row : rows) sorted.push_back(&row);
  auto before = [&](const Row* a, const Row* b) { return key(*a) < key(*b); };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before))
    std::stable_sort(sorted.begin(), sorted.end(), before);
  auto equal = [&](const Row* a, const Row* b) { return key(*a) == key(*b); };
  std::vector<Row> folded;
  if (std::adjacent_find(sorted.begin(), sorted.end(), equal) != sorted.end()) {
    for (const Row* row : sorted) {
      if (!folded.empty() && key(folded.back()) == key(*row))
        fold(folded, *row);
      else
        folded.push_back(*row);
    }
    sorted.clear();
    for (const Row& row : folded) sorted.push_back(&row);
  }
  ValueBlock block;
  block.values.reserve(sorted.size() * table.columns.size());
  for (const Row* row : sorted) block.add(*row);
  return connection_->upsert(table, block.values);
}

Result<void> SqlSink::write_rows(const Batch& batch) {
  auto connect_key = [](const ConnectRow& r) { return std::tie(r.day, r.id); };
  auto deliver_key = [](const DeliverRow& r) { return std::tie(r.day, r.connect_id, r.id); };
  auto lines_key = [](const LinesRow& r) { return std::tie(r.day, r.connect_id, r.id); };
  if (auto done = upsert_rows(connect_table(), batch.connects, connect_key); !done) return done;
  if (auto done = upsert_rows(deliver_table(), batch.deliveries, deliver_key); !done) return done;
  if (auto done = upsert_rows(lines_table(), batch.lines, lines_key); !done) return done;
  if (auto done = write_addresses(batch); !done) return done;
  auto hint_key = [](const HintRow& r) { return r.id; };
  if (auto done = upsert_rows(hints_table(), batch.hints, hint_key); !done) return done;
  return write_counts(batch);
}

Result<void> SqlSink::write_addresses(const Batch& batch) {
  struct Entry {
    Id id;
    std::string address;
    Day day;
  };
  std::vector<Entry> entries;
  auto add = [&](const std::optional<std::string>& address, Day day) {
    if (!address || address->empty()) return;
    std::string text = lower(storable(*address, text_limit("address")));
    Id id = address_id(text);
    auto seen = seen_addresses_.find(id);
    if (seen == seen_addresses_.end() || seen->second < day) entries.push_back({id, std::move(text), day});
  };
  for (const auto& row : batch.connects) add(row.sender, row.day);
  for (const auto& row : batch.deliveries) {
    add(row.recipient, row.day);
    add(row.original_recipient, row.day);
  }
  if (entries.empty()) return {};
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.id, b.day) < std::tie(b.id, a.day); });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const Entry& a, const Entry& b) { return a.id == b.id; }),
                entries.end());
  ValueBlock block;
  std::vector<std::pair<Id, std::string_view>> names;
  for (const Entry& entry : entries) {
    block.values.push_back(id_value(entry.id));
    block.values.push_back(text_value(entry.address));
    block.values.push_back(day_value(entry.day));
    fresh_addresses_.emplace_back(entry.id, entry.day);
    names.emplace_back(entry.id, entry.address);
  }
  if (database_->dialect() == Dialect::mysql) {
    if (auto done = write_trigrams(names); !done) return done;
  }
  return connection_->upsert(addresses_table(), block.values);
}

Result<void> SqlSink::write_counts(const Batch& batch) {
  const Checkpoint& fresh = batch.checkpoint;
  auto host_key = [](const HostRow& r) { return std::tie(r.day, r.host); };
  auto hour_key = [](const HourRow& r) { return std::tie(r.day, r.hour, r.host, r.program, r.source); };
  auto unknown_key = [](const UnknownRow& r) {
    return std::tie(r.day, r.program, r.shape, r.slot, r.source);
  };
  auto gap_key = [](const GapRow& r) { return std::tie(r.day, r.id); };
  auto write_all = [&](const Table& hosts, const Table& hours, const Table& unknown) -> Result<void> {
    if (auto done = upsert_rows(hosts, batch.hosts, host_key); !done) return done;
    if (auto done = upsert_rows(hours, batch.hours, hour_key); !done) return done;
    return upsert_rows(unknown, batch.unknown, unknown_key);
  };
  if (auto done = upsert_rows(gaps_table(), batch.gaps, gap_key); !done) return done;
  if (fresh.receiver.empty()) return write_all(hosts_most_table(), hours_most_table(), unknown_most_table());
  auto read = read_checkpoints(*connection_, &fresh.receiver);
  if (!read) return read.error();
  Checkpoint next = fresh;
  bool counted = false;
  if (!read->empty() && read->front().spool == fresh.spool) {
    const Checkpoint& stored = read->front();
    // The same batch again after a commit whose answer was lost: its lines are in the counts already.
    counted = stored.counted >= fresh.counted;
    next.sequence = std::max(next.sequence, stored.sequence);
    next.counted = std::max(next.counted, stored.counted);
  }
  if (!counted) {
    if (auto done = write_all(hosts_table(), hours_table(), unknown_table()); !done) return done;
  }
  ValueBlock block;
  block.add(next);
  return connection_->upsert(checkpoint_table(), block.values);
}

// MySQL has no trigram index: three-letter pieces of each new address in a table of their own. New is what
// the table does not hold: another process may have removed it with its days since this one wrote it.
Result<void> SqlSink::write_trigrams(const std::vector<std::pair<Id, std::string_view>>& fresh) {
  if (fresh.empty()) return {};
  std::vector<Cell> ids;
  ids.reserve(fresh.size());
  std::string marks;
  for (const auto& [id, address] : fresh) {
    ids.emplace_back(id_value(id));
    marks += marks.empty() ? "?" : ", ?";
  }
  std::set<Id> known;
  for (size_t at = 0; at < ids.size(); at += 1000) {
    size_t count = std::min<size_t>(1000, ids.size() - at);
    auto read =
        connection_->query("SELECT id FROM addresses WHERE id IN (" + marks.substr(0, count * 3 - 2) + ")",
                           std::span(ids).subspan(at, count));
    if (!read) return read.error();
    for (size_t i = 0; i < read->size(); ++i) known.insert(id_of(*read->row(i)).value_or(Id{}));
  }
  ValueBlock block;
  for (const auto& [id, address] : fresh) {
    if (known.contains(id)) continue;
    for (const std::string& trigram : trigrams_of(address)) {
      block.text(block.keep(trigram), 12);
      block.values.push_back(id_value(id));
    }
  }
  if (block.values.empty()) return {};
  return connection_->upsert(trigrams_table(), block.values);
}

Result<std::unique_ptr<Reader>> SqlSink::open_reader() noexcept {
  return guarded<std::unique_ptr<Reader>>([&] { return make_reader(database_); });
}

}  // namespace mailtrace::sql
