// Rows a database refuses for ever: the halving against real servers, and which error is whose fault.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "core/mail/row_json.h"
#include "core/plugin/probe.h"
#include "core/store/dead_letter_file.h"
#include "core/store/write_batch.h"
#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

namespace {

constexpr const char* refused_recipient = "refused@example.org";

// A constraint for deliveries, a trigger for mails and one for counts: all words a database has for "no".
std::string refusals(const std::string& kind) {
  if (kind == "sqlite") {
    auto trigger = [](const std::string& table, const std::string& what) {
      return "CREATE TRIGGER refuse_" + table + " BEFORE INSERT ON " + table + " WHEN new." + what +
             " BEGIN SELECT RAISE(ABORT, 'refused'); END;\n";
    };
    return trigger("deliverlog", "recipient = 'refused@example.org'") +
           trigger("connectlog", "queue_id = 'refused'") + trigger("host_hours", "host = 'refused'") +
           trigger("addresses", "address = 'bad-address@example.org'");
  }
  std::string checks =
      "ALTER TABLE deliverlog ADD CONSTRAINT refuse CHECK (recipient <> 'refused@example.org');\n"
      "ALTER TABLE host_hours ADD CONSTRAINT refuse_host CHECK (host <> 'refused');\n"
      "ALTER TABLE addresses ADD CONSTRAINT refuse_address CHECK (address <> 'bad-address@example.org');\n";
  if (kind == "postgresql") {
    return checks +
           "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.queue_id = "
           "'refused' "
           "THEN RAISE EXCEPTION 'refused'; END IF; RETURN new; END $$;\n"
           "CREATE TRIGGER refuse BEFORE INSERT ON connectlog FOR EACH ROW EXECUTE FUNCTION refuse();\n";
  }
  return checks +
         "DELIMITER //\nCREATE TRIGGER refuse BEFORE INSERT ON connectlog FOR EACH ROW IF new.queue_id = "
         "'refused' "
         "THEN SIGNAL SQLSTATE '45000' SET message_text = 'refused'; END IF//\nDELIMITER ;\n";
}

struct Letters {
  std::string directory;
  explicit Letters(const Database& database) : directory(scratch() + "/letters-" + database.name()) {
    std::filesystem::create_directories(directory);
  }
  std::vector<Json> rows() const {
    std::vector<Json> out;
    std::ifstream in(dead_letter_path(directory));
    for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line)["row"]);
    return out;
  }
};

