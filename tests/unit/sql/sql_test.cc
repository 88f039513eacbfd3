// The common SQL code without a database: statement texts, patterns, splitting of schema files.
#include <boost/test/unit_test.hpp>

#include "plugins/sinks/sql/pattern.h"
#include "plugins/sinks/sql/schema.h"
#include "plugins/sinks/sql/sink.h"

using namespace mailtrace;
using namespace mailtrace::sql;

BOOST_AUTO_TEST_CASE(schema_files_are_split_at_blank_lines) {
  auto parts = split_statements(
      "-- a comment\n\nCREATE TABLE a (\n  b TEXT  -- c; d\n);\n\nCREATE FUNCTION f AS $$\nBEGIN\n  x;\n  "
      "y;\nEND\n$$;\n\n"
      "DELIMITER //\n\nCREATE PROCEDURE p()\nBEGIN\n  x;\nEND\n//\n\nDELIMITER ;\nINSERT INTO a VALUES (1);");
  BOOST_REQUIRE_EQUAL(parts.size(), 4u);
  BOOST_TEST(parts[0] == "CREATE TABLE a (\n  b TEXT  -- c; d\n);");
  BOOST_TEST(parts[1].ends_with("END\n$$;"));
  BOOST_TEST(parts[2] == "CREATE PROCEDURE p()\nBEGIN\n  x;\nEND\n");
  BOOST_TEST(parts[3] == "INSERT INTO a VALUES (1);");
  BOOST_TEST(split_statements("-- nothing\n\n").empty());
}

BOOST_AUTO_TEST_CASE(upserts_merge_in_each_dialect) {
  const Table& table = checkpoint_table();
  BOOST_TEST(
      upsert_text(Dialect::sqlite, table, 1) ==
      "INSERT INTO checkpoint (receiver, spool, sequence, counted) VALUES (?, ?, ?, ?) ON CONFLICT "
      "(receiver) DO "
      "UPDATE SET spool = excluded.spool, sequence = excluded.sequence, counted = excluded.counted WHERE "
      "(checkpoint.spool, checkpoint.sequence, checkpoint.counted) IS NOT (excluded.spool, "
      "excluded.sequence, "
      "excluded.counted)");
  BOOST_TEST(upsert_text(Dialect::mysql, table, 2) ==
             "INSERT INTO checkpoint (receiver, spool, sequence, counted) VALUES (?, ?, ?, ?), (?, ?, ?, ?) "
             "ON DUPLICATE KEY "
             "UPDATE spool = VALUES(spool), sequence = VALUES(sequence), counted = VALUES(counted)");
  std::string postgresql = upsert_text(Dialect::postgresql, addresses_table(), 0);
  BOOST_TEST(postgresql.find("unnest($1::uuid[], $2::text[], $3::date[])") != std::string::npos);
  BOOST_TEST(postgresql.find("last_day = greatest(addresses.last_day, excluded.last_day)") !=
             std::string::npos);
  std::string mysql = upsert_text(Dialect::mysql, connect_table(), 1);
  BOOST_TEST(mysql.find("size = coalesce(greatest(size, VALUES(size)), size, VALUES(size))") !=
             std::string::npos);
  // MySQL assigns from left to right: the hash must be set while the old Message-ID is still there.
  BOOST_TEST(mysql.find(" message_hash = ") < mysql.find(" message_id = "));
  BOOST_TEST(mysql.find("flags = flags | VALUES(flags)") != std::string::npos);
  // A reserved word of MySQL.
  BOOST_TEST(upsert_text(Dialect::mysql, lines_table(), 1).starts_with("INSERT INTO \"lines\" "));
  BOOST_TEST(upsert_text(Dialect::mysql, trigrams_table(), 1)
                 .ends_with("ON DUPLICATE KEY UPDATE trigram = trigram"));
}

