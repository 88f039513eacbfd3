// The spool while calls fail, the process dies or the power goes, at every single call. The promise: what was
// acknowledged is read, once, by a consumer that goes on from its checkpoint.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>

#include "tests/unit/spool/harness.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

using Trouble = MemoryFiles::Trouble;

// What the database has: lines and the checkpoint, changed together.
struct Consumer {
  std::multiset<std::string> lines;
  uint64_t checkpoint = 1;
  uint64_t lost = 0;

  void consume(MemoryFiles& files, uint64_t limit) {
    auto read = read_back(files, "/spool", checkpoint, limit);
    for (auto& line : read.lines) {
      lines.insert(line.bytes);
      checkpoint = line.sequence + 1;
    }
    lost += read.lost();
  }
};

constexpr int rounds = 8;

// Writes batches over several segments, consumes and trims now and then.
void work(Harness& harness, MemoryFiles& files, Consumer& consumer) {
  for (int round = 0; round < rounds; ++round) {
    harness.append(numbered(round * 100, 5, 3000));
    harness.append(numbered(round * 100 + 50, 4, 900));
    harness.wait();
    if (round % 3 != 2) continue;
    consumer.consume(files, harness.spool().durable_sequence());
    harness.spool().trim(consumer.checkpoint);
  }
}

struct Outcome {
  bool hit = false;
  std::string complaint;
};

// After the trouble: a new process opens the spool, goes on from the checkpoint and takes more lines.
std::string check(MemoryFiles& files, Consumer consumer, const std::set<std::string>& acknowledged,
                  bool no_gaps) {
  Harness next(files);
  if (!next.open()) return "refused to start: " + next.error();
  next.spool().resume_at(consumer.checkpoint);
  auto more = numbered(9000, 30, 3000);
  for (auto& line : more)
    if (!next.append_and_wait({line})) return "takes nothing";
  if (next.acknowledged().size() != more.size()) return "does not acknowledge";
  consumer.consume(files, next.spool().durable_sequence());
  next.close();
  for (auto& line : acknowledged)
    if (!consumer.lines.count(line)) return "lost " + line.substr(0, 75);
  for (auto& line : more)
    if (!consumer.lines.count(line)) return "lost after the start " + line.substr(0, 75);
  for (auto& line : consumer.lines)
    if (consumer.lines.count(line) > 1) return "twice " + line.substr(0, 75);
  if (no_gaps && consumer.lost > 0) return "counted a gap of " + std::to_string(consumer.lost);
  return "";
}

// A start goes on past a single failing call. When all calls fail it may give up, but only so that it is
// tried again.
std::string refused_start(Trouble trouble, Fault fault) {
  if (trouble != Trouble::error_on) return "refused to start";
  return fault == Fault::transient ? "" : "refused to start for good";
}

// One run with trouble at the n-th call.
Outcome one_run(
    Trouble trouble, uint64_t at_call, int error_number, bool reads,
    const std::function<std::string(MemoryFiles&, Consumer&, const std::set<std::string>&)>& after) {
  MemoryFiles files;
  Consumer consumer;
  files.plan(trouble, at_call, error_number, reads);
  Harness harness(files);
  bool opened = harness.open();
  if (opened) work(harness, files, consumer);
  Outcome outcome{files.was_hit(), ""};
  if (!opened && trouble != Trouble::crash) {
    outcome.complaint = refused_start(trouble, harness.fault());
    if (!outcome.complaint.empty()) return outcome;
  }
  if (trouble != Trouble::crash) {
    files.plan(Trouble::none, 0);
    if (!opened && !harness.open()) outcome.complaint = "refused again: " + harness.error();
    if (!outcome.complaint.empty()) return outcome;
    harness.close();
  } else {
    harness.drop();
  }
  outcome.complaint = after(files, consumer, harness.acknowledged());
  return outcome;
}

