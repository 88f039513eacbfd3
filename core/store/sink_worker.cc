#include "core/store/sink_worker.h"

#include <pthread.h>

#include "core/base/log.h"
#include "core/store/backoff.h"
#include "core/store/write_batch.h"

namespace mailtrace {
namespace {
constexpr size_t most_waiting = 2;
constexpr std::chrono::seconds look_every{10};

bool is_lasting(const Error& error) { return error.fault == Fault::schema || error.fault == Fault::config; }

}  // namespace

SinkWorker::SinkWorker(std::unique_ptr<Sink> sink, std::string receiver, const std::string& state_directory,
                       std::string spool)
    : sink_(std::move(sink)),
      receiver_(std::move(receiver)),
      spool_(std::move(spool)),
      dead_letter_(state_directory, sink_->describe()) {
  status_.sink = sink_->describe();
  status_.state = "opening";
}

SinkWorker::~SinkWorker() { stop(Microseconds(0)); }

void SinkWorker::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "sink");
    run();
  });
}

bool SinkWorker::wait_open(Checkpoint& stored) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return open_ || stopping_; });
  stored = stored_;
  return open_ && !stopping_;
}

bool SinkWorker::wait_first_try(Checkpoint& stored, Microseconds at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [&] { return open_ || stopping_ || status_.retries > 0; });
  stored = stored_;
  return open_ && !stopping_;
}

void SinkWorker::start_over(std::string spool) {
  std::lock_guard lock(mutex_);
  spool_ = std::move(spool);
  committed_ = status_.committed = 0;
  wrote_ = false;
}

bool SinkWorker::offer(std::shared_ptr<const Batch> batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < most_waiting || stopping_; });
  if (stopping_) return false;
  waiting_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

void SinkWorker::stop(Microseconds patience) {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) give_up_ = std::chrono::steady_clock::now() + patience;
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

SinkWorker::Status SinkWorker::status() const {
  std::lock_guard lock(mutex_);
  Status out = status_;
  out.waiting_since = call_.since();
  out.is_full = !open_ || waiting_.size() >= most_waiting;
  out.is_idle = open_ && waiting_.empty();
  return out;
}

template <class Call>
auto SinkWorker::ask(Call call) {
  OpenCall::Scope asking(call_);
  return call();
}

void SinkWorker::set_state(std::string state, const Error* error) {
  std::lock_guard lock(mutex_);
  status_.state = std::move(state);
  if (!error) {
    status_.failing_since = {};
    status_.last_error.clear();
    return;
  }
  if (status_.failing_since == Time{}) status_.failing_since = now();
  status_.last_error = error->text;
  ++status_.retries;
  changed_.notify_all();
}

void SinkWorker::heard(const Error* error) {
  set_state(!error ? "running" : is_lasting(*error) ? "stopped" : "retrying", error);
}

// Transient faults pass; a wrong schema or option passes when the admin has mended it, so that is tried again
// too, at the slowest pace: the spool keeps the lines meanwhile.
bool SinkWorker::wait_before_retry(const Error& error, Backoff& backoff) {
  bool lasting = is_lasting(error);
  set_state(lasting ? "stopped" : "retrying", &error);
  log_rarely(lasting ? LogLevel::error : LogLevel::warning, lasting ? "sink.stopped" : "sink.retry",
             {{"sink", status_.sink}, {"error", error.text}});
  auto wait = backoff.next();
  if (lasting) wait = std::max(wait, Backoff::Milliseconds(10'000));
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, wait, [&] { return stopping_; })) return true;
  if (std::chrono::steady_clock::now() >= give_up_) return false;
  // Draining: no one notifies any more, so this is a plain pause.
  changed_.wait_for(lock, Backoff::Milliseconds(200), [] { return false; });
  return true;
}

bool SinkWorker::open_sink() {
  Backoff backoff;
  Checkpoint known;
  bool other = false;
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
    }
    auto opened = ask([&] { return sink_->open(); });
    if (opened) {
      auto stored = ask([&] { return sink_->checkpoint(receiver_); });
      if (stored) {
        std::lock_guard lock(mutex_);
        stored_ = known = std::move(*stored);
        open_ = true;
        // Records of this spool are not stored because another spool got that far.
        wrote_ = stored_.spool == spool_;
        if (wrote_) committed_ = status_.committed = stored_.sequence;
        other = !wrote_ && !stored_.spool.empty();
        changed_.notify_all();
        break;
      }
      if (!wait_before_retry(stored.error(), backoff)) return false;
      continue;
    }
    if (!wait_before_retry(opened.error(), backoff)) return false;
  }
  set_state("running", nullptr);
  log(LogLevel::info, "sink.open",
      {{"sink", sink_->describe()}, {"checkpoint", std::to_string(other ? 0 : known.sequence)}});
  if (other)
    log(LogLevel::warning, "sink.other_spool",
        {{"sink", sink_->describe()},
         {"receiver", receiver_},
         {"spool", known.spool},
         {"hint",
          "the database knows this receiver with another spool: the state directory was made anew, or "
          "two receivers have this name; all lines of this spool are read"}});
  return true;
}

// The stored checkpoint of this name was of this spool and is not any more: somebody else writes it, too.
// Nothing is lost by that, but after a restart each of the two reads its whole spool again and counts it
// twice.
void SinkWorker::look_for_namesake() {
  auto time = std::chrono::steady_clock::now();
  if (!wrote_ || (looked_ != decltype(looked_){} && time - looked_ < look_every)) return;
  looked_ = time;
  auto stored = ask([&] { return sink_->checkpoint(receiver_); });
  if (!stored || stored->spool == spool_) return;  // a fault is the write's to find out
  log_rarely(LogLevel::error, "sink.same_name",
             {{"sink", sink_->describe()},
              {"receiver", receiver_},
              {"spool", stored->spool},
              {"hint", "another receiver has this name: give each one of its own"}});
  std::lock_guard lock(mutex_);
  status_.other_spool = stored->spool;
}

bool SinkWorker::write(const Batch& batch) {
  Backoff backoff;
  BatchWrite work(*sink_, batch, dead_letter_);
  for (size_t dead = 0;;) {
    look_for_namesake();
    auto written = ask([&] { return work.run(); });
    {
      std::lock_guard lock(mutex_);
      status_.dead_letters += work.dead() - dead;
      dead = work.dead();
      if (written) {
        ++status_.batches;
        status_.rows += batch.rows();
        status_.last_commit = now();
        status_.visible_until = std::max(status_.visible_until, batch.newest);
        status_.committed = batch.checkpoint.sequence;
        committed_ = batch.checkpoint.sequence;
      }
    }
    if (written) {
      wrote_ = true;
      set_state("running", nullptr);
      return true;
    }
    if (!wait_before_retry(written.error(), backoff)) return false;
  }
}

void SinkWorker::run() {
  if (!open_sink()) return;
  for (;;) {
    std::shared_ptr<const Batch> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !waiting_.empty() || stopping_; });
      if (waiting_.empty()) return;
      batch = waiting_.front();
    }
    // Left in the queue while it is written: "two waiting" means two not yet stored.
    if (!write(*batch)) return;
    std::lock_guard lock(mutex_);
    waiting_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace mailtrace
