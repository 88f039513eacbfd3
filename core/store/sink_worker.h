// SinkWorker: one thread per sink that opens it, writes batches in order and tries again for ever.
// offer(), wait_…() and the accessors: pipeline thread (status: any thread).
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/plugin/sink.h"
#include "core/store/dead_letter.h"
#include "core/store/open_call.h"

namespace mailtrace {

class SinkWorker {
 public:
  struct Status {
    std::string sink, state;  // state: opening, running, retrying, stopped (schema or configuration)
    std::string last_error;
    std::string other_spool;  // of another receiver with the same name; empty: none was seen
    Time failing_since{};     // first failure of the current trouble; zero when well
    Time waiting_since{};     // a call of the database that takes unusually long began then; zero: none
    bool is_full = false;     // takes nothing more now, so nothing more is read from the spool
    bool is_idle = false;     // open, and has stored all it was offered
    uint64_t batches = 0, rows = 0, dead_letters = 0, retries = 0;
    uint64_t committed = 0;  // sequence of the last stored checkpoint of this spool
    Time last_commit{};
    Time visible_until{};  // lines up to about this stamp are stored; zero: none in this run
  };

  // `spool`: id of the spool that the lines come from. A stored position in another one means nothing here.
  SinkWorker(std::unique_ptr<Sink> sink, std::string receiver, const std::string& state_directory,
             std::string spool);
  ~SinkWorker();
  SinkWorker(const SinkWorker&) = delete;
  SinkWorker& operator=(const SinkWorker&) = delete;

  void start();
  // Waits until the sink is open and its checkpoint is known; false: stop() was called.
  bool wait_open(Checkpoint& stored);
  // The same, but only for the first try, and no longer than `at_most`; false: it failed or is not over.
  bool wait_first_try(Checkpoint& stored, Microseconds at_most);
  // Before the first offer(): the lines come from a spool of this id, of which nothing is stored yet.
  void start_over(std::string spool);
  // Blocks while two batches are waiting; false if stop() was called first.
  bool offer(std::shared_ptr<const Batch> batch);
  // Writes what is waiting, but tries a failing database no longer than `patience`; then ends the thread.
  void stop(Microseconds patience);

  // What another thread, on whose answer the next batch waits, hears of the same database: an error, or null
  // when it answers again.
  void heard(const Error* error);

  uint64_t committed() const { return committed_; }
  Status status() const;
  Sink& sink() { return *sink_; }

 private:
  void run();
  bool open_sink();
  bool write(const Batch& batch);
  void look_for_namesake();
  // Calls the sink; status() says since when, should that take long.
  template <class Call>
  auto ask(Call call);
  bool wait_before_retry(const Error& error, class Backoff& backoff);
  void set_state(std::string state, const Error* error);

  std::unique_ptr<Sink> sink_;
  std::string receiver_, spool_;
  DeadLetter dead_letter_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Batch>> waiting_;
  bool open_ = false, stopping_ = false;
  std::chrono::steady_clock::time_point give_up_{};
  OpenCall call_;  // of the sink
  Checkpoint stored_;
  Status status_;
  std::atomic<uint64_t> committed_{0};
  std::chrono::steady_clock::time_point looked_{};  // for a namesake
  bool wrote_ = false;                              // the stored checkpoint was this spool's once
};

}  // namespace mailtrace
