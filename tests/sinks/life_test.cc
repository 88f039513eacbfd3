// The life of a database: schema, documentation, users, retention, and connections that break.
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "plugins/sinks/sql/schema.h"
#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

namespace {

const std::string servers[] = {"postgresql", "mysql"};

Batch days_of_mail(int count) {
  Batch batch;
  for (int age = 0; age < count; ++age) {
    batch.connects.push_back(mail(Time(today() - days(age)) + seconds(5), "age" + std::to_string(age)));
    const ConnectRow& row = batch.connects.back();
    batch.deliveries.push_back(delivery(row, "user" + std::to_string(age) + "@example.org", "sent"));
    batch.lines.push_back({row.day, row.id, row.id, "data"});
    batch.hosts.push_back({row.day, "mx1", row.connect_time, row.connect_time, 1, 0});
  }
  return batch;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string columns_statement(const std::string& kind) {
  if (kind == "sqlite") {
    return "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' "
           "AND m.name NOT "
           "LIKE 'addresses_trigram%' AND m.name NOT LIKE 'sqlite_%'";
  }
  std::string schema = kind == "mysql" ? "database()" : "'public'";
  return "SELECT t.table_name, c.column_name FROM information_schema.tables t JOIN "
         "information_schema.columns c ON "
         "c.table_name = t.table_name AND c.table_schema = t.table_schema WHERE t.table_schema = " +
         schema +
         " AND t.table_type = 'BASE TABLE' AND t.table_name NOT LIKE '%_2%' AND t.table_name NOT LIKE "
         "'%default'";
}

}  // namespace

BOOST_DATA_TEST_CASE(every_column_is_documented, data::make(all_kinds)) {
  std::string readme = read_file(MAILTRACE_SOURCE "/sql/README.md");
  auto documented = [&](const std::string& table, const std::string& column) {
    size_t begin = readme.find("\n### " + table + "\n");
    if (begin == std::string::npos) return false;
    std::string section = readme.substr(begin, readme.find("\n##", begin + 5) - begin);
    return section.find("\n| `" + column + "` |") != std::string::npos;
  };
  Database database(sample);
  must(database.sink()->open());
  std::string stored = "\n" + database.run(columns_statement(sample)) + "\n";
  std::istringstream lines(stored);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    size_t bar = line.find('|');
    if (bar == std::string::npos) continue;
    ++count;
    BOOST_TEST(documented(line.substr(0, bar), line.substr(bar + 1)), line);
  }
  BOOST_TEST(count > 70);
  for (const sql::Table* table : sql::all_tables()) {
    for (const auto& column : table->columns) {
      BOOST_TEST(stored.find("\n" + table->name + "|" + column.name + "\n") != std::string::npos,
                 table->name + "." + column.name);
    }
  }
  for (const char* view : {"mails", "deliveries"})
    BOOST_TEST(database.number(std::string("SELECT count(*) FROM ") + view) == 0);
}

BOOST_DATA_TEST_CASE(the_documented_command_makes_it_too, data::make(all_kinds)) {
  Database database(sample);
  database.run(shell("cat " MAILTRACE_SOURCE "/sql/" + sample + "/0*.sql"));
  auto sink = database.sink("create_schema: false\n");
  must(sink->open());
  must(sink->write(days_of_mail(3)));
  BOOST_TEST(database.number(
                 "SELECT count(*) FROM deliveries WHERE mail IS NOT NULL AND received IS NOT NULL") == 3);
  BOOST_TEST(database.number("SELECT count(*) FROM mails WHERE length(mail) = 32") == 3);
  if (sample == "sqlite") {
    BOOST_TEST(database.run("SELECT received FROM mails ORDER BY received DESC LIMIT 1") ==
               format_day(today()) + " 00:00:05.000000");
  }
}

BOOST_DATA_TEST_CASE(a_wrong_schema_version_stops, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink("create_schema: false\n");
  auto empty = sink->open();
  BOOST_REQUIRE(!empty);
  BOOST_TEST((empty.error().fault == Fault::schema), empty.error().text);
  must(database.sink()->open());
  must(sink->open());
  database.run("INSERT INTO schema_version (version) VALUES (999)");
  for (auto refused : {database.sink()->open(), database.sink()->write(Batch{})}) {
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().fault == Fault::schema), refused.error().text);
  }
  auto reader = database.sink()->open_reader();
  BOOST_REQUIRE(!reader);
  BOOST_TEST((reader.error().fault == Fault::schema), reader.error().text);
}

