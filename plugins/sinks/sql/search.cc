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

std::string row_columns() {
  return column_list(connect_table(), "c.", connect_width()) + ", " +
         column_list(deliver_table(), "d.", deliver_width());
}

// A stretch of the walk: whole days, or a part of one day as a range of ids, which begin with the time.
struct Window {
  Day from{}, to{};
  std::optional<std::pair<Id, Id>> ids;  // first <= id < second; the same twice: this one alone
};

// The lowest id of that moment.
Id lowest_id(Time at) { return make_id(at, Hash128{}); }
Id highest_id(Time at) { return make_id(at, Hash128{~0ull, ~0ull}); }

constexpr std::chrono::milliseconds tick(1);       // resolution of the time in an id
constexpr std::chrono::hours delivered_before(1);  // a clock that was put back
constexpr std::chrono::minutes tolerance(1);       // should a stored connect_time differ from its id
constexpr Microseconds shortest_slice = std::chrono::minutes(1), widest_slice = days(10'000'000);
// A step that took longer is not followed by a longer one, so that each statement stays far below the limit
// of the database.
constexpr std::chrono::milliseconds long_step(250);

class Search {
 public:
  Search(Dialect dialect, Connection& connection, std::pair<Day, Day>& stored, const Query& query)
      : dialect_(dialect), connection_(connection), stored_(stored), query_(query) {}
  ~Search() { connection_.limit({}); }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  Result<Page> run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Found {
    Place place;
    Hit hit;
  };
  Result<void> bounds();
  Result<void> walk();
  Window next_window() const;
  Result<bool> look_at(const Window& window);
  Result<void> read(const Window& window);
  Result<void> load_hits();
  // by_mail: ordered by mail alone, so that the deliveries of the last one may not be those that come first.
  enum class Order { by_mail, by_delivery };
  Piece statement(const Drive& drive, const Piece& condition, const Window& window, Order order) const;
  Piece behind(const std::string& day, const std::string& connect_id) const;
  Piece within(const std::string& day, const std::string& id, const Window& window) const;
  Piece mails_of(const std::vector<Drive>& drives, const Window& window) const;
  std::string sort_column() const;
  void take(const Rows& rows, From from);
  void put_in_order();
  bool before(const Place& a, const Place& b) const {
    return query_.ascending ? a.tie() < b.tie() : b.tie() < a.tie();
  }
  bool sorted() const { return query_.sort != Query::Sort::time; }
  // By time the walk goes in the order of the answer; otherwise it gathers the newest.
  bool upwards() const { return query_.ascending && !sorted(); }
  size_t page_size() const { return static_cast<size_t>(std::clamp(query_.limit, 1, 1000)); }
  size_t wanted() const { return sorted() ? static_cast<size_t>(Query::most_sorted) : page_size() + 1; }
  bool out_of_time() const { return query_.budget_ms > 0 && Clock::now() >= deadline_; }
  bool at_end() const { return upwards() ? at_ >= end_ : at_ <= end_; }

  Dialect dialect_;
  Connection& connection_;
  std::pair<Day, Day>& stored_;
  const Query& query_;
  Plan plan_;
  std::optional<Place> after_;
  Day first_{}, last_{};
  bool nothing_ = false;
  Time at_{}, end_{};     // the walk stands here and goes to there; everything in between is not looked at
  Microseconds slice_{};  // how far the next step goes
  Clock::time_point deadline_;
  std::vector<Found> found_;
};

