#include "plugins/sinks/sql/table.h"

#include <cmath>
#include <cstring>

#include "core/base/text.h"

namespace mailtrace::sql {
namespace {

constexpr Rule rule_of(Merge merge) {
  switch (merge) {
    case Merge::key:
      return Rule::key;
    case Merge::least:
      return Rule::least;
    case Merge::most:
      return Rule::most;
    case Merge::bits:
      return Rule::bits;
  }
  return Rule::key;
}

template <class Row, class Walk>
std::vector<SqlColumn> columns_of(Walk walk) {
  std::vector<SqlColumn> columns;
  walk([&]<class Field>(const Column<Row, Field>& c) {
    columns.push_back({c.name, kind_of<Field>(), rule_of(c.merge), text_limit(c.name)});
  });
  return columns;
}

Table make(std::string name, std::vector<SqlColumn> columns) { return {std::move(name), std::move(columns)}; }

// True when the bytes can go into every database as they are. Most log text is ASCII, eight bytes at a time.
bool is_storable(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    constexpr uint64_t high = 0x8080808080808080u, low = 0x0101010101010101u;
    if (((word | (word - low)) & high) != 0) break;
  }
  bool ascii = true;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '\0') return false;
    if (static_cast<unsigned char>(text[i]) >= 0x80) ascii = false;
  }
  return ascii || is_valid_utf8(text.substr(at));
}

Value field_value(int64_t v) { return integer_value(v); }
// MySQL knows no infinity.
Value field_value(double v) { return {Kind::real, !std::isfinite(v), 0, v}; }
Value field_value(Time v) { return time_value(v); }
Value field_value(Day v) { return day_value(v); }
Value field_value(const Id& v) { return id_value(v); }

template <class Field>
void add_field(ValueBlock& block, const char* name, const Field& field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    block.text(field, text_limit(name));
  } else {
    block.values.push_back(field_value(field));
  }
}
template <class Field>
void add_field(ValueBlock& block, const char* name, const std::optional<Field>& field) {
  if (field) return add_field(block, name, *field);
  block.values.push_back({kind_of<Field>(), true});
}

void set_field(const Cell& cell, int64_t& to) { to = cell.number; }
void set_field(const Cell& cell, double& to) { to = cell.real; }
void set_field(const Cell& cell, Time& to) { to = time_from_us(cell.number); }
void set_field(const Cell& cell, Day& to) { to = day_of_cell(cell); }
void set_field(const Cell& cell, Id& to) { to = id_of(cell).value_or(Id{}); }
void set_field(const Cell& cell, std::string& to) { to = cell.text; }
template <class Field>
void set_field(const Cell& cell, std::optional<Field>& to) {
  to.reset();
  if (!cell.null) set_field(cell, to.emplace());
}

}  // namespace

size_t text_limit(std::string_view column) {
  // RFC 5322 2.1.1: a line has at most 998 characters; an index entry of PostgreSQL at most 2704 bytes.
  if (column == "sender" || column == "message_id" || column == "address") return 998;
  if (column.ends_with("recipient")) return 998;
  if (column == "subject") return 2000;
  if (column == "response") return 8000;
  if (column == "helo" || column == "folder" || column == "sasl_user" || column == "reason" ||
      column.ends_with("_name"))
    return 500;
  return 250;
}

const Table& connect_table() {
  static const Table table = [] {
    auto columns = columns_of<ConnectRow>([](auto visit) { connect_columns(visit); });
    columns.push_back({"message_hash", Kind::integer, Rule::hash_of_message_id, 0});
    return make("connectlog", std::move(columns));
  }();
  return table;
}

const Table& deliver_table() {
  static const Table table =
      make("deliverlog", columns_of<DeliverRow>([](auto visit) { deliver_columns(visit); }));
  return table;
}

const Table& lines_table() {
  static const Table table = make("lines", {{"day", Kind::day, Rule::key, 0},
                                            {"connect_id", Kind::id, Rule::key, 0},
                                            {"id", Kind::id, Rule::key, 0},
                                            {"data", Kind::bytes, Rule::longer, 0}});
  return table;
}

