// Search: turns a Query into statements that walk from the newest day to older ones. The reader's thread.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "core/base/text.h"
#include "plugins/sinks/sql/criteria.h"
#include "plugins/sinks/sql/reader.h"

namespace mailtrace::sql {
namespace {

using std::chrono::days;

// Where a hit stands in the order of the answer; a mail without delivery has id zero.
struct Place {
  std::string sorted;  // value of the sort column, empty for time
  Day day{};
  Id connect_id, id;
  auto tie() const { return std::tie(sorted, day, connect_id, id); }
};

// "day.connect.id.sorted", the last in hex: opaque to callers, so nothing in it is trusted.
std::string token_of(const Place& place) {
  std::string hex;
  for (char c : place.sorted) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return fmt::format("{}.{}.{}.{}", place.day.time_since_epoch().count(), place.connect_id.hex(),
                     place.id.hex(), hex);
}

bool read_token(std::string_view text, Place& place) {
  int64_t day = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), day);
  if (failed != std::errc{} || day < -4'000'000 || day > 4'000'000) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.size() < 67 || text[0] != '.' || text[33] != '.' || text[66] != '.') return false;
  if (!parse_id(text.substr(1, 32), place.connect_id) || !parse_id(text.substr(34, 32), place.id))
    return false;
  place.day = Day(days(day));
  text.remove_prefix(67);
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned byte = 0;
    auto [stop, bad] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (bad != std::errc{} || stop != text.data() + i + 2) return false;
    place.sorted += static_cast<char>(byte);
  }
  place.sorted = storable(place.sorted);
  return true;
}

class Search {
 public:
  Search(Dialect dialect, Connection& connection, const Query& query)
      : dialect_(dialect), connection_(connection), query_(query) {}
  Result<Page> run();

 private:
  struct Found {
    Place place;
    Hit hit;
  };
  Result<void> bounds();
  Result<void> window(Day from, Day to);
  Piece statement(const Drive& drive, Day from, Day to) const;
  Piece behind(const std::string& day, const std::string& connect_id) const;
  std::string sort_column() const;
  void take(const Rows& rows, From from);
  bool before(const Place& a, const Place& b) const {
    return query_.ascending ? a.tie() < b.tie() : b.tie() < a.tie();
  }
  size_t wanted() const { return static_cast<size_t>(std::clamp(query_.limit, 1, 1000)) + 1; }

  Dialect dialect_;
  Connection& connection_;
  const Query& query_;
  Plan plan_;
  std::optional<Place> after_;
  Day first_{}, last_{};
  bool nothing_ = false;
  std::vector<Found> found_;
};

// The days that can hold an answer.
Result<void> Search::bounds() {
  auto stored = read_days(connection_);
  if (!stored) return stored.error();
  std::tie(first_, last_) = *stored;
  if (last_ == Day{} && first_ == Day{}) nothing_ = true;
  // The day is that of the mail's id, which may have been read from the queue id: a day of tolerance.
  if (query_.connect_from) first_ = std::max(first_, day_of(*query_.connect_from) - days(1));
  if (query_.connect_to) last_ = std::min(last_, day_of(*query_.connect_to) + days(1));
  // A mail is delivered after it came, and given up after days: no queue keeps one for longer than this.
  if (query_.deliver_from) first_ = std::max(first_, day_of(*query_.deliver_from) - days(60));
  if (query_.deliver_to) last_ = std::min(last_, day_of(*query_.deliver_to) + days(1));
  if (after_ && query_.sort == Query::Sort::time) {
    if (query_.ascending)
      first_ = std::max(first_, after_->day);
    else
      last_ = std::min(last_, after_->day);
  }
  if (first_ > last_) nothing_ = true;
  return {};
}

std::string Search::sort_column() const {
  switch (query_.sort) {
    case Query::Sort::time:
      return "";
    case Query::Sort::sender:
      return "coalesce(" + lower_of(dialect_, "c", "sender") + ", '')";
    case Query::Sort::recipient:
      return "coalesce(" + lower_of(dialect_, "d", "recipient") + ", '')";
    case Query::Sort::status:
      return "coalesce(d.status, '')";
  }
  return "";
}

// Rows behind `after_` in the order of the answer.
Piece Search::behind(const std::string& day, const std::string& connect_id) const {
  const char* beyond = query_.ascending ? " > " : " < ";
  const char* up_to = query_.ascending ? " >= " : " <= ";
  Piece same_mail;
  same_mail.add(connect_id + " = ").bind(id_value(after_->connect_id)).add(" AND d.id" + std::string(beyond));
  same_mail.bind(id_value(after_->id));
  Piece mail;
  mail.add("(" + day + beyond).bind(day_value(after_->day)).add(" OR (" + day + " = ");
  mail.bind(day_value(after_->day)).add(" AND (" + connect_id + beyond).bind(id_value(after_->connect_id));
  mail.add(" OR (").add(same_mail).add("))))");
  if (query_.sort == Query::Sort::time) return mail;
  std::string column = sort_column();
  Piece out;
  out.add("(" + column + up_to).bind(text_value(after_->sorted)).add(" AND (" + column + beyond);
  out.bind(text_value(after_->sorted)).add(" OR ").add(mail);
  return out.add("))");
}

