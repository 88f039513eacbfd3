#include "plugins/sinks/sql/criteria.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace mailtrace::sql {
namespace {

// More addresses than these are not looked up one by one: so many rows match that a walk finds them soon.
constexpr size_t most_addresses = 500;

struct AddressColumn {
  From from;
  const char* alias;
  const char* name;
};
constexpr AddressColumn sender{From::connect, "c", "sender"}, recipient{From::deliver, "d", "recipient"},
    original{From::deliver, "d", "original_recipient"};

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

class Planner {
 public:
  Planner(Dialect dialect, Connection& connection, const Query& query)
      : dialect_(dialect), connection_(connection), query_(query) {}
  Result<Plan> make();

 private:
  Result<void> addresses(const std::string& text, const std::vector<AddressColumn>& columns);
  Result<std::optional<std::vector<std::string>>> dictionary(const Pattern& pattern);
  Result<void> only_addresses();
  void mail_criteria();
  void queue_ids();
  void delivery_criteria();

  Piece is_one_of(const AddressColumn& column, const std::vector<std::string>& values) const;
  Piece on(const std::string& alias, const char* column, const Pattern& pattern) const {
    return pattern.condition(dialect_, lower_of(dialect_, alias, column));
  }
  void need(From from) { (from == From::connect ? plan_.needs_mail : plan_.needs_delivery) = true; }
  void filter(From from, Piece piece) {
    need(from);
    plan_.filters.push_back(std::move(piece));
  }
  // The narrowest of all is taken; equal ranks: the first.
  void offer(int rank, std::vector<Drive> drives) {
    if (rank >= rank_) return;
    rank_ = rank;
    plan_.drives = std::move(drives);
  }

  Dialect dialect_;
  Connection& connection_;
  const Query& query_;
  Plan plan_;
  int rank_ = 100;
};

// The extra test lets the partial indexes be used, which hold no NULL.
Piece Planner::is_one_of(const AddressColumn& column, const std::vector<std::string>& values) const {
  Piece out;
  out.add(std::string("(") + column.alias + "." + column.name + " IS NOT NULL AND ");
  out.add(lower_of(dialect_, column.alias, column.name) + " IN (");
  for (size_t i = 0; i < values.size(); ++i) out.add(i == 0 ? "" : ", ").bind(text_value(values[i]));
  return out.add("))");
}

// The stored addresses that match; nothing if these are too many or the text is too short for trigrams.
Result<std::optional<std::vector<std::string>>> Planner::dictionary(const Pattern& pattern) {
  using Answer = std::optional<std::vector<std::string>>;
  if (characters(pattern.text) < 3) return Answer();
  Piece statement = dictionary_statement(dialect_, pattern, most_addresses + 1);
  auto rows = connection_.query(statement.text, statement.parameters);
  if (!rows) return rows.error();
  if (rows->size() > most_addresses) return Answer();
  std::vector<std::string> found;
  for (size_t i = 0; i < rows->size(); ++i) found.push_back(rows->row(i)->text);
  return Answer(std::move(found));
}

Result<void> Planner::addresses(const std::string& text, const std::vector<AddressColumn>& columns) {
  Pattern pattern = Pattern::read_address(text);
  bool deliveries_only = true, mails_only = true;
  std::vector<Piece> conditions;
  std::vector<Drive> drives;
  for (const AddressColumn& column : columns) {
    (column.from == From::connect ? deliveries_only : mails_only) = false;
    conditions.push_back(on(column.alias, column.name, pattern));
  }
  if (deliveries_only) need(From::deliver);
  if (mails_only) need(From::connect);
  plan_.filters.push_back(any_of(conditions));
  switch (pattern.kind) {
    case Pattern::Kind::anything:
      return {};
    case Pattern::Kind::exact:
      for (const auto& column : columns) drives.push_back({column.from, is_one_of(column, {pattern.text})});
      offer(2, std::move(drives));
      return {};
    case Pattern::Kind::prefix:
    case Pattern::Kind::suffix:
    case Pattern::Kind::substring:
      break;
  }
  auto known = dictionary(pattern);
  if (!known) return known.error();
  if (!*known) return {};
  if ((*known)->empty()) {
    offer(0, {});
    return {};
  }
  for (const auto& column : columns) drives.push_back({column.from, is_one_of(column, **known)});
  offer(4, std::move(drives));
  return {};
}

// What somebody may see: the one place where this is decided for every search.
Result<void> Planner::only_addresses() {
  if (!query_.only_addresses) return {};
  std::vector<std::string> own;
  std::vector<Piece> conditions;
  bool domains = false;
  for (const std::string& given : *query_.only_addresses) {
    std::string address = lower(storable(given, 998));
    if (!address.starts_with('@')) {
      own.push_back(address);
      continue;
    }
    domains = true;
    Pattern domain;
    domain.kind = Pattern::Kind::suffix;
    domain.text = address;
    for (const auto& column : {sender, recipient, original})
      conditions.push_back(on(column.alias, column.name, domain));
  }
  std::vector<Drive> drives;
  if (!own.empty())
    for (const auto& column : {sender, recipient, original}) {
      conditions.push_back(is_one_of(column, own));
      drives.push_back({column.from, conditions.back()});
    }
  if (conditions.empty()) {
    offer(0, {});  // nothing at all
    plan_.filters.push_back(Piece().add("1 = 0"));
    return {};
  }
  plan_.filters.push_back(any_of(conditions));
  if (!domains) offer(3, std::move(drives));
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
      offer(1, {{From::connect, by_hash}});
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
      offer(6, {{From::connect, by_address}});
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
    if (pattern.kind == Pattern::Kind::exact) offer(1, {{From::connect, own}});
  }
  // On the way out a mail has two: the one it lay here under and the one the next server gave it.
  auto both = [&](const std::string& text, bool deliver_only) {
    Pattern pattern = Pattern::read(text, false);
    Piece own = condition("c.queue_id", pattern), next = condition("d.next_queue_id", pattern);
    if (deliver_only)
      filter(From::deliver, any_of({condition("d.queue_id", pattern), next}));
    else
      plan_.filters.push_back(any_of({own, next}));
    if (pattern.kind == Pattern::Kind::exact) offer(1, {{From::connect, own}, {From::deliver, next}});
  };
  if (query_.queue_id_deliver) both(*query_.queue_id_deliver, true);
  if (query_.queue_id) both(*query_.queue_id, false);
}

