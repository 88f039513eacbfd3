// Writing: merging, repeating, checkpoints, poisoned values, days.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "core/mail/columns.h"
#include "core/mail/row_json.h"
#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::days;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

namespace {

std::unique_ptr<Sink> opened(const Database& database, const std::string& more = "") {
  auto sink = database.sink(more);
  must(sink->open());
  return sink;
}

std::unique_ptr<Reader> reader(Sink& sink) {
  auto made = sink.open_reader();
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().text));
  return std::move(*made);
}

Mail load(Sink& sink, const ConnectRow& row) {
  auto trace = reader(sink)->trace(row.id);
  BOOST_REQUIRE_MESSAGE(trace, (trace ? "" : trace.error().text));
  BOOST_REQUIRE_EQUAL(trace->mails.size(), 1u);
  return trace->mails.front();
}

ConnectRow full_mail() {
  ConnectRow row = mail(now() - seconds(100), "4jYGwZ6vpmz1cvvZ");
  row.instance = "postfix";
  row.service = "submission/smtpd";
  row.client_name = "client.example.net";
  row.client_addr = "2001:db8::25";
  row.client_port = 40000;
  row.helo = "client";
  row.protocol = "ESMTPSA";
  row.sasl_user = "carol";
  row.tls = "TLSv1.3";
  row.sender = "";
  row.message_id = "Abc@Example.net";
  row.subject =
      "Gr\xC3\xBC\xC3\x9F"
      "e \xF0\x9F\x98\x80 100% _a_ \\ 'x' \"y\"";
  row.size = 123456789012;
  row.recipients = 2;
  row.spam_score = -1.25;
  row.spam_action = "no action";
  row.dkim = "pass";
  row.dmarc = "pass";
  row.spf = "fail";
  row.origin_id = make_id(now() - seconds(200), hash_fields({"origin"}));
  row.origin_kind = "relay";
  row.end_time = row.connect_time + seconds(7);
  row.flags = 1 | 2 | 16;
  return row;
}

DeliverRow full_delivery(const ConnectRow& of) {
  DeliverRow row = delivery(of, "Bob@Example.com", "sent");
  row.transport = "smtp";
  row.original_recipient = "team@example.com";
  row.relay_name = "mx.example.com";
  row.relay_addr = "192.0.2.25";
  row.relay_port = 25;
  row.delay = 1.5;
  row.delay_before = 0.1;
  row.delay_queue = 0.02;
  row.delay_connect = 1.0;
  row.delay_transmit = 0.38;
  row.smtp_code = 250;
  row.dsn = "2.0.0";
  row.response = "250 2.0.0 Ok: queued as 4jYGwZ6vpmz1cvvZ";
  row.next_queue_id = "4jYGwZ6vpmz1cvvZ";
  row.folder = "INBOX/\xC3\x9C";
  row.tls = "TLSv1.2";
  row.flags = 512;
  row.reason = "listed by zen.example.org (127.0.0.4)";
  return row;
}

}  // namespace

BOOST_DATA_TEST_CASE(every_column_comes_back, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  ConnectRow row = full_mail();
  DeliverRow attempt = full_delivery(row);
  must(sink->write(batch_of({row}, {attempt})));
  Mail stored = load(*sink, row);
  BOOST_TEST(to_json(stored.connect) == to_json(row));
  BOOST_REQUIRE_EQUAL(stored.deliveries.size(), 1u);
  BOOST_TEST(to_json(stored.deliveries[0]) == to_json(attempt));
}