// For every n until a run is clean. How many n there were.
uint64_t sweep(
    Trouble trouble, int error_number, bool reads,
    const std::function<std::string(MemoryFiles&, Consumer&, const std::set<std::string>&)>& after) {
  for (uint64_t n = 1;; ++n) {
    auto outcome = one_run(trouble, n, error_number, reads, after);
    BOOST_REQUIRE_MESSAGE(outcome.complaint.empty(),
                          "call " << n << ", error " << error_number << ": " << outcome.complaint);
    if (!outcome.hit) return n - 1;
  }
}

std::string after_close(MemoryFiles& files, Consumer& consumer, const std::set<std::string>& acknowledged) {
  return check(files, consumer, acknowledged, true);
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_failing_call_loses_nothing) {
  for (int error : {EIO, ENOSPC, EMFILE, EROFS}) {
    uint64_t calls = sweep(Trouble::error, error, false, after_close);
    BOOST_TEST(calls > 50u);
  }
}

BOOST_AUTO_TEST_CASE(calls_that_fail_from_some_point_on_lose_nothing) {
  for (int error : {EIO, ENOSPC, EMFILE, EROFS})
    BOOST_TEST(sweep(Trouble::error_on, error, false, after_close) > 50u);
}

// At a start with a filled spool: nothing of it is taken for damaged, lost or another spool.
BOOST_AUTO_TEST_CASE(a_filled_spool_starts_while_calls_fail) {
  for (int error : {EIO, EMFILE, EROFS})
    for (auto trouble : {Trouble::error, Trouble::error_on})
      for (uint64_t n = 1, hit = 1; hit; ++n) {
        MemoryFiles files;
        std::string id;
        {
          Harness harness(files);
          BOOST_REQUIRE(harness.open());
          BOOST_REQUIRE(harness.append_and_wait(numbered(0, 100, 3000)));
          id = harness.spool().status().id;
          harness.close();
        }
        files.plan(trouble, n, error, error != EROFS);
        Harness harness(files);
        BOOST_TEST_CONTEXT("error " << error << ", call " << n) {
          // On a disk that cannot be written there is all that a start needs.
          if (!harness.open())
            BOOST_REQUIRE(error != EROFS && refused_start(trouble, harness.fault()).empty());
          hit = files.was_hit();
          files.plan(Trouble::none, 0);
          // What cannot be read at all is damage to the one who has to start, but the reader gets it.
          if (harness.error().empty() || harness.open()) {
            if (error != EIO) BOOST_REQUIRE(harness.spool().status().id == id);
          }
          harness.close();
          BOOST_REQUIRE(harness.read(1).texts().size() == 100u);
        }
      }
}

BOOST_AUTO_TEST_CASE(short_reads_and_writes_lose_nothing) {
  BOOST_TEST(sweep(Trouble::short_write, EIO, false, after_close) > 50u);
  MemoryFiles files;
  Consumer consumer;
  files.plan(Trouble::short_write, 1, EIO, true);
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  work(harness, files, consumer);
  harness.close();
  BOOST_TEST(check(files, consumer, harness.acknowledged(), true) == "");
}

BOOST_AUTO_TEST_CASE(one_failing_read_loses_nothing) {
  BOOST_TEST(sweep(Trouble::error, EIO, true, after_close) > 80u);
}

BOOST_AUTO_TEST_CASE(death_at_every_call_loses_nothing) {
  uint64_t calls = sweep(Trouble::crash, EIO, false, [](auto& files, auto& consumer, auto& acknowledged) {
    files.kill();
    return check(files, consumer, acknowledged, true);
  });
  BOOST_TEST(calls > 50u);
}

// A failed write leaves records behind that nobody was told of, and the segment that is to have them instead
// may die before it has them: then other lines get their numbers.
BOOST_AUTO_TEST_CASE(an_error_and_a_death_soon_after_it_lose_nothing) {
  constexpr uint64_t soon = 20;
  for (uint64_t n = 1, hit = 1; hit; ++n)
    for (uint64_t later = 1; later <= soon; ++later) {
      MemoryFiles files;
      Consumer consumer;
      files.plan(Trouble::error, n, EIO);
      files.plan_crash(n + later);
      Harness harness(files);
      if (harness.open()) work(harness, files, consumer);
      hit = files.was_hit();
      bool crashed = files.is_crashed();
      harness.drop();
      files.kill();
      auto complaint = check(files, consumer, harness.acknowledged(), true);
      BOOST_REQUIRE_MESSAGE(complaint.empty(),
                            "call " << n << ", death " << later << " later: " << complaint);
      if (!crashed) break;
    }
}