namespace {
Table hosts(Rule counts) {
  return make("hosts", {{"day", Kind::day, Rule::key, 0},
                        {"host", Kind::text, Rule::key, text_limit("host")},
                        {"first_time", Kind::time, Rule::least, 0},
                        {"last_time", Kind::time, Rule::most, 0},
                        {"lines", Kind::integer, counts, 0},
                        {"unknown", Kind::integer, counts, 0}});
}
Table hours(Rule counts) {
  return make("host_hours", {{"day", Kind::day, Rule::key, 0},
                             {"hour", Kind::integer, Rule::key, 0},
                             {"host", Kind::text, Rule::key, text_limit("host")},
                             {"program", Kind::text, Rule::key, 100},
                             {"source", Kind::text, Rule::key, 250},
                             {"understood", Kind::integer, counts, 0},
                             {"ignored", Kind::integer, counts, 0},
                             {"unknown", Kind::integer, counts, 0},
                             {"unparsed", Kind::integer, counts, 0},
                             {"minutes", Kind::integer, Rule::bits, 0}});
}
Table unknown(Rule counts) {
  return make("unknown_lines", {{"day", Kind::day, Rule::key, 0},
                                {"program", Kind::text, Rule::key, 100},
                                {"shape", Kind::id, Rule::key, 0},
                                {"slot", Kind::integer, Rule::key, 0},
                                {"source", Kind::text, Rule::key, 250},
                                {"lines", Kind::integer, counts, 0},
                                {"first_time", Kind::time, Rule::least, 0},
                                {"last_time", Kind::time, Rule::most, 0},
                                {"host", Kind::text, Rule::of_newest, text_limit("host")},
                                {"text", Kind::text, Rule::of_newest, 2000}});
}
}  // namespace

const Table& hours_table() {
  static const Table table = hours(Rule::add);
  return table;
}

const Table& hours_most_table() {
  static const Table table = hours(Rule::most);
  return table;
}

const Table& unknown_table() {
  static const Table table = unknown(Rule::add);
  return table;
}

const Table& unknown_most_table() {
  static const Table table = unknown(Rule::most);
  return table;
}

const Table& gaps_table() {
  static const Table table = make("gaps", {{"day", Kind::day, Rule::key, 0},
                                           {"id", Kind::id, Rule::key, 0},
                                           {"receiver", Kind::text, Rule::least, 250},
                                           {"kind", Kind::text, Rule::least, 250},
                                           {"first_time", Kind::time, Rule::least, 0},
                                           {"last_time", Kind::time, Rule::most, 0},
                                           {"lines", Kind::integer, Rule::most, 0},
                                           {"reason", Kind::text, Rule::least, 2000}});
  return table;
}

const Table& hosts_table() {
  static const Table table = hosts(Rule::add);
  return table;
}

const Table& hosts_most_table() {
  static const Table table = hosts(Rule::most);
  return table;
}

const Table& checkpoint_table() {
  static const Table table = make("checkpoint", {{"receiver", Kind::text, Rule::key, 250},
                                                 {"spool", Kind::text, Rule::replace, 250},
                                                 {"sequence", Kind::integer, Rule::replace, 0},
                                                 {"counted", Kind::integer, Rule::replace, 0}});
  return table;
}

const Table& addresses_table() {
  static const Table table = make("addresses", {{"id", Kind::id, Rule::key, 0},
                                                {"address", Kind::text, Rule::least, 998},
                                                {"last_day", Kind::day, Rule::most, 0}});
  return table;
}

const Table& hints_table() {
  static const Table table = make("hints", {{"id", Kind::id, Rule::key, 0},
                                            {"data", Kind::bytes, Rule::replace, 0},
                                            {"until", Kind::time, Rule::replace, 0}});
  return table;
}

const Table& trigrams_table() {
  static const Table table = make(
      "address_trigrams", {{"trigram", Kind::text, Rule::key, 12}, {"address_id", Kind::id, Rule::key, 0}});
  return table;
}

