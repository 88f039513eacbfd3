// Input file: which files are followed, and where each was left. Loop thread.
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "core/base/file.h"
#include "core/base/log.h"
#include "plugins/inputs/file/file_input.h"
#include "plugins/inputs/file/rotation.h"

namespace mailtrace {
namespace {

// What a directory tells about is looked at this much later, once for many writes.
constexpr uint64_t hint_ms = 50;
constexpr const char* no_descriptors = "no more files can be opened now";

template <class Handle>
Handle* make_handle(std::vector<uv_handle_t*>& handles, void* data) {
  auto* handle = new Handle{};
  handle->data = data;
  handles.push_back(reinterpret_cast<uv_handle_t*>(handle));
  return handle;
}

}  // namespace

std::span<const Option> FileInput::options() {
  static const std::vector<Option> table = {
      required(
          option("path", &Config::path,
                 "the log file, or a pattern such as /var/log/*/mail.log; name what is written, not what "
                 "was rotated")),
      one_of("start", &Config::start, {"beginning", "end"},
             "where to begin when this input has never run; files that appear later are read from their "
             "beginning"),
      option("poll_interval", &Config::poll_interval, std::chrono::milliseconds(10), std::chrono::hours(1),
             "how often files are looked at; the kernel's hints make it sooner where there are any"),
      option("keep_rotated", &Config::keep_rotated, Microseconds(0), std::chrono::hours(24),
             "how long a rotated file must be quiet until it is closed: its writer may not know of the new "
             "one yet"),
      option("max_line", &Config::max_line, 480, 1 << 20,
             "bytes of a line that are kept; a longer one is cut and flagged"),
  };
  return table;
}
void FileInput::check(const Config& config, const Node& node, ConfigErrors& errors) {
  const Node* path = node.find("path");
  if (config.path.starts_with('/') && config.path.find('\n') == std::string::npos) return;
  errors.add(path ? *path : node, "expected an absolute path, got \"" + config.path + "\"");
}

FileInput::FileInput(Config config, const InputContext& context)
    : config_(std::move(config)),
      context_(context),
      max_line_(static_cast<size_t>(config_.max_line)),
      positions_file_(positions_file(context.state_directory, context.name)),
      counters_(context.name),
      rotations_(counter("input_file_rotations_total", InputCounters::label(context.name))),
      lost_(counter("input_lost_files_total", InputCounters::label(context.name))),
      errors_(counter("input_file_errors_total", InputCounters::label(context.name))) {}

FileInput::~FileInput() {
  *alive_ = false;
  close_handles();
}

Result<void> FileInput::start() noexcept {
  auto known = restore();
  if (!known) return known.error();
  from_end_ = !*known && config_.start == "end";
  look();
  from_end_ = false;
  // Now, so that what comes later is never taken for what was there at the first start; and to know that it
  // can be.
  saved_positions_ = all_positions();
  if (auto written = save_positions(positions_file_, saved_positions_); !written) {
    if (written.error().fault != Fault::transient)
      return Error{written.error().fault, context_.name + ": " + written.error().text};
    // The disk's trouble keeps no line from being read: each poll tries again.
    saved_positions_.clear();
    failed(positions_file_, written.error().text);
  }

  turn_ = make_handle<uv_timer_t>(handles_, this);
  uv_timer_init(context_.loop, turn_);
  poll_ = make_handle<uv_timer_t>(handles_, this);
  uv_timer_init(context_.loop, poll_);
  auto every =
      static_cast<uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(config_.poll_interval).count());
  uv_timer_start(
      poll_,
      [](uv_timer_t* timer) {
        auto* file = static_cast<FileInput*>(timer->data);
        file->save();
        file->look();
        file->turn();
      },
      every, every);
  watch_directory();
  log(LogLevel::info, "input.following",
      {{"input", context_.name}, {"path", config_.path}, {"files", std::to_string(files_.size())}});
  turn_soon(0);
  return {};
}