// The days that can hold an answer.
Result<void> Search::bounds() {
  auto stored = read_days(connection_, stored_);
  if (!stored) return stored.error();
  std::tie(first_, last_) = stored_ = *stored;
  if (last_ == Day{} && first_ == Day{}) nothing_ = true;
  // The day is that of the mail's id, which may have been read from the queue id: a day of tolerance.
  if (query_.connect_from) first_ = std::max(first_, day_of(*query_.connect_from) - days(1));
  if (query_.connect_to) last_ = std::min(last_, day_of(*query_.connect_to) + days(1));
  // A mail is delivered after it came, and given up after days: no queue keeps one for longer than this.
  if (query_.deliver_from) first_ = std::max(first_, day_of(*query_.deliver_from) - days(60));
  if (query_.deliver_to) last_ = std::min(last_, day_of(*query_.deliver_to + delivered_before));
  if (after_ && !sorted()) {
    if (query_.ascending)
      first_ = std::max(first_, after_->day);
    else
      last_ = std::min(last_, after_->day);
  }
  if (first_ > last_) nothing_ = true;
  if (nothing_) return {};
  auto plan = make_plan(dialect_, connection_, query_, last_);
  if (!plan) return plan.error();
  plan_ = std::move(*plan);
  // An id begins with the connect_time it was made from.
  Time oldest(first_), youngest(std::min(last_, plan_.newest) + days(1));
  if (query_.connect_from) oldest = std::max(oldest, *query_.connect_from - tolerance);
  if (query_.connect_to) youngest = std::min(youngest, *query_.connect_to + tolerance);
  if (query_.deliver_to) youngest = std::min(youngest, *query_.deliver_to + delivered_before);
  at_ = upwards() ? oldest : youngest;
  end_ = upwards() ? youngest : oldest;
  if (!after_ || sorted()) return {};
  // Inside that day, what comes before the place is known.
  Time place = after_->connect_id.birth();
  if (after_->day != day_of(place)) return {};
  bool edge = after_->id == after_->connect_id;  // no row, the place where a budget ended
  if (upwards())
    at_ = std::max<Time>(at_, edge ? place + tick : place);
  else
    at_ = std::min<Time>(at_, edge ? place : place + tick);
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
  Piece same_mail;
  same_mail.add(connect_id + " = ").bind(id_value(after_->connect_id)).add(" AND d.id" + std::string(beyond));
  same_mail.bind(id_value(after_->id));
  Piece mail;
  mail.add("(" + day + beyond).bind(day_value(after_->day)).add(" OR (" + day + " = ");
  mail.bind(day_value(after_->day)).add(" AND (" + connect_id + beyond).bind(id_value(after_->connect_id));
  mail.add(" OR (").add(same_mail).add("))))");
  return mail;
}

// The rows of a window, of a table with these columns.
Piece Search::within(const std::string& day, const std::string& id, const Window& window) const {
  Piece out;
  if (!window.ids) {
    out.add(day + " BETWEEN ").bind(day_value(window.from)).add(" AND ");
    return out.bind(day_value(window.to));
  }
  out.add(day + " = ").bind(day_value(window.from));
  if (window.ids->first == window.ids->second)
    return out.add(" AND " + id + " = ").bind(id_value(window.ids->first));
  out.add(" AND " + id + " >= ");
  return out.bind(id_value(window.ids->first)).add(" AND " + id + " < ").bind(id_value(window.ids->second));
}

// The ids of all mails that one of the drives reaches, from its index alone.
Piece Search::mails_of(const std::vector<Drive>& drives, const Window& window) const {
  Piece out;
  for (const Drive& drive : drives) {
    auto condition = drive.since(dialect_, window.from, "k");
    if (!condition) continue;
    bool by_mail = drive.from == From::connect;
    std::string id = by_mail ? "k.id" : "k.connect_id";
    out.add(out.text.empty() ? "" : " UNION ALL ")
        .add("SELECT " + id + (by_mail ? " AS mail FROM connectlog k" : " AS mail FROM deliverlog k"));
    out.add(index_hint(dialect_, drive.index)).add(" WHERE ").add(within("k.day", id, window));
    out.add(" AND ").add(*condition);
  }
  return out;
}

Piece Search::statement(const Drive& drive, const Piece& condition, const Window& window, Order order) const {
  bool by_mail = drive.from == From::connect;
  std::string day = by_mail ? "c.day" : "d.day", id = by_mail ? "c.id" : "d.connect_id";
  std::string sort = sort_column(), hint = index_hint(dialect_, drive.index);
  Piece out;
  out.add("SELECT ").add(sort.empty() ? "''" : sort).add(", ");
  if (sorted())
    out.add(day + ", " + id + ", d.id");
  else
    out.add(row_columns());
  if (by_mail) {
    out.add(" FROM connectlog c" + hint).add(plan_.needs_delivery ? join_of(dialect_) : " LEFT JOIN ");
    out.add("deliverlog d ON d.day = c.day AND d.connect_id = c.id");
  } else {
    out.add(" FROM deliverlog d" + hint).add(plan_.needs_mail ? join_of(dialect_) : " LEFT JOIN ");
    out.add("connectlog c ON c.day = d.day AND c.id = d.connect_id");
  }
  if (!window.ids) {
    // The days of the other table too: else PostgreSQL plans for all of its partitions.
    out.add(by_mail ? " AND d.day BETWEEN " : " AND c.day BETWEEN ").bind(day_value(window.from));
    out.add(" AND ").bind(day_value(window.to));
  }
  out.add(" WHERE ").add(within(day, id, window));
  for (const auto& drives : plan_.meet) {
    Piece mails = mails_of(drives, window);
    if (mails.text.empty())
      out.add(" AND 1 = 0");
    else
      out.add(" AND " + id + " IN (SELECT mail FROM (").add(mails).add(") met)");
  }
  if (!condition.text.empty()) out.add(" AND ").add(condition);
  for (const Piece& filter : plan_.filters) out.add(" AND ").add(filter);
  if (after_ && !sorted()) out.add(" AND ").add(behind(day, id));
  const char* direction = upwards() ? " ASC" : " DESC";
  out.add(" ORDER BY " + day + direction + ", " + id + direction);
  if (order == Order::by_delivery) out.add(std::string(", d.id") + direction);
  return out.add(fmt::format(" LIMIT {}", wanted()));
}