// The same for who looks at the directory: a record is told once, and is the one that was acknowledged.
BOOST_AUTO_TEST_CASE(numbers_given_out_again_are_reported_once) {
  MemoryFiles files;
  {
    Harness harness(files);
    BOOST_REQUIRE(harness.open());
    BOOST_REQUIRE(harness.append_and_wait(numbered(0, 9)));
    // The records are written, their sync fails; the next segment is made (its header, its end mark, its
    // name) and takes none of them.
    files.plan(Trouble::error, 2, EIO);
    files.plan_crash(11);
    BOOST_REQUIRE(harness.append(numbered(100, 5)));
    harness.drop();
    files.kill();
    BOOST_REQUIRE(harness.acknowledged().size() == 9u);
  }
  BOOST_REQUIRE(segments_of(files).size() == 2u);
  BOOST_TEST(verify_spool("/spool", {}, &files)->records == 9u);
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  BOOST_REQUIRE(harness.append_and_wait(numbered(200, 7)));
  harness.close();
  auto expected = numbered(0, 9), added = numbered(200, 7);
  expected.insert(expected.end(), added.begin(), added.end());
  std::vector<std::string> seen;
  auto keep = [&](const Record& record) { seen.emplace_back(record.bytes); };
  auto report = verify_spool("/spool", keep, &files);
  BOOST_TEST(seen == expected);
  BOOST_TEST(report->gaps.empty());
  seen.clear();
  BOOST_REQUIRE(salvage_spool("/spool", "/saved", &files));
  BOOST_REQUIRE(verify_spool("/saved", keep, &files));
  BOOST_TEST(seen == expected);
}

// It becomes another spool in the middle, and a call fails or the process dies around that.
BOOST_AUTO_TEST_CASE(trouble_while_the_id_changes_loses_nothing) {
  for (auto trouble : {Trouble::error, Trouble::error_on, Trouble::crash})
    for (uint64_t n = 1, hit = 1; hit; ++n) {
      MemoryFiles files;
      Harness harness(files);
      BOOST_REQUIRE(harness.open());
      BOOST_REQUIRE(harness.append_and_wait(numbered(0, 20, 900)));
      std::set<std::string> ids{harness.spool().status().id};
      files.plan(trouble, n);
      ids.insert(harness.spool().renew_id());
      harness.append(numbered(100, 20, 900));
      harness.wait();
      harness.append(numbered(200, 20, 900));
      harness.wait();
      hit = files.was_hit();
      harness.drop();
      files.kill();
      BOOST_TEST_CONTEXT("trouble " << static_cast<int>(trouble) << ", call " << n) {
        BOOST_REQUIRE(check(files, {}, harness.acknowledged(), true) == "");
        BOOST_REQUIRE(harness.open());
        BOOST_TEST(ids.count(harness.spool().status().id) == 1u);
        harness.close();
      }
    }
}

BOOST_AUTO_TEST_CASE(power_loss_at_every_call_loses_nothing) {
  for (unsigned seed = 1; seed <= 8; ++seed)
    sweep(Trouble::crash, EIO, false, [seed](auto& files, auto& consumer, auto& acknowledged) {
      files.lose_power(seed);
      // A hole in a batch that was never acknowledged is counted: it cannot be told from damage.
      return check(files, consumer, acknowledged, false);
    });
}

// The same after the next process died as well, which may have cut and renamed.
BOOST_AUTO_TEST_CASE(power_loss_during_the_recovery_loses_nothing) {
  for (uint64_t n = 1; n < 40; ++n) {
    MemoryFiles files;
    Consumer consumer;
    files.plan(Trouble::crash, 50 + n, EIO);
    Harness harness(files);
    BOOST_REQUIRE(harness.open());
    work(harness, files, consumer);
    harness.drop();
    files.lose_power(static_cast<unsigned>(n));
    files.plan(Trouble::crash, n, EIO);
    Harness second(files);
    if (second.open()) work(second, files, consumer);
    second.drop();
    files.lose_power(static_cast<unsigned>(n + 1));
    auto acknowledged = harness.acknowledged();
    acknowledged.insert(second.acknowledged().begin(), second.acknowledged().end());
    std::string complaint = check(files, consumer, acknowledged, false);
    // Both processes write the same texts.
    if (complaint.starts_with("twice")) complaint.clear();
    BOOST_REQUIRE_MESSAGE(complaint.empty(), "call " << n << ": " << complaint);
  }
}

