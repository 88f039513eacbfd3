// Spool: the loop thread's side (limits, encoding, callbacks) and the writer thread's loop.
#include "core/spool/spool.h"

#include <fmt/format.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <optional>
#include <thread>

#include "core/base/log.h"
#include "core/spool/store.h"

namespace mailtrace {
namespace {

using namespace spool_format;

constexpr size_t kept_buffer_bytes = 4u << 20;
// At the start a call that failed is made again at once so often: the trouble may be over.
constexpr int start_tries = 3;

// Bytes that grow without being set to zero first.
class Buffer {
 public:
  char* extend(size_t bytes) {
    // The writer puts the end mark behind the last record.
    if (size_ + bytes + end_bytes > capacity_) grow(size_ + bytes + end_bytes);
    char* at = data_.get() + size_;
    size_ += bytes;
    return at;
  }
  char* terminated() {
    std::memset(data_.get() + size_, 0, end_bytes);
    return data_.get();
  }
  size_t size() const { return size_; }
  void clear() {
    size_ = 0;
    if (capacity_ <= kept_buffer_bytes) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  void grow(size_t least) {
    size_t capacity = std::max({least, capacity_ * 2, size_t{64} << 10});
    std::unique_ptr<char[]> data(new char[capacity]);
    if (size_) std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }
  std::unique_ptr<char[]> data_;
  size_t size_ = 0, capacity_ = 0;
};

struct Waiting {
  uint64_t end;  // sequence behind its last record
  std::function<void(bool)> durable;
};

struct Batch {
  Buffer bytes;
  uint64_t first = 0;
  std::vector<Waiting> waiting;
};

struct Answer {
  bool durable;
  std::function<void(bool)> call;
};

class SpoolImplementation;

// The loop closes handles later than the spool may die: they live on their own.
struct Handles {
  uv_async_t async;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_timer_t timer;
  int open = 4;
  SpoolImplementation* spool;
  std::function<void()> closed;
};

class SpoolImplementation final : public Spool {
 public:
  SpoolImplementation(const SpoolConfig& config, std::string directory, uint64_t capacity, FileSystem& files,
                      std::unique_ptr<File> lock, RecoveredSpool recovered, uv_loop_s* loop,
                      const SpoolSeams& seams)
      : config_(config),
        directory_(std::move(directory)),
        files_(files),
        lock_(std::move(lock)),
        seams_(seams),
        most_line_bytes_(std::min<size_t>(max_record_bytes, capacity / 4)),
        gaps_(recovered.gaps),
        next_(recovered.next),
        store_(files, directory_, capacity, std::move(recovered)) {
    failed_ = !store_.prepare(next_);
    check_space();
    handles_ = new Handles;
    handles_->spool = this;
    start_handles(loop);
    thread_ = std::thread([this] { run(); });
  }

  ~SpoolImplementation() override {
    if (!handles_) return;
    end_thread();
    close_handles({});
  }

  void resume_at(uint64_t sequence) override {
    std::lock_guard lock(mutex_);
    next_ = std::max(next_, sequence);
  }

  bool append(const Record* records, size_t count, std::function<void(bool)> durable) override {
    size_t bytes = 0;
    for (size_t i = 0; i < count; ++i) bytes += record_size(records[i], most_line_bytes_);
    std::lock_guard lock(mutex_);
    if (!has_room(bytes)) {
      wants_room_ = true;
      // All of it must fit then; but what never does keeps nobody waiting.
      wanted_bytes_ = std::min<size_t>(bytes, config_.max_size.count / 8);
      return false;
    }
    if (pending_.bytes.size() == 0) pending_.first = next_;
    char* to = pending_.bytes.extend(bytes);
    for (size_t i = 0; i < count; ++i) {
      encode_record(records[i], next_++, most_line_bytes_, to);
      to += record_size(records[i], most_line_bytes_);
    }
    if (durable) pending_.waiting.push_back({next_, std::move(durable)});
    unkicked_ = true;
    return true;
  }

  void on_room(std::function<void()> room) override { room_ = std::move(room); }

  void close(std::function<void()> done) override {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
      done_ = std::move(done);
    }
    wake_.notify_one();
  }

  SpoolStatus status() const override {
    SpoolStatus status;
    store_.fill(status);
    std::lock_guard lock(mutex_);
    status.next_sequence = next_;
    status.gaps = gaps_;
    status.failed = failed_;
    return status;
  }

  uint64_t durable_sequence() const override { return store_.durable(); }

  uint64_t wait_durable(uint64_t sequence, std::chrono::milliseconds at_most) override {
    std::unique_lock lock(mutex_);
    grown_.wait_for(lock, at_most, [&] { return ended_ || store_.durable() > sequence; });
    return store_.durable();
  }

  void trim(uint64_t sequence) override {
    store_.trim(sequence);
    std::lock_guard lock(mutex_);
    if (wants_room_) call_loop();
  }

