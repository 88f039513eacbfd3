#include "core/daemon/line_reader.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/counters.h"
#include "core/base/log.h"

namespace mailtrace {
namespace {

constexpr size_t records_a_round = 4096;  // then rows that are due are looked for
constexpr std::chrono::milliseconds pause_when_idle{50};
constexpr std::chrono::milliseconds collect_every{200};  // DESIGN 6: a batch is full or 200 ms old
constexpr std::chrono::seconds checkpoint_every{5};      // when lines give no rows

// A database that takes its time is no reason for the watchdog.
class Waiting {
 public:
  explicit Waiting(std::atomic<bool>& flag) : flag_(flag) { flag_ = true; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { flag_ = false; }

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

LineReader::LineReader(Parts parts) : parts_(std::move(parts)) {}

LineReader::~LineReader() { abandon(); }

void LineReader::start() {
  spool_id_ = parts_.spool->status().id;
  ended_at_ = parts_.spool->durable_sequence();
  started_ = now();
  // From now on, also while the databases are away.
  gaps_ = std::make_unique<GapWatch>(parts_.receiver, spool_id_);
  gaps_->look(now());
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "pipeline");
    run();
    ended_ = true;
  });
}

void LineReader::drain() { draining_ = true; }

void LineReader::abandon() {
  abandoned_ = true;
  if (thread_.joinable()) thread_.join();
}

void LineReader::use(std::shared_ptr<const HostRules> hosts) {
  std::lock_guard lock(mutex_);
  parts_.hosts = std::move(hosts);
}

LineReader::Status LineReader::status() const {
  std::lock_guard lock(mutex_);
  Status out = status_;
  out.asked_since = question_.since();
  if (out.asked_since != Time{}) out.state = no_database;
  out.waits_for_database = out.state == no_database;
  return out;
}

void LineReader::publish(const Pipeline& pipeline, std::string state) {
  auto tracker = pipeline.status();
  std::lock_guard lock(mutex_);
  status_.state = std::move(state);
  status_.next_sequence = pipeline.next_sequence();
  status_.pinned = pipeline.pinned();
  status_.open_mails = tracker.open_mails;
  status_.held_lines = tracker.held_lines;
  status_.newest = tracker.newest;
}

// The databases may be away now, so only the spool is asked.
void LineReader::note_unread() {
  Time since = now();
  auto status = parts_.spool->status();
  uint64_t oldest = std::max(status.stored_sequence, status.first_sequence);
  Record record;
  SpoolGap gap;
  auto reader = SpoolReader::open(parts_.spool_directory, oldest, false);
  auto next = SpoolReader::Next::end;
  while (reader && (next = (*reader)->next(record, gap, status.durable_sequence)) == SpoolReader::Next::gap) {
  }
  if (next == SpoolReader::Next::record) since = record.received;
  std::lock_guard lock(mutex_);
  status_.unread_since = since;
}

// Since the newest record that an earlier daemon received.
Microseconds LineReader::down_for() const {
  if (ended_at_ < 2) return {};
  auto reader = SpoolReader::open(parts_.spool_directory, ended_at_ - 1, false);
  Record record;
  SpoolGap gap;
  if (!reader || (*reader)->next(record, gap, ended_at_) != SpoolReader::Next::record) return {};
  return std::max(Microseconds(0), Microseconds(started_ - record.received));
}

// The lowest position of all sinks: what one has already is merged into the same rows again.
bool LineReader::wait_for_sinks(Checkpoint& from) {
  std::vector<Checkpoint> all;
  bool ahead = false;
  for (auto* sink : parts_.sinks) {
    auto& stored = all.emplace_back();
    if (!sink->wait_open(stored)) return false;
    if (stored.spool != spool_id_) stored.sequence = stored.counted = 0;
    ahead = ahead || std::max(stored.sequence, stored.counted) > ended_at_;
  }
  if (ahead) start_over(all);
  for (size_t i = 0; i < all.size(); ++i) {
    if (i == 0 || all[i].sequence < from.sequence) {
      from.sequence = all[i].sequence;
      asked_ = parts_.sinks[i];
    }
    if (i == 0 || all[i].counted < from.counted) from.counted = all[i].counted;
  }
  return true;
}

// A database has more of this spool than the spool had when this process took it: an earlier state of it was
// put back, or a disk lied. Lines that came since, perhaps over several starts without the database, have
// numbers that count as stored there. So it becomes another spool, and is read from where it knows by itself
// that all is stored: rows that are there already are merged into themselves.
void LineReader::start_over(std::vector<Checkpoint>& stored) {
  uint64_t known = parts_.spool->status().stored_sequence;
  if (known > ended_at_) known = 0;
  std::string former = std::exchange(spool_id_, parts_.spool->renew_id());
  for (size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].sequence > ended_at_ || stored[i].counted > ended_at_)
      log(LogLevel::error, "spool.behind",
          {{"sink", parts_.sinks[i]->sink().describe()},
           {"stored", std::to_string(stored[i].sequence)},
           {"spool", former},
           {"had", std::to_string(ended_at_)},
           {"goes_on_as", spool_id_},
           {"hint",
            "the state directory is older than the database: an earlier copy of it was put back, or its disk "
            "lost what it had confirmed; what it keeps is read again and may be counted twice; what was lost "
            "with it and is not in the database is missing"}});
    stored[i].sequence = std::min(stored[i].sequence, known);
    stored[i].counted = std::min(stored[i].counted, known);
    parts_.sinks[i]->start_over(spool_id_);
  }
  gaps_->use(spool_id_);
}