BOOST_DATA_TEST_CASE(the_same_batch_twice_is_once, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  ConnectRow row = full_mail();
  Batch batch = batch_of({row}, {full_delivery(row)});
  batch.hosts = {{row.day, "mx1", row.connect_time, row.connect_time + seconds(1), 10, 2}};
  batch.checkpoint = {"receiver", "spool", 10, 10};
  must(sink->write(batch));
  must(sink->write(batch));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 1);
  BOOST_TEST(database.number("SELECT count(*) FROM deliverlog") == 1);
  auto hosts = reader(*sink)->hosts(row.day, row.day);
  BOOST_REQUIRE(hosts);
  BOOST_REQUIRE_EQUAL(hosts->size(), 1u);
  BOOST_TEST(hosts->front().lines == 10);
  BOOST_TEST(hosts->front().unknown == 2);
  // The next lines of the same host are added.
  batch.hosts = {{row.day, "mx1", row.connect_time - seconds(5), row.connect_time, 5, 0}};
  batch.checkpoint = {"receiver", "spool", 15, 15};
  must(sink->write(batch));
  hosts = reader(*sink)->hosts(row.day, row.day);
  BOOST_TEST(hosts->front().lines == 15);
  BOOST_TEST(to_us(hosts->front().first_time) == to_us(row.connect_time - seconds(5)));
  BOOST_TEST(to_us(hosts->front().last_time) == to_us(row.connect_time + seconds(1)));
}

// Receivers add up, once for each batch; an import merges by the larger; samples keep their newest text.
BOOST_DATA_TEST_CASE(line_counts_do_not_double, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  Day day = today();
  Time noon = Time(day) + std::chrono::hours(12);
  Batch batch;
  batch.checkpoint = {"receiver-1", "spool", 10, 10};
  batch.hours = {{day, 12, "mx1", "postfix", "receiver-1", 5, 4, 3, 2, 1ll << 59}};
  batch.unknown = {{day, "postfix", mail(noon, "shape").id, 1, "receiver-1", 3, noon, noon, "mx1", "older"}};
  batch.gaps = {{day, mail(noon, "gap").id, "receiver-1", "damage", noon, noon + seconds(5), 7, "bad crc"}};
  must(sink->write(batch));
  must(sink->write(batch));  // the answer of the first was lost
  batch.checkpoint = {"receiver-1", "spool", 20, 20};
  batch.hours.front().minutes = 1;
  batch.unknown.front().last_time = noon + seconds(9);
  batch.unknown.front().text = "newer";
  must(sink->write(batch));
  Batch import;
  import.hours = {{ day, 12, "mx1", "postfix", "", 9, 0, 0, 0, 2 }};
  for (int i = 0; i < 3; ++i) must(sink->write(import));

  auto hours = reader(*sink)->hours(noon, noon);
  BOOST_REQUIRE_MESSAGE(hours, (hours ? "" : hours.error().text));
  BOOST_REQUIRE_EQUAL(hours->size(), 2u);
  BOOST_TEST(hours->front().source.empty());
  BOOST_TEST(hours->front().understood == 9);
  BOOST_TEST(hours->back().understood == 10);
  BOOST_TEST(hours->back().unparsed == 4);
  BOOST_TEST(hours->back().minutes == ((1ll << 59) | 1));
  BOOST_TEST(reader(*sink)->hours(noon + std::chrono::hours(1), noon + std::chrono::hours(3))->empty());

  auto unknown = reader(*sink)->unknown(day, day);
  BOOST_REQUIRE_MESSAGE(unknown, (unknown ? "" : unknown.error().text));
  BOOST_REQUIRE_EQUAL(unknown->size(), 1u);
  BOOST_TEST(unknown->front().lines == 6);
  BOOST_TEST(unknown->front().text == "newer");
  BOOST_TEST(to_us(unknown->front().first_time) == to_us(noon));

  auto gaps = reader(*sink)->gaps(noon, noon);
  BOOST_REQUIRE_MESSAGE(gaps, (gaps ? "" : gaps.error().text));
  BOOST_REQUIRE_EQUAL(gaps->size(), 1u);
  BOOST_TEST(gaps->front().lines == 7);
  BOOST_TEST(gaps->front().reason == "bad crc");
}

