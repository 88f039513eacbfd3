// SinkWorker: in order, for ever, and never a checkpoint before its rows.
#include "core/store/sink_worker.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/store/fake_sink.h"

using namespace mailtrace;

namespace {

std::shared_ptr<const Batch> batch(uint8_t number) {
  auto out = std::make_shared<Batch>();
  out->deliveries.push_back(delivery(number, "a@example.org"));
  out->checkpoint.receiver = "r";
  out->checkpoint.spool = "s";
  out->checkpoint.sequence = number;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(transient_faults_delay_and_lose_nothing) {
  FakeStore store;
  store.open_faults = {Fault::transient};
  store.faults = {Fault::transient, Fault::transient};
  SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "s");
  worker.start();
  Checkpoint stored;
  BOOST_TEST(worker.wait_open(stored));
  for (uint8_t i = 1; i <= 5; ++i) BOOST_TEST(worker.offer(batch(i)));
  worker.stop(std::chrono::seconds(30));
  BOOST_TEST(store.opens == 2);
  BOOST_TEST(store.writes == 7);
  BOOST_TEST(store.deliveries.size() == 5u);
  BOOST_TEST(worker.committed() == 5u);
  auto status = worker.status();
  BOOST_TEST(status.state == "running");
  BOOST_TEST(status.batches == 5u);
  BOOST_TEST(status.retries == 3u);
}

BOOST_AUTO_TEST_CASE(a_wrong_schema_stops_and_keeps_the_batch) {
  FakeStore store;
  store.faults = {Fault::schema};
  SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "s");
  worker.start();
  Checkpoint stored;
  BOOST_TEST(worker.wait_open(stored));
  BOOST_TEST(worker.offer(batch(1)));
  while (worker.status().state != "stopped") std::this_thread::yield();
  BOOST_TEST(worker.status().last_error == "by script");
  BOOST_TEST(worker.committed() == 0u);
  worker.stop(Microseconds(0));
  BOOST_TEST(store.deliveries.empty());
}

BOOST_AUTO_TEST_CASE(the_stored_checkpoint_is_reported) {
  FakeStore store;
  store.checkpoint = {.receiver = "r", .spool = "s", .sequence = 42, .counted = 50};
  SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "s");
  worker.start();
  Checkpoint stored;
  BOOST_TEST(worker.wait_open(stored));
  BOOST_TEST(stored.sequence == 42u);
  BOOST_TEST(worker.committed() == 42u);
}

// The spool would trim what nobody has read.
BOOST_AUTO_TEST_CASE(a_position_in_another_spool_commits_nothing_of_this_one) {
  FakeStore store;
  store.checkpoint = {.receiver = "r", .spool = "another", .sequence = 42, .counted = 50};
  SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "s");
  worker.start();
  Checkpoint stored;
  BOOST_TEST(worker.wait_open(stored));
  BOOST_TEST(stored.sequence == 42u);
  BOOST_TEST(worker.committed() == 0u);
  BOOST_TEST(worker.status().committed == 0u);
  BOOST_TEST(worker.offer(batch(7)));
  worker.stop(std::chrono::seconds(30));
  BOOST_TEST(worker.committed() == 7u);
  BOOST_TEST(worker.status().other_spool.empty());  // a state directory made anew is no second receiver
}

BOOST_AUTO_TEST_CASE(a_spool_that_became_another_has_nothing_stored) {
  FakeStore store;
  store.checkpoint = {.receiver = "r", .spool = "former", .sequence = 42, .counted = 50};
  SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "former");
  worker.start();
  Checkpoint stored;
  BOOST_TEST(worker.wait_open(stored));
  BOOST_TEST(worker.committed() == 42u);
  worker.start_over("s");
  BOOST_TEST(worker.committed() == 0u);
  BOOST_TEST(worker.status().committed == 0u);
  BOOST_TEST(worker.offer(batch(7)));
  worker.stop(std::chrono::seconds(30));
  BOOST_TEST(worker.committed() == 7u);
  BOOST_TEST(worker.status().other_spool.empty());
}

BOOST_AUTO_TEST_CASE(a_second_receiver_of_the_same_name_is_seen) {
  for (bool second : {false, true}) {
    FakeStore store;
    store.checkpoint = {.receiver = "r", .spool = "s", .sequence = 1, .counted = 1};
    SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "s");
    worker.start();
    Checkpoint stored;
    BOOST_TEST(worker.wait_open(stored));
    if (second) {
      std::lock_guard lock(store.mutex);
      store.checkpoint.spool = "another";
    }
    BOOST_TEST(worker.offer(batch(7)));
    worker.stop(std::chrono::seconds(30));
    BOOST_TEST(worker.status().other_spool == (second ? "another" : ""));
  }
}

BOOST_AUTO_TEST_CASE(stop_frees_a_waiting_pipeline) {
  FakeStore store;
  store.open_faults.assign(1000, Fault::transient);
  SinkWorker worker(std::make_unique<FakeSink>(store), "r", "/tmp", "s");
  worker.start();
  std::thread pipeline([&] {
    Checkpoint stored;
    BOOST_TEST(!worker.wait_open(stored));
    BOOST_TEST(!worker.offer(batch(1)));
  });
  worker.stop(Microseconds(0));
  pipeline.join();
}