bool LineReader::read_some(SpoolReader& reader, Pipeline& pipeline) {
  static Counter& lost = counter("spool_lost_lines_total");
  uint64_t durable = parts_.spool->durable_sequence();
  Record record;
  SpoolGap gap;
  for (size_t i = 0; i < records_a_round; ++i) {
    switch (reader.next(record, gap, durable)) {
      case SpoolReader::Next::record:
        gaps_->received(record.received);
        pipeline.feed(record);
        break;
      case SpoolReader::Next::gap:
        log(LogLevel::error, "spool.gap",
            {{"first", std::to_string(gap.first_sequence)},
             {"next", std::to_string(gap.next_sequence)},
             {"bytes", std::to_string(gap.bytes)},
             {"reason", gap.reason}});
        lost += gap.next_sequence - gap.first_sequence;
        gaps_->damaged(gap);
        pipeline.skip(gap.next_sequence);
        break;
      case SpoolReader::Next::end:
        gaps_->caught_up(now());
        return false;
    }
  }
  return true;
}

// What the pipeline does not know: whose counts these are, and what was lost.
void LineReader::finish(Batch& batch) {
  batch.checkpoint.receiver = parts_.receiver;
  batch.checkpoint.spool = spool_id_;
  for (auto& row : batch.hours) row.source = parts_.receiver;
  for (auto& row : batch.unknown) row.source = parts_.receiver;
}

bool LineReader::hand_over(Pipeline& pipeline, bool all) {
  static Counter& made = counter("pipeline_batches_total");
  bool more = true;
  while (more) {
    auto batch = std::make_shared<Batch>();
    more = pipeline.collect(now(), all, *batch);
    bool moved = batch->checkpoint.sequence != written_pin_;
    bool due = Steady::now() - written_ >= checkpoint_every || all;
    gaps_->look(now());
    gaps_->collect(batch->gaps);
    if (batch->empty() && !(moved && due)) continue;
    finish(*batch);
    kept_->flush();  // before the checkpoint can pass the lines
    written_pin_ = batch->checkpoint.sequence;
    written_ = Steady::now();
    ++made;
    Waiting waiting(waits_);
    for (auto* sink : parts_.sinks)
      if (!sink->offer(batch)) return false;
  }
  uint64_t stored = UINT64_MAX;
  for (auto* sink : parts_.sinks) stored = std::min(stored, sink->committed());
  if (!parts_.sinks.empty()) parts_.spool->trim(stored);
  return true;
}

void LineReader::wait_for_next_try(Backoff& backoff) {
  auto until = Steady::now() + backoff.next();
  while (!abandoned_ && Steady::now() < until) {
    ++heartbeat_;
    std::this_thread::sleep_for(pause_when_idle);
  }
}

