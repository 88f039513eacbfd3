// LineReader: the pipeline thread. Reads the spool behind the writer, feeds the pipeline, hands batches to
// the sinks, trims the spool behind what all of them have stored. A reader of run() has read the program.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/daemon/gap_watch.h"
#include "core/spool/spool.h"
#include "core/store/backoff.h"
#include "core/store/open_call.h"
#include "core/store/pipeline.h"
#include "core/store/sink_worker.h"

namespace mailtrace {

class LineReader {
 public:
  struct Parts {
    std::string receiver;  // name in the checkpoint
    std::string spool_directory, state_directory;
    TrackerConfig tracker;
    HeaderOptions header;
    std::shared_ptr<const HostRules> hosts;
    Spool* spool;  // these outlive the reader
    Router* router;
    Cache* cache;  // may be null
    std::vector<SinkWorker*> sinks;
  };
  // Loop thread: other rules of hosts, from the next round on.
  void use(std::shared_ptr<const HostRules> hosts);
  static constexpr const char* no_database = "waiting for the database";
  struct Status {
    std::string state = no_database;  // then: reading, draining, ended
    bool waits_for_database = false;  // at the start, or for an answer that takes unusually long
    std::string asked;                // the sink whose reader was asked last
    Time asked_since{};               // its answer takes unusually long; zero: it does not
    uint64_t next_sequence = 0, pinned = 0;
    size_t open_mails = 0, held_lines = 0;
    Time newest{};  // stamp of the newest line understood: data is visible until about here
    // When the oldest line was received that no database may have had at the start; that of the start if
    // there was none. Until a sink has committed in this run, data is visible until about here.
    Time unread_since{};
  };

  explicit LineReader(Parts parts);
  ~LineReader();
  void start();
  // The spool is closed and complete: read it to its end, write everything, end. Returns at once.
  void drain();
  // Ends without draining; returns when the thread has ended. The spool has what is missing.
  void abandon();
  bool ended() const { return ended_; }
  Status status() const;
  const UnknownLines& unknown() const { return unknown_; }
  // Changes while the thread is alive and does not wait for a sink.
  uint64_t heartbeat() const { return heartbeat_; }
  bool waits_for_sink() const { return waits_; }

 private:
  using Steady = std::chrono::steady_clock;  // the other one may be set back
  void run();
  bool wait_for_sinks(Checkpoint& from);
  void start_over(std::vector<Checkpoint>& stored);
  void note_unread();
  Microseconds down_for() const;
  void wait_for_next_try(Backoff& backoff);
  // Null when abandoned.
  std::unique_ptr<SpoolReader> open_spool(uint64_t from);
  bool read_some(SpoolReader& reader, Pipeline& pipeline);
  bool hand_over(Pipeline& pipeline, bool all);
  void finish(Batch& batch);
  void publish(const Pipeline& pipeline, std::string state);
  bool recall(Pipeline& pipeline);
  // Calls `ask` with a reader of the sink `asked_` until it answers; nothing when it never will.
  template <class T, class Ask>
  std::optional<T> ask_database(Ask ask);
  std::optional<Mail> find_open(const std::string& server, const std::string& queue_id, Time at);

  Parts parts_;
  std::thread thread_;
  // At the start the sink that is furthest behind, where reading goes on: another one knows what comes later
  // already, or has forgotten it. Then the first.
  SinkWorker* asked_ = nullptr;
  std::unique_ptr<Reader> reader_;  // of `asked_`, opened when first needed
  std::string spool_id_;
  uint64_t ended_at_ = 0;  // where the spool of the daemon before ended
  Time started_{};
  uint64_t written_pin_ = 0;
  Steady::time_point written_{};
  std::atomic<bool> draining_{false}, abandoned_{false}, ended_{false}, waits_{false};
  std::atomic<uint64_t> heartbeat_{0};
  OpenCall question_;  // of ask_database()
  UnknownLines unknown_;
  std::unique_ptr<KeptLines> kept_;
  std::unique_ptr<GapWatch> gaps_;
  mutable std::mutex mutex_;
  Status status_;
};

}  // namespace mailtrace
