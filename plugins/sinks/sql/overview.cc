// Overviews and "how many others": sums over whole days, newest first, for as long as was asked. The reader's
// thread. Nothing is stored for them: an asker keeps what he got of days that are over.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <unordered_map>

#include "core/base/text.h"
#include "plugins/sinks/sql/criteria.h"
#include "plugins/sinks/sql/reader.h"

namespace mailtrace::sql {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Answers of other servers differ in every word: so many of the newest of each day are put into classes, and
// the counts are scaled up to all refusals of that day.
constexpr int read_refusals = 20'000;
constexpr size_t most_distinct = 10'000;
// A mail may be tried for so long after its birth, which decides its day.
constexpr days longest_tries(5);

constexpr std::string_view refusals[] = {"rejected", "blocked", "greylisted", "bounced", "expired"};

// The rest of what one call may take, told to the connection before each statement.
class Budget {
 public:
  Budget(Connection& connection, int ms)
      : connection_(connection), ms_(ms), end_(Clock::now() + milliseconds(ms)) {}
  ~Budget() { connection_.limit({}); }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;
  bool spent() const { return ms_ > 0 && Clock::now() >= end_; }
  bool limited() const { return ms_ > 0; }
  Result<Rows> query(const Piece& piece) {
    if (ms_ > 0)
      connection_.limit(std::max(milliseconds(1), std::chrono::ceil<milliseconds>(end_ - Clock::now())));
    return connection_.query(piece.text, piece.parameters);
  }

 private:
  Connection& connection_;
  int ms_;
  Clock::time_point end_;
};

// " WHERE x.day = … AND x.id between …": the stretch of one day. The time decides, as it does in a search;
// the ids, which begin with about the same, lead there.
Piece in_day(const std::string& day, const std::string& id, const std::string& time, Day which, Time from,
             Time to) {
  constexpr std::chrono::minutes tolerance(1);
  Piece out;
  out.add(" WHERE " + day + " = ").bind(day_value(which));
  if (from > Time(which)) {
    out.add(" AND " + id + " >= ").bind(id_value(make_id(from - tolerance, Hash128{})));
    out.add(" AND " + time + " >= ").bind(time_value(from));
  }
  if (to < Time(which + days(1))) {
    out.add(" AND " + id + " < ").bind(id_value(make_id(to + tolerance, Hash128{})));
    out.add(" AND " + time + " < ").bind(time_value(to));
  }
  return out;
}

// Where a delivery went: a server, "local" or "none" (no server was reached). Without a name: nowhere yet.
std::string destination_of(Dialect dialect, const std::string& alias) {
  return "coalesce(" + lower_of(dialect, alias, "relay_name") + ", '')";
}

std::string hour_of(Dialect dialect, const std::string& column) {
  switch (dialect) {
    case Dialect::sqlite:
      return column + " / 3600000000";
    case Dialect::postgresql:
      return "floor(extract(epoch FROM " + column + ") / 3600)::int8";
    case Dialect::mysql:
      return "timestampdiff(HOUR, '1970-01-01', " + column + ")";
  }
  return column;
}

Time start_of_hour(int64_t number) { return Time(std::chrono::hours(number)); }

bool varies(std::string_view word) { return word.find_first_of("0123456789@<>[]") != std::string_view::npos; }

// The words of an answer that are the same for all who get it.
std::string words_of(std::string_view response) {
  std::string out;
  while (!response.empty() && out.size() < 160) {
    auto word = response.substr(0, response.find(' '));
    response.remove_prefix(std::min(response.size(), word.size() + 1));
    if (word.empty() || (out.empty() && varies(word))) continue;  // the codes have columns of their own
    if (!varies(word))
      out.append(word) += ' ';
    else if (!out.ends_with("… "))
      out += "… ";
  }
  if (out.ends_with(' ')) out.pop_back();
  return storable(out, 200);
}

// Attempts e and d are of one delivery.
constexpr const char* same_recipient =
    "coalesce(e.recipient, '') = coalesce(d.recipient, '') AND "
    "coalesce(e.original_recipient, '') = coalesce(d.original_recipient, '')";

// "d is the first of its delivery's rows for which `condition` holds."
std::string first_of(const std::string& condition) {
  return std::string("NOT EXISTS (SELECT 1 FROM deliverlog e WHERE e.day = d.day ") +
         "AND e.connect_id = d.connect_id AND e.id < d.id AND " + condition + " AND " + same_recipient + ")";
}

class DayOverview {
 public:
  DayOverview(Dialect dialect, Budget& budget, Day day, const OverviewQuery& query)
      : dialect_(dialect), budget_(budget), day_(day), query_(query), top_(query.top * 5) {}
  Result<Overview> read();

