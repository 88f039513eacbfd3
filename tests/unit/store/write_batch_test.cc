// BatchWrite and DeadLetter: one bad row never stops the others, and nothing is lost with it.
#include "core/store/write_batch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "core/base/counters.h"
#include "core/mail/row_json.h"
#include "core/store/dead_letter_file.h"
#include "tests/unit/store/fake_sink.h"

using namespace mailtrace;
namespace fs = std::filesystem;

namespace {

struct Fixture {
  Fixture() {
    char name[] = "/tmp/mailtrace-test-XXXXXX";
    directory = ::mkdtemp(name);
  }
  ~Fixture() { fs::remove_all(directory); }

  Result<void> write(const Batch& batch) {
    BatchWrite work(sink, batch, dead_letter());
    auto written = work.run();
    dead = work.dead();
    return written;
  }
  DeadLetter& dead_letter() {
    if (!letter) letter = std::make_unique<DeadLetter>(directory, "fake");
    return *letter;
  }
  std::vector<Json> dead_rows() const {
    std::vector<Json> out;
    std::ifstream in(directory + "/dead-letter.jsonl");
    for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
    return out;
  }

  std::string directory;
  FakeStore store;
  FakeSink sink{store};
  std::unique_ptr<DeadLetter> letter;
  size_t dead = 0;
};

Batch batch_of(int rows) {
  Batch batch;
  for (int i = 0; i < rows; ++i)
    batch.deliveries.push_back(
        delivery(static_cast<uint8_t>(i), "user" + std::to_string(i) + "@example.org"));
  batch.checkpoint.receiver = "r";
  batch.checkpoint.sequence = 77;
  return batch;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_good_batch_is_one_write, Fixture) {
  BOOST_TEST(static_cast<bool>(write(batch_of(9))));
  BOOST_TEST(store.writes == 1);
  BOOST_TEST(store.deliveries.size() == 9u);
  BOOST_TEST(dead == 0u);
}

BOOST_FIXTURE_TEST_CASE(each_position_of_a_poison_row_is_found, Fixture) {
  for (int bad = 0; bad < 13; ++bad) {
    store.deliveries.clear();
    store.checkpoint = {};
    store.poison = "user" + std::to_string(bad) + "@example.org";
    BOOST_TEST(static_cast<bool>(write(batch_of(13))));
    BOOST_TEST(store.deliveries.size() == 12u);
    BOOST_TEST(store.checkpoint.sequence == 77u);
    BOOST_TEST(dead == 1u);
    auto rows = dead_rows();
    BOOST_REQUIRE_EQUAL(rows.size(), static_cast<size_t>(bad) + 1);
    BOOST_TEST(rows.back()["row"]["recipient"] == store.poison);
    BOOST_TEST(rows.back()["table"] == "deliverlog");
    DeliverRow back;
    BOOST_TEST(from_json(rows.back()["row"], back));
    BOOST_TEST(dump_line(to_json(back)) == dump_line(rows.back()["row"]));
  }
}

BOOST_FIXTURE_TEST_CASE(dead_letter_file_is_for_its_owner_only, Fixture) {
  store.poison = "user0@example.org";
  BOOST_TEST(static_cast<bool>(write(batch_of(1))));
  BOOST_TEST((fs::status(directory + "/dead-letter.jsonl").permissions() == fs::perms(0600)));
}

BOOST_FIXTURE_TEST_CASE(a_transient_fault_comes_back_and_moves_no_checkpoint, Fixture) {
  store.faults = {Fault::permanent, Fault::transient};
  auto written = write(batch_of(4));
  BOOST_TEST(!written);
  BOOST_TEST((written.error().fault == Fault::transient));
  BOOST_TEST(store.checkpoint.sequence == 0u);
  BOOST_TEST(static_cast<bool>(write(batch_of(4))));
  BOOST_TEST(store.deliveries.size() == 4u);
  BOOST_TEST(store.checkpoint.sequence == 77u);
}

BOOST_FIXTURE_TEST_CASE(without_a_place_for_dead_letters_the_checkpoint_stays, Fixture) {
  letter = std::make_unique<DeadLetter>(directory + "/missing", "fake");
  store.poison = "user2@example.org";
  auto written = write(batch_of(4));
  BOOST_TEST(!written);
  BOOST_TEST((written.error().fault == Fault::transient));
  BOOST_TEST(store.checkpoint.sequence == 0u);
}

// `mailtrace dead-letter retry` puts a new file under the name while it holds the lock that the writer waits
// for.
BOOST_FIXTURE_TEST_CASE(a_file_replaced_while_waiting_for_its_lock, Fixture) {
  std::string file = directory + "/dead-letter.jsonl";
  std::ofstream(file).flush();
  int held = ::open(file.c_str(), O_RDONLY);
  BOOST_REQUIRE_EQUAL(::flock(held, LOCK_EX), 0);
  Result<void> added;
  std::thread writer([&] { added = dead_letter().add(delivery(1, "user@example.org"), "no"); });
  // Long enough that it has opened the old file; should it not have, the test only says less.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::ofstream(file + ".new").flush();
  fs::rename(file + ".new", file);
  ::close(held);
  writer.join();
  BOOST_TEST(static_cast<bool>(added));
  BOOST_TEST(dead_rows().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_bad_count_stops_nothing, Fixture) {
  auto refused = counter("sink_refused_counts_total").load();
  Batch batch = batch_of(3);
  for (const char* host : {"mx1", "mx2", "mx3", "mx4", "mx5"})
    batch.hosts.push_back({{}, host, {}, {}, 7, 0});
  store.bad_host = "mx4";
  BOOST_TEST(static_cast<bool>(write(batch)));
  BOOST_TEST(store.deliveries.size() == 3u);
  BOOST_TEST(store.checkpoint.sequence == 77u);
  BOOST_TEST(store.lines.size() == 4u);
  for (auto& [host, lines] : store.lines) BOOST_TEST(lines == 7, host);  // tried more often, counted once
  BOOST_TEST(counter("sink_refused_counts_total").load() == refused + 1);
  BOOST_TEST(dead == 0u);
  BOOST_TEST(!fs::exists(directory + "/dead-letter.jsonl"));
}

BOOST_FIXTURE_TEST_CASE(counts_that_are_bad_only_together_stop_nothing_either, Fixture) {
  Batch batch = batch_of(1);
  for (const char* host : {"mx1", "mx2"}) batch.hosts.push_back({{}, host, {}, {}, 7, 0});
  store.too_many = true;
  BOOST_TEST(static_cast<bool>(write(batch)));
  BOOST_TEST(store.lines.empty());
  BOOST_TEST(store.checkpoint.sequence == 77u);
}

// The database dies between the halves, again and again: what was set aside is not set aside twice, by the
// same process or by the next one.
BOOST_FIXTURE_TEST_CASE(no_dead_letter_comes_twice, Fixture) {
  store.poison = "user2@example.org";
  Batch batch = batch_of(8);
  BatchWrite work(sink, batch, dead_letter());
  for (int tries = 0; tries < 3; ++tries) {
    store.faults.assign(6, Fault::permanent);  // two rows stand alone by then
    store.faults.push_back(Fault::transient);
    auto written = work.run();
    BOOST_REQUIRE(!written);
    BOOST_TEST((written.error().fault == Fault::transient));
    BOOST_TEST(store.checkpoint.sequence == 0u);
  }
  store.faults.clear();
  BOOST_TEST(static_cast<bool>(work.run()));
  auto once = dead_rows().size();
  BOOST_TEST(once == work.dead());
  std::set<std::string> recipients;
  for (auto& row : dead_rows()) recipients.insert(row["row"]["recipient"].get<std::string>());
  BOOST_TEST(recipients.size() == once);
  BOOST_TEST(store.checkpoint.sequence == 77u);
  // After a restart, with no memory of it.
  letter.reset();
  BOOST_TEST(static_cast<bool>(write(batch_of(8))));
  BOOST_TEST(dead_rows().size() == std::max<size_t>(once, 1));
}

BOOST_FIXTURE_TEST_CASE(half_a_line_swallows_nothing, Fixture) {
  std::string file = directory + "/dead-letter.jsonl";
  std::ofstream(file) << R"({"time":"2026-11-23T12:00:00Z","er)";  // its writer died
  BOOST_TEST(static_cast<bool>(dead_letter().add(delivery(1, "user@example.org"), "no")));
  std::ifstream in(file);
  std::string half, whole, more;
  BOOST_TEST(static_cast<bool>(std::getline(in, half)));
  BOOST_TEST(static_cast<bool>(std::getline(in, whole)));
  BOOST_TEST(!std::getline(in, more));
  BOOST_TEST(Json::parse(whole)["row"]["recipient"] == "user@example.org");
}

BOOST_FIXTURE_TEST_CASE(old_dead_letters_expire, Fixture) {
  Day today = day_of(now());
  std::string file = directory + "/dead-letter.jsonl";
  BOOST_TEST(*expire_dead_letters(directory, today, false) == 0u);
  BOOST_TEST(!fs::exists(file));
  auto entry = [](Day day) {
    return "{\"time\":\"" + format_day(day) + "T23:59:59.000000Z\",\"error\":\"no\"}";
  };
  std::string kept = entry(today - std::chrono::days(3)), damaged = "no json", half = "{\"time\":";
  std::ofstream(file) << entry(today - std::chrono::days(4)) << '\n'
                      << kept << '\n'
                      << damaged << '\n'
                      << entry(Day{}) << '\n'
                      << half;
  fs::permissions(file, fs::perms(0600));
  auto text = [&] {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  auto before = text();
  BOOST_TEST(*expire_dead_letters(directory, today - std::chrono::days(3), true) == 2u);
  BOOST_TEST(text() == before);
  BOOST_TEST(*expire_dead_letters(directory, today - std::chrono::days(3), false) == 2u);
  BOOST_TEST(text() == kept + "\n" + damaged + "\n" + half);
  BOOST_TEST((fs::status(file).permissions() == fs::perms(0600)));
  BOOST_TEST(*expire_dead_letters(directory, today - std::chrono::days(3), false) == 0u);
  BOOST_TEST(static_cast<bool>(dead_letter().add(delivery(1, "user@example.org"), "no")));
  BOOST_TEST(text().starts_with(kept + "\n" + damaged + "\n" + half + "\n{"));
}