// Parts of one row, in any order, in one batch or in many, are one row: the same that core's merge makes.
BOOST_DATA_TEST_CASE(parts_merge_in_any_order, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  std::mt19937 random(7);
  ConnectRow whole = full_mail();
  for (int round = 0; round < 12; ++round) {
    ConnectRow base = mail(now() - seconds(50 + round), "part" + std::to_string(round));
    std::vector<ConnectRow> parts;
    for (int i = 0; i < 6; ++i) {
      ConnectRow part = base;
      part.connect_time += seconds(i % 3);
      part.flags = int64_t{1} << i;
      if (i % 2 == 0) part.sender = i == 2 ? "B@example.org" : "a@example.org";
      if (i % 3 == 1) part.message_id = i == 1 ? "zz@example.org" : "aa@example.org";
      if (i > 2) part.size = 100 * i;
      if (i == 4) part.end_time = part.connect_time;
      if (i == 5) part.origin_id = whole.origin_id;
      if (i == 3) part.spam_score = 1.5;
      parts.push_back(part);
    }
    ConnectRow expected = parts[0];
    for (const auto& part : parts) merge(expected, part);
    std::shuffle(parts.begin(), parts.end(), random);
    Batch together;
    for (size_t i = 0; i < parts.size(); ++i) {
      together.connects.push_back(parts[i]);
      if (round % 2 == 0 || i + 1 == parts.size() || i == 2) {
        must(sink->write(together));
        together.connects.clear();
      }
    }
    BOOST_TEST(to_json(load(*sink, base).connect) == to_json(expected));
    // The hash went with the Message-ID that won.
    auto found = reader(*sink)->find("<" + *expected.message_id + ">");
    BOOST_REQUIRE(found);
    BOOST_TEST((std::find(found->begin(), found->end(), base.id) != found->end()));
  }
}

BOOST_DATA_TEST_CASE(rows_and_checkpoint_are_one, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  ConnectRow row = full_mail();
  Batch batch = batch_of({row});
  batch.checkpoint = {"receiver", "spool-a", 100, 90};
  must(sink->write(batch));
  auto stored = sink->checkpoint("receiver");
  BOOST_REQUIRE(stored);
  BOOST_TEST(stored->sequence == 100u);
  BOOST_TEST(stored->counted == 90u);
  BOOST_TEST(stored->spool == "spool-a");
  auto other = sink->checkpoint("another");
  BOOST_REQUIRE(other);
  BOOST_TEST(other->sequence == 0u);
  // An older one of the same spool changes nothing; a new spool begins anew.
  batch.checkpoint.sequence = 50;
  must(sink->write(batch));
  BOOST_TEST(sink->checkpoint("receiver")->sequence == 100u);
  batch.checkpoint = {"receiver", "spool-b", 7, 3};
  must(sink->write(batch));
  BOOST_TEST(sink->checkpoint("receiver")->sequence == 7u);
  BOOST_TEST(reader(*sink)->checkpoints()->size() == 1u);
}

// If a late part of the transaction fails, the rows before it are not there.
BOOST_DATA_TEST_CASE(a_failing_part_undoes_all, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  database.run(sample == "mysql" ? "RENAME TABLE checkpoint TO hidden"
                                 : "ALTER TABLE checkpoint RENAME TO hidden");
  Batch batch = batch_of({full_mail()});
  batch.checkpoint = {"receiver", "spool", 5, 5};
  auto written = sink->write(batch);
  BOOST_REQUIRE(!written);
  BOOST_TEST((written.error().fault == Fault::schema), written.error().text);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 0);
  database.run(sample == "mysql" ? "RENAME TABLE hidden TO checkpoint"
                                 : "ALTER TABLE hidden RENAME TO checkpoint");
  must(sink->write(batch));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 1);
}