 private:
  Result<void> mails();
  Result<void> deliveries();
  Result<void> reasons();
  Result<void> deferred();
  Result<void> senders();
  Result<void> recipients();
  Result<void> addresses(const Piece& counted, std::vector<Overview::Address>& to);
  Piece ended(const std::string& columns, const std::string& joined = "") const;
  Piece still_deferred(const std::string& columns, const std::string& joined = "") const;
  Overview::Hour& hour(int64_t number) {
    auto start = start_of_hour(number);
    for (auto& known : out_.hours)
      if (known.start == start) return known;
    out_.hours.push_back({start, 0, {}});
    return out_.hours.back();
  }
  Piece mails_of_day() const {
    return in_day("c.day", "c.id", "c.connect_time", day_, query_.from, query_.to);
  }
  Piece deliveries_of_day() const {
    return in_day("d.day", "d.connect_id", "d.connect_time", day_, query_.from, query_.to);
  }

  Dialect dialect_;
  Budget& budget_;
  Day day_;
  const OverviewQuery& query_;
  int top_;
  int64_t refused_ = 0;
  Overview out_;
};

Result<void> DayOverview::mails() {
  Piece piece;
  piece.add("SELECT " + hour_of(dialect_, "c.connect_time") + ", count(*) FROM connectlog c");
  piece.add(mails_of_day()).add(" GROUP BY 1");
  auto rows = budget_.query(piece);
  if (!rows) return rows.error();
  for (size_t i = 0; i < rows->size(); ++i) hour(rows->row(i)[0].number).mails += rows->row(i)[1].number;
  return {};
}

// Of one delivery several rows may tell an end ("forwarded as …", then "delivered to mailbox"): it counts
// once in the column of a status, and once at a destination.
Result<void> DayOverview::deliveries() {
  std::string destination = destination_of(dialect_, "d"), status = status_of("d"),
              other_status = status_of("e");
  Piece piece;
  piece.add("SELECT x.started, x.status, x.destination, sum(x.first_of_status), sum(x.first_there), ");
  piece.add("sum(CASE WHEN x.status = x.logged THEN x.first_of_status ELSE 0 END)");
  double low = -1;
  for (double bound : Overview::delay_bounds) {
    piece.add(fmt::format(", sum(CASE WHEN x.delay > {} AND x.delay <= {} THEN x.first_there ELSE 0 END)",
                          low, bound));
    low = bound;
  }
  piece.add(" FROM (SELECT " + hour_of(dialect_, "d.connect_time") + " AS started, d.delay, ");
  piece.add("coalesce(" + status + ", '') AS status, d.status AS logged, " + destination +
            " AS destination, ");
  piece.add("CASE WHEN ").add(first_of("coalesce(" + other_status + ", '') = coalesce(" + status + ", '')"));
  piece.add(" THEN 1 ELSE 0 END AS first_of_status, CASE WHEN ");
  piece.add(first_of(other_status + " IN ('sent', 'bounced', 'expired') AND " +
                     destination_of(dialect_, "e") + " = " + destination));
  piece.add(" THEN 1 ELSE 0 END AS first_there FROM deliverlog d").add(deliveries_of_day());
  piece.add(" AND coalesce(d.status, '') <> 'deferred') x GROUP BY 1, 2, 3");
  auto rows = budget_.query(piece);
  if (!rows) return rows.error();
  std::unordered_map<std::string, Overview::Destination> destinations;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    const std::string& name = c[1].text;
    int64_t count = c[3].number;
    hour(c[0].number).deliveries[name] += count;
    if (std::find(std::begin(refusals), std::end(refusals), name) != std::end(refusals))
      refused_ += c[5].number;
    count = c[4].number;
    auto& there = destinations[c[2].text];
    there.name = c[2].text;
    if (name == "bounced" || name == "expired") there.bounced += count;
    if (name != "sent") continue;
    there.sent += count;
    int64_t slow = count;
    for (size_t k = 0; k < Overview::delay_bounds.size(); ++k) {
      there.delays[k] += c[6 + k].number;
      slow -= c[6 + k].number;
    }
    there.delays.back() += slow;
  }
  Overview all;
  for (auto& [name, there] : destinations)
    if (!name.empty()) all.destinations.push_back(std::move(there));
  out_.add(all, top_);
  return {};
}

