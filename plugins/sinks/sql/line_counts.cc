// Readers of what became of the lines: counts by hour, gaps, samples nobody understood. The reader's thread.
#include "plugins/sinks/sql/reader.h"
#include "plugins/sinks/sql/statements.h"

namespace mailtrace::sql {
namespace {

// More than so many rows are no answer for a person or a page.
constexpr const char* most_rows = " LIMIT 200000";

Result<Rows> of_days(Connection& connection, const Table& table, const std::string& order, Day from, Day to) {
  std::vector<Cell> range{Cell(day_value(from)), Cell(day_value(to))};
  return connection.query("SELECT " + column_list(table, "t.", table.columns.size()) + " FROM " + table.name +
                              " t WHERE t.day BETWEEN ? AND ? ORDER BY " + order + most_rows,
                          range);
}

}  // namespace

Result<std::vector<HourRow>> read_hours(Connection& connection, Time from, Time to) {
  auto rows = of_days(connection, hours_table(), "t.day, t.hour, t.host, t.program, t.source", day_of(from),
                      day_of(to));
  if (!rows) return rows.error();
  std::vector<HourRow> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    Time start = Time(day_of_cell(c[0])) + std::chrono::hours(c[1].number);
    if (start > to || start + std::chrono::hours(1) <= from) continue;
    out.push_back({day_of_cell(c[0]), c[1].number, c[2].text, c[3].text, c[4].text, c[5].number, c[6].number,
                   c[7].number, c[8].number, c[9].number});
  }
  return out;
}

Result<std::vector<GapRow>> read_gaps(Connection& connection, Time from, Time to) {
  // A gap is filed under the day it began.
  auto rows = of_days(connection, gaps_table(), "t.day, t.first_time, t.id",
                      day_of(from) - std::chrono::days(2), day_of(to));
  if (!rows) return rows.error();
  std::vector<GapRow> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    GapRow row{day_of_cell(c[0]),         id_of(c[1]).value_or(Id{}), c[2].text,   c[3].text,
               time_from_us(c[4].number), time_from_us(c[5].number),  c[6].number, c[7].text};
    if (row.first_time <= to && row.last_time >= from) out.push_back(std::move(row));
  }
  return out;
}

Result<std::vector<UnknownRow>> read_unknown(Connection& connection, Day from, Day to) {
  auto rows = of_days(connection, unknown_table(),
                      "t.\"lines\" DESC, t.day, t.program, t.shape, t.slot, t.source", from, to);
  if (!rows) return rows.error();
  std::vector<UnknownRow> out;
  for (size_t i = 0; i < rows->size(); ++i) {
    const Cell* c = rows->row(i);
    out.push_back({day_of_cell(c[0]), c[1].text, id_of(c[2]).value_or(Id{}), c[3].number, c[4].text,
                   c[5].number, time_from_us(c[6].number), time_from_us(c[7].number), c[8].text, c[9].text});
  }
  return out;
}

}  // namespace mailtrace::sql
