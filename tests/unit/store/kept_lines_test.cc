// KeptLines and the samples of what nobody understood.
#include "core/store/kept_lines.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "core/store/unknown_lines.h"

using namespace mailtrace;

namespace {

struct Folder {
  std::string path = "/tmp/kept_lines_test.XXXXXX";
  Folder() { BOOST_REQUIRE(::mkdtemp(path.data())); }
  ~Folder() { std::filesystem::remove_all(path); }
};

LogLine line(std::string_view raw, std::string_view host = "mx1") {
  LogLine out;
  out.raw = out.text = raw;
  out.hostname = host;
  out.app_name = "postfix/smtpd";
  out.received = time_from_us(1'700'000'000'000'001);
  out.time = out.received;
  return out;
}

std::vector<std::string> read(const std::string& folder) {
  std::vector<std::string> out;
  auto count = read_kept_lines(folder, [&](const Record& record) -> Result<void> {
    BOOST_TEST(to_us(record.received) == 1'700'000'000'000'001);
    out.push_back(std::string(record.peer) + "|" + std::string(record.bytes));
    return {};
  });
  BOOST_REQUIRE(count);
  BOOST_TEST(*count == out.size());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kept_lines)

BOOST_AUTO_TEST_CASE(lines_come_back_as_they_were) {
  Folder folder;
  BOOST_TEST(read(folder.path).empty());
  {
    KeptLines kept(folder.path);
    kept.add(line("one"));
    kept.add(line("two\nwith\0zero", ""));
    kept.add(line("", "mx2"));
    kept.flush();
    kept.add(line("three 5 0 3 4\nmx1evil\n"));
  }
  std::vector<std::string> expected{"mx1|one", "|two\nwith", "mx2|", "mx1|three 5 0 3 4\nmx1evil\n"};
  BOOST_TEST(read(folder.path) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_cut_end_loses_one_line) {
  Folder folder;
  for (const char* text : {"one", "two"}) {
    KeptLines kept(folder.path);
    kept.add(line(text));
    kept.add(line("last"));
  }
  std::vector<std::filesystem::path> files(std::filesystem::directory_iterator(folder.path + "/unknown"), {});
  std::sort(files.begin(), files.end());
  BOOST_REQUIRE(files.size() == 2u);
  std::filesystem::resize_file(files[0], std::filesystem::file_size(files[0]) - 2);
  std::vector<std::string> expected{"mx1|one", "mx1|two", "mx1|last"};
  BOOST_TEST(read(folder.path) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_oldest_go_when_there_are_too_many) {
  Folder folder;
  std::string text(1000, 'x');
  for (int i = 0; i < 100; ++i) {
    KeptLines kept(folder.path, 20'000);
    kept.add(line(text + std::to_string(i)));
  }
  auto lines = read(folder.path);
  BOOST_TEST(lines.size() < 21u);
  BOOST_REQUIRE(!lines.empty());
  BOOST_TEST(lines.back().ends_with("x99"));
  BOOST_TEST(expire_kept_lines(folder.path, day_of(now()), false) == 0u);
  BOOST_TEST(expire_kept_lines(folder.path, day_of(now()) + std::chrono::days(1), true) == lines.size());
  BOOST_TEST(read(folder.path).size() == lines.size());
  expire_kept_lines(folder.path, day_of(now()) + std::chrono::days(1), false);
  BOOST_TEST(read(folder.path).empty());
}

BOOST_AUTO_TEST_CASE(one_shape_for_what_differs_in_names_and_numbers) {
  BOOST_TEST(shape_of("warning: 1.2.3.4: host a.example said <x y>") ==
             shape_of("warning: 9.9.9.9: host bb.example said <z>"));
  BOOST_TEST(shape_of("took 3 seconds") != shape_of("lost 3 seconds"));
  BOOST_TEST(shape_of("size=3 from=<a>") == "size=* from=* ");
  BOOST_TEST(shape_of(std::string(100'000, '<')).size() < 200u);
}

BOOST_AUTO_TEST_CASE(samples_are_few_and_counts_exact) {
  UnknownLines unknown;
  LogLine one = line("took 1 second");
  for (uint64_t i = 1; i <= 100; ++i) {
    std::string text = "took " + std::to_string(i) + " seconds";
    one.text = text;
    one.sequence = i;
    one.identity.low = i;
    one.time += std::chrono::seconds(1);
    unknown.add(one, i <= 10);
  }
  std::vector<UnknownRow> rows;
  unknown.collect(51, rows);
  BOOST_TEST(rows.size() == 3u);
  int64_t sum = 0;
  for (auto& row : rows) sum += row.lines;
  BOOST_TEST(sum == 40);
  rows.clear();
  unknown.collect(1000, rows);
  for (auto& row : rows) sum += row.lines;
  BOOST_TEST(sum == 90);
  BOOST_TEST(rows[0].text.starts_with("took "));
  rows.clear();
  unknown.collect(1000, rows);
  BOOST_TEST(rows.empty());
}

BOOST_AUTO_TEST_CASE(made_up_shapes_do_not_fill_the_memory) {
  UnknownLines unknown;
  for (int i = 0; i < 3000; ++i) {
    std::string text = "word";
    for (int k = i; k > 0; k /= 20) text += static_cast<char>('a' + k % 20);
    LogLine one = line(text);
    unknown.add(one);
  }
  std::vector<UnknownRow> rows;
  unknown.collect(0, rows);
  BOOST_TEST(rows.size() <= 1001u);
  int64_t sum = 0;
  for (auto& row : rows) sum += row.lines;
  BOOST_TEST(sum == 3000);
}

BOOST_AUTO_TEST_SUITE_END()