// A delivery is counted once, however often it was put off.
Result<void> DayOverview::deferred() {
  Piece piece;
  piece.add("SELECT x.started, count(*) FROM (SELECT DISTINCT " + hour_of(dialect_, "d.connect_time"));
  piece.add(" AS started, d.connect_id, d.recipient, d.original_recipient FROM deliverlog d");
  piece.add(deliveries_of_day()).add(" AND d.status = 'deferred') x GROUP BY 1");
  auto rows = budget_.query(piece);
  if (!rows) return rows.error();
  for (size_t i = 0; i < rows->size(); ++i)
    hour(rows->row(i)[0].number).deliveries["deferred"] += rows->row(i)[1].number;
  if (rows->size() == 0) return {};
  // Of a destination, those that it did not take or refuse later.
  piece =
      Piece().add("SELECT x.destination, count(*) FROM (SELECT DISTINCT " + destination_of(dialect_, "d"));
  piece.add(" AS destination, d.connect_id, d.recipient, d.original_recipient FROM deliverlog d");
  piece.add(deliveries_of_day()).add(" AND d.status = 'deferred' AND NOT EXISTS (SELECT 1 FROM deliverlog e");
  piece.add(
      " WHERE e.day = d.day AND e.connect_id = d.connect_id AND e.status IN ('sent', 'bounced', 'expired')");
  piece.add(" AND ").add(same_recipient).add(" AND " + destination_of(dialect_, "e") + " = ");
  piece.add(destination_of(dialect_, "d") + ")) x GROUP BY 1");
  rows = budget_.query(piece);
  if (!rows) return rows.error();
  Overview all;
  for (size_t i = 0; i < rows->size(); ++i) {
    if (rows->row(i)[0].text.empty()) continue;
    auto& destination = all.destinations.emplace_back();
    destination.name = rows->row(i)[0].text;
    destination.deferred = rows->row(i)[1].number;
  }
  out_.add(all, top_);
  return {};
}

Result<void> DayOverview::reasons() {
  if (refused_ == 0) return {};
  Piece piece;
  piece.add(
      "SELECT d.status, coalesce(d.dsn, ''), coalesce(d.response, ''), d.connect_id, coalesce(d.recipient, "
      "''), ");
  piece.add("coalesce(d.original_recipient, '') FROM deliverlog d");
  piece.add(deliveries_of_day()).add(" AND d.status IN (");
  for (size_t i = 0; i < std::size(refusals); ++i) piece.add(i ? ", " : "").bind(text_value(refusals[i]));
  piece.add(fmt::format(") ORDER BY d.connect_id DESC LIMIT {}", read_refusals));
  auto rows = budget_.query(piece);
  if (!rows) return rows.error();
  using Reason = std::tuple<std::string, std::string, std::string>;
  std::map<Reason, int64_t> counts;
  // A recipient who was refused twice counts once.
  std::set<std::tuple<Reason, std::string, std::string>> of_mail;
  std::string mail;
  int64_t seen = 0;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    if (c[3].text != mail) of_mail.clear();
    mail = c[3].text;
    Reason reason(c[0].text, c[1].text, words_of(c[2].text));
    if (!of_mail.emplace(reason, c[4].text, c[5].text).second) continue;
    ++counts[reason];
    ++seen;
  }
  Overview all;
  for (auto& [key, count] : counts) {
    auto& [status, dsn, text] = key;
    all.reasons.push_back({status, dsn, text, seen ? count * std::max(refused_, seen) / seen : count});
  }
  std::sort(all.reasons.begin(), all.reasons.end(), [](auto& a, auto& b) { return a.count > b.count; });
  if (all.reasons.size() > static_cast<size_t>(top_)) all.reasons.resize(static_cast<size_t>(top_));
  out_.add(all, top_);
  return {};
}