// Fifty good mails, some that must be made storable, four rows that no database takes.
Batch poisoned() {
  Batch batch;
  Time noon = Time(today()) + std::chrono::hours(12);
  auto add = [&](const ConnectRow& row, const std::string& recipient) {
    batch.connects.push_back(row);
    batch.deliveries.push_back(delivery(row, recipient, "sent"));
  };
  for (int i = 0; i < 50; ++i)
    add(mail(noon + seconds(i), "good" + std::to_string(i)), "user" + std::to_string(i) + "@example.org");
  ConnectRow odd = mail(noon, "odd");
  odd.sender = std::string("nul\0\xff@example.org", 17);
  odd.helo = std::string(70'000, 'h');
  odd.spam_score = std::numeric_limits<double>::infinity();
  odd.end_time = time_from_us(std::numeric_limits<int64_t>::max() / 2);
  add(odd, std::string(5'000, '\xe2') + "@example.org");
  batch.deliveries.back().delay = std::numeric_limits<double>::quiet_NaN();
  batch.deliveries.back().deliver_time = time_from_us(-62'200'000'000'000'000);
  // Year 10000: what no stamp says, but an id has room for.
  add(mail(time_from_us(253'402'300'800'000'000), "year10000"), "late@example.org");
  add(mail(noon + seconds(60), "refused"), "of-refused@example.org");
  add(mail(noon + seconds(61), "half"), refused_recipient);
  add(mail(noon + seconds(62), "address"), "bad-address@example.org");
  for (const char* host : {"mx1", "mx2", "refused", "mx3"}) {
    batch.hosts.push_back({today(), host, noon, noon, 3, 0});
    batch.hours.push_back({today(), 12, host, "postfix", "receiver", 3, 0, 0, 0, 1});
  }
  batch.checkpoint = {"receiver", "spool", 100, 100};
  return batch;
}

}  // namespace

BOOST_DATA_TEST_CASE(refused_rows_stand_alone_and_nothing_else_is_missing, data::make(all_kinds)) {
  Database database(sample);
  Letters letters(database);
  auto sink = database.sink();
  must(sink->open());
  database.run(refusals(sample));
  Batch batch = poisoned();
  DeadLetter dead_letter(letters.directory, sink->describe());
  for (int round = 0; round < 3;
       ++round) {  // 2: the answer was lost; 3: after a restart of the spool's reader
    BatchWrite work(*sink, batch, dead_letter);
    must(work.run());
    BOOST_TEST(work.dead() == 3u);
    BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 54);
    BOOST_TEST(database.number("SELECT count(*) FROM deliverlog") == 53);
    BOOST_TEST(database.number("SELECT count(*) FROM host_hours") == 3);
    BOOST_TEST(database.number("SELECT sum(understood) FROM host_hours") == 9);
    BOOST_TEST(database.number("SELECT sum(" + std::string(sample == "mysql" ? "`lines`" : "lines") +
                               ") FROM hosts") == 12);
    BOOST_TEST(sink->checkpoint("receiver")->sequence == 100u);
    auto rows = letters.rows();
    BOOST_REQUIRE_EQUAL(rows.size(), 3u);
    std::set<std::string> seen;
    for (auto& row : rows) seen.insert(row.value("recipient", row.value("queue_id", "")));
    BOOST_TEST((seen == std::set<std::string>{"refused", refused_recipient, "bad-address@example.org"}));
  }
}

BOOST_DATA_TEST_CASE(a_probe_leaves_nothing, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Batch batch = poisoned();
  auto* prober = dynamic_cast<Prober*>(sink.get());
  BOOST_REQUIRE(prober);
  must(prober->probe(batch));
  for (const char* table : {"connectlog", "deliverlog", "host_hours", "hosts", "addresses", "checkpoint"})
    BOOST_TEST(database.number(std::string("SELECT count(*) FROM ") + table) == 0, table);
  // Nor does it make the sink believe that the addresses are there.
  must(sink->write(batch));
  BOOST_TEST(database.number("SELECT count(*) FROM addresses") > 50);
}

// DISCARD ALL, or a pooler that gives each transaction another connection.
BOOST_AUTO_TEST_CASE(prepared_statements_may_vanish) {
  Database database("postgresql");
  auto sink = database.sink();
  must(sink->open());
  Batch batch;
  batch.connects = {mail(now(), "one")};
  batch.checkpoint = {"receiver", "spool", 1, 1};
  must(sink->write(batch));
  database.run(
      "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; "
      "RETURN "
      "NULL; END $$; CREATE TRIGGER forget AFTER INSERT OR UPDATE ON checkpoint EXECUTE FUNCTION forget()");
  int failed = 0;
  for (uint64_t i = 2; i < 12; ++i) {
    batch.connects = {mail(now(), "mail" + std::to_string(i))};
    batch.checkpoint = {"receiver", "spool", i, i};
    for (int tries = 0; tries < 3; ++tries) {
      auto written = sink->write(batch);
      if (written) break;
      BOOST_TEST((written.error().fault == Fault::transient), written.error().text);
      ++failed;
    }
  }
  BOOST_TEST(failed > 0);
  BOOST_TEST(failed < 3);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 11);
  BOOST_TEST(sink->checkpoint("receiver")->sequence == 11u);
}

BOOST_AUTO_TEST_CASE(what_libpq_says_is_one_line) {
  Database database("postgresql");
  auto opened = database.sink("connection: \"host=/nonexistent dbname=x user=y\"\n")->open();
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().fault == Fault::transient));
  for (char c : opened.error().text) BOOST_TEST(static_cast<unsigned char>(c) >= ' ', opened.error().text);
  BOOST_TEST(opened.error().text.find("  ") == std::string::npos, opened.error().text);
}
