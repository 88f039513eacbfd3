// FileInput: log files, from their beginning, then followed through every kind of rotation. Loop thread.
// Promise: a position is written only behind lines that are durable; after a crash lines come again, which
// makes no second row, and none is missing.
#pragma once
#include <uv.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/net/input_counters.h"
#include "core/plugin/plugin.h"
#include "plugins/inputs/file/log_file.h"
#include "plugins/inputs/file/position.h"

namespace mailtrace {

class FileInput final : public Input {
 public:
  struct Config {
    std::string path;
    std::string start = "beginning";
    Microseconds poll_interval{std::chrono::seconds(1)};
    Microseconds keep_rotated{std::chrono::seconds(60)};
    int64_t max_line = 65536;
  };
  static std::span<const Option> options();
  static void check(const Config& config, const Node& node, ConfigErrors& errors);

  FileInput(Config config, const InputContext& context);
  ~FileInput() override;

  Result<void> start() noexcept override;
  void pause() noexcept override { paused_ = true; }
  void resume() noexcept override {
    paused_ = false;
    turn_soon(0);
  }
  void stop(Done done) noexcept override;
  std::string describe() const noexcept override;

 private:
  using Files = std::vector<std::shared_ptr<LogFile>>;

  Result<bool> restore();
  Result<void> restore(const Position& position, int64_t saved);
  void add_missed(const std::string& name, int64_t since);
  void watch_directory();
  void look();
  void look_at(const std::string& path);
  bool go_on(const std::string& path);
  bool changed(const std::shared_ptr<LogFile>& file);
  void turn();
  bool read(const std::shared_ptr<LogFile>& file);
  bool submit(const std::shared_ptr<LogFile>& file);
  void answered(LogFile& file, unsigned attempt, uint64_t end, size_t bytes, bool durable);
  bool may_finish(const LogFile& file) const;
  bool waits_for_older(size_t at) const;
  bool is_to_be_read(const LogFile& file) const;
  void finish(const std::shared_ptr<LogFile>& file);
  void turn_soon(uint64_t milliseconds);
  void save();
  void saved(std::string text, const Result<void>& result);
  void end_when_drained();
  void close_handles();
  void failed(const std::string& path, const std::string& text);
  std::string all_positions() const;

  Config config_;
  InputContext context_;
  size_t max_line_;
  std::string positions_file_;
  InputCounters counters_;
  Counter& rotations_;
  Counter& lost_;
  Counter& errors_;
  Files files_;                                  // older ones first
  std::vector<Position> unreadable_;             // followed by an earlier daemon, and not to be opened now
  std::map<std::string, int64_t> unread_since_;  // by name: rotated while nobody read
  std::vector<FileLine> cut_;
  std::vector<RawLine> lines_;
  std::vector<uv_handle_t*> handles_;  // deleted by their close callbacks
  uv_timer_t* poll_ = nullptr;
  uv_timer_t* turn_ = nullptr;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for answers that outlive this
  std::string saved_positions_;
  size_t bytes_in_flight_ = 0, waiting_ = 0;  // submits not yet answered
  bool paused_ = false, saving_ = false, stopping_ = false, gave_up_ = false;
  bool must_look_ = false;
  bool from_end_ = false;  // this is the first look of an input that never ran, and `start` is end
  Done done_;
};

}  // namespace mailtrace
