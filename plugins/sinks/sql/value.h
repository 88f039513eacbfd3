// Values that go into and come out of a database: one small set of kinds for all three drivers. Any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/id.h"
#include "core/base/time.h"
#include "core/mail/plausible.h"

namespace mailtrace::sql {

// How a column is stored; each driver knows its type for each kind.
enum class Kind : uint8_t { integer, real, text, bytes, id, time, day };

// Borrows its text: for rows on their way into a table. `number` holds microseconds or days for time and day.
struct Value {
  Kind kind = Kind::text;
  bool null = true;
  int64_t number = 0;
  double real = 0;
  std::string_view text{};
};

inline Value integer_value(int64_t number) { return {Kind::integer, false, number}; }
inline Value text_value(std::string_view text) { return {Kind::text, false, 0, 0, text}; }
inline Value time_value(Time time) { return {Kind::time, false, to_us(within_calendar(time))}; }
inline Value day_value(Day day) {
  return {Kind::day, false, day_of(within_calendar(day)).time_since_epoch().count()};
}
inline Value id_value(const Id& id) {
  return {Kind::id, false, 0, 0, {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}};
}

// Owns its text: parameters of a query and the cells of its answer.
struct Cell {
  Kind kind = Kind::text;
  bool null = true;
  int64_t number = 0;
  double real = 0;
  std::string text;

  Cell() = default;
  explicit Cell(const Value& v) : kind(v.kind), null(v.null), number(v.number), real(v.real), text(v.text) {}
  Value value() const { return {kind, null, number, real, text}; }
};

inline std::optional<Id> id_of(const Cell& cell) {
  Id id;
  if (cell.null || cell.text.size() != id.bytes.size()) return std::nullopt;
  std::copy(cell.text.begin(), cell.text.end(), reinterpret_cast<char*>(id.bytes.data()));
  return id;
}
inline Day day_of_cell(const Cell& cell) { return Day(std::chrono::days(cell.number)); }

// The answer of a statement, row by row.
struct Rows {
  size_t width = 0;
  std::vector<Cell> cells;
  int64_t changed = 0;  // rows touched by INSERT, UPDATE or DELETE
  size_t size() const { return width == 0 ? 0 : cells.size() / width; }
  bool empty() const { return cells.empty(); }
  const Cell* row(size_t index) const { return cells.data() + index * width; }
};

}  // namespace mailtrace::sql