void Planner::delivery_criteria() {
  const Query& q = query_;
  if (!q.status.empty()) {
    Piece status;
    status.add("d.status IN (");
    for (size_t i = 0; i < q.status.size(); ++i) {
      status.add(i == 0 ? "" : ", ").bind(text_value(q.status[i]));
    }
    filter(From::deliver, status.add(")"));
  }
  if (q.deliver_from)
    filter(From::deliver, Piece().add("d.deliver_time >= ").bind(time_value(*q.deliver_from)));
  if (q.deliver_to) filter(From::deliver, Piece().add("d.deliver_time < ").bind(time_value(*q.deliver_to)));
  if (q.response) filter(From::deliver, on("d", "response", Pattern::read_phrase(*q.response)));
  if (q.sent_to) {
    Pattern pattern = Pattern::read(*q.sent_to, true);
    filter(From::deliver, any_of({on("d", "relay_name", pattern), on("d", "relay_addr", pattern)}));
  }
}

Result<Plan> Planner::make() {
  if (query_.address) {
    if (auto done = addresses(*query_.address, {sender, recipient, original}); !done) return done.error();
  }
  if (query_.sender) {
    if (auto done = addresses(*query_.sender, {sender}); !done) return done.error();
  }
  if (query_.recipient) {
    if (auto done = addresses(*query_.recipient, {recipient, original}); !done) return done.error();
  }
  if (auto done = only_addresses(); !done) return done.error();
  mail_criteria();
  queue_ids();
  delivery_criteria();
  if (rank_ == 100)
    plan_.drives = {{plan_.needs_delivery && !plan_.needs_mail ? From::deliver : From::connect, {}}};
  return std::move(plan_);
}

}  // namespace

Piece dictionary_statement(Dialect dialect, const Pattern& pattern, size_t limit) {
  Piece out;
  if (dialect == Dialect::sqlite) {
    std::string phrase = "\"";
    for (char c : pattern.text) phrase += c == '"' ? std::string("\"\"") : std::string(1, c);
    out.add(
           "SELECT a.address FROM addresses_trigram t JOIN addresses a ON a.number = t.rowid WHERE "
           "addresses_trigram MATCH ")
        .bind(text_value(phrase + "\""));
    out.add(" AND ").add(pattern.like(dialect, "a.address"));
  } else if (dialect == Dialect::mysql) {
    // Which pieces are rare is not known; any three narrow it down enough.
    std::vector<std::string> trigrams = trigrams_of(pattern.text);
    out.add("SELECT a.address FROM addresses a");
    size_t count = std::min<size_t>(3, trigrams.size());
    for (size_t i = 0; i < count; ++i) {
      out.add(fmt::format(" JOIN address_trigrams t{0} ON t{0}.address_id = a.id AND t{0}.trigram = ", i));
      out.bind(text_value(trigrams[i * (trigrams.size() - 1) / std::max<size_t>(1, count - 1)]));
    }
    out.add(" WHERE ").add(pattern.like(dialect, "a.address"));
  } else {
    out.add("SELECT a.address FROM addresses a WHERE ").add(pattern.like(dialect, "a.address"));
  }
  return out.add(" LIMIT " + std::to_string(limit));
}

Result<Plan> make_plan(Dialect dialect, Connection& connection, const Query& query) {
  return Planner(dialect, connection, query).make();
}

}  // namespace mailtrace::sql