// A hint only: inotify sees no writes of other machines and overflows; the poll is what counts.
void FileInput::watch_directory() {
  std::string directory = directory_of(config_.path);
  if (directory.find_first_of("*?[") != std::string::npos) return;
  auto* event = make_handle<uv_fs_event_t>(handles_, this);
  uv_fs_event_init(context_.loop, event);
  uv_fs_event_start(
      event,
      [](uv_fs_event_t* handle, const char*, int, int) {
        auto* file = static_cast<FileInput*>(handle->data);
        file->must_look_ = true;
        file->turn_soon(hint_ms);
      },
      directory.c_str(), 0);
}

// False: this input has never run.
Result<bool> FileInput::restore() {
  struct stat status {};
  int error = ::stat(positions_file_.c_str(), &status) == 0 ? 0 : errno;
  if (error == ENOENT) return false;
  auto saved = error ? nullptr : FileSystem::real().open(positions_file_, FileSystem::Mode::read, error);
  // Not to be taken for damage: then everything would be read again.
  if (!saved)
    return Error{fault_of(error), context_.name + ": read " + positions_file_ + ": " + error_text(error)};
  std::string text(static_cast<size_t>(status.st_size), '\0');
  int64_t size = read_fully(*saved, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<int64_t>(size, 0)));
  auto positions = parse_positions(text);
  if (!positions) {
    log(LogLevel::warning, "input.positions_damaged",
        {{"input", context_.name}, {"file", positions_file_}, {"reading", "everything again"}});
    return true;
  }
  for (const Position& position : *positions)
    if (::fnmatch(config_.path.c_str(), position.path.c_str(), FNM_PATHNAME) == 0)
      if (auto found = restore(position, status.st_mtim.tv_sec * 1'000'000'000); !found) return found.error();
  for (auto& [name, since] : unread_since_) add_missed(name, since);
  std::stable_partition(files_.begin(), files_.end(), [](auto& file) { return file->rotated; });
  return true;
}

Result<void> FileInput::restore(const Position& position, int64_t saved) {
  int error = 0;
  auto file = LogFile::open(position.path, error);
  bool unreadable = !file && error != ENOENT;
  bool same =
      file && file->inode() == position.inode && file->device() == position.device && file->matches(position);
  if (!same) {
    bool hindered = false;
    file = find_rotated(position, files_, context_.state_directory, hindered);
    if (!file && hindered)
      return Error{Fault::transient,
                   context_.name + ": look for the rotated " + position.path + ": " + no_descriptors};
    if (file) file->rotated = true;
  }
  if (!file && unreadable) {
    unreadable_.push_back(position);
    log(LogLevel::warning, "input.unreadable",
        {{"input", context_.name},
         {"file", position.path},
         {"offset", std::to_string(position.offset)},
         {"error", error_text(error)},
         {"hint", "it goes on there as soon as it can be opened"}});
    return {};
  }
  int64_t since = saved;
  if (file) {
    file->name = position.path;
    file->go_to(position.offset);
    file->set_durable(position.offset);
    files_.push_back(file);
    log(LogLevel::info, "input.going_on",
        {{"input", context_.name}, {"file", file->path}, {"offset", std::to_string(position.offset)}});
    since = file->modified();
  } else {
    ++lost_;
    log(LogLevel::warning, "input.file_gone",
        {{"input", context_.name},
         {"file", position.path},
         {"offset", std::to_string(position.offset)},
         {"hint", "rotated while nobody read it; `mailtrace import` of its rotated files closes the gap"}});
  }
  if (same) return {};
  auto [at, is_new] = unread_since_.try_emplace(position.path, since);
  if (!is_new) at->second = std::min(at->second, since);
  return {};
}

// Rotated more than once while nobody read: the ones between.
void FileInput::add_missed(const std::string& name, int64_t since) {
  std::vector<std::string> compressed;
  for (auto& file : find_missed(name, since, files_, context_.state_directory, compressed)) {
    file->name = name;
    file->rotated = true;
    files_.push_back(file);
    log(LogLevel::info, "input.rotated_unread", {{"input", context_.name}, {"file", file->path}});
  }
  for (auto& path : compressed) {
    ++lost_;
    log(LogLevel::warning, "input.compressed_unread",
        {{"input", context_.name}, {"file", path}, {"hint", "mailtrace import " + path}});
  }
}

void FileInput::look() {
  if (stopping_) return;
  for (auto& file : Files(files_))
    if (!file->finished && file->is_changed()) changed(file);
  Files live;
  for (auto& file : files_) {
    if (!file->rotated) live.push_back(file);
    file->rotated = true;
  }
  for (auto& path : matching_paths(config_.path)) look_at(path);
  for (auto& file : live) {
    if (!file->rotated || file->finished) continue;
    ++rotations_;
    file->quiet_since = 0;
    log(LogLevel::info, "input.rotated",
        {{"input", context_.name}, {"file", file->name}, {"deleted", file->is_deleted() ? "yes" : "no"}});
  }
}

// Looks again for what could not be opened under that name at the start. False if there was nothing.
bool FileInput::go_on(const std::string& path) {
  auto at = std::find_if(unreadable_.begin(), unreadable_.end(), [&](auto& one) { return one.path == path; });
  if (at == unreadable_.end()) return false;
  Position position = std::move(*at);
  unreadable_.erase(at);
  if (restore(position, 0)) return true;
  unreadable_.push_back(std::move(position));  // no descriptors; at the next poll
  return false;
}

// A name that is followed: the file it means now is known, or a new one.
void FileInput::look_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  auto known = std::find_if(files_.begin(), files_.end(), [&](auto& file) {
    return !file->finished && file->inode() == status.st_ino && file->device() == status.st_dev;
  });
  if (known != files_.end()) {
    (*known)->path = (*known)->name = path;
    (*known)->rotated = false;
    return;
  }
  int error = 0;
  auto file = LogFile::open(path, error);
  if (!file) return failed(path, error_text(error));
  if (go_on(path)) return look_at(path);
  if (file->is_compressed())
    return log_rarely(LogLevel::warning, "input.compressed",
                      {{"input", context_.name}, {"file", path}, {"hint", "mailtrace import " + path}});
  if (from_end_) file->go_to_end(max_line_);
  log(LogLevel::info, "input.file",
      {{"input", context_.name}, {"file", path}, {"offset", std::to_string(file->taken())}});
  files_.push_back(std::move(file));
}