BOOST_DATA_TEST_CASE(old_days_go, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  must(sink->write(days_of_mail(10)));
  auto dry = sink->expire(today() - days(6), true, false);
  BOOST_REQUIRE_MESSAGE(dry, (dry ? "" : dry.error().text));
  BOOST_TEST(dry->connects == 3);
  BOOST_TEST(dry->deliveries == 3);
  BOOST_TEST(dry->lines == 3);
  BOOST_TEST((dry->oldest_kept == today() - days(6)));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 10);
  auto gone = sink->expire(today() - days(6), false, false);
  BOOST_REQUIRE_MESSAGE(gone, (gone ? "" : gone.error().text));
  BOOST_TEST(gone->connects == 3);
  if (sample != "sqlite") BOOST_TEST(gone->partitions >= 9);
  for (const char* table : {"connectlog", "deliverlog", "hosts", "addresses"}) {
    BOOST_TEST(database.number(std::string("SELECT count(*) FROM ") + table) == 7, table);
  }
  BOOST_TEST(database.number(sample == "mysql" ? "SELECT count(*) FROM `lines`"
                                               : "SELECT count(*) FROM lines") == 7);
  if (sample == "mysql")
    BOOST_TEST(database.number("SELECT count(DISTINCT address_id) FROM address_trigrams") == 7);
  // What is gone may come again, into its own day.
  must(sink->write(days_of_mail(10)));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 10);
  Query query;
  query.recipient = "*user9@*";
  BOOST_TEST((*sink->open_reader())->search(query)->hits.size() == 1u);
}

// An import by root, before the daemon ever ran.
BOOST_AUTO_TEST_CASE(what_root_makes_belongs_to_the_owner_of_the_directory) {
  if (::geteuid() != 0) return;
  auto directory = std::filesystem::path(scratch()) / "owned";
  std::filesystem::create_directories(directory);
  BOOST_REQUIRE(::chown(directory.c_str(), 65534, 65534) == 0);
  Database database("sqlite");
  auto sink = database.sink("file: " + (directory / "mail.db").string() + "\n");
  must(sink->open());
  must(sink->write(days_of_mail(1)));
  for (const char* name : {"mail.db", "mail.db-wal", "mail.db-shm"}) {
    struct stat status {};
    BOOST_REQUIRE(::stat((directory / name).c_str(), &status) == 0);
    BOOST_TEST(status.st_uid == 65534u, name);
    BOOST_TEST(status.st_gid == 65534u, name);
  }
}

BOOST_DATA_TEST_CASE(a_clock_jump_removes_nothing, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  must(sink->write(days_of_mail(10)));
  for (Day before : {today() - days(3), today(), today() + days(400)}) {
    auto refused = sink->expire(before, false, false);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().fault == Fault::config), refused.error().text);
  }
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 10);
  auto forced = sink->expire(today() - days(4), false, true);
  BOOST_REQUIRE_MESSAGE(forced, (forced ? "" : forced.error().text));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 5);
}

