// Tables as the writer and the reader see them, made from the column lists in core/mail. Any thread.
#pragma once
#include <deque>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/mail/columns.h"
#include "plugins/sinks/sql/value.h"

namespace mailtrace::sql {

// What becomes of a stored value when a row with the same key comes again; the first four are core's Merge.
// of_newest: the value that came with the larger `last_time`.
enum class Rule { key, least, most, bits, longer, add, replace, of_newest, hash_of_message_id };

struct SqlColumn {
  std::string name;
  Kind kind;
  Rule rule;
  size_t limit;  // bytes of text that are stored
};

struct Table {
  std::string name;
  std::vector<SqlColumn> columns;
};

const Table& connect_table();  // + message_hash
const Table& deliver_table();
const Table& lines_table();
const Table& hosts_table();       // counts are added up
const Table& hosts_most_table();  // the same table for writers without checkpoint: counts merge by maximum
const Table& hours_table();
const Table& hours_most_table();
const Table& unknown_table();
const Table& unknown_most_table();
const Table& gaps_table();
const Table& checkpoint_table();
const Table& addresses_table();
const Table& hints_table();
const Table& trigrams_table();  // MySQL only
// Every table that is the same in all three databases.
std::vector<const Table*> all_tables();

// How many bytes of that column are kept; longer text is cut at a character.
size_t text_limit(std::string_view column);

template <class Field>
struct field_type {
  using type = Field;
};
template <class Field>
struct field_type<std::optional<Field>> {
  using type = Field;
};

template <class Field>
constexpr Kind kind_of() {
  using T = typename field_type<Field>::type;
  if constexpr (std::is_same_v<T, Id>)
    return Kind::id;
  else if constexpr (std::is_same_v<T, Time>)
    return Kind::time;
  else if constexpr (std::is_same_v<T, Day>)
    return Kind::day;
  else if constexpr (std::is_same_v<T, double>)
    return Kind::real;
  else if constexpr (std::is_same_v<T, int64_t>)
    return Kind::integer;
  else
    return Kind::text;
}

// Rows of one table as values, row after row. Texts that a database would refuse (invalid UTF-8, NUL, too
// long) are replaced by storable ones, which live here; all others are borrowed from the rows.
class ValueBlock {
 public:
  std::vector<Value> values;
  void clear() {
    values.clear();
    owned_.clear();
  }
  void text(std::string_view text, size_t limit);
  std::string_view keep(std::string text) { return owned_.emplace_back(std::move(text)); }

  void add(const ConnectRow& row);
  void add(const DeliverRow& row);
  void add(const LinesRow& row);
  void add(const HostRow& row);
  void add(const HintRow& row);
  void add(const HourRow& row);
  void add(const UnknownRow& row);
  void add(const GapRow& row);
  void add(const Checkpoint& checkpoint);

 private:
  std::deque<std::string> owned_;
};

// Reads one row from the cells of a SELECT in table order.
void read_row(const Cell* cells, ConnectRow& row);
void read_row(const Cell* cells, DeliverRow& row);
size_t connect_width();  // cells of a ConnectRow
size_t deliver_width();

int64_t message_hash(std::string_view message_id);
// `address`: in lower case.
Id address_id(std::string_view address);

}  // namespace mailtrace::sql