BOOST_DATA_TEST_CASE(poisoned_values_are_made_storable, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  ConnectRow row = full_mail();
  row.sender = std::string("nul\0l@example.org", 17);
  row.subject = "bad \xff\xfe utf8 \xc3";
  row.helo = std::string(70'000, 'h');
  row.message_id = std::string(5'000, 'm') + "@example.org";
  DeliverRow attempt = delivery(row, std::string(4'000, '\xe2') + "@example.org", "bounced");
  attempt.response = "x" + std::string(100'000, '\x80');
  attempt.folder = "'; DROP TABLE connectlog; --";
  must(sink->write(batch_of({row}, {attempt})));
  Mail stored = load(*sink, row);
  BOOST_TEST(*stored.connect.sender == "nul\xEF\xBF\xBDl@example.org");
  BOOST_TEST(*stored.connect.subject == "bad \\xFF\\xFE utf8 \\xC3");
  BOOST_TEST(stored.connect.helo->size() <= 500u);
  BOOST_TEST(stored.connect.helo->size() >= 490u);
  BOOST_TEST(stored.deliveries.at(0).response->size() <= 8000u);
  BOOST_TEST(*stored.deliveries.at(0).folder == "'; DROP TABLE connectlog; --");
  // Found by the same over-long Message-ID.
  Query query;
  query.message_id = row.message_id->substr(0, 998);
  auto page = reader(*sink)->search(query);
  BOOST_REQUIRE(page);
  BOOST_TEST(page->hits.size() == 1u);
}

BOOST_DATA_TEST_CASE(days_of_every_age_are_taken, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  std::vector<ConnectRow> rows;
  std::vector<DeliverRow> deliveries;
  for (int age : {0, 1, 2, 400, 30, 31, 3000, 20'000, -1, -2, -3, -400, -9000}) {
    rows.push_back(mail(Time(today() - days(age)) + seconds(10), "age" + std::to_string(age)));
    deliveries.push_back(delivery(rows.back(), "a@example.org", "sent"));
  }
  must(sink->write(batch_of(rows, deliveries)));
  for (const auto& row : rows) BOOST_TEST(load(*sink, row).deliveries.size() == 1u);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 13);
  std::string partitions =
      sample == "postgresql" ? "SELECT count(*) FROM pg_inherits WHERE inhparent = 'connectlog'::regclass"
      : sample == "mysql"
          ? "SELECT count(*) FROM information_schema.partitions WHERE table_schema = database() AND "
            "table_name = 'connectlog' AND partition_name LIKE 'before%' AND partition_name <= 'before_" +
                format_day(today() + days(3)).erase(4, 1).erase(6, 1) + "'"
          : "";
  // Plausible: 0 1 2 30 31 400 3000 -1 -2; the gaps between them are partitions too in MySQL.
  if (sample == "postgresql") BOOST_TEST(database.number(partitions) == 10);
  if (sample == "mysql") BOOST_TEST(database.number(partitions) == 13);
  auto range = reader(*sink)->days();
  BOOST_REQUIRE(range);
  BOOST_TEST((range->first == rows[7].day));
  BOOST_TEST((range->second == rows[12].day));
}

// Old days are made of what an import brings, not of what a client says.
BOOST_DATA_TEST_CASE(forged_old_days_make_no_partition,
                     data::make({std::string("postgresql"), std::string("mysql")})) {
  Database database(sample);
  auto sink = opened(database);
  auto has_partition = [&](Day day) {
    Day limit = sample == "mysql" ? day + days(1) : day;
    std::string name =
        (sample == "mysql" ? "before_" : "connectlog_") + format_day(limit).erase(4, 1).erase(6, 1);
    return database.number(sample == "mysql"
                               ? "SELECT count(*) FROM information_schema.partitions WHERE table_schema = "
                                 "database() AND table_name = 'connectlog' AND partition_name = '" +
                                     name + "'"
                               : "SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass('" + name +
                                     "')") == 1;
  };
  auto of_age = [&](int age, const std::string& queue_id) {
    return mail(Time(today() - days(age)) + seconds(10), queue_id);
  };
  ConnectRow stamp = of_age(400, "stamp"), id = of_age(500, "id"), alone = of_age(600, "alone"),
             backlog = of_age(20, "backlog");
  stamp.flags |= row_flag::time_suspect;
  backlog.flags |= row_flag::time_suspect;
  must(sink->write(batch_of({stamp, id, alone, backlog}, {delivery(stamp, "a@example.org", "sent"),
                                                          delivery(id, "a@example.org", "sent", days(500)),
                                                          delivery(backlog, "a@example.org", "sent")})));
  BOOST_TEST(has_partition(today()));
  BOOST_TEST(has_partition(backlog.day));
  for (const auto& row : {stamp, id, alone}) BOOST_TEST(!has_partition(row.day), *row.queue_id);
  for (const auto& row : {stamp, id}) BOOST_TEST(load(*sink, row).deliveries.size() == 1u);
  // An import of that day takes them along.
  ConnectRow imported = mail(Time(stamp.day) + seconds(20), "imported");
  must(sink->write(batch_of({imported}, {delivery(imported, "b@example.org", "sent")})));
  BOOST_TEST(has_partition(stamp.day));
  for (const auto& row : {stamp, imported}) BOOST_TEST(load(*sink, row).deliveries.size() == 1u);
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 5);
  if (sample == "postgresql") BOOST_TEST(database.number("SELECT count(*) FROM connectlog_default") == 2);
  // What came late is written once more, where it is now.
  must(sink->write(batch_of({stamp}, {delivery(stamp, "a@example.org", "sent")})));
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 5);
}

// Another writer put a row of the day into the catch-all partition while the day was cut from it.
BOOST_AUTO_TEST_CASE(a_partition_that_cannot_be_made_now_is_tried_again) {
  Database database("postgresql");
  auto sink = opened(database);
  database.run(
      "CREATE OR REPLACE FUNCTION mailtrace_make_day(wanted date) RETURNS boolean LANGUAGE plpgsql AS "
      "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'check_violation'; END $$");
  ConnectRow row = mail(Time(today() - days(400)), "old");
  auto written = sink->write(batch_of({row}, {delivery(row, "a@example.org", "sent")}));
  BOOST_REQUIRE(!written);
  BOOST_TEST((written.error().fault == Fault::transient));
}

// A forged date that became true later must not keep its day from getting a partition.
BOOST_DATA_TEST_CASE(a_day_that_was_nonsense_becomes_a_partition,
                     data::make({std::string("postgresql"), std::string("mysql")})) {
  Database database(sample);
  auto sink = opened(database);
  ConnectRow row = mail(Time(today() + days(5)) + seconds(1), "early");
  must(sink->write(batch_of({row}, {delivery(row, "a@example.org", "sent")})));
  std::string day = format_day(row.day);
  database.run(sample == "mysql" ? "CALL mailtrace_make_day('" + day + "')"
                                 : "SELECT mailtrace_make_day('" + day + "')");
  BOOST_TEST(database.number("SELECT count(*) FROM connectlog") == 1);
  std::string compact = day.substr(0, 4) + day.substr(5, 2) + day.substr(8, 2);
  if (sample == "postgresql") BOOST_TEST(database.number("SELECT count(*) FROM connectlog_" + compact) == 1);
  BOOST_TEST(load(*sink, row).deliveries.size() == 1u);
}

BOOST_DATA_TEST_CASE(hints_are_kept_until_their_time, data::make(all_kinds)) {
  Database database(sample);
  auto sink = opened(database);
  auto hint = [](int number, const std::string& text, Time until) {
    return HintRow{make_id(Time{}, hash_fields({"hint", std::to_string(number)})), text, until};
  };
  std::string bytes("\x01m\0\xff", 4);
  Batch batch;
  batch.hints = {hint(1, bytes, now() + seconds(100)), hint(2, "old", now() - days(2)),
                 hint(3, "open", now() + seconds(300))};
  must(sink->write(batch));
  batch.hints = {hint(3, "closed", now() + seconds(200))};
  must(sink->write(batch));
  auto kept = reader(*sink)->hints(now(), 10);
  BOOST_REQUIRE_MESSAGE(kept, (kept ? "" : kept.error().text));
  BOOST_REQUIRE_EQUAL(kept->size(), 2u);
  BOOST_TEST((*kept)[0].data == "closed");
  BOOST_TEST(((*kept)[1].data == bytes));
  BOOST_TEST(reader(*sink)->hints(now(), 1)->size() == 1u);
  BOOST_TEST(reader(*sink)->hints(now() - days(3), 10)->size() == 3u);
  auto expired = sink->expire(today() - days(1), false, true);
  BOOST_REQUIRE_MESSAGE(expired, (expired ? "" : expired.error().text));
  BOOST_TEST(reader(*sink)->hints(now() - days(3), 10)->size() == 2u);
}