BOOST_DATA_TEST_CASE(three_users_have_three_rights, data::make(servers)) {
  Database database(sample);
  std::string roles = read_file(MAILTRACE_SOURCE "/sql/" + sample + "/roles.sql");
  auto rename = [&](std::string& text, const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  };
  rename(roles, "'%'", "'localhost'");
  rename(roles, "mailtrace.*", database.name() + ".*");
  std::string variables = "\\set owner_password o\n\\set writer_password w\n\\set web_password r\n";
  database.run((sample == "postgresql" ? variables : "") + roles);
  auto as = [&](const std::string& user, const std::string& password) {
    if (sample == "mysql") return database.sink("user: mailtrace_" + user + "\npassword: " + password + "\n");
    return database.sink("connection: \"" + database.place() + " user=mailtrace_" + user +
                         "\"\npassword: x\n");
  };
  auto owner = as("owner", "OWNER_PASSWORD"), writer = as("writer", "WRITER_PASSWORD"),
       web = as("web", "WEB_PASSWORD");
  auto early = writer->open();
  BOOST_REQUIRE(!early);
  BOOST_TEST((early.error().fault == Fault::schema), early.error().text);
  must(owner->open());
  must(writer->open());
  must(writer->write(days_of_mail(10)));
  must(writer->write(days_of_mail(10)));
  auto refused = writer->expire(today() - days(6), false, false);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().fault == Fault::config), refused.error().text);
  BOOST_TEST(refused.error().text.find("WRITER_PASSWORD") == std::string::npos);
  auto reader = web->open_reader();
  BOOST_REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
  BOOST_TEST((*reader)->search(Query{})->hits.size() == 10u);
  BOOST_TEST(!web->write(days_of_mail(1)));
  auto done = owner->expire(today() - days(6), false, false);
  BOOST_TEST(bool(done), (done ? "" : done.error().text));
  if (sample == "postgresql") {
    database.run(
        "DROP OWNED BY mailtrace_web CASCADE; DROP OWNED BY mailtrace_writer CASCADE; "
        "DROP OWNED BY mailtrace_owner CASCADE; DROP ROLE mailtrace_owner, mailtrace_writer, mailtrace_web");
  } else {
    database.run("DROP USER mailtrace_owner@localhost, mailtrace_writer@localhost, mailtrace_web@localhost");
  }
}

// Between batches, and in the middle of a transaction that waits for a lock: nothing half, and the same call
// again does it.
BOOST_DATA_TEST_CASE(a_killed_connection_costs_nothing, data::make(servers)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Batch batch = days_of_mail(2);
  batch.checkpoint = {"receiver", "spool", 10, 10};
  must(sink->write(batch));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  database.cut_connections();
  auto lost = sink->write(batch);
  if (!lost) BOOST_TEST((lost.error().fault == Fault::transient), lost.error().text);
  must(sink->write(batch));
  BOOST_TEST((*reader)->search(Query{})->hits.size() == 2u);  // readers come back by themselves

  bool postgresql = sample == "postgresql";
  std::thread holder([&] {
    database.run_until_killed(
        postgresql ? "BEGIN; LOCK TABLE checkpoint IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(300);"
                   : "BEGIN; SELECT * FROM checkpoint FOR UPDATE; SELECT sleep(300);");
  });
  auto wait_for = [&](const std::string& statement) {
    for (int i = 0; i < 1200 && database.number(statement) == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return database.number(statement) > 0;
  };
  BOOST_TEST(wait_for(
      postgresql
          ? "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND wait_event = "
            "'PgSleep'"
          : "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep'"));
  Batch more = days_of_mail(5);
  more.checkpoint = {"receiver", "spool", 20, 20};
  Result<void> broken;
  std::thread writer([&] { broken = sink->write(more); });
  BOOST_TEST(wait_for(
      postgresql
          ? "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
          : "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO checkpoint%' "
            "AND time >= 1"));
  database.cut_connections();
  writer.join();
  holder.join();
  BOOST_REQUIRE(!broken);
  BOOST_TEST((broken.error().fault == Fault::transient), broken.error().text);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 2);
  BOOST_TEST(sink->checkpoint("receiver")->sequence == 10u);
  must(sink->write(more));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 5);
  BOOST_TEST(sink->checkpoint("receiver")->sequence == 20u);
}

BOOST_AUTO_TEST_CASE(two_writers_merge_into_one_file) {
  Database database("sqlite");
  auto one = database.sink(), two = database.sink();
  must(one->open());
  must(two->open());
  std::atomic<int> failed = 0;
  auto work = [&](Sink& sink) {
    for (int i = 0; i < 20; ++i) {
      if (!sink.write(days_of_mail(20))) ++failed;
    }
  };
  std::thread other([&] { work(*two); });
  work(*one);
  other.join();
  BOOST_TEST(failed == 0);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 20);
  BOOST_TEST(database.run("PRAGMA integrity_check") == "ok");
}