Piece Search::statement(const Drive& drive, Day from, Day to) const {
  bool by_mail = drive.from == From::connect;
  std::string day = by_mail ? "c.day" : "d.day", id = by_mail ? "c.id" : "d.connect_id";
  std::string sort = sort_column();
  Piece out;
  out.add("SELECT ").add(sort.empty() ? "''" : sort).add(", ");
  out.add(column_list(connect_table(), "c.", connect_width())).add(", ");
  out.add(column_list(deliver_table(), "d.", deliver_width()));
  if (by_mail) {
    out.add(" FROM connectlog c ").add(plan_.needs_delivery ? "" : "LEFT ");
    out.add("JOIN deliverlog d ON d.day = c.day AND d.connect_id = c.id");
  } else {
    out.add(" FROM deliverlog d ").add(plan_.needs_mail ? "" : "LEFT ");
    out.add("JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id");
  }
  out.add(" WHERE " + day + " BETWEEN ").bind(day_value(from)).add(" AND ").bind(day_value(to));
  if (!drive.condition.text.empty()) out.add(" AND ").add(drive.condition);
  for (const Piece& filter : plan_.filters) out.add(" AND ").add(filter);
  if (after_) out.add(" AND ").add(behind(day, id));
  const char* direction = query_.ascending ? " ASC" : " DESC";
  out.add(" ORDER BY ");
  if (!sort.empty()) out.add(sort + direction + ", ");
  out.add(day + direction + ", " + id + direction + ", d.id" + direction);
  return out.add(fmt::format(" LIMIT {}", wanted()));
}

void Search::take(const Rows& rows, From from) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const Cell* cells = rows.row(i);
    Found found;
    const Cell* connect = cells + 1;
    const Cell* deliver = connect + connect_width();
    if (!deliver->null) read_row(deliver, found.hit.deliver.emplace());
    ConnectRow& mail = found.hit.connect;
    if (!connect->null) {
      read_row(connect, mail);
    } else if (from == From::deliver && found.hit.deliver) {
      // The delivery was stored before its mail: what it says itself.
      const DeliverRow& d = *found.hit.deliver;
      mail.day = d.day;
      mail.id = d.connect_id;
      mail.connect_time = d.connect_time;
      mail.server = d.server;
      mail.queue_id = d.queue_id;
    }
    found.place = {cells->text, mail.day, mail.id, found.hit.deliver ? found.hit.deliver->id : Id{}};
    found_.push_back(std::move(found));
  }
}

Result<void> Search::window(Day from, Day to) {
  for (const Drive& drive : plan_.drives) {
    Piece piece = statement(drive, from, to);
    // Without statistics of a young partition the planner of PostgreSQL reads and sorts all of it, where a
    // walk along the key would end after a page.
    bool walk =
        dialect_ == Dialect::postgresql && drive.condition.text.empty() && query_.sort == Query::Sort::time;
    if (walk) {
      if (auto set = connection_.run("SET enable_sort = off"); !set) return set;
    }
    auto rows = connection_.query(piece.text, piece.parameters);
    if (walk && !connection_.broken()) {
      if (auto set = connection_.run("RESET enable_sort"); !set) return set;
    }
    if (!rows) return rows.error();
    take(*rows, drive.from);
  }
  auto order = [&](const Found& a, const Found& b) { return before(a.place, b.place); };
  std::sort(found_.begin(), found_.end(), order);
  auto same = [](const Found& a, const Found& b) { return a.place.tie() == b.place.tie(); };
  found_.erase(std::unique(found_.begin(), found_.end(), same), found_.end());
  return {};
}

Result<Page> Search::run() {
  if (!query_.after.empty() && !read_token(query_.after, after_.emplace())) {
    return Error{Fault::config, "the place to go on from is not one that a search gave"};
  }
  if (auto ready = bounds(); !ready) return ready.error();
  Page page;
  if (nothing_) return page;
  auto plan = make_plan(dialect_, connection_, query_);
  if (!plan) return plan.error();
  plan_ = std::move(*plan);
  // Few days first, then more and more: most answers are young, and each statement stays short.
  days span(query_.sort == Query::Sort::time ? 2 : 100'000'000);
  Day low = first_, high = last_;
  while (low <= high && found_.size() < wanted() && !plan_.drives.empty()) {
    Day from = query_.ascending ? low : (high - low < span ? low : high - span + days(1));
    Day to = query_.ascending ? (high - low < span ? high : low + span - days(1)) : high;
    if (auto done = window(from, to); !done) return done.error();
    if (query_.ascending)
      low = to + days(1);
    else
      high = from - days(1);
    span *= 4;
  }
  bool more = found_.size() >= wanted();
  if (more) found_.resize(wanted() - 1);
  if (more) page.next = token_of(found_.back().place);
  for (Found& found : found_) page.hits.push_back(std::move(found.hit));
  return page;
}

}  // namespace

Result<Page> search_rows(Dialect dialect, Connection& connection, const Query& query) {
  return Search(dialect, connection, query).run();
}

}  // namespace mailtrace::sql