// Controls: a disk that lies about its syncs must be noticed by the very same check, else it checks nothing.
BOOST_AUTO_TEST_CASE(a_missing_sync_would_be_noticed) {
  for (bool data : {true, false}) {
    int noticed = 0;
    for (unsigned seed = 1; seed <= 20; ++seed) {
      MemoryFiles files;
      Consumer consumer;
      files.lie(data, !data);
      Harness harness(files);
      BOOST_REQUIRE(harness.open());
      work(harness, files, consumer);
      files.plan(Trouble::crash, 1);
      harness.drop();
      files.lose_power(seed);
      if (!check(files, consumer, harness.acknowledged(), false).empty()) ++noticed;
    }
    BOOST_TEST(noticed > 0);
  }
}

BOOST_AUTO_TEST_CASE(after_two_errors_nothing_is_taken_until_one_try_succeeds) {
  MemoryFiles files;
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  BOOST_REQUIRE(harness.append_and_wait(numbered(0, 5)));
  files.plan(Trouble::error_on, 1, EIO);
  BOOST_TEST(harness.append_and_wait(numbered(5, 5)));
  BOOST_TEST(harness.refused().size() == 5u);
  BOOST_TEST(harness.spool().status().failed);
  BOOST_TEST(harness.spool().status().last_error.ends_with("Input/output error"));
  bool room = false;
  harness.spool().on_room([&] { room = true; });
  BOOST_TEST(!harness.append(numbered(10, 1)));
  for (int i = 0; i < 5; ++i) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(!room);
  files.plan(Trouble::none, 0);
  while (!room) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(harness.append_and_wait(numbered(10, 5)));
  BOOST_TEST(!harness.spool().status().failed);
  auto read = harness.read(1);
  auto texts = read.texts();
  for (auto& line : harness.acknowledged()) BOOST_TEST(texts.count(line) == 1u);
  BOOST_TEST(read.gaps.empty());
  harness.close();
}

// A reader that is in the middle of the failing file goes on in the new one.
BOOST_AUTO_TEST_CASE(a_reader_passes_from_a_dead_segment_to_its_successor) {
  for (uint64_t n = 1; n <= 3; ++n) {
    MemoryFiles files;
    Harness harness(files);
    BOOST_REQUIRE(harness.open());
    auto reader = SpoolReader::open("/spool", 1, true, &files);
    Record record;
    SpoolGap gap;
    std::vector<std::string> seen;
    auto read_on = [&] {
      SpoolReader::Next next;
      while ((next = (*reader)->next(record, gap, harness.spool().durable_sequence())) !=
             SpoolReader::Next::end) {
        BOOST_REQUIRE((next == SpoolReader::Next::record));
        seen.emplace_back(record.bytes);
      }
    };
    // n = 1, 2: the very first write or sync fails, then the new segment takes the old one's name.
    if (n == 3) harness.append_and_wait(numbered(0, 10));
    read_on();
    files.plan(Trouble::error, n == 3 ? 2 : n, EIO);
    BOOST_REQUIRE(harness.append_and_wait(numbered(10, 10)));
    BOOST_TEST(files.was_hit());
    BOOST_REQUIRE(harness.append_and_wait(numbered(20, 10)));
    read_on();
    // The file that failed was never written again.
    BOOST_TEST(harness.spool().status().segments == (n == 3 ? 2u : 1u));
    auto expected = numbered(n == 3 ? 0 : 10, n == 3 ? 30 : 20);
    BOOST_TEST(seen == expected);
    BOOST_TEST(harness.refused().empty());
    harness.close();
  }
}
