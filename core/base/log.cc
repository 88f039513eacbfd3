// Writes log lines to stderr, each with one write(2). Any thread.
#include "core/base/log.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>

#include "core/base/text.h"
#include "core/base/time.h"

namespace mailtrace {
namespace {

std::atomic<LogLevel> least_level{LogLevel::info};

struct LevelWords {
  const char* name;
  const char* journal;  // sd-daemon(3)
};
constexpr LevelWords words[] = {{"debug", "<7>"}, {"info", "<6>"}, {"warning", "<4>"}, {"error", "<3>"}};

// systemd.exec(5), $JOURNAL_STREAM: set is not enough, stderr may have been redirected since.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat file;
  if (!stream || fstat(STDERR_FILENO, &file) != 0) return false;
  return fmt::format("{}:{}", file.st_dev, file.st_ino) == stream;
}

void append_value(std::string& line, std::string_view value) {
  std::string shown = printable(value);
  bool plain = !value.empty() && shown == value && value.find_first_of(" \"\\=") == std::string_view::npos;
  if (plain) {
    line += value;
    return;
  }
  std::string escaped;
  for (char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  line += '"';
  line += printable(escaped);
  line += '"';
}

void write_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields,
                uint64_t held) {
  static const bool journal = stderr_is_journal();
  const LevelWords& word = words[static_cast<size_t>(level)];
  // The journal has its own clock.
  std::string line =
      journal ? word.journal : fmt::format("{}Z {:<7} ", format_time(now()).substr(0, 19), word.name);
  line += event;
  for (auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  if (held > 0) line += fmt::format(" held_back={}", held);
  line += '\n';
  // A log that cannot be written has nobody to tell.
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level >= least_level.load(std::memory_order_relaxed)) write_line(level, event, fields, 0);
}

bool RareGate::pass(std::chrono::steady_clock::time_point at, uint64_t& held) {
  if (opened_ && at - last_ < std::chrono::minutes(1)) {
    ++held_;
    return false;
  }
  opened_ = true;
  last_ = at;
  held = std::exchange(held_, 0);
  return true;
}

void log_rarely(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < least_level.load(std::memory_order_relaxed)) return;
  static std::mutex mutex;
  static auto* gates = new std::map<std::string, RareGate, std::less<>>;
  uint64_t held = 0;
  {
    std::lock_guard lock(mutex);
    auto gate = gates->find(event);
    if (gate == gates->end()) gate = gates->emplace(event, RareGate{}).first;
    if (!gate->second.pass(std::chrono::steady_clock::now(), held)) return;
  }
  write_line(level, event, fields, held);
}

void set_log_level(LogLevel least) { least_level = least; }

bool parse_log_level(std::string_view name, LogLevel& out) {
  for (size_t i = 0; i < std::size(words); ++i) {
    if (name != words[i].name) continue;
    out = static_cast<LogLevel>(i);
    return true;
  }
  return false;
}

}  // namespace mailtrace
