// The spool in health: what goes in comes out, in order, once, within its limits.
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/crc32c.h"
#include "tests/unit/spool/harness.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

struct TemporaryDirectory {
  TemporaryDirectory() {
    char name[] = "/tmp/mailtrace-spool-XXXXXX";
    path = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

BOOST_AUTO_TEST_CASE(crc32c_gives_the_values_of_rfc_3720) {
  std::string zeros(32, '\0'), ones(32, '\xff'), rising(32, '\0');
  for (size_t i = 0; i < 32; ++i) rising[i] = static_cast<char>(i);
  BOOST_TEST(crc32c(zeros) == 0x8a9136aau);
  BOOST_TEST(crc32c(ones) == 0x62a8ab43u);
  BOOST_TEST(crc32c(rising) == 0x46dd794eu);
  BOOST_TEST(crc32c("123456789") == 0xe3069283u);
  std::string text;
  for (int i = 0; i < 200; ++i) {
    BOOST_TEST(crc32c_portable(77, text.data(), text.size()) == crc32c(77, text.data(), text.size()));
    text += static_cast<char>(i * 7);
  }
}

BOOST_AUTO_TEST_CASE(every_field_comes_back) {
  TemporaryDirectory temporary;
  Harness harness(FileSystem::real(), temporary.path + "/a/b/spool");
  BOOST_REQUIRE(harness.open());
  std::vector<Record> records(4);
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  records[0] = {0, time_from_us(1), Transport::udp, 0, "192.0.2.1", "a"};
  records[1] = {0, time_from_us(-5), Transport::relp, record_flag::tls, "mx1.example.net", all_bytes};
  records[2] = {0, time_from_us(1'700'000'000'123'456), Transport::import, record_flag::partial, "", ""};
  std::string long_peer(300, 'p'), long_line(100'000, 'l');
  records[3] = {0, now(), Transport::tcp, 0, long_peer, long_line};
  bool durable = false;
  BOOST_REQUIRE(harness.spool().append(records.data(), records.size(), [&](bool yes) { durable = yes; }));
  while (!durable) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(harness.spool().status().durable_sequence == 5u);
  auto reader = SpoolReader::open(temporary.path + "/a/b/spool", 1);
  BOOST_REQUIRE(reader);
  Record record;
  SpoolGap gap;
  for (size_t i = 0; i < 3; ++i) {
    BOOST_REQUIRE(((*reader)->next(record, gap, 5) == SpoolReader::Next::record));
    BOOST_TEST(record.sequence == i + 1);
    BOOST_TEST(to_us(record.received) == to_us(records[i].received));
    BOOST_TEST((record.transport == records[i].transport));
    BOOST_TEST(record.flags == records[i].flags);
    BOOST_TEST(record.peer == records[i].peer);
    BOOST_TEST(record.bytes == records[i].bytes);
  }
  BOOST_REQUIRE(((*reader)->next(record, gap, 5) == SpoolReader::Next::record));
  BOOST_TEST(record.peer == long_peer.substr(0, 255));
  BOOST_TEST(record.bytes == long_line.substr(0, 16384));
  BOOST_TEST(record.flags == record_flag::truncated);
  BOOST_TEST(((*reader)->next(record, gap, 5) == SpoolReader::Next::end));
  struct stat info;
  BOOST_REQUIRE(stat((temporary.path + "/a/b/spool").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0700);
  harness.close();
}

BOOST_AUTO_TEST_CASE(callbacks_come_in_order_and_after_the_record_is_readable) {
  MemoryFiles files;
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  std::vector<int> order;
  auto lines = numbered(0, 500);
  for (int i = 0; i < 500; ++i) {
    Record record;
    record.bytes = lines[static_cast<size_t>(i)];
    BOOST_REQUIRE(harness.spool().append(&record, 1, [&, i](bool durable) {
      BOOST_TEST(durable);
      BOOST_TEST(harness.spool().durable_sequence() > static_cast<uint64_t>(i + 1));
      order.push_back(i);
    }));
    if (i % 7 == 0) uv_run(harness.loop(), UV_RUN_NOWAIT);
  }
  while (order.size() < 500) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(std::is_sorted(order.begin(), order.end()));
  BOOST_TEST(harness.read().lines.size() == 500u);
  harness.close();
}

BOOST_AUTO_TEST_CASE(appends_of_one_round_share_a_sync) {
  MemoryFiles files;
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  // Of the changing calls after this point one is the write and one the sync; the state takes two more.
  files.plan(MemoryFiles::Trouble::error_on, 5);
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(harness.append(numbered(i, 1)));
  harness.wait();
  BOOST_TEST(harness.acknowledged().size() == 100u);
  BOOST_TEST(!files.was_hit());
  files.plan(MemoryFiles::Trouble::none, 0);
  harness.close();
}

BOOST_AUTO_TEST_CASE(records_cross_segments_and_restarts) {
  MemoryFiles files;
  uint64_t sequence = 1;
  for (int restart = 0; restart < 5; ++restart) {
    Harness harness(files);
    BOOST_REQUIRE(harness.open());
    BOOST_TEST(harness.spool().status().next_sequence == sequence);
    for (int i = 0; i < 20; ++i) harness.append_and_wait(numbered(restart * 2000 + i * 100, 100, 200));
    sequence += 2000;
    BOOST_TEST(harness.spool().status().segments > 5u);
    BOOST_TEST(harness.spool().status().gaps.empty());
    harness.close();
  }
  auto read = read_back(files, "/spool");
  BOOST_TEST(read.gaps.empty());
  BOOST_REQUIRE(read.lines.size() == 10000u);
  auto lines = numbered(0, 10000, 200);
  for (size_t i = 0; i < lines.size(); ++i) {
    BOOST_REQUIRE(read.lines[i].sequence == i + 1);
    BOOST_REQUIRE(read.lines[i].bytes == lines[i]);
  }
  BOOST_TEST(read_back(files, "/spool", 9990).lines.size() == 11u);
  auto report = verify_spool("/spool", {}, &files);
  BOOST_REQUIRE(report);
  BOOST_TEST(report->records == 10000u);
  BOOST_TEST(report->next_sequence == 10001u);
  BOOST_TEST(report->torn_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(a_reader_follows_the_writer) {
  MemoryFiles files;
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  auto reader = SpoolReader::open("/spool", 1, true, &files);
  BOOST_REQUIRE(reader);
  Record record;
  SpoolGap gap;
  uint64_t seen = 0;
  for (int i = 0; i < 300; ++i) {
    auto lines = numbered(i * 10, 10, 300);
    BOOST_REQUIRE(harness.append_and_wait(lines));
    uint64_t limit = harness.spool().durable_sequence();
    // Stops short of the newest half, so that bytes read ahead must not be trusted later.
    for (uint64_t stop : {limit - 5, limit}) {
      SpoolReader::Next next;
      while ((next = (*reader)->next(record, gap, stop)) == SpoolReader::Next::record) {
        BOOST_REQUIRE(record.sequence == seen + 1);
        seen = record.sequence;
        if (seen > limit - 11) BOOST_REQUIRE(record.bytes == lines[(seen - 1) % 10]);
      }
      BOOST_REQUIRE((next == SpoolReader::Next::end));
      BOOST_REQUIRE(seen + 1 == stop);
    }
    if (i % 50 == 49) harness.spool().trim(seen + 1);
  }
  BOOST_TEST(harness.spool().status().segments < 5u);
  harness.close();
}

BOOST_AUTO_TEST_CASE(trim_keeps_what_is_not_consumed_and_the_sequence) {
  MemoryFiles files;
  {
    Harness harness(files);
    BOOST_REQUIRE(harness.open());
    for (int i = 0; i < 30; ++i) harness.append_and_wait(numbered(i * 100, 100, 200));
    auto before = harness.spool().status();
    harness.spool().trim(1500);
    auto after = harness.spool().status();
    BOOST_TEST(after.segments < before.segments);
    BOOST_TEST(after.first_sequence <= 1500u);
    BOOST_TEST(after.first_sequence > 1000u);
    BOOST_TEST(harness.read(1500).lines.size() == 1501u);
    BOOST_TEST(harness.read(1500).gaps.empty());
    harness.spool().trim(no_limit);
    BOOST_TEST(harness.spool().status().segments == 1u);
    // Spares are taken again and their old records are not.
    for (int i = 0; i < 10; ++i) harness.append_and_wait(numbered(3000 + i * 100, 100, 200));
    auto read = harness.read();
    BOOST_TEST(read.gaps.empty());
    BOOST_TEST(read.lines.back().sequence == 4000u);
    BOOST_TEST(read.lines.back().bytes == numbered(3999, 1, 200)[0]);
    harness.spool().trim(no_limit);
    harness.close();
  }
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  BOOST_TEST(harness.spool().status().next_sequence == 4001u);
  BOOST_TEST(harness.spool().status().gaps.empty());
  harness.close();
  for (auto& path : files.paths())
    if (path.ends_with(".seg")) files.remove(path);
  BOOST_REQUIRE(harness.open());
  BOOST_TEST(harness.spool().status().next_sequence == 4001u);
  harness.spool().resume_at(5000);
  BOOST_TEST(harness.append_and_wait(numbered(1, 1)));
  auto read = harness.read(4001);
  BOOST_TEST(read.gaps.empty());
  BOOST_REQUIRE(read.lines.size() == 1u);
  BOOST_TEST(read.lines[0].sequence == 5000u);
  harness.close();
}

BOOST_AUTO_TEST_CASE(it_becomes_another_spool_and_keeps_its_records) {
  for (int before : {0, 10}) {
    MemoryFiles files;
    Harness harness(files);
    BOOST_REQUIRE(harness.open());
    std::string former = harness.spool().status().id;
    auto lines = numbered(0, 30);
    auto part = [&](int from, int to) { return std::vector(lines.begin() + from, lines.begin() + to); };
    if (before) BOOST_REQUIRE(harness.append_and_wait(part(0, before)));
    std::string fresh = harness.spool().renew_id();
    BOOST_TEST(fresh != former);
    BOOST_REQUIRE(harness.append_and_wait(part(before, 20)));
    BOOST_TEST(harness.spool().status().id == fresh);
    harness.close();
    BOOST_REQUIRE(harness.open());
    BOOST_TEST(harness.spool().status().id == fresh);
    BOOST_TEST(harness.spool().status().next_sequence == 21u);
    BOOST_REQUIRE(harness.append_and_wait(part(20, 30)));
    // Also without a line behind it.
    fresh = harness.spool().renew_id();
    harness.close();
    BOOST_REQUIRE(harness.open());
    BOOST_TEST(harness.spool().status().id == fresh);
    BOOST_TEST(harness.spool().status().next_sequence == 31u);
    auto read = harness.read(1);
    BOOST_TEST(read.gaps.empty());
    std::vector<std::string> seen;
    for (auto& line : read.lines) seen.push_back(line.bytes);
    BOOST_TEST(seen == lines);
    harness.close();
  }
}

BOOST_AUTO_TEST_CASE(a_full_spool_refuses_and_says_when_there_is_room) {
  MemoryFiles files;
  SpoolConfig config = small_config();
  config.max_size = {1u << 20};
  Harness harness(files, "/spool", config);
  BOOST_REQUIRE(harness.open());
  int rooms = 0;
  harness.spool().on_room([&] { ++rooms; });
  int count = 0;
  while (harness.append_and_wait(numbered(count * 10, 10, 1000))) ++count;
  BOOST_TEST(count > 80);
  BOOST_TEST(count < 105);
  BOOST_TEST(harness.acknowledged().size() == static_cast<size_t>(count) * 10);
  for (int i = 0; i < 20; ++i) uv_run(harness.loop(), UV_RUN_NOWAIT);
  BOOST_TEST(rooms == 0);
  harness.spool().trim(harness.spool().durable_sequence());
  while (rooms == 0) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(harness.append_and_wait(numbered(count * 10, 10, 1000)));
  harness.close();
}

BOOST_AUTO_TEST_CASE(too_little_free_space_refuses_until_it_is_back) {
  MemoryFiles files;
  SpoolConfig config = small_config();
  config.min_free = {1u << 30};
  files.set_free(1u << 20);
  Harness harness(files, "/spool", config);
  BOOST_REQUIRE(harness.open());
  bool room = false;
  harness.spool().on_room([&] { room = true; });
  BOOST_TEST(!harness.append(numbered(0, 1)));
  files.set_free(2u << 30);
  while (!room) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(harness.append_and_wait(numbered(0, 1)));
  harness.close();
}

BOOST_AUTO_TEST_CASE(waiting_bytes_are_bounded) {
  MemoryFiles files;
  Harness harness(files);
  harness.seams().pending_limit = 10'000;
  BOOST_REQUIRE(harness.open());
  bool room = false;
  harness.spool().on_room([&] { room = true; });
  int taken = 0;
  while (harness.append(numbered(taken, 1, 1000))) ++taken;
  BOOST_TEST(taken == 9);
  while (!room) uv_run(harness.loop(), UV_RUN_ONCE);
  harness.wait();
  BOOST_TEST(harness.acknowledged().size() == 9u);
  BOOST_TEST(harness.append_and_wait(numbered(9, 1, 1000)));
  harness.close();
}

BOOST_AUTO_TEST_CASE(close_answers_what_is_waiting) {
  MemoryFiles files;
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  for (int i = 0; i < 50; ++i) BOOST_REQUIRE(harness.append(numbered(i, 1)));
  harness.close();
  BOOST_TEST(harness.acknowledged().size() == 50u);
  BOOST_TEST(harness.read().lines.size() == 50u);
}

BOOST_AUTO_TEST_CASE(a_second_process_is_refused) {
  TemporaryDirectory temporary;
  std::string directory = temporary.path + "/spool";
  int ready[2], finish[2];
  BOOST_REQUIRE(pipe(ready) == 0);
  BOOST_REQUIRE(pipe(finish) == 0);
  pid_t child = fork();
  if (child == 0) {
    int error = 0;
    std::filesystem::create_directory(directory);
    auto lock = FileSystem::real().lock(directory + "/lock", error);
    char byte = lock ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1 || read(finish[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char byte = 0;
  BOOST_REQUIRE(read(ready[0], &byte, 1) == 1);
  BOOST_TEST(byte == 'y');
  Harness harness(FileSystem::real(), directory);
  BOOST_TEST(!harness.open());
  BOOST_TEST(harness.error() == "cannot use spool directory " + directory + ": another process has it open");
  BOOST_TEST(FileSystem::real().is_locked(directory + "/lock"));
  BOOST_REQUIRE(write(finish[1], "x", 1) == 1);
  int status = 0;
  waitpid(child, &status, 0);
  BOOST_TEST(harness.open());
  // A reader does not need the lock and the lock is seen from outside.
  BOOST_TEST(verify_spool(directory).operator bool());
  harness.close();
  BOOST_TEST(!FileSystem::real().is_locked(directory + "/lock"));
  for (int fd : {ready[0], ready[1], finish[0], finish[1]}) ::close(fd);
}

// A real process on a real disk, killed right after some acknowledgement: the next one has all acknowledged
// lines.
BOOST_AUTO_TEST_CASE(a_killed_process_has_lost_nothing_it_acknowledged) {
  TemporaryDirectory temporary;
  std::string directory = temporary.path + "/spool";
  int given = 0;
  std::set<std::string> acknowledged;
  for (int kill_after : {1, 2, 7, 30, 90, 150}) {
    int answers[2];
    BOOST_REQUIRE(pipe(answers) == 0);
    pid_t child = fork();
    if (child == 0) {
      Harness harness(FileSystem::real(), directory);
      if (!harness.open()) _exit(1);
      for (int i = given;; i += 10) {
        if (!harness.append_and_wait(numbered(i, 10, 1000))) _exit(2);
        if (write(answers[1], &i, sizeof i) != sizeof i) _exit(3);
      }
    }
    ::close(answers[1]);
    for (int i = 0, start = 0; i < kill_after; ++i) {
      BOOST_REQUIRE(read(answers[0], &start, sizeof start) == sizeof start);
      for (auto& line : numbered(start, 10, 1000)) acknowledged.insert(line);
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ::close(answers[0]);
    given += 1'000'000;
    auto texts = read_back(FileSystem::real(), directory, 1).texts();
    for (auto& line : acknowledged) BOOST_REQUIRE(texts.count(line) == 1);
  }
  Harness harness(FileSystem::real(), directory);
  BOOST_REQUIRE(harness.open());
  BOOST_TEST(harness.spool().status().gaps.empty());
  BOOST_REQUIRE(harness.append_and_wait(numbered(given, 1)));
  harness.close();
  auto read = harness.read(1);
  BOOST_TEST(read.gaps.empty());
  for (size_t i = 0; i < read.lines.size(); ++i) BOOST_REQUIRE(read.lines[i].sequence == i + 1);
  auto texts = read.texts();
  for (auto& line : acknowledged) BOOST_REQUIRE(texts.count(line) == 1);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_no_directory_is_refused_with_a_sentence) {
  TemporaryDirectory temporary;
  std::ofstream(temporary.path + "/file") << "x";
  Harness harness(FileSystem::real(), temporary.path + "/file");
  BOOST_TEST(!harness.open());
  BOOST_TEST(harness.error() == "cannot lock spool directory " + temporary.path + "/file: Not a directory");
}

BOOST_AUTO_TEST_CASE(unknown_files_are_left_alone) {
  MemoryFiles files;
  files.put("/spool/README", "mine");
  files.put("/spool/0.seg", "short name");
  files.put("/spool/00000000000000FF.seg", "capitals");
  files.put("/spool/bad/x", "kept");
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  for (int i = 0; i < 30; ++i) harness.append_and_wait(numbered(i * 100, 100, 200));
  harness.spool().trim(no_limit);
  harness.close();
  BOOST_TEST(files.content("/spool/README") == "mine");
  BOOST_TEST(files.content("/spool/0.seg") == "short name");
  BOOST_TEST(files.content("/spool/00000000000000FF.seg") == "capitals");
  BOOST_TEST(files.content("/spool/bad/x") == "kept");
}