// Truncated. copytruncate has left a copy beforehand, in which the old text goes on. False: whether there is
// one cannot be seen now; the next poll looks again, and nothing of the file is read before.
bool FileInput::changed(const std::shared_ptr<LogFile>& file) {
  Position position = file->position();
  position.offset = file->taken();
  position.inode = 0;  // the copy has another one
  bool hindered = false;
  auto copy = find_rotated(position, files_, context_.state_directory, hindered);
  if (!copy && hindered) {
    failed(file->path, std::string("look for its copy: ") + no_descriptors);
    return false;
  }
  ++rotations_;
  file->rotated = true;
  auto offset = std::to_string(position.offset);
  if (copy) {
    log(LogLevel::info, "input.truncated",
        {{"input", context_.name}, {"file", file->path}, {"offset", offset}, {"going_on_in", copy->path}});
    file->continue_in(*copy);
    return true;
  }
  // What was written behind the offset is gone, if there was any: nobody can tell.
  ++lost_;
  log(LogLevel::warning, "input.truncated",
      {{"input", context_.name},
       {"file", file->path},
       {"offset", offset},
       {"going_on_in", "none"},
       {"hint", "`mailtrace import` of a copy, if there is one elsewhere, closes the gap"}});
  finish(file);
  return true;
}

MAILTRACE_INPUT(FileInput, "file", "log files, from their beginning, followed through rotation and restarts");
}  // namespace mailtrace
