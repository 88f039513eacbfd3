#include "plugins/sinks/sql/reader.h"

#include <fmt/format.h>

#include <mutex>

#include "core/base/text.h"
#include "plugins/sinks/sql/pattern.h"
#include "plugins/sinks/sql/schema.h"

namespace mailtrace::sql {
namespace {

class SqlReader : public Reader {
 public:
  explicit SqlReader(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<void> connect() {
    if (connection_ && !connection_->broken()) return {};
    connection_.reset();
    auto made = database_->connect(Purpose::read);
    if (!made) return made.error();
    if (auto ready = ensure_schema(*database_, **made, false); !ready) return ready;
    connection_ = std::move(*made);
    return {};
  }

  Result<Page> search(const Query& query) noexcept override {
    return with<Page>([&] { return search_rows(database_->dialect(), *connection_, stored_, query); });
  }
  Result<Trace> trace(const Id& connect_id) noexcept override {
    return with<Trace>([&] { return trace_mails(*connection_, connect_id); });
  }
  Result<std::vector<Id>> find(const std::string& what) noexcept override {
    return with<std::vector<Id>>([&] { return find_ids(what); });
  }
  Result<std::optional<Mail>> find_open(const std::string& server, const std::string& queue_id,
                                        Time at) noexcept override {
    return with<std::optional<Mail>>([&] { return youngest(server, queue_id, at); });
  }
  Result<std::vector<HostRow>> hosts(Day from, Day to) noexcept override {
    return with<std::vector<HostRow>>([&] { return read_hosts(from, to); });
  }
  Result<std::vector<HourRow>> hours(Time from, Time to) noexcept override {
    return with<std::vector<HourRow>>([&] { return read_hours(*connection_, from, to); });
  }
  Result<std::vector<GapRow>> gaps(Time from, Time to) noexcept override {
    return with<std::vector<GapRow>>([&] { return read_gaps(*connection_, from, to); });
  }
  Result<std::vector<UnknownRow>> unknown(Day from, Day to) noexcept override {
    return with<std::vector<UnknownRow>>([&] { return read_unknown(*connection_, from, to); });
  }
  Result<Overview> overview(const OverviewQuery& query) noexcept override {
    return with<Overview>([&] { return read_overview(database_->dialect(), *connection_, query); });
  }
  Result<Alike> alike(const AlikeQuery& query) noexcept override {
    return with<Alike>([&] { return read_alike(database_->dialect(), *connection_, query); });
  }
  Result<std::vector<std::string>> near_addresses(const std::string& address,
                                                  size_t limit) noexcept override {
    return with<std::vector<std::string>>(
        [&] { return find_near(database_->dialect(), *connection_, address, limit); });
  }
  Result<std::vector<Checkpoint>> checkpoints() noexcept override {
    return with<std::vector<Checkpoint>>([&] { return read_checkpoints(*connection_, nullptr); });
  }
  Result<std::vector<HintRow>> hints(Time now, size_t most) noexcept override {
    return with<std::vector<HintRow>>([&] { return read_hints(now, most); });
  }
  Result<std::pair<Day, Day>> days() noexcept override {
    return with<std::pair<Day, Day>>([&] { return read_days(*connection_); });
  }

 private:
  // A server may have closed an idle connection: one more try with a new one.
  template <class T, class F>
  Result<T> with(F&& ask) noexcept {
    try {
      for (int attempt = 0;; ++attempt) {
        if (auto ready = connect(); !ready) return ready.error();
        Result<T> answer = ask();
        if (answer || !connection_->broken() || attempt > 0) return answer;
      }
    } catch (const std::exception& e) {
      return Error{Fault::transient, std::string("unexpected error: ") + e.what()};
    }
  }

  Result<std::vector<Id>> find_ids(const std::string& what);
  Result<std::optional<Mail>> youngest(const std::string& server, const std::string& queue_id, Time at);
  Result<std::vector<HostRow>> read_hosts(Day from, Day to);
  Result<std::vector<HintRow>> read_hints(Time now, size_t most);
  Result<void> add_ids(const std::string& condition, std::vector<Cell> parameters, std::vector<Id>& ids);

  std::shared_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
  std::pair<Day, Day> stored_;  // days, as search_rows() keeps them
};

Result<void> SqlReader::add_ids(const std::string& condition, std::vector<Cell> parameters,
                                std::vector<Id>& ids) {
  auto rows = connection_->query(
      "SELECT c.id FROM connectlog c WHERE " + condition + " ORDER BY c.day DESC, c.id DESC LIMIT 100",
      parameters);
  if (!rows) return rows.error();
  for (size_t i = 0; i < rows->size(); ++i) ids.push_back(id_of(*rows->row(i)).value_or(Id{}));
  return {};
}

Result<std::vector<Id>> SqlReader::find_ids(const std::string& what) {
  std::vector<Id> ids;
  Id id;
  std::string text = storable(what, 998), message_id = text;
  if (parse_id(what, id)) {
    std::vector<Cell> key{Cell(day_value(id.day())), Cell(id_value(id))};
    if (auto done = add_ids("c.day = ? AND c.id = ?", key, ids); !done) return done.error();
  }
  if (auto done = add_ids("c.queue_id = ?", {Cell(text_value(text))}, ids); !done) return done.error();
  if (text.size() > 2 && text.front() == '<' && text.back() == '>')
    message_id = text.substr(1, text.size() - 2);
  std::vector<Cell> by_message{Cell(integer_value(message_hash(message_id))),
                               Cell(text_value(lower(message_id)))};
  if (auto done = add_ids("c.message_hash = ? AND lower(c.message_id) = ?", by_message, ids); !done)
    return done.error();
  std::sort(ids.begin(), ids.end(), std::greater<>());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > 100) ids.resize(100);
  return ids;
}

Result<std::optional<Mail>> SqlReader::youngest(const std::string& server, const std::string& queue_id,
                                                Time at) {
  std::string name = storable(server, text_limit("server")),
              queue = storable(queue_id, text_limit("queue_id"));
  std::vector<Cell> parameters{Cell(text_value(queue)), Cell(text_value(name)), Cell(time_value(at))};
  auto rows = connection_->query(
      "SELECT c.day, c.id FROM connectlog c WHERE c.queue_id = ? AND c.server = ? AND c.connect_time <= ? "
      "ORDER BY c.day DESC, c.id DESC LIMIT 1",
      parameters);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<Mail>();
  return load_mail(*connection_, day_of_cell(rows->row(0)[0]), id_of(rows->row(0)[1]).value_or(Id{}), false);
}

Result<std::vector<HostRow>> SqlReader::read_hosts(Day from, Day to) {
  std::vector<Cell> range{Cell(day_value(from)), Cell(day_value(to))};
  auto rows = connection_->query(
      "SELECT h.day, h.host, h.first_time, h.last_time, h.\"lines\", h.unknown FROM hosts h "
      "WHERE h.day BETWEEN ? AND ? ORDER BY h.day, h.host",
      range);
  if (!rows) return rows.error();
  std::vector<HostRow> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    out.push_back({day_of_cell(c[0]), c[1].text, time_from_us(c[2].number), time_from_us(c[3].number),
                   c[4].number, c[5].number});
  }
  return out;
}

Result<std::vector<HintRow>> SqlReader::read_hints(Time now, size_t most) {
  std::vector<Cell> parameters{Cell(time_value(now))};
  auto rows = connection_->query(
      "SELECT h.id, h.data, h.until FROM hints h WHERE h.until >= ? ORDER BY h.until DESC LIMIT " +
          std::to_string(most),
      parameters);
  if (!rows) return rows.error();
  std::vector<HintRow> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    out.push_back({id_of(c[0]).value_or(Id{}), c[1].text, time_from_us(c[2].number)});
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Reader>> make_reader(std::shared_ptr<Database> database) {
  auto reader = std::make_unique<SqlReader>(std::move(database));
  if (auto ready = reader->connect(); !ready) return ready.error();
  return std::unique_ptr<Reader>(std::move(reader));
}

Result<std::vector<Checkpoint>> read_checkpoints(Connection& connection, const std::string* receiver) {
  std::string text = "SELECT k.receiver, k.spool, k.sequence, k.counted FROM checkpoint k";
  std::vector<Cell> parameters;
  if (receiver != nullptr) {
    text += " WHERE k.receiver = ?";
    parameters.emplace_back(text_value(storable(*receiver, 250)));
  }
  auto rows = connection.query(text + " ORDER BY k.receiver", parameters);
  if (!rows) return rows.error();
  std::vector<Checkpoint> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    out.push_back(
        {c[0].text, c[1].text, static_cast<uint64_t>(c[2].number), static_cast<uint64_t>(c[3].number)});
  }
  return out;
}

namespace {
// `side`: where a day beyond `known` would be.
Result<Day> edge_day(Connection& connection, const char* order, const char* side, Day known) {
  const std::string select = "SELECT c.day FROM connectlog c",
                    end = fmt::format(" ORDER BY c.day {} LIMIT 1", order);
  std::vector<Cell> bound;
  if (known != Day{}) bound.emplace_back(day_value(known));
  auto rows =
      connection.query(select + (bound.empty() ? "" : fmt::format(" WHERE c.day {} ?", side)) + end, bound);
  if (rows && rows->empty() && !bound.empty()) rows = connection.query(select + end, {});
  if (!rows) return rows.error();
  return rows->empty() ? Day{} : day_of_cell(*rows->row(0));
}
}  // namespace

Result<std::pair<Day, Day>> read_days(Connection& connection, std::pair<Day, Day> known) {
  auto first = edge_day(connection, "ASC", "<=", known.first);
  if (!first) return first.error();
  auto last = edge_day(connection, "DESC", ">=", known.second);
  if (!last) return last.error();
  return std::pair(*first, *last);
}

}  // namespace mailtrace::sql