BOOST_AUTO_TEST_CASE(patterns_are_read_at_their_ends) {
  using Kind = Pattern::Kind;
  auto kind = [](std::string_view text) { return Pattern::read(text, true).kind; };
  BOOST_TEST((kind("a*b") == Kind::exact));
  BOOST_TEST((kind("") == Kind::exact));
  BOOST_TEST((kind("*") == Kind::anything));
  BOOST_TEST((kind("**") == Kind::anything));
  BOOST_TEST((kind("A*") == Kind::prefix));
  BOOST_TEST((kind("*A") == Kind::suffix));
  BOOST_TEST((kind("**a**") == Kind::substring));
  BOOST_TEST(Pattern::read("*AbC*", true).text == "abc");
  BOOST_TEST(Pattern::read("*AbC*", false).text == "AbC");
  BOOST_TEST((Pattern::read_address("@example.org").kind == Kind::suffix));
  BOOST_TEST((Pattern::read_address("@").kind == Kind::exact));
  BOOST_TEST((Pattern::read_phrase("x").kind == Kind::substring));
  BOOST_TEST((Pattern::read_phrase("").kind == Kind::anything));
  Piece like = Pattern::read("*50%_!\\*", true).condition(Dialect::sqlite, "c");
  BOOST_TEST(like.text == "c LIKE ? ESCAPE '!'");
  BOOST_TEST(like.parameters.at(0).text == "%50!%!_!!\\%");
  like = Pattern::read("*50%_!\\*", true).condition(Dialect::postgresql, "c");
  BOOST_TEST(like.text == "c LIKE ?");
  BOOST_TEST(like.parameters.at(0).text == "%50\\%\\_!\\\\%");
}

BOOST_AUTO_TEST_CASE(stars_inside_an_address_are_read) {
  auto fits = [](std::string_view pattern, std::string_view address) {
    return Pattern::read_address(pattern).matches(address);
  };
  BOOST_TEST(fits("*Anna*berger*", "anna.berger@example.org"));
  BOOST_TEST(!fits("*anna*berger*", "berger.anna@example.org"));
  BOOST_TEST(fits("a*@*.example", "anna@mail.example"));
  BOOST_TEST(!fits("a*@*.example", "anna@mail.example.org"));
  BOOST_TEST(!fits("a*@*.example", "beanna@mail.example"));
  BOOST_TEST(!fits("aba*aba", "aba"));
  BOOST_TEST(fits("aba**aba", "abaaba"));
  Piece like = Pattern::read_address("*an_na*berger@*").condition(Dialect::sqlite, "c");
  BOOST_TEST(like.parameters.at(0).text == "%an!_na%berger@%");
}

BOOST_AUTO_TEST_CASE(codes_of_answers_are_columns) {
  auto condition = [](const std::string& text) { return answer_condition(Dialect::sqlite, "d", text).text; };
  BOOST_TEST(condition("550") == "(d.smtp_code = ?)");
  BOOST_TEST(condition("550 5.1.1").starts_with("((d.smtp_code = ? AND d.dsn = ?) OR "));
  BOOST_TEST(condition("5.1.1").starts_with("((d.dsn = ?) OR "));
  for (const char* text : {"*550*", "550 user", "user", "", "5.1"})
    BOOST_TEST(condition(text).find("smtp_code") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(trigrams_are_of_characters) {
  BOOST_TEST((trigrams_of("abcabc") == std::vector<std::string>{"abc", "bca", "cab"}));
  BOOST_TEST((trigrams_of("z\xC3\xBCr") == std::vector<std::string>{"z\xC3\xBCr"}));
  BOOST_TEST(trigrams_of("ab").empty());
  BOOST_TEST(trigrams_of("").empty());
}

BOOST_AUTO_TEST_CASE(values_of_rows_are_storable) {
  ConnectRow row;
  row.server = "mx";
  row.sender = std::string("a\0b", 3);
  row.helo = std::string(600, 'x');
  ValueBlock block;
  block.add(row);
  BOOST_REQUIRE_EQUAL(block.values.size(), connect_table().columns.size());
  for (size_t i = 0; i < block.values.size(); ++i) {
    const auto& column = connect_table().columns[i];
    if (column.name == "sender")
      BOOST_TEST(block.values[i].text ==
                 "a\xEF\xBF\xBD"
                 "b");
    if (column.name == "helo") BOOST_TEST(block.values[i].text.size() == 500u);
    if (column.name == "subject") BOOST_TEST(block.values[i].null);
    BOOST_TEST((block.values[i].kind == column.kind), column.name);
  }
}

BOOST_AUTO_TEST_CASE(only_days_of_a_real_log_are_plausible) {
  Day today = day_of(time_from_us(1'800'000'000'000'000));
  BOOST_TEST(plausible_day(today + std::chrono::days(2), today));
  BOOST_TEST(!plausible_day(today + std::chrono::days(3), today));
  BOOST_TEST(plausible_day(today - std::chrono::days(3653), today));
  BOOST_TEST(!plausible_day(today - std::chrono::days(3654), today));
}