// Deliveries that have an end, each once.
Piece DayOverview::ended(const std::string& columns, const std::string& joined) const {
  Piece piece;
  piece.add("SELECT " + columns + " FROM deliverlog d" + joined).add(deliveries_of_day());
  piece.add(" AND coalesce(d.status, '') <> 'deferred' AND ");
  return piece.add(first_of("coalesce(e.status, '') <> 'deferred'"));
}

// Deliveries that were put off and have no end yet, each once.
Piece DayOverview::still_deferred(const std::string& columns, const std::string& joined) const {
  Piece piece;
  piece.add("SELECT DISTINCT " + columns +
            ", d.connect_id, d.recipient AS one, d.original_recipient AS other");
  piece.add(" FROM deliverlog d" + joined).add(deliveries_of_day()).add(" AND d.status = 'deferred'");
  piece.add(
      " AND NOT EXISTS (SELECT 1 FROM deliverlog e WHERE e.day = d.day AND e.connect_id = d.connect_id");
  piece.add(" AND coalesce(e.status, '') <> 'deferred' AND ");
  return piece.add(same_recipient).add(")");
}

// `counted`: a column `address` with a row for each result of a search for it.
Result<void> DayOverview::addresses(const Piece& counted, std::vector<Overview::Address>& to) {
  Piece piece;
  piece.add("SELECT x.address, count(*) FROM (").add(counted).add(") x WHERE x.address <> '' GROUP BY 1");
  piece.add(" ORDER BY 2 DESC LIMIT " + std::to_string(top_));
  auto rows = budget_.query(piece);
  if (!rows) return rows.error();
  for (size_t i = 0; i < rows->size(); ++i) to.push_back({rows->row(i)[0].text, rows->row(i)[1].number});
  return {};
}

Result<void> DayOverview::senders() {
  std::string sender = lower_of(dialect_, "c", "sender") + " AS address";
  std::string joined = " JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id";
  Piece piece = ended(sender, joined);
  piece.add(" UNION ALL SELECT y.address FROM (").add(still_deferred(sender, joined)).add(") y");
  // A mail that has no delivery yet is a result, too.
  piece.add(" UNION ALL SELECT " + sender + " FROM connectlog c").add(mails_of_day());
  piece.add(" AND NOT EXISTS (SELECT 1 FROM deliverlog e WHERE e.day = c.day AND e.connect_id = c.id)");
  return addresses(piece, out_.senders);
}

// Who searches for an address finds what was sent to it before an alias, too.
Result<void> DayOverview::recipients() {
  std::string recipient = lower_of(dialect_, "d", "recipient"),
              original = lower_of(dialect_, "d", "original_recipient");
  std::string differs = " AND " + original + " <> coalesce(" + recipient + ", '')";
  Piece piece = ended(recipient + " AS address");
  piece.add(" UNION ALL ").add(ended(original + " AS address")).add(differs);
  piece.add(" UNION ALL SELECT y.address FROM (").add(still_deferred(recipient + " AS address")).add(") y");
  piece.add(" UNION ALL SELECT z.address FROM (").add(still_deferred(original + " AS address")).add(differs);
  return addresses(piece.add(") z"), out_.recipients);
}

Result<Overview> DayOverview::read() {
  if (auto done = mails(); !done) return done.error();
  if (auto done = deliveries(); !done) return done.error();
  if (auto done = deferred(); !done) return done.error();
  if (auto done = reasons(); !done) return done.error();
  if (auto done = senders(); !done) return done.error();
  if (auto done = recipients(); !done) return done.error();
  return std::move(out_);
}

