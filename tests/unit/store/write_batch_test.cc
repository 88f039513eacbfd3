// write_batch and DeadLetter: one bad row never stops the others, and nothing is lost with it.
#include "core/store/write_batch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/mail/row_json.h"
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

  Result<void> write(const Batch& batch) { return write_batch(sink, batch, dead_letter(), dead); }
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