void Search::take(const Rows& rows, From from) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const Cell* cells = rows.row(i);
    Found found;
    if (rows.width == 4) {  // the key alone
      found.place = {cells[0].text, day_of_cell(cells[1]), id_of(cells[2]).value_or(Id{}),
                     id_of(cells[3]).value_or(Id{})};
      found_.push_back(std::move(found));
      continue;
    }
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

void Search::put_in_order() {
  auto order = [&](const Found& a, const Found& b) { return before(a.place, b.place); };
  std::sort(found_.begin(), found_.end(), order);
  auto same = [](const Found& a, const Found& b) { return a.place.tie() == b.place.tie(); };
  found_.erase(std::unique(found_.begin(), found_.end(), same), found_.end());
}

Result<void> Search::read(const Window& window) {
  for (const Drive& drive : plan_.drives) {
    auto condition = drive.since(dialect_, window.from);
    if (!condition) continue;
    // MariaDB and MySQL walk along an index only if it holds all that is sorted by: a column of the joined
    // table as well makes them read and sort the whole window.
    bool by_mail = dialect_ == Dialect::mysql && drive.from == From::connect;
    Piece piece = statement(drive, *condition, window, by_mail ? Order::by_mail : Order::by_delivery);
    // Without statistics of a young partition the planner of PostgreSQL reads and sorts all of it, where a
    // walk along the key would end after a page.
    bool walk = dialect_ == Dialect::postgresql && drive.walks();
    if (walk) {
      if (auto set = connection_.run("SET enable_sort = off"); !set) return set;
    }
    auto rows = connection_.query(piece.text, piece.parameters);
    if (walk && !connection_.broken()) {
      if (auto set = connection_.run("RESET enable_sort"); !set) return set;
    }
    if (!rows) return rows.error();
    take(*rows, drive.from);
    if (!by_mail || rows->size() < wanted()) continue;
    // Of the last mail there may be deliveries that the limit has cut off and that come before those read.
    const Place& last = found_.back().place;
    piece = statement(drive, *condition, {last.day, last.day, std::pair{last.connect_id, last.connect_id}},
                      Order::by_delivery);
    rows = connection_.query(piece.text, piece.parameters);
    if (!rows) return rows.error();
    take(*rows, drive.from);
  }
  put_in_order();
  return {};
}

// From where the walk stands as far as the slice goes: whole days, or up to the end of one.
Window Search::next_window() const {
  Time low = upwards() ? at_ : std::max(end_, at_ - slice_);
  Time high = upwards() ? std::min(end_, at_ + slice_) : at_;
  Day day = day_of(upwards() ? low : high - tick);
  if (slice_ >= days(1) && Time(day_of(at_)) == at_) {
    if (upwards()) return {day_of(low), std::max(day_of(low), day_of(high) - days(1)), {}};
    return {std::min(day_of(high) - days(1), day_of(low)), day_of(high) - days(1), {}};
  }
  low = std::max<Time>(low, Time(day));
  high = std::min<Time>(high, Time(day + days(1)));
  return {day, day, std::pair{lowest_id(low), lowest_id(high)}};
}

// False: that took too long and the next step will be shorter.
Result<bool> Search::look_at(const Window& window) {
  auto started = Clock::now();
  bool shorter = slice_ > shortest_slice;
  if (query_.budget_ms > 0) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - started);
    // The shortest step may take as long as any statement: there must be some progress.
    connection_.limit(shorter ? std::max(left, std::chrono::milliseconds(20)) : std::chrono::milliseconds(0));
  }
  size_t known = found_.size();
  auto done = read(window);
  if (!done && done.error().fault == Fault::slow && shorter) {
    found_.resize(known);
    slice_ = std::max(shortest_slice, slice_ / 8);
    return false;
  }
  if (!done) return done.error();
  if (window.ids)
    at_ = upwards() ? window.ids->second.birth() : window.ids->first.birth();
  else
    at_ = Time(upwards() ? window.to + days(1) : window.from);
  auto allowed = query_.budget_ms > 0 ? std::chrono::milliseconds(query_.budget_ms) / 8 : long_step;
  if (Clock::now() - started < allowed) slice_ = std::min<Microseconds>(slice_ * 4, widest_slice);
  return true;
}