// The conditions of an AlikeQuery on `deliverlog d`.
Piece alike_conditions(Dialect dialect, const AlikeQuery& query, Time until) {
  Piece out;
  out.add(" AND d.deliver_time >= ").bind(time_value(query.since));
  out.add(" AND d.deliver_time <= ").bind(time_value(until));
  if (query.relay) {
    Pattern pattern = Pattern::read(*query.relay, true);
    out.add(" AND ").add(any_of({pattern.condition(dialect, lower_of(dialect, "d", "relay_name")),
                                 pattern.condition(dialect, "d.relay_addr")}));
  }
  if (query.response)
    out.add(" AND ").add(
        Pattern::read_phrase(*query.response).condition(dialect, lower_of(dialect, "d", "response")));
  if (query.status.empty()) return out;
  out.add(" AND d.status IN (");
  for (size_t i = 0; i < query.status.size(); ++i) out.add(i ? ", " : "").bind(text_value(query.status[i]));
  return out.add(")");
}

}  // namespace

Result<Overview> read_overview(Dialect dialect, Connection& connection, const OverviewQuery& query) {
  Overview out;
  out.reached = query.to;
  auto stored = read_days(connection);
  if (!stored) return stored.error();
  Budget budget(connection, query.budget_ms);
  Day first = std::max(day_of(query.from), stored->first);
  Day day = std::min(day_of(query.to - Microseconds(1)), stored->second);
  for (; day >= first; day -= days(1)) {
    if (budget.spent()) break;
    auto one = DayOverview(dialect, budget, day, query).read();
    if (!one && one.error().fault == Fault::slow && budget.limited()) break;
    if (!one) return one.error();
    out.add(*one, query.top * 5);
    out.reached = std::max(query.from, Time(day));
  }
  out.add(Overview{}, query.top);
  out.complete = day < first;
  if (out.complete) out.reached = query.from;
  return out;
}

Result<Alike> read_alike(Dialect dialect, Connection& connection, const AlikeQuery& query) {
  Alike out;
  auto stored = read_days(connection);
  if (!stored) return stored.error();
  Budget budget(connection, query.budget_ms);
  Time until = query.until == Time{} ? now() : query.until;
  Day first = std::max(day_of(query.since) - longest_tries, stored->first);
  Day day = std::min(day_of(until), stored->second);
  std::set<std::string> recipients, senders;
  out.reached = until;
  for (; day >= first; day -= days(1)) {
    if (budget.spent()) break;
    Piece piece;
    piece.add(
        "SELECT lower(d.recipient), lower(c.sender), count(DISTINCT d.connect_id), min(d.deliver_time), "
        "max(d.deliver_time) ");
    piece.add(
        "FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id WHERE d.day = ");
    piece.bind(day_value(day))
        .add(alike_conditions(dialect, query, until))
        .add(" GROUP BY 1, 2 LIMIT 100000");
    auto rows = budget.query(piece);
    if (!rows && rows.error().fault == Fault::slow && budget.limited()) break;
    if (!rows) return rows.error();
    for (size_t i = 0; i < rows->size(); ++i) {
      const Cell* c = rows->row(i);
      if (recipients.size() < most_distinct && !c[0].null) recipients.insert(c[0].text);
      if (senders.size() < most_distinct && !c[1].null) senders.insert(c[1].text);
      Time low = time_from_us(c[3].number), high = time_from_us(c[4].number);
      out.first = out.deliveries ? std::min(out.first, low) : low;
      out.last = out.deliveries ? std::max(out.last, high) : high;
      out.deliveries += c[2].number;
    }
    out.reached = std::max(query.since, Time(day));
  }
  out.recipients = static_cast<int64_t>(recipients.size());
  out.senders = static_cast<int64_t>(senders.size());
  out.complete = day < first;
  if (out.complete) out.reached = query.since;
  return out;
}

}  // namespace mailtrace::sql