std::vector<const Table*> all_tables() {
  return {&connect_table(), &deliver_table(), &lines_table(),      &hosts_table(),     &hours_table(),
          &unknown_table(), &gaps_table(),    &checkpoint_table(), &addresses_table(), &hints_table()};
}

void ValueBlock::text(std::string_view text, size_t limit) {
  if (text.size() > limit || !is_storable(text)) text = keep(storable(text, limit));
  values.push_back(text_value(text));
}

void ValueBlock::add(const ConnectRow& row) {
  size_t message_id = 0;
  connect_columns([&](const auto& c) {
    if (std::string_view(c.name) == "message_id") message_id = values.size();
    add_field(*this, c.name, row.*c.member);
  });
  Value hash{Kind::integer, true};
  if (row.message_id) hash = integer_value(message_hash(values[message_id].text));
  values.push_back(hash);
}

void ValueBlock::add(const DeliverRow& row) {
  deliver_columns([&](const auto& c) { add_field(*this, c.name, row.*c.member); });
}

void ValueBlock::add(const LinesRow& row) {
  values.push_back(day_value(row.day));
  values.push_back(id_value(row.connect_id));
  values.push_back(id_value(row.id));
  values.push_back({Kind::bytes, false, 0, 0, row.data});
}

void ValueBlock::add(const HostRow& row) {
  values.push_back(day_value(row.day));
  text(row.host, text_limit("host"));
  values.push_back(time_value(row.first_time));
  values.push_back(time_value(row.last_time));
  values.push_back(integer_value(row.lines));
  values.push_back(integer_value(row.unknown));
}

void ValueBlock::add(const HintRow& row) {
  values.push_back(id_value(row.id));
  values.push_back({Kind::bytes, false, 0, 0, row.data});
  values.push_back(time_value(row.until));
}

void ValueBlock::add(const HourRow& row) {
  values.push_back(day_value(row.day));
  values.push_back(integer_value(row.hour));
  text(row.host, text_limit("host"));
  text(row.program, 100);
  text(row.source, 250);
  for (int64_t number : {row.understood, row.ignored, row.unknown, row.unparsed, row.minutes})
    values.push_back(integer_value(number));
}

void ValueBlock::add(const UnknownRow& row) {
  values.push_back(day_value(row.day));
  text(row.program, 100);
  values.push_back(id_value(row.shape));
  values.push_back(integer_value(row.slot));
  text(row.source, 250);
  values.push_back(integer_value(row.lines));
  values.push_back(time_value(row.first_time));
  values.push_back(time_value(row.last_time));
  text(row.host, text_limit("host"));
  text(row.text, 2000);
}

void ValueBlock::add(const GapRow& row) {
  values.push_back(day_value(row.day));
  values.push_back(id_value(row.id));
  text(row.receiver, 250);
  text(row.kind, 250);
  values.push_back(time_value(row.first_time));
  values.push_back(time_value(row.last_time));
  values.push_back(integer_value(row.lines));
  text(row.reason, 2000);
}

void ValueBlock::add(const Checkpoint& checkpoint) {
  text(checkpoint.receiver, 250);
  text(checkpoint.spool, 250);
  values.push_back(integer_value(static_cast<int64_t>(checkpoint.sequence)));
  values.push_back(integer_value(static_cast<int64_t>(checkpoint.counted)));
}

void read_row(const Cell* cells, ConnectRow& row) {
  connect_columns([&](const auto& c) { set_field(*cells++, row.*c.member); });
}

void read_row(const Cell* cells, DeliverRow& row) {
  deliver_columns([&](const auto& c) { set_field(*cells++, row.*c.member); });
}

size_t connect_width() { return connect_table().columns.size() - 1; }
size_t deliver_width() { return deliver_table().columns.size(); }

int64_t message_hash(std::string_view message_id) {
  return static_cast<int64_t>(hash_fields({lower(message_id)}).low);
}

Id address_id(std::string_view address) {
  Hash128 hash = hash_fields({address});
  Id id;
  std::memcpy(id.bytes.data(), &hash.high, 8);
  std::memcpy(id.bytes.data() + 8, &hash.low, 8);
  return id;
}

}  // namespace mailtrace::sql