template <class T, class Ask>
std::optional<T> LineReader::ask_database(Ask ask) {
  if (parts_.sinks.empty()) return std::nullopt;
  Backoff backoff;
  {
    std::lock_guard lock(mutex_);
    status_.asked = asked_->sink().describe();
  }
  Waiting waiting(waits_);
  OpenCall::Scope asking(question_);
  bool failed = false;
  while (!abandoned_) {
    if (!reader_) {
      auto opened = asked_->sink().open_reader();
      if (opened) reader_ = std::move(*opened);
    }
    if (reader_) {
      Result<T> found = ask(*reader_);
      if (found && failed) asked_->heard(nullptr);
      if (found) return std::move(*found);
      log_rarely(LogLevel::warning, "pipeline.lookup", {{"error", found.error().text}});
      if (found.error().fault == Fault::permanent) return std::nullopt;
      // No batch comes to the sink before this is answered, so nobody else would say it.
      asked_->heard(&found.error());
      failed = true;
      reader_.reset();
    }
    wait_for_next_try(backoff);
  }
  return std::nullopt;
}

// Asked for short queue ids that memory does not know. Waits until a database answers: a guess would make
// a second mail of the first one's end.
std::optional<Mail> LineReader::find_open(const std::string& server, const std::string& queue_id, Time at) {
  using Found = std::optional<Mail>;
  return ask_database<Found>([&](Reader& reader) { return reader.find_open(server, queue_id, at); })
      .value_or(std::nullopt);
}

// What was half seen when the daemon ended.
bool LineReader::recall(Pipeline& pipeline) {
  using Hints = std::vector<HintRow>;
  auto hints = ask_database<Hints>([](Reader& reader) { return reader.hints(now(), most_hints); });
  if (hints) pipeline.recall(*hints, now());
  if (!parts_.sinks.empty() && asked_ != parts_.sinks.front()) {
    asked_ = parts_.sinks.front();
    reader_.reset();
  }
  return !abandoned_;
}

// Lines are received and kept meanwhile, whatever the trouble of the disk or of the process is.
std::unique_ptr<SpoolReader> LineReader::open_spool(uint64_t from) {
  Backoff backoff;
  while (!abandoned_) {
    auto reader = SpoolReader::open(parts_.spool_directory, from);
    if (reader) return std::move(*reader);
    log(LogLevel::error, "spool.read", {{"error", reader.error().text}});
    wait_for_next_try(backoff);
  }
  return nullptr;
}

void LineReader::run() {
  note_unread();
  Checkpoint from;
  if (!wait_for_sinks(from)) return;
  auto reader = open_spool(from.sequence);
  if (!reader) return;
  log(LogLevel::info, "pipeline.start",
      {{"sequence", std::to_string(from.sequence)}, {"sinks", std::to_string(parts_.sinks.size())}});
  Pipeline pipeline(parts_.tracker, parts_.header, *parts_.router, parts_.cache,
                    [this](const std::string& server, const std::string& queue_id, Time at) {
                      return find_open(server, queue_id, at);
                    });
  pipeline.start_at(from.sequence, from.counted);
  pipeline.was_down(ended_at_, down_for());
  kept_ = std::make_unique<KeptLines>(parts_.state_directory);
  pipeline.keep_unknown(&unknown_, kept_.get());
  if (!recall(pipeline)) return;

  auto collected = Steady::now();
  while (!abandoned_) {
    ++heartbeat_;
    auto hosts = [this] {
      std::lock_guard lock(mutex_);
      return parts_.hosts;
    }();
    pipeline.use(hosts.get());
    bool draining = draining_;  // read before the spool: what is durable then is complete
    bool more = read_some(*reader, pipeline);
    if (draining && !more) break;
    auto time = Steady::now();
    if (more || time - collected >= collect_every) {
      if (!hand_over(pipeline, false)) return;
      std::string later = reader->later_version();
      if (!later.empty())
        log_rarely(LogLevel::error, "spool.later_version",
                   {{"segment", later},
                    {"reading", "waits: only a later version understands it; it and what follows are kept"}});
      publish(pipeline, !later.empty() ? "waiting for a later version" : draining ? "draining" : "reading");
      collected = time;
    }
    if (more) continue;
    if (reader->later_version().empty())
      parts_.spool->wait_durable(std::max<uint64_t>(1, pipeline.next_sequence()), pause_when_idle);
    else
      std::this_thread::sleep_for(pause_when_idle);  // more is durable, but it is not read
  }
  if (!abandoned_) hand_over(pipeline, true);
  publish(pipeline, "ended");
}

}  // namespace mailtrace