  std::string renew_id() override {
    std::lock_guard lock(mutex_);
    fresh_id_ = random_uuid();
    wake_.notify_one();
    return format_uuid(*fresh_id_);
  }

 private:
  // Under the mutex.
  bool has_room(size_t bytes) const {
    if (closing_ || failed_ || !space_) return false;
    size_t waiting = pending_.bytes.size() + in_flight_;
    if (waiting > 0 && waiting + bytes > seams_.pending_limit) return false;
    return store_.used_bytes() + waiting + bytes <= config_.max_size.count;
  }

  void call_loop() {
    if (!ended_) uv_async_send(&handles_->async);
  }

  // ---- loop thread
  void start_handles(uv_loop_s* loop) {
    for (uv_handle_t* handle :
         {reinterpret_cast<uv_handle_t*>(&handles_->async),
          reinterpret_cast<uv_handle_t*>(&handles_->prepare),
          reinterpret_cast<uv_handle_t*>(&handles_->check), reinterpret_cast<uv_handle_t*>(&handles_->timer)})
      handle->data = handles_;
    uv_async_init(loop, &handles_->async, [](uv_async_t* async) { spool_of(async)->answer(); });
    // All appends of a round of the loop go into one batch: told to the writer when the callbacks have run
    // (check) and before the loop sleeps (prepare).
    uv_prepare_init(loop, &handles_->prepare);
    uv_check_init(loop, &handles_->check);
    uv_timer_init(loop, &handles_->timer);
    uv_prepare_start(&handles_->prepare, [](uv_prepare_t* prepare) { spool_of(prepare)->kick(); });
    uv_check_start(&handles_->check, [](uv_check_t* check) { spool_of(check)->kick(); });
    auto every = static_cast<uint64_t>(seams_.recheck.count());
    uv_timer_start(
        &handles_->timer, [](uv_timer_t* timer) { spool_of(timer)->tick(); }, every, every);
    uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->prepare));
    uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->check));
    uv_unref(reinterpret_cast<uv_handle_t*>(&handles_->timer));
  }

  template <class Handle>
  static SpoolImplementation* spool_of(Handle* handle) {
    return static_cast<Handles*>(handle->data)->spool;
  }

  void kick() {
    if (!unkicked_) return;
    unkicked_ = false;
    {
      std::lock_guard lock(mutex_);
      kicked_ = true;
    }
    wake_.notify_one();
  }

  void tick() {
    {
      std::lock_guard lock(mutex_);
      ticked_ = true;
    }
    wake_.notify_one();
  }

  void answer() {
    std::vector<Answer> answers;
    bool room = false, ended = false;
    {
      std::lock_guard lock(mutex_);
      answers.swap(answers_);
      ended = ended_;
      if (wants_room_ && has_room(wanted_bytes_)) {
        wants_room_ = false;
        room = true;
      }
    }
    for (auto& each : answers) each.call(each.durable);
    if (room && room_) room_();
    if (!ended || !handles_) return;
    end_thread();
    lock_.reset();
    close_handles(std::move(done_));
  }

  void end_thread() {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void close_handles(std::function<void()> done) {
    Handles* handles = std::exchange(handles_, nullptr);
    handles->closed = std::move(done);
    for (uv_handle_t* handle :
         {reinterpret_cast<uv_handle_t*>(&handles->async), reinterpret_cast<uv_handle_t*>(&handles->prepare),
          reinterpret_cast<uv_handle_t*>(&handles->check), reinterpret_cast<uv_handle_t*>(&handles->timer)}) {
      uv_close(handle, [](uv_handle_t* each) {
        auto* all = static_cast<Handles*>(each->data);
        if (--all->open > 0) return;
        auto closed = std::move(all->closed);
        delete all;
        if (closed) closed();
      });
    }
  }

  // ---- writer thread
  void run() {
    Batch batch;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return kicked_ || ticked_ || closing_ || fresh_id_; });
      bool ticked = std::exchange(ticked_, false);
      kicked_ = false;
      bool last = closing_;
      if (!pending_.waiting.empty() || pending_.bytes.size() > 0) write_pending(batch, lock);
      if (fresh_id_) take_id(lock);
      if (last) break;
      if (ticked) recheck(lock);
    }
    lock.unlock();
    store_.close();
    lock.lock();
    call_loop();
    ended_ = true;
    grown_.notify_all();
  }

  void write_pending(Batch& batch, std::unique_lock<std::mutex>& lock) {
    std::swap(batch, pending_);
    in_flight_ = batch.bytes.size();
    bool failed = failed_;
    lock.unlock();
    bool stored =
        !failed && (in_flight_ == 0 || store_.store(batch.bytes.terminated(), in_flight_, batch.first));
    uint64_t durable = store_.durable();
    lock.lock();
    failed_ = !stored;
    for (auto& waiting : batch.waiting)
      answers_.push_back({stored || waiting.end <= durable, std::move(waiting.durable)});
    batch.waiting.clear();
    batch.bytes.clear();
    in_flight_ = 0;
    grown_.notify_all();
    if (!answers_.empty() || wants_room_) call_loop();
  }

  void take_id(std::unique_lock<std::mutex>& lock) {
    auto id = *std::exchange(fresh_id_, std::nullopt);
    uint64_t next = pending_.bytes.size() > 0 ? pending_.first : next_;
    lock.unlock();
    store_.renew(id, next);
    lock.lock();
  }

  void recheck(std::unique_lock<std::mutex>& lock) {
    bool failed = failed_;
    uint64_t next = next_;
    lock.unlock();
    check_space();
    store_.keep_state();
    if (failed) failed = !store_.prepare(next);
    lock.lock();
    failed_ = failed;
    if (wants_room_) call_loop();
  }

  void check_space() {
    uint64_t free = 0;
    bool enough = files_.free_bytes(directory_, free) != 0 || free >= config_.min_free.count;
    if (space_.exchange(enough) && !enough)
      log_rarely(LogLevel::warning, "spool.space",
                 {{"directory", directory_},
                  {"free", fmt::format("{}", free)},
                  {"min_free", fmt::format("{}", config_.min_free.count)}});
  }

  const SpoolConfig config_;
  const std::string directory_;
  FileSystem& files_;
  std::unique_ptr<File> lock_;
  const SpoolSeams seams_;
  const size_t most_line_bytes_;
  const std::vector<SpoolGap> gaps_;

  // Loop thread.
  Handles* handles_ = nullptr;
  std::function<void()> room_;
  bool unkicked_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;   // of the writer
  std::condition_variable grown_;  // of wait_durable
  Batch pending_;
  uint64_t next_;
  size_t in_flight_ = 0;
  std::vector<Answer> answers_;
  std::function<void()> done_;
  std::optional<Uuid> fresh_id_;
  bool kicked_ = false, ticked_ = false, closing_ = false, ended_ = false, failed_ = false,
       wants_room_ = false;
  size_t wanted_bytes_ = 0;
  std::atomic<bool> space_{true};

  SegmentStore store_;
  std::thread thread_;
};

