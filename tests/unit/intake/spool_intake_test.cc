// The intake: what is counted, who is paused, when they go on.
#include "core/intake/spool_intake.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/spool/harness.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

struct TestInput final : Input {
  Result<void> start() noexcept override { return {}; }
  void pause() noexcept override { ++pauses; }
  void resume() noexcept override {
    ++resumes;
    if (on_resume) on_resume();
  }
  void stop(Done done) noexcept override { done(); }
  std::string describe() const noexcept override { return "test"; }
  int pauses = 0, resumes = 0;
  std::function<void()> on_resume;
};

RawLine line(std::string_view bytes, Transport transport = Transport::relp) {
  return {bytes, time_from_us(1'700'000'000'000'000), transport, record_flag::tls, "192.0.2.7"};
}

uint64_t spooled() { return counter("spooled_lines_total"); }
uint64_t dropped_tcp() { return counter("dropped_lines_total", "transport=\"tcp\""); }
uint64_t dropped_udp() { return counter("dropped_lines_total", "transport=\"udp\""); }

struct Fixture {
  MemoryFiles files;
  Harness harness{files};
  std::unique_ptr<SpoolIntake> intake;
  TestInput first, second;

  void open() {
    BOOST_REQUIRE(harness.open());
    intake = std::make_unique<SpoolIntake>(harness.spool());
    intake->add(&first);
    intake->add(&second);
  }
  // Submits and waits: 1 durable, 0 not durable, -1 refused.
  int submit(std::vector<RawLine> lines) {
    int answer = 2;
    if (!intake->submit(lines, [&](bool durable) { answer = durable; })) return -1;
    while (answer == 2) uv_run(harness.loop(), UV_RUN_ONCE);
    return answer;
  }
  void fill() {
    std::string text(1000, 'x');
    while (submit(std::vector<RawLine>(50, line(text))) == 1) {
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(lines_are_counted_once_they_are_durable, Fixture) {
  open();
  uint64_t before = spooled();
  bool durable = false;
  std::vector<RawLine> lines{line("a"), line("b", Transport::udp)};
  BOOST_REQUIRE(intake->submit(lines, [&](bool yes) { durable = yes; }));
  BOOST_TEST(spooled() == before);
  while (!durable) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(spooled() == before + 2);
  auto read = harness.read(1);
  BOOST_REQUIRE(read.lines.size() == 2u);
  BOOST_TEST(read.lines[1].bytes == "b");
  // Without a callback, as from a datagram.
  BOOST_REQUIRE(intake->submit(lines));
  harness.close();
  BOOST_TEST(spooled() == before + 4);
}

BOOST_FIXTURE_TEST_CASE(a_full_spool_pauses_every_input_once_and_counts_datagrams, Fixture) {
  harness.config().max_size = {512u << 10};
  open();
  uint64_t before = dropped_udp();
  fill();
  BOOST_TEST(intake->paused());
  BOOST_TEST(first.pauses == 1);
  BOOST_TEST(second.pauses == 1);
  std::string text(100'000, 'u');
  std::vector<RawLine> datagrams(40, line(text, Transport::udp));
  BOOST_TEST(submit(datagrams) == -1);
  BOOST_TEST(dropped_udp() == before + 40);
  BOOST_TEST(first.pauses == 1);
  TestInput late;
  intake->add(&late);
  BOOST_TEST(late.pauses == 1);
  intake->remove(&second);
  harness.spool().trim(harness.spool().durable_sequence());
  while (first.resumes == 0) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(!intake->paused());
  BOOST_TEST(late.resumes == 1);
  BOOST_TEST(second.resumes == 0);
  BOOST_TEST(submit({line("again")}) == 1);
  harness.close();
}

BOOST_FIXTURE_TEST_CASE(an_input_that_fills_the_spool_at_once_pauses_the_others_again, Fixture) {
  harness.config().max_size = {512u << 10};
  open();
  fill();
  std::string text(20'000, 'x');
  first.on_resume = [&] {
    std::vector<RawLine> much(60, line(text));
    BOOST_TEST(!intake->submit(much));
  };
  harness.spool().trim(harness.spool().durable_sequence());
  while (first.resumes == 0) uv_run(harness.loop(), UV_RUN_ONCE);
  first.on_resume = {};
  BOOST_TEST(second.resumes == 0);
  BOOST_TEST(first.pauses == 2);
  // There is room for less: the next look resumes both.
  while (second.resumes == 0) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(first.resumes == 2);
  harness.close();
}

BOOST_FIXTURE_TEST_CASE(a_failing_disk_is_answered_with_false_and_counted, Fixture) {
  open();
  BOOST_TEST(submit({line("a")}) == 1);
  uint64_t before = spooled(), dropped = dropped_udp(), cut = dropped_tcp();
  files.plan(MemoryFiles::Trouble::error_on, 1);
  // A RELP sender brings "b" again; nobody has the others any more.
  BOOST_TEST(submit({line("b", Transport::relp), line("c", Transport::udp), line("e", Transport::tcp)}) == 0);
  BOOST_TEST(spooled() == before);
  BOOST_TEST(dropped_udp() == dropped + 1);
  BOOST_TEST(dropped_tcp() == cut + 1);
  BOOST_TEST(submit({line("d")}) == -1);
  BOOST_TEST(intake->paused());
  files.plan(MemoryFiles::Trouble::none, 0);
  while (first.resumes == 0) uv_run(harness.loop(), UV_RUN_ONCE);
  BOOST_TEST(submit({line("d")}) == 1);
  harness.close();
}
