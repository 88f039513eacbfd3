// core/mail/columns: the tables name every member once, and merging does not care about order.
#include "core/mail/columns.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <set>

using namespace mailtrace;

namespace {

std::mt19937 numbers(7);
int64_t few() { return static_cast<int64_t>(numbers() % 3); }

// Few different values, so that equal ones meet often.
void fill(std::string& v) {
  v = std::string(static_cast<size_t>(few()), static_cast<char>("a\xFF"[numbers() % 2]));
}
void fill(int64_t& v) { v = few() - 1; }
void fill(double& v) { v = few() == 2 ? std::nan("") : static_cast<double>(few()); }
void fill(Time& v) { v = time_from_us(few() * 1000); }
void fill(Id& v) { v.bytes[15] = static_cast<uint8_t>(few()); }
void fill(Day&) {}
template <class T>
void fill(std::optional<T>& v) {
  v.reset();
  if (few() != 0) fill(v.emplace());
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}
bool same(const std::optional<double>& a, const std::optional<double>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

void columns_of(const ConnectRow*, auto&& visit) { connect_columns(visit); }
void columns_of(const DeliverRow*, auto&& visit) { deliver_columns(visit); }

template <class Row>
Row random_row() {
  Row row;
  columns_of(&row, [&](const auto& c) {
    if (c.merge != Merge::key) fill(row.*c.member);
  });
  return row;
}

template <class Row>
std::string difference(const Row& a, const Row& b) {
  std::string names;
  columns_of(&a, [&](const auto& c) {
    if (!same(a.*c.member, b.*c.member)) names += std::string(c.name) + " ";
  });
  return names;
}

template <class Row>
Row merged(Row a, const Row& b) {
  merge(a, b);
  return a;
}

template <class Row>
void check_laws() {
  for (int i = 0; i < 2000; ++i) {
    Row a = random_row<Row>(), b = random_row<Row>(), c = random_row<Row>();
    BOOST_REQUIRE_EQUAL(difference(merged(a, b), merged(b, a)), "");
    BOOST_REQUIRE_EQUAL(difference(merged(merged(a, b), c), merged(a, merged(b, c))), "");
    BOOST_REQUIRE_EQUAL(difference(merged(a, a), a), "");
    BOOST_REQUIRE_EQUAL(difference(merged(merged(a, b), b), merged(a, b)), "");
    // What nobody else knows stays.
    Row unknown{};
    columns_of(&a, [&](const auto& column) {
      using Field = std::decay_t<decltype(a.*column.member)>;
      if constexpr (!requires(Field f) { f.has_value(); }) unknown.*column.member = a.*column.member;
    });
    BOOST_REQUIRE_EQUAL(difference(merged(unknown, a), a), "");
  }
}

template <class Row>
size_t count_columns(std::set<std::string>& names) {
  size_t count = 0;
  columns_of(static_cast<Row*>(nullptr), [&](const auto& c) {
    names.insert(c.name);
    ++count;
  });
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(columns)

BOOST_AUTO_TEST_CASE(every_column_once) {
  std::set<std::string> connect, deliver;
  BOOST_TEST(count_columns<ConnectRow>(connect) == 28u);
  BOOST_TEST(count_columns<DeliverRow>(deliver) == 27u);
  BOOST_TEST(connect.size() == 28u);
  BOOST_TEST(deliver.size() == 27u);
}

BOOST_AUTO_TEST_CASE(connect_rows_merge_in_any_order) { check_laws<ConnectRow>(); }
BOOST_AUTO_TEST_CASE(deliver_rows_merge_in_any_order) { check_laws<DeliverRow>(); }

BOOST_AUTO_TEST_CASE(which_value_wins) {
  ConnectRow a, b;
  a.connect_time = time_from_us(2000);
  b.connect_time = time_from_us(1000);
  a.size = 10;
  b.size = 20;
  a.sender = "b@example.org";
  b.sender = "";
  b.helo = "mx";
  a.subject = "\x7f";
  b.subject = "\xC3\xBC";
  a.flags = row_flag::opened | row_flag::held;
  b.flags = row_flag::removed | row_flag::held;
  a.end_time = time_from_us(5);
  b.end_time = time_from_us(6);
  merge(a, b);
  BOOST_TEST(to_us(a.connect_time) == 1000);
  BOOST_TEST(*a.size == 20);
  BOOST_TEST(*a.sender == "");  // the null sender is a value
  BOOST_TEST(*a.helo == "mx");
  BOOST_TEST(*a.subject == "\x7f");  // byte order, as the databases compare
  BOOST_TEST(a.flags == (row_flag::opened | row_flag::removed | row_flag::held));
  BOOST_TEST(to_us(*a.end_time) == 6);
  BOOST_TEST(!a.protocol);
}

BOOST_AUTO_TEST_CASE(longer_lines_win) {
  LinesRow a, b;
  a.data = "zz";
  b.data = "aaa";
  LinesRow c = b;
  merge(c, a);
  merge(a, b);
  BOOST_TEST(a.data == "aaa");
  BOOST_TEST(c.data == "aaa");
  LinesRow d, e;
  d.data = "ab";
  e.data = "ba";
  LinesRow f = e;
  merge(f, d);
  merge(d, e);
  BOOST_TEST(d.data == f.data);
}

BOOST_AUTO_TEST_SUITE_END()
