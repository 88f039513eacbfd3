// Harness: a spool with its loop, the lines given to it and which of them were acknowledged.
#pragma once
#include <uv.h>

#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/spool/spool.h"

namespace mailtrace {

inline constexpr uint64_t no_limit = std::numeric_limits<uint64_t>::max();

inline SpoolConfig small_config() {
  SpoolConfig config;
  config.max_size = {16u << 20};
  config.min_free = {0};
  config.segment_size = {64u << 10};
  return config;
}

struct ReadLine {
  uint64_t sequence;
  std::string bytes;
};

struct ReadBack {
  std::vector<ReadLine> lines;
  std::vector<SpoolGap> gaps;
  std::set<std::string> texts() const {
    std::set<std::string> out;
    for (auto& line : lines) out.insert(line.bytes);
    return out;
  }
  uint64_t lost() const {
    uint64_t lost = 0;
    for (auto& gap : gaps) lost += gap.next_sequence - gap.first_sequence;
    return lost;
  }
};

inline ReadBack read_back(FileSystem& files, const std::string& directory, uint64_t from = 0,
                          uint64_t limit = no_limit) {
  ReadBack out;
  auto reader = SpoolReader::open(directory, from, true, &files);
  if (!reader) return out;
  Record record;
  SpoolGap gap;
  for (;;) {
    auto next = (*reader)->next(record, gap, limit);
    if (next == SpoolReader::Next::end) return out;
    if (next == SpoolReader::Next::gap)
      out.gaps.push_back(gap);
    else
      out.lines.push_back({record.sequence, std::string(record.bytes)});
  }
}

class Harness {
 public:
  explicit Harness(FileSystem& files, std::string directory = "/spool", SpoolConfig config = small_config())
      : files_(files), directory_(std::move(directory)), config_(std::move(config)) {
    uv_loop_init(&loop_);
    seams_.files = &files;
    seams_.recheck = std::chrono::milliseconds(5);
  }
  ~Harness() {
    spool_.reset();
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  bool open() {
    auto opened = Spool::open(config_, directory_, &loop_, seams_);
    if (!opened) {
      error_ = opened.error().text;
      fault_ = opened.error().fault;
      return false;
    }
    spool_ = std::move(*opened);
    return true;
  }
  bool append(const std::vector<std::string>& lines) {
    std::vector<Record> records;
    for (auto& line : lines) {
      Record record;
      record.received = time_from_us(1'700'000'000'000'000);
      record.transport = Transport::relp;
      record.peer = "192.0.2.1";
      record.bytes = line;
      records.push_back(record);
    }
    ++waiting_;
    bool taken = spool_->append(records.data(), records.size(), [this, lines](bool durable) {
      --waiting_;
      for (auto& line : lines) (durable ? acknowledged_ : refused_).insert(line);
    });
    if (!taken) --waiting_;
    return taken;
  }
  void wait() {
    while (waiting_ > 0) uv_run(&loop_, UV_RUN_ONCE);
  }
  bool append_and_wait(const std::vector<std::string>& lines) {
    bool taken = append(lines);
    wait();
    return taken;
  }
  void close() {
    if (!spool_) return;
    bool done = false;
    spool_->close([&] { done = true; });
    while (!done) uv_run(&loop_, UV_RUN_ONCE);
    spool_.reset();
  }
  // Ends without the orderly close(): the destructor still lets the writer finish what it has, so crash the
  // file system first.
  void drop() {
    spool_.reset();
    uv_run(&loop_, UV_RUN_DEFAULT);
    waiting_ = 0;
  }

  Spool& spool() { return *spool_; }
  uv_loop_t* loop() { return &loop_; }
  SpoolSeams& seams() { return seams_; }
  SpoolConfig& config() { return config_; }
  const std::string& error() const { return error_; }
  Fault fault() const { return fault_; }
  const std::set<std::string>& acknowledged() const { return acknowledged_; }
  const std::set<std::string>& refused() const { return refused_; }
  ReadBack read(uint64_t from = 0) { return read_back(files_, directory_, from); }

 private:
  FileSystem& files_;
  std::string directory_;
  SpoolConfig config_;
  SpoolSeams seams_;
  uv_loop_t loop_;
  std::unique_ptr<Spool> spool_;
  std::string error_;
  Fault fault_{};
  std::set<std::string> acknowledged_, refused_;
  int waiting_ = 0;
};

inline std::vector<std::string> numbered(int from, int count, size_t length = 100) {
  std::vector<std::string> lines;
  for (int i = from; i < from + count; ++i) {
    std::string line =
        "<22>1 2026-11-23T20:11:54Z mx1.example.net postfix/smtp 1 - - line " + std::to_string(i) + " ";
    if (line.size() < length) line.resize(length, 'x');
    lines.push_back(line);
  }
  return lines;
}

}  // namespace mailtrace
