// spool_bench [lines] [batch] [length] [directory]: lines/s and CPU ns a line of append with sync and of
// reading. Run by hand; `windows` batches are in flight, as many RELP windows would be.
#include <fmt/format.h>
#include <uv.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/spool/spool.h"
#include "tests/bench/measure.h"

namespace {

using namespace mailtrace;
using Clock = std::chrono::steady_clock;

void measure_sync(const std::string& directory, size_t bytes) {
  int error = 0;
  auto file = FileSystem::real().open(directory + "/sync", FileSystem::Mode::write, error);
  if (!file) return;
  std::vector<char> data(bytes, 'x');
  file->allocate(64 << 20);
  auto start = Clock::now();
  constexpr int rounds = 200;
  for (int i = 0; i < rounds; ++i) {
    write_fully(*file, data.data(), data.size(), static_cast<uint64_t>(i) * bytes);
    file->sync_data();
  }
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  fmt::print("bare pwrite+fdatasync of {:>7} B: {:.0f} us\n", bytes, seconds * 1e6 / rounds);
}

struct Writer {
  Spool& spool;
  uv_loop_t& loop;
  const std::vector<Record>& batch;
  uint64_t lines, given = 0, durable = 0;
  int in_flight = 0;

  void run(int windows) {
    bench::Stopwatch watch;
    while (durable < lines) {
      while (in_flight < windows && given < lines && give()) {
      }
      uv_run(&loop, UV_RUN_ONCE);
    }
    watch.cost(lines).print(fmt::format("append+sync, {} windows", windows).c_str());
  }
  bool give() {
    bool taken = spool.append(batch.data(), batch.size(), [this](bool yes) {
      --in_flight;
      if (!yes) std::abort();
      durable += batch.size();
    });
    if (!taken) return false;
    ++in_flight;
    given += batch.size();
    return true;
  }
};

}  // namespace

int main(int argc, char** argv) {
  uint64_t lines = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  size_t batch_lines = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100;
  size_t length = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 150;
  std::string directory = argc > 4 ? argv[4] : "/tmp/mailtrace-spool-bench";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  measure_sync(directory, batch_lines * (length + 46));
  uv_loop_t loop;
  uv_loop_init(&loop);
  SpoolConfig config;
  config.min_free = {0};
  std::string line(length, 'x');
  Record record;
  record.received = now();
  record.peer = "192.0.2.1";
  record.bytes = line;
  std::vector<Record> batch(batch_lines, record);
  lines -= lines % batch_lines;
  auto opened = Spool::open(config, directory + "/spool", &loop);
  if (!opened) {
    fmt::print("{}\n", opened.error().text);
    return 1;
  }
  auto& spool = **opened;
  uint64_t total = 0;
  for (int windows : {1, 4, 16}) {
    Writer{spool, loop, batch, lines}.run(windows);
    total += lines;
  }
  spool.trim(total / 2);
  Writer{spool, loop, batch, lines}.run(16);
  total += lines;
  uint64_t first = spool.status().first_sequence;
  auto reader = SpoolReader::open(directory + "/spool", first);
  if (!reader) return 1;
  SpoolGap gap;
  uint64_t count = 0, bytes = 0;
  bench::Stopwatch reading;
  while ((*reader)->next(record, gap, total + 1) == SpoolReader::Next::record) {
    ++count;
    bytes += record.bytes.size();
  }
  reading.cost(count).print("read");
  if (first + count != total + 1 || bytes != count * length) {
    fmt::print("read {} of {} records\n", count, total + 1 - first);
    return 1;
  }
  auto start = Clock::now();
  spool.close([] {});
  uv_run(&loop, UV_RUN_DEFAULT);
  opened->reset();
  auto again = Spool::open(config, directory + "/spool", &loop);
  fmt::print("close and open again: {:.1f} ms\n",
             std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  (*again)->close([] {});
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  std::filesystem::remove_all(directory);
}