// Makes the directory and what is missing above it, each durable in its parent.
int make_directories(FileSystem& files, const std::string& path) {
  int error = files.make_directory(path);
  auto slash = path.find_last_of('/');
  std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  if (error == -ENOENT && parent != path) {
    error = make_directories(files, parent);
    if (error == 0) error = files.make_directory(path);
  }
  if (error == -EEXIST) {
    // Perhaps made by a start that could not sync its parent. On a disk that cannot be written all is synced.
    files.sync_directory(parent);
    return 0;
  }
  if (error == 0) error = files.sync_directory(parent);
  return error;
}

Error refused(const std::string& what, const std::string& directory, int error) {
  return {fault_of(error),
          fmt::format("cannot {} spool directory {}: {}", what, directory, error_text(error))};
}

std::unique_ptr<File> lock_directory(FileSystem& files, const std::string& path, int& error) {
  std::unique_ptr<File> lock;
  for (int tries = 0; tries < start_tries && !lock; ++tries) {
    lock = files.lock(path + "/lock", error);
    if (!lock && error == EAGAIN) break;
  }
  return lock;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const SpoolConfig& config, const std::string& directory,
                                           uv_loop_s* loop, const SpoolSeams& seams) {
  FileSystem& files = seams.files ? *seams.files : FileSystem::real();
  std::string path = directory;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  int error = 0;
  for (int tries = 0; tries < start_tries; ++tries)
    if (error = make_directories(files, path); error == 0) break;
  if (error != 0) return refused("make", path, error);
  auto lock = lock_directory(files, path, error);
  if (!lock && error == EAGAIN)
    return Error{Fault::config,
                 fmt::format("cannot use spool directory {}: another process has it open", path)};
  if (!lock) return refused("lock", path, error);
  auto recovered = recover_spool(files, path);
  for (int tries = 1; tries < start_tries && !recovered; ++tries) recovered = recover_spool(files, path);
  if (!recovered) return recovered.error();
  for (auto& gap : recovered->gaps)
    log(LogLevel::error, "spool.gap",
        {{"segment", gap.segment},
         {"first", fmt::format("{}", gap.first_sequence)},
         {"next", fmt::format("{}", gap.next_sequence)},
         {"reason", gap.reason}});
  // Small enough that a full spool has segments which can be given back while one is written.
  uint64_t capacity = std::min(config.segment_size.count, config.max_size.count / 4) & ~uint64_t{4095};
  capacity = std::max(capacity, min_segment_bytes);
  return std::unique_ptr<Spool>(std::make_unique<SpoolImplementation>(
      config, path, capacity, files, std::move(lock), std::move(*recovered), loop, seams));
}

}  // namespace mailtrace
