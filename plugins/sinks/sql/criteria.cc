#include "plugins/sinks/sql/criteria.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace mailtrace::sql {
namespace {

// More addresses than these are not looked up one by one: so many rows match that a walk finds them soon.
constexpr size_t most_addresses = 2000;
// So many rows are counted to tell a frequent address from a rare one.
constexpr int enough_rows = 500;
// From so many rows on it costs less to know the mails of the other address, too, than to look at each.
constexpr int many_rows = 50;

struct AddressColumn {
  From from;
  const char* alias;
  const char* name;
  const char* index;
};
constexpr AddressColumn sender{From::connect, "c", "sender", "connectlog_sender"},
    recipient{From::deliver, "d", "recipient", "deliverlog_recipient"},
    original{From::deliver, "d", "original_recipient", "deliverlog_original"};

bool is_address_literal(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    return text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return std::count(text.begin(), text.end(), '.') == 3 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string without_brackets(const std::string& message_id) {
  if (message_id.size() >= 2 && message_id.front() == '<' && message_id.back() == '>') {
    return message_id.substr(1, message_id.size() - 2);
  }
  return message_id;
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string longest_piece(const Pattern& pattern) {
  auto all = pattern.pieces();
  return *std::max_element(all.begin(), all.end(),
                           [](auto& a, auto& b) { return characters(a) < characters(b); });
}

Piece is_one_of(Dialect dialect, const AddressColumn& column, const std::vector<std::string>& values) {
  Piece out;
  // The extra test lets the partial indexes be used, which hold no NULL.
  out.add(std::string("(") + column.alias + "." + column.name + " IS NOT NULL AND ");
  out.add(lower_of(dialect, column.alias, column.name));
  if (dialect == Dialect::postgresql && values.size() > 3) {
    // As one value that the planner does not look into: it would weigh each address for each partition.
    std::string array = "{";
    for (const std::string& value : values) {
      array += array.size() > 1 ? ",\"" : "\"";
      for (char c : value) array += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
      array += '"';
    }
    return out.add(" = ANY(ARRAY(SELECT unnest(").bind(text_value(array + "}")).add("::text[]))))");
  }
  out.add(" IN (");
  for (size_t i = 0; i < values.size(); ++i) out.add(i == 0 ? "" : ", ").bind(text_value(values[i]));
  return out.add("))");
}

class Planner {
 public:
  Planner(Dialect dialect, Connection& connection, const Query& query, Day newest)
      : dialect_(dialect), connection_(connection), query_(query) {
    plan_.newest = newest;
  }
  Result<Plan> make();

 private:
  using Columns = std::vector<AddressColumn>;
  struct Sought {
    Pattern pattern;
    Columns columns;
  };
  // One of the ways to drive the search; the one of lowest rank, the narrowest, is taken.
  static constexpr int like_rank = 4;
  struct Offer {
    int rank;
    std::vector<Drive> drives;
  };

  void read_addresses(const std::optional<std::string>& text, Columns columns);
  Result<void> address_criteria();
  Result<void> only_addresses();
  Result<void> own_domains(const std::vector<std::string>& own, const std::vector<Pattern>& domains,
                           const Columns& columns);
  Result<void> exact_addresses(const std::vector<std::string>& values, const Columns& columns);
  Result<void> like_addresses(const Sought& sought);
  Result<Addresses> known(const std::vector<std::string>& values);
  Result<std::optional<Addresses>> dictionary(const Pattern& pattern);
  Result<int64_t> rows_of(const Offer& offer);
  Result<void> choose();
  void mail_criteria();
  void queue_ids();
  void delivery_criteria();

  Piece on(const std::string& alias, const char* column, const Pattern& pattern) const {
    return pattern.condition(dialect_, lower_of(dialect_, alias, column));
  }
  void need(From from) { (from == From::connect ? plan_.needs_mail : plan_.needs_delivery) = true; }
  void filter(From from, Piece piece) {
    need(from);
    plan_.filters.push_back(std::move(piece));
  }
  void offer(int rank, std::vector<Drive> drives) { offers_.push_back({rank, std::move(drives)}); }
  void offer(int rank, const Addresses& addresses, const Columns& columns);

  Dialect dialect_;
  Connection& connection_;
  const Query& query_;
  Plan plan_;
  std::vector<Sought> sought_;
  std::vector<Offer> offers_;
};

// One of these addresses in one of these columns. Their newest day bounds the whole search, for every
// criterion must hold.
void Planner::offer(int rank, const Addresses& addresses, const Columns& columns) {
  Day newest{};
  for (const auto& [address, day] : addresses) newest = std::max(newest, day);
  plan_.newest = std::min(plan_.newest, newest);
  auto shared = std::make_shared<const Addresses>(addresses);
  std::vector<Drive> drives;
  for (const auto& column : addresses.empty() ? Columns{} : columns)
    drives.push_back({column.from, {}, column.index, column.name, shared});
  // Before the move: a compiler evaluates the arguments in the order it likes.
  if (drives.empty()) rank = 0;
  offer(rank, std::move(drives));
}

// Which of these stand in the dictionary.
Result<Addresses> Planner::known(const std::vector<std::string>& values) {
  Piece statement;
  statement.add("SELECT a.address, a.last_day FROM addresses a WHERE a.id IN (");
  for (size_t i = 0; i < values.size(); ++i)
    statement.add(i == 0 ? "" : ", ").bind(id_value(address_id(values[i])));
  auto rows = connection_.query(statement.add(")").text, statement.parameters);
  if (!rows) return rows.error();
  Addresses out;
  for (size_t i = 0; i < rows->size(); ++i)
    out.emplace_back(rows->row(i)[0].text, day_of_cell(rows->row(i)[1]));
  return out;
}

// The stored addresses that match; nothing if these are too many or the text is too short for trigrams.
Result<std::optional<Addresses>> Planner::dictionary(const Pattern& pattern) {
  using Answer = std::optional<Addresses>;
  if (characters(longest_piece(pattern)) < 3) return Answer();
  Piece statement = dictionary_statement(dialect_, pattern, most_addresses + 1);
  auto rows = connection_.query(statement.text, statement.parameters);
  if (!rows) return rows.error();
  if (rows->size() > most_addresses) return Answer();
  Addresses found;
  for (size_t i = 0; i < rows->size(); ++i)
    found.emplace_back(rows->row(i)[0].text, day_of_cell(rows->row(i)[1]));
  return Answer(std::move(found));
}

void Planner::read_addresses(const std::optional<std::string>& text, Columns columns) {
  if (!text) return;
  Sought sought{Pattern::read_address(*text), std::move(columns)};
  bool deliveries_only = true, mails_only = true;
  std::vector<Piece> conditions;
  for (const AddressColumn& column : sought.columns) {
    (column.from == From::connect ? deliveries_only : mails_only) = false;
    conditions.push_back(on(column.alias, column.name, sought.pattern));
  }
  if (deliveries_only) need(From::deliver);
  if (mails_only) need(From::connect);
  plan_.filters.push_back(any_of(conditions));
  sought_.push_back(std::move(sought));
}

Result<void> Planner::exact_addresses(const std::vector<std::string>& values, const Columns& columns) {
  // The null sender is in no dictionary.
  if (values.size() == 1 && values.front().empty()) {
    std::vector<Drive> drives;
    for (const auto& column : columns)
      drives.push_back({column.from, is_one_of(dialect_, column, values), column.index});
    offer(2, std::move(drives));
    return {};
  }
  auto found = known(values);
  if (!found) return found.error();
  offer(2, *found, columns);
  return {};
}

Result<void> Planner::like_addresses(const Sought& sought) {
  auto found = dictionary(sought.pattern);
  if (!found) return found.error();
  if (*found) offer(like_rank, **found, sought.columns);
  return {};
}

// What somebody may see: the one place where this is decided for every search.
Result<void> Planner::only_addresses() {
  if (!query_.only_addresses) return {};
  const Columns columns{sender, recipient, original};
  std::vector<std::string> own;
  std::vector<Piece> conditions;
  std::vector<Pattern> domains;
  for (const std::string& given : *query_.only_addresses) {
    std::string address = lower(storable(given, 998));
    if (!address.starts_with('@')) {
      own.push_back(address);
      continue;
    }
    Pattern& domain = domains.emplace_back();
    domain.kind = Pattern::Kind::suffix;
    domain.text = address;
    for (const auto& column : columns) conditions.push_back(on(column.alias, column.name, domain));
  }
  for (const auto& column : own.empty() ? Columns{} : columns)
    conditions.push_back(is_one_of(dialect_, column, own));
  if (conditions.empty()) {
    offer(0, {});  // nothing at all
    plan_.filters.push_back(Piece().add("1 = 0"));
    return {};
  }
  plan_.filters.push_back(any_of(conditions));
  return domains.empty() ? exact_addresses(own, columns) : own_domains(own, domains, columns);
}

// All their addresses, if these are not too many to be looked up.
Result<void> Planner::own_domains(const std::vector<std::string>& own, const std::vector<Pattern>& domains,
                                  const Columns& columns) {
  if (!offers_.empty()) return {};
  Addresses all;
  if (!own.empty()) {
    auto found = known(own);
    if (!found) return found.error();
    all = std::move(*found);
  }
  for (const Pattern& domain : domains) {
    auto found = dictionary(domain);
    if (!found) return found.error();
    if (!*found || all.size() + (*found)->size() > most_addresses) return {};
    all.insert(all.end(), (*found)->begin(), (*found)->end());
  }
  offer(like_rank, all, columns);
  return {};
}

Result<void> Planner::address_criteria() {
  read_addresses(query_.address, {sender, recipient, original});
  read_addresses(query_.sender, {sender});
  read_addresses(query_.recipient, {recipient, original});
  for (const Sought& sought : sought_) {
    if (sought.pattern.kind != Pattern::Kind::exact) continue;
    if (auto done = exact_addresses({sought.pattern.text}, sought.columns); !done) return done;
  }
  if (auto done = only_addresses(); !done) return done;
  // One exact address is narrow enough.
  if (std::any_of(offers_.begin(), offers_.end(), [](const Offer& o) { return o.rank < like_rank; }))
    return {};
  for (const Sought& sought : sought_) {
    if (sought.pattern.kind == Pattern::Kind::anything) continue;
    if (auto done = like_addresses(sought); !done) return done;
  }
  return {};
}

void Planner::mail_criteria() {
  const Query& q = query_;
  if (q.message_id) {
    Pattern pattern = Pattern::read(without_brackets(*q.message_id), true);
    filter(From::connect, on("c", "message_id", pattern));
    if (pattern.kind == Pattern::Kind::exact) {
      Piece by_hash;
      by_hash.add("c.message_hash = ").bind(integer_value(message_hash(storable(pattern.text, 998))));
      offer(1, {{From::connect, by_hash, "connectlog_message"}});
    }
  }
  if (q.connect_from)
    filter(From::connect, Piece().add("c.connect_time >= ").bind(time_value(*q.connect_from)));
  if (q.connect_to) filter(From::connect, Piece().add("c.connect_time < ").bind(time_value(*q.connect_to)));
  if (q.received_from) {
    Pattern pattern = Pattern::read(*q.received_from, true);
    if (pattern.kind == Pattern::Kind::exact && is_address_literal(pattern.text)) {
      Piece by_address = Piece().add("c.client_addr = ").bind(text_value(pattern.text));
      filter(From::connect, by_address);
      offer(6, {{From::connect, by_address, "connectlog_client"}});
    } else {
      filter(From::connect, any_of({on("c", "client_name", pattern), on("c", "client_addr", pattern)}));
    }
  }
  if (q.logged_by) filter(From::connect, on("c", "server", Pattern::read(*q.logged_by, true)));
  if (q.sasl_user) filter(From::connect, on("c", "sasl_user", Pattern::read(*q.sasl_user, true)));
  if (q.subject) filter(From::connect, on("c", "subject", Pattern::read_phrase(*q.subject)));
}

// Queue ids are compared as they are: a long one means something else in other case.
void Planner::queue_ids() {
  auto condition = [&](const char* column, const Pattern& pattern) {
    return pattern.condition(dialect_, column);
  };
  if (query_.queue_id_connect) {
    Pattern pattern = Pattern::read(*query_.queue_id_connect, false);
    Piece own = condition("c.queue_id", pattern);
    filter(From::connect, own);
    if (pattern.kind == Pattern::Kind::exact) offer(1, {{From::connect, own, "connectlog_queue_id"}});
  }
  // On the way out a mail has two: the one it lay here under and the one the next server gave it.
  auto both = [&](const std::string& text, bool deliver_only) {
    Pattern pattern = Pattern::read(text, false);
    Piece own = condition("c.queue_id", pattern), next = condition("d.next_queue_id", pattern);
    if (deliver_only)
      filter(From::deliver, any_of({condition("d.queue_id", pattern), next}));
    else
      plan_.filters.push_back(any_of({own, next}));
    if (pattern.kind == Pattern::Kind::exact)
      offer(1, {{From::connect, own, "connectlog_queue_id"}, {From::deliver, next, "deliverlog_next"}});
  };
  if (query_.queue_id_deliver) both(*query_.queue_id_deliver, true);
  if (query_.queue_id) both(*query_.queue_id, false);
}

void Planner::delivery_criteria() {
  const Query& q = query_;
  if (!q.status.empty()) {
    Piece status;
    status.add(status_of("d") + " IN (");
    for (size_t i = 0; i < q.status.size(); ++i) {
      status.add(i == 0 ? "" : ", ").bind(text_value(q.status[i]));
    }
    filter(From::deliver, status.add(")"));
  }
  if (q.deliver_from)
    filter(From::deliver, Piece().add("d.deliver_time >= ").bind(time_value(*q.deliver_from)));
  if (q.deliver_to) filter(From::deliver, Piece().add("d.deliver_time < ").bind(time_value(*q.deliver_to)));
  if (q.response) filter(From::deliver, answer_condition(dialect_, "d", *q.response));
  if (q.sent_to) {
    Pattern pattern = Pattern::read(*q.sent_to, true);
    filter(From::deliver, any_of({on("d", "relay_name", pattern), on("d", "relay_addr", pattern)}));
  }
}

// How many rows of the newest days these drives have, up to `enough_rows`.
Result<int64_t> Planner::rows_of(const Offer& offer) {
  int64_t count = 0;
  for (const Drive& drive : offer.drives) {
    auto condition = drive.since(dialect_, plan_.newest - std::chrono::days(1));
    if (!condition) continue;
    bool mails = drive.from == From::connect;
    std::string day = mails ? "c.day" : "d.day";
    Piece piece;
    piece.add(std::string("SELECT count(*) FROM (SELECT 1 FROM ") +
              (mails ? "connectlog c" : "deliverlog d"));
    piece.add(index_hint(dialect_, drive.index));
    piece.add(" WHERE " + day + " BETWEEN ")
        .bind(day_value(plan_.newest - std::chrono::days(1)))
        .add(" AND ");
    piece.bind(day_value(plan_.newest)).add(" AND ").add(*condition);
    piece.add(fmt::format(" LIMIT {}) counted", enough_rows));
    auto rows = connection_.query(piece.text, piece.parameters);
    if (!rows) return rows.error();
    if (!rows->empty()) count += rows->row(0)[0].number;
  }
  return count;
}

// The narrowest of all is taken; of several addresses the one with the fewest rows.
Result<void> Planner::choose() {
  if (offers_.empty()) {
    plan_.drives = {{plan_.needs_delivery ? From::deliver : From::connect, {}}};
    return {};
  }
  int best = std::min_element(offers_.begin(), offers_.end(), [](const Offer& a, const Offer& b) {
               return a.rank < b.rank;
             })->rank;
  std::erase_if(offers_, [&](const Offer& offer) { return offer.rank != best; });
  size_t chosen = 0;
  int64_t fewest = enough_rows * 4;
  for (size_t i = 0; i < offers_.size() && offers_.size() > 1 && best > 1; ++i) {
    auto rows = rows_of(offers_[i]);
    if (!rows) return rows.error();
    if (*rows < fewest) chosen = i;
    fewest = std::min(fewest, *rows);
  }
  plan_.drives = std::move(offers_[chosen].drives);
  if (offers_.size() == 1 || best <= 1 || fewest < many_rows) return {};
  auto is_short = [](const Drive& drive) {
    return drive.addresses && drive.addresses->size() <= few_addresses;
  };
  for (size_t i = 0; i < offers_.size(); ++i) {
    auto& drives = offers_[i].drives;
    if (i != chosen && std::all_of(drives.begin(), drives.end(), is_short))
      plan_.meet.push_back(std::move(drives));
  }
  return {};
}

Result<Plan> Planner::make() {
  if (auto done = address_criteria(); !done) return done.error();
  mail_criteria();
  queue_ids();
  delivery_criteria();
  if (auto done = choose(); !done) return done.error();
  return std::move(plan_);
}

}  // namespace

std::optional<Piece> Drive::since(Dialect dialect, Day oldest) const {
  return since(dialect, oldest, from == From::connect ? "c" : "d");
}

std::optional<Piece> Drive::since(Dialect dialect, Day oldest, const char* alias) const {
  if (!addresses) return condition;
  std::vector<std::string> values;
  for (const auto& [address, newest] : *addresses) {
    if (newest >= oldest) values.push_back(address);
  }
  if (values.empty()) return std::nullopt;
  return is_one_of(dialect, {from, alias, column, index}, values);
}

Piece dictionary_statement(Dialect dialect, const Pattern& pattern, size_t limit) {
  Piece out;
  out.add("SELECT a.address, a.last_day FROM ");
  if (pattern.kind == Pattern::Kind::prefix) {
    out.add("addresses a WHERE ").add(pattern.condition(dialect, "a.address"));
  } else if (pattern.kind == Pattern::Kind::suffix && pattern.text.rfind('@') == 0) {
    out.add("addresses a WHERE " + domain_of(dialect, "a.") + " = ").bind(text_value(pattern.text.substr(1)));
  } else if (dialect == Dialect::sqlite) {
    // One piece is enough for the index; the others are compared.
    std::string phrase = "\"";
    for (char c : longest_piece(pattern)) phrase += c == '"' ? std::string("\"\"") : std::string(1, c);
    out.add("addresses_trigram t JOIN addresses a ON a.number = t.rowid WHERE addresses_trigram MATCH ");
    out.bind(text_value(phrase + "\"")).add(" AND ").add(pattern.like(dialect, "a.address"));
  } else if (dialect == Dialect::mysql) {
    // Which pieces are rare is not known; any three narrow it down enough.
    std::vector<std::string> trigrams = trigrams_of(longest_piece(pattern));
    out.add("addresses a");
    size_t count = std::min<size_t>(3, trigrams.size());
    for (size_t i = 0; i < count; ++i) {
      out.add(fmt::format(" JOIN address_trigrams t{0} ON t{0}.address_id = a.id AND t{0}.trigram = ", i));
      out.bind(text_value(trigrams[i * (trigrams.size() - 1) / std::max<size_t>(1, count - 1)]));
    }
    out.add(" WHERE ").add(pattern.like(dialect, "a.address"));
  } else {
    out.add("addresses a WHERE ").add(pattern.like(dialect, "a.address"));
  }
  return out.add(" LIMIT " + std::to_string(limit));
}

Result<Plan> make_plan(Dialect dialect, Connection& connection, const Query& query, Day newest) {
  return Planner(dialect, connection, query, newest).make();
}

// Of several outcomes, which the track joins by ", ", another one decides.
std::string status_of(const std::string& alias) {
  auto only = [&](const char* outcome) {
    return " WHEN " + alias + ".status = 'sent' AND " + alias + ".folder LIKE '(" + outcome + "%' AND " +
           alias + ".folder NOT LIKE '%, %' THEN '" + outcome + "'";
  };
  return "(CASE" + only("discarded") + only("rejected") + " ELSE " + alias + ".status END)";
}

}  // namespace mailtrace::sql
