// Retention: one process at a time, in small steps, space given back, and a dry run that writes nothing.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <thread>

#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::days;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

namespace {

const bool ways[] = {false, true};
const std::string servers[] = {"postgresql", "mysql"};

Batch mails(int age, int count) {
  Batch batch;
  for (int i = 0; i < count; ++i) {
    batch.connects.push_back(mail(Time(today() - days(age)) + std::chrono::milliseconds(i),
                                  std::to_string(age) + "m" + std::to_string(i)));
    batch.deliveries.push_back(delivery(batch.connects.back(), "user@example.org", "sent"));
  }
  return batch;
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_process_at_a_time_removes_days_of_a_file) {
  Database database("sqlite");
  auto sink = database.sink();
  must(sink->open());
  for (int age = 0; age < 10; ++age) must(sink->write(mails(age, 1)));
  int other = ::open((database.file() + ".expire").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  BOOST_REQUIRE(other >= 0);
  BOOST_REQUIRE(::flock(other, LOCK_EX | LOCK_NB) == 0);
  auto refused = sink->expire(today() - days(6), false, false);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().fault == Fault::transient), refused.error().text);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 10);
  ::close(other);
  BOOST_TEST(bool(sink->expire(today() - days(6), false, false)));
  BOOST_TEST(bool(sink->expire(today() - days(6), false, false)));
}

// Far fewer days would go than stay, but no host is as still as that.
BOOST_DATA_TEST_CASE(a_clock_that_jumped_some_days_removes_nothing, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  for (int age = 10; age < 20; ++age) must(sink->write(mails(age, 1)));
  auto refused = sink->expire(today() - days(17), false, false);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().text.find("the newest mail there is of " + format_day(today() - days(10))) !=
             std::string::npos);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 10);
  must(sink->write(mails(1, 1)));
  BOOST_TEST(bool(sink->expire(today() - days(17), false, false)));
}

// A new server with the logs of the last weeks: the timer is not to be refused for as long.
BOOST_DATA_TEST_CASE(days_of_old_logs_may_go, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  for (int age = 0; age < 40; ++age) must(sink->write(mails(age, 1)));
  BOOST_TEST(bool(sink->expire(today() - days(14), false, false)));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 15);
}

// The clock that the mail servers have, too: mail came on the day it jumped to, and none in between.
BOOST_DATA_TEST_CASE(days_before_a_jump_stay, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  for (int age = 45; age < 60; ++age) must(sink->write(mails(age, 1)));
  must(sink->write(mails(0, 1)));
  BOOST_TEST(!bool(sink->expire(today() - days(14), false, false)));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 16);
}

// The dictionary of addresses, too, and who wrote them has not heard of it.
BOOST_DATA_TEST_CASE(an_address_that_comes_again_is_found_by_its_parts, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink(), other = database.sink();
  must(sink->open());
  must(sink->write(mails(30, 1)));
  must(other->open());
  BOOST_REQUIRE(bool(other->expire(today() - days(10), false, true)));
  must(sink->write(mails(0, 1)));
  auto reader = sink->open_reader();
  BOOST_REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
  Query query;
  query.recipient = "*ser@exam*";
  auto page = (*reader)->search(query);
  BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
  BOOST_TEST(page->hits.size() == 1u);
}

BOOST_DATA_TEST_CASE(one_host_at_a_time_removes_days_of_a_server, data::make(servers)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  for (int age = 0; age < 10; ++age) must(sink->write(mails(age, 1)));
  bool postgresql = sample == "postgresql";
  std::thread other([&] {
    database.run_until_killed(postgresql
                                  ? "SELECT pg_advisory_lock(7811091073); SELECT pg_sleep(300);"
                                  : "SELECT get_lock(concat('mailtrace_expire_', database()), 0); SELECT "
                                    "sleep(300);");
  });
  auto sleeps = [&] {
    return database.number(postgresql ? "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                                      : "SELECT count(*) FROM information_schema.processlist WHERE state = "
                                        "'User sleep'") > 0;
  };
  for (int i = 0; i < 1200 && !sleeps(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  bool held = sleeps();
  auto dry = sink->expire(today() - days(6), true, false);  // asks nobody
  auto refused = sink->expire(today() - days(6), false, false);
  database.cut_connections();
  other.join();
  BOOST_REQUIRE(held);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().fault == Fault::transient), refused.error().text);
  BOOST_TEST(refused.error().text.find("another host") != std::string::npos, refused.error().text);
  BOOST_TEST(bool(dry));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 10);
  // The lock went with its connection; this one's own, too.
  for (int i = 0; i < 3; ++i) {
    auto done = sink->expire(today() - days(6), false, false);
    if (!done) done = sink->expire(today() - days(6), false, false);  // its connection was cut as well
    BOOST_TEST(bool(done), (done ? "" : done.error().text));
  }
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 7);
}