// Little first, then more and more: most answers are young, and each statement stays short.
Result<void> Search::walk() {
  bool walks = !plan_.drives.empty() && plan_.drives.front().walks();
  // The rows of many addresses have to be sorted, so fewer at a time.
  bool many = !plan_.drives.empty() && plan_.drives.front().addresses &&
              plan_.drives.front().addresses->size() > few_addresses;
  slice_ = days(2);
  if (many || walks) slice_ = std::chrono::hours(1);
  while (!at_end() && found_.size() < wanted() && !plan_.drives.empty()) {
    auto looked = look_at(next_window());
    if (!looked) return looked.error();
    // Every call gets on, though it may take longer then.
    if (*looked && out_of_time()) break;
  }
  if (plan_.drives.empty()) at_ = end_;
  return {};
}

// The whole rows of the keys that make the page.
Result<void> Search::load_hits() {
  connection_.limit({});
  std::vector<Found> keys;
  keys.swap(found_);
  for (const Found& key : keys) {
    bool delivery = !key.place.id.is_zero();
    Piece piece = Piece().add("SELECT ").bind(text_value(key.place.sorted)).add(", ").add(row_columns());
    if (delivery) {
      piece.add(" FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id");
      piece.add(" WHERE d.day = ").bind(day_value(key.place.day)).add(" AND d.connect_id = ");
      piece.bind(id_value(key.place.connect_id)).add(" AND d.id = ").bind(id_value(key.place.id));
    } else {
      piece.add(" FROM connectlog c LEFT JOIN deliverlog d ON d.day = c.day AND d.connect_id = c.id");
      piece.add(" AND d.id = ").bind(id_value(Id{})).add(" WHERE c.day = ").bind(day_value(key.place.day));
      piece.add(" AND c.id = ").bind(id_value(key.place.connect_id));
    }
    auto rows = connection_.query(piece.text, piece.parameters);
    if (!rows) return rows.error();
    take(*rows, delivery ? From::deliver : From::connect);
  }
  return {};
}

Result<Page> Search::run() {
  if (!query_.after.empty() && !read_token(query_.after, after_.emplace())) {
    return Error{Fault::config, "the place to go on from is not one that a search gave"};
  }
  deadline_ = Clock::now() + std::chrono::milliseconds(query_.budget_ms);
  if (auto ready = bounds(); !ready) return ready.error();
  Page page;
  if (nothing_) return page;
  if (auto done = walk(); !done) return done.error();
  bool gathered = sorted() && found_.size() > wanted();
  if (gathered) {
    // The newest of all drives together.
    auto newer = [](const Found& a, const Found& b) {
      return std::tie(b.place.day, b.place.connect_id, b.place.id) <
             std::tie(a.place.day, a.place.connect_id, a.place.id);
    };
    std::sort(found_.begin(), found_.end(), newer);
    found_.resize(wanted());
    put_in_order();
  }
  if (sorted() && found_.size() >= wanted()) {
    auto oldest = std::min_element(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return a.place.connect_id < b.place.connect_id;
    });
    at_ = std::max<Time>(end_ + tick, oldest->place.connect_id.birth());
  }
  if (sorted() && after_)
    std::erase_if(found_, [&](const Found& found) { return !before(*after_, found.place); });
  bool more = found_.size() > page_size();
  page.complete = !more && at_end();
  page.reached = more && !sorted() ? found_[page_size() - 1].place.connect_id.birth() : at_;
  if (more) {
    found_.resize(page_size());
    page.next = token_of(found_.back().place);
  } else if (!page.complete && !sorted()) {
    Id edge = upwards() ? highest_id(at_ - tick) : lowest_id(at_);
    page.next = token_of({"", edge.day(), edge, edge});
  }
  if (sorted()) {
    if (auto loaded = load_hits(); !loaded) return loaded.error();
  }
  for (Found& found : found_) page.hits.push_back(std::move(found.hit));
  return page;
}

}  // namespace

Result<Page> search_rows(Dialect dialect, Connection& connection, std::pair<Day, Day>& stored,
                         const Query& query) {
  return Search(dialect, connection, stored, query).run();
}

}  // namespace mailtrace::sql
