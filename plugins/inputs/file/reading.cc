// The other half of FileInput: reading, submitting, writing positions down, stopping. Loop thread.
#include <algorithm>
#include <cerrno>

#include "core/base/file.h"
#include "core/base/log.h"
#include "plugins/inputs/file/file_input.h"

namespace mailtrace {
namespace {

// Of an old file megabytes are there at once; the network's lines must find room in the spool's memory too.
constexpr size_t most_in_flight = 4u << 20;

// Calls `done` with its last owner.
struct Closing {
  explicit Closing(Input::Done call) : done(std::move(call)) {}
  Closing(Closing&& other) noexcept : done(std::exchange(other.done, nullptr)) {}
  ~Closing() {
    if (done) done();
  }
  Input::Done done;
};

void delete_handle(uv_handle_t* handle) {
  if (handle->type == UV_TIMER)
    delete reinterpret_cast<uv_timer_t*>(handle);
  else
    delete reinterpret_cast<uv_fs_event_t*>(handle);
}

}  // namespace

void FileInput::turn_soon(uint64_t milliseconds) {
  auto* handle = reinterpret_cast<uv_handle_t*>(turn_);
  if (!turn_ || uv_is_closing(handle)) return;
  if (uv_is_active(handle) && uv_timer_get_due_in(turn_) <= milliseconds) return;
  uv_timer_start(
      turn_,
      [](uv_timer_t* timer) {
        auto* file = static_cast<FileInput*>(timer->data);
        if (std::exchange(file->must_look_, false)) file->look();
        file->turn();
      },
      milliseconds, 0);
}

// One chunk of each file that has its turn; then the loop's other guests have theirs.
void FileInput::turn() {
  bool more = false;
  for (size_t i = 0; i < files_.size(); ++i) {
    if (paused_ || bytes_in_flight_ >= most_in_flight) {
      more = false;  // resume() or an answer goes on
      break;
    }
    auto file = files_[i];
    if (file->finished || waits_for_older(i) || (stopping_ && !is_to_be_read(*file))) continue;
    more = read(file) || more;
  }
  std::erase_if(files_, [](auto& file) { return file->finished && file->in_flight == 0; });
  if (more) turn_soon(0);
  if (stopping_) end_when_drained();
}

// A rotated file is read to its end before the one that took its name.
bool FileInput::waits_for_older(size_t at) const {
  return std::any_of(files_.begin(), files_.begin() + static_cast<std::ptrdiff_t>(at), [&](auto& older) {
    if (older->name != files_[at]->name || older->finished) return false;
    return stopping_ ? is_to_be_read(*older) : older->quiet_since == 0;
  });
}

bool FileInput::is_to_be_read(const LogFile& file) const {
  return file.rotated && !file.finished && file.read_at() < file.stop_at;
}

// False: there is nothing to read now.
bool FileInput::read(const std::shared_ptr<LogFile>& file) {
  cut_.clear();
  auto got = file->read(max_line_, cut_);
  if (got == LogFile::Read::some) {
    file->quiet_since = 0;
    return submit(file);
  }
  if (got == LogFile::Read::changed) {
    if (!changed(file)) return false;
    return must_look_ = true;
  }
  if (got == LogFile::Read::failed) failed(file->path, error_text(errno));
  file->stop_at = 0;
  if (file->quiet_since == 0) file->quiet_since = std::max<uint64_t>(1, uv_now(context_.loop));
  if (got == LogFile::Read::end && may_finish(*file)) finish(file);
  return false;
}

// Its writer may still hold it, and be in the middle of a line, until it is told of the new one.
bool FileInput::may_finish(const LogFile& file) const {
  if (!file.rotated || stopping_) return false;
  uint64_t quiet = uv_now(context_.loop) - file.quiet_since;
  if (Microseconds(std::chrono::milliseconds(quiet)) < config_.keep_rotated) return false;
  return file.is_deleted() || std::any_of(files_.begin(), files_.end(), [&](auto& other) {
           return !other->rotated && other->name == file.name;
         });
}

void FileInput::finish(const std::shared_ptr<LogFile>& file) {
  cut_.clear();
  file->finish(cut_);
  file->finished = submit(file);
}

// False: the intake takes nothing now; the lines will be read again.
bool FileInput::submit(const std::shared_ptr<LogFile>& file) {
  uint64_t before = file->taken();
  file->take();
  if (cut_.empty()) {
    if (file->in_flight == 0) file->set_durable(file->taken());
    return true;
  }
  Time received = now();
  size_t bytes = 0;
  lines_.clear();
  for (const FileLine& line : cut_) {
    lines_.push_back({line.bytes, received, Transport::file, line.flags, {}});
    bytes += line.bytes.size();
  }
  bool taken = context_.intake->submit(lines_, [this, alive = alive_, file, attempt = file->attempt,
                                                end = file->taken(), bytes](bool durable) {
    if (*alive) answered(*file, attempt, end, bytes, durable);
  });
  if (!taken) {
    file->go_to(before);
    gave_up_ = gave_up_ || stopping_;
    return false;
  }
  counters_.add(lines_);
  ++file->in_flight;
  ++waiting_;
  bytes_in_flight_ += bytes;
  return true;
}

void FileInput::answered(LogFile& file, unsigned attempt, uint64_t end, size_t bytes, bool durable) {
  bool was_full = bytes_in_flight_ >= most_in_flight;
  bytes_in_flight_ -= bytes;
  --file.in_flight;
  --waiting_;
  if (attempt == file.attempt && durable) file.set_durable(end);
  if (attempt == file.attempt && !durable) {
    ++file.attempt;
    file.finished = false;
    file.go_to(file.durable());
    gave_up_ = gave_up_ || stopping_;
    log_rarely(LogLevel::warning, "input.read_again",
               {{"input", context_.name}, {"file", file.path}, {"offset", std::to_string(file.durable())}});
  }
  if (was_full || stopping_) turn_soon(0);
}

std::string FileInput::all_positions() const {
  std::vector<Position> positions = unreadable_;
  for (auto& file : files_) positions.push_back(file->position());
  return positions_text(positions);
}

// In the pool: a sync waits for the disk.
void FileInput::save() {
  struct Saving {
    uv_work_t request;
    FileInput* input;
    std::shared_ptr<bool> alive;
    std::string file, text;
    Result<void> result;
  };
  std::string text = all_positions();
  if (saving_ || text == saved_positions_) return;
  auto* saving = new Saving{{}, this, alive_, positions_file_, std::move(text), {}};
  saving->request.data = saving;
  saving_ = true;
  uv_queue_work(
      context_.loop, &saving->request,
      [](uv_work_t* request) {
        auto* work = static_cast<Saving*>(request->data);
        work->result = save_positions(work->file, work->text);
      },
      [](uv_work_t* request, int) {
        std::unique_ptr<Saving> work(static_cast<Saving*>(request->data));
        if (*work->alive) work->input->saved(std::move(work->text), work->result);
      });
}

void FileInput::saved(std::string text, const Result<void>& result) {
  saving_ = false;
  if (result)
    saved_positions_ = std::move(text);
  else
    failed(positions_file_, result.error().text);
  if (!stopping_) return;
  // What cannot be written down now is read again after the next start.
  if (!result) saved_positions_ = all_positions();
  end_when_drained();
}

// The rotated files are read to their ends as they are now; a followed one is found again by the next start.
void FileInput::stop(Done done) noexcept {
  if (!turn_) return done();
  look();
  stopping_ = true;
  done_ = std::move(done);
  uv_timer_stop(poll_);
  for (auto& file : files_) file->stop_at = file->size();
  turn_soon(0);
}

void FileInput::end_when_drained() {
  gave_up_ = gave_up_ || paused_;
  if (!gave_up_) {
    for (auto& file : files_)
      if (is_to_be_read(*file)) return bytes_in_flight_ < most_in_flight ? turn_soon(0) : void();
    // Nobody will find it again.
    for (auto& file : files_)
      if (file->rotated && !file->finished && file->is_deleted()) finish(file);
  }
  if (waiting_ > 0 || saving_) return;
  std::erase_if(files_, [](auto& file) { return file->finished; });
  save();
  if (!saving_) close_handles();
}

void FileInput::close_handles() {
  turn_ = poll_ = nullptr;
  // Shared by the close callbacks: the last one calls it, when this input may be gone.
  auto closing = std::make_shared<Closing>(Closing{std::exchange(done_, nullptr)});
  for (uv_handle_t* handle : std::exchange(handles_, {})) {
    if (uv_is_closing(handle)) {  // by the daemon in a hurry, whose loop has ended since
      delete_handle(handle);
      continue;
    }
    handle->data = new std::shared_ptr<Closing>(closing);
    uv_close(handle, [](uv_handle_t* closed) {
      std::unique_ptr<std::shared_ptr<Closing>> last(static_cast<std::shared_ptr<Closing>*>(closed->data));
      delete_handle(closed);
    });
  }
}

void FileInput::failed(const std::string& path, const std::string& text) {
  ++errors_;
  log_rarely(LogLevel::warning, "input.file_error",
             {{"input", context_.name}, {"file", path}, {"error", text}});
}

std::string FileInput::describe() const noexcept {
  constexpr size_t most = 8;
  std::string text;
  for (size_t i = 0; i < files_.size() && i < most; ++i) {
    const LogFile& file = *files_[i];
    if (i > 0) text += ", ";
    text += file.path + (file.rotated ? " (rotated)" : "") + " at " + std::to_string(file.durable()) +
            " of " + std::to_string(file.size()) + " bytes";
  }
  if (files_.size() > most) text += " and " + std::to_string(files_.size() - most) + " more";
  return text.empty() ? config_.path + ", no such file yet" : text;
}

}  // namespace mailtrace