// Whoever can write log lines can write dates: a month of 1971, a line each.
BOOST_DATA_TEST_CASE(forged_days_do_not_hold_it_up, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  for (int age = 0; age < 10; ++age) must(sink->write(mails(age, 1)));
  Batch forged;
  for (int day = 0; day < 30; ++day) {
    forged.connects.push_back(mail(Time(Day(days(400 + day))), "forged" + std::to_string(day)));
    forged.connects.back().flags |= row_flag::time_suspect;
  }
  must(sink->write(forged));
  auto done = sink->expire(today() - days(6), false, false);
  BOOST_TEST(bool(done), (done ? "" : done.error().text));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 7);
  auto refused = sink->expire(today() - days(1), false, false);
  BOOST_TEST(!refused);
}

BOOST_DATA_TEST_CASE(a_dry_run_writes_nothing, data::make(all_kinds)) {
  Database database(sample);
  auto state = [&] {
    if (sample == "sqlite") return shell("sha256sum " + database.file());
    return database.run(
        sample == "postgresql"
            ? "SELECT count(*) FROM pg_class; SELECT count(*) FROM connectlog"
            : "SELECT count(*) FROM information_schema.partitions; SELECT count(*) FROM connectlog");
  };
  {
    auto sink = database.sink();
    must(sink->open());
    for (int age = 0; age < 10; ++age) must(sink->write(mails(age, 1)));
  }
  // A day ahead has no partition, as after days without a writer; a writer would make it, and switch to WAL.
  auto name_of = [](Day day) { return format_day(day).erase(4, 1).erase(6, 1); };
  if (sample == "postgresql") database.run("DROP TABLE connectlog_" + name_of(today() + days(2)));
  if (sample == "mysql")
    database.run("ALTER TABLE connectlog DROP PARTITION before_" + name_of(today() + days(3)));
  if (sample == "sqlite") BOOST_TEST(database.run("PRAGMA journal_mode = DELETE") == "delete");
  auto before = state();
  auto dry = database.sink("create_schema: true\n")->expire(today() - days(6), true, false);
  BOOST_REQUIRE_MESSAGE(dry, (dry ? "" : dry.error().text));
  BOOST_TEST(dry->connects == 3);
  BOOST_TEST(dry->deliveries == 3);
  BOOST_TEST(state() == before);
  if (sample == "sqlite") BOOST_TEST(!std::filesystem::exists(database.file() + ".expire"));
}

BOOST_DATA_TEST_CASE(a_dry_run_makes_no_database, data::make(all_kinds)) {
  Database database(sample);
  auto dry = database.sink("create_schema: true\n")->expire(today(), true, false);
  BOOST_REQUIRE(!dry);
  if (sample == "sqlite")
    BOOST_TEST(!std::filesystem::exists(database.file()));
  else
    BOOST_TEST((dry.error().fault == Fault::schema), dry.error().text);
}

// Made by hand as sql/README.md says, and by the daemon.
BOOST_DATA_TEST_CASE(the_file_shrinks, data::make(ways), by_hand) {
  Database database("sqlite");
  if (by_hand) database.run(shell("cat " MAILTRACE_SOURCE "/sql/sqlite/0*.sql"));
  auto sink = database.sink();
  must(sink->open());
  for (int age = 0; age < 4; ++age) must(sink->write(mails(age, age == 3 ? 6000 : 100)));
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  auto before = std::filesystem::file_size(database.file());
  auto done = sink->expire(today() - days(2), false, false);
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().text));
  BOOST_TEST(done->connects == 6000);
  auto after = std::filesystem::file_size(database.file());
  BOOST_TEST(after * 3 < before);
}

// A step that fails takes no earlier one with it, so each was a transaction of its own.
BOOST_AUTO_TEST_CASE(a_file_loses_its_rows_in_small_steps) {
  Database database("sqlite");
  auto sink = database.sink();
  must(sink->open());
  must(sink->write(mails(0, 10)));
  must(sink->write(mails(1, 10)));
  must(sink->write(mails(3, 12'000)));
  database.run(
      "CREATE TRIGGER stop BEFORE DELETE ON deliverlog WHEN old.queue_id = '3m7000' BEGIN SELECT "
      "RAISE(ABORT, 'stop'); END");
  auto stopped = sink->expire(today() - days(2), false, false);
  BOOST_TEST(!stopped);
  BOOST_TEST(database.number("SELECT count(*) FROM deliverlog") == 7020);
  database.run("DROP TRIGGER stop");
  BOOST_TEST(bool(sink->expire(today() - days(2), false, false)));
  BOOST_TEST(database.number("SELECT count(*) FROM deliverlog") == 20);
}
