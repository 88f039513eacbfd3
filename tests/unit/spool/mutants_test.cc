// Ten thousand spools with several damages each: what was not hit is read, what was is a gap to the record,
// and the spool opens and takes lines.
#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

#include "core/plugin/build.h"
#include "core/spool/format.h"
#include "tests/unit/spool/harness.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

constexpr int line_count = 240;

struct Placed {
  uint64_t sequence;
  size_t segment, from, to;  // the bytes that its checksums cover; no padding
};

struct Original {
  std::vector<std::string> paths, contents;  // of the segments
  std::string state;
  std::vector<Placed> records;
  std::vector<std::string> lines;
};

Original make_original() {
  Original out;
  MemoryFiles files;
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  out.lines = numbered(0, line_count, 1000);
  for (auto& line : out.lines) BOOST_REQUIRE(harness.append_and_wait({line}));
  harness.close();
  for (auto& path : files.paths())
    if (path.ends_with(".seg")) out.paths.push_back(path);
  out.state = files.content("/spool/state");
  for (auto& path : out.paths) {
    out.contents.push_back(files.content(path));
    const std::string& bytes = out.contents.back();
    uint64_t base = 0;
    BOOST_REQUIRE(spool_format::parse_segment_name(path.substr(7), base));
    size_t at = spool_format::header_bytes;
    for (uint64_t sequence = base; at + spool_format::head_bytes <= bytes.size(); ++sequence) {
      if (spool_format::peek_sequence(bytes.data() + at) != sequence) break;
      size_t body = std::string_view("192.0.2.1").size() + out.lines[sequence - 1].size();
      out.records.push_back({sequence, out.contents.size() - 1, at, at + spool_format::head_bytes + body});
      at += spool_format::encoded_size(bytes.data() + at);
    }
  }
  BOOST_REQUIRE(out.records.size() == size_t{line_count});
  BOOST_REQUIRE(out.paths.size() >= 4u);
  return out;
}

// A copy of the original, and which bytes of it are not what they were.
class Mutant {
 public:
  Mutant(const Original& original, unsigned seed)
      : original_(original),
        random_(seed),
        contents_(original.contents),
        hit_(original.contents.size()),
        gone_(original.contents.size()) {
    for (size_t i = 0; i < hit_.size(); ++i) hit_[i].resize(contents_[i].size());
    for (size_t count = 1 + pick(4); count > 0; --count) damage();
    damage_state();
  }

  void put(MemoryFiles& files) const {
    for (size_t i = 0; i < contents_.size(); ++i)
      if (!gone_[i]) files.put(original_.paths[i], contents_[i]);
    if (!state_.empty()) files.put("/spool/state", state_);
  }
  // Something still says what was durable.
  bool has_state() const {
    spool_format::State state;
    return spool_format::decode_state(state_, state);
  }
  // Nothing that is needed to read it was touched.
  bool is_whole(const Placed& record) const {
    if (gone_[record.segment]) return false;
    auto& hit = hit_[record.segment];
    auto untouched = [&](size_t from, size_t to) {
      return std::none_of(hit.begin() + static_cast<ptrdiff_t>(from),
                          hit.begin() + static_cast<ptrdiff_t>(to), [](bool touched) { return touched; });
    };
    bool header = untouched(0, spool_format::header_copy_bytes) ||
                  untouched(spool_format::header_copy_bytes, spool_format::header_bytes);
    return header && untouched(record.from, record.to);
  }
  const std::string& what() const { return what_; }

 private:
  size_t pick(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }
  void touch(size_t segment, size_t at, char byte) {
    if (contents_[segment][at] == byte) return;
    contents_[segment][at] = byte;
    hit_[segment][at] = true;
  }
  void damage() {
    size_t segment = pick(contents_.size());
    std::string& bytes = contents_[segment];
    if (bytes.empty()) return;
    size_t at = pick(bytes.size()), length = std::min(bytes.size() - at, 1 + pick(6000));
    size_t kind = pick(12);
    what_ += fmt::format(" {}@{}:{}+{}", kind, segment, at, length);
    switch (kind) {
      default:  // a bit
        return touch(segment, at, static_cast<char>(bytes[at] ^ (1 << pick(8))));
      case 1:  // zeros
        for (size_t i = 0; i < length; ++i) touch(segment, at + i, 0);
        return;
      case 2:  // rubbish
        for (size_t i = 0; i < length; ++i) touch(segment, at + i, static_cast<char>(pick(256)));
        return;
      case 3: {  // a block of another segment, as of a file system that mixed them up
        const std::string& other = original_.contents[pick(contents_.size())];
        size_t block = at / 4096 * 4096;
        for (size_t i = block; i < std::min({block + 4096, bytes.size(), other.size()}); ++i)
          touch(segment, i, other[i]);
        return;
      }
      case 4:  // cut off
        // A record that lacks some of its padding is not complete either.
        for (size_t i = at - std::min<size_t>(at, 7); i < bytes.size(); ++i) hit_[segment][i] = true;
        bytes.resize(at);
        return;
      case 5:  // gone
        gone_[segment] = true;
    }
  }

  // Each copy by itself, both, or the whole file.
  void damage_state() {
    state_ = original_.state;
    size_t kind = pick(8);
    what_ += fmt::format(" state {}", kind);
    auto flip = [&](size_t copy) {
      size_t at = copy + pick(spool_format::state_copy_bytes);
      state_[at] = static_cast<char>(state_[at] ^ (1 << pick(8)));
    };
    if (kind == 0 || kind == 1) flip(0);
    if (kind == 1 || kind == 2) flip(spool_format::state_second_at);
    if (kind == 3) state_.resize(pick(state_.size()));
    if (kind == 4) state_.clear();
  }

  const Original& original_;
  std::mt19937 random_;
  std::vector<std::string> contents_;
  std::vector<std::vector<bool>> hit_;
  std::vector<bool> gone_;
  std::string what_, state_;
};

void check(const Original& original, const Mutant& mutant) {
  MemoryFiles files;
  mutant.put(files);
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  BOOST_REQUIRE(harness.append_and_wait({"the next line"}));
  harness.close();
  auto read = harness.read(1);
  std::vector<bool> found(line_count + 1);
  uint64_t previous = 0, old = 0;
  for (auto& line : read.lines) {
    BOOST_REQUIRE(line.sequence > previous);
    previous = line.sequence;
    if (line.bytes == "the next line") continue;
    BOOST_REQUIRE(line.sequence <= line_count);
    BOOST_REQUIRE(line.bytes == original.lines[line.sequence - 1]);
    found[line.sequence] = true;
    ++old;
  }
  BOOST_REQUIRE(read.lines.back().bytes == "the next line");
  BOOST_REQUIRE(read.lines.back().sequence > line_count);
  for (auto& record : original.records)
    if (mutant.is_whole(record)) BOOST_REQUIRE_MESSAGE(found[record.sequence], "lost " << record.sequence);
  // Each number was read or is in a gap, and none is in both. Numbers above the last were never given out.
  uint64_t lost = 0, known = 0;
  for (auto& line : read.lines)
    if (line.sequence <= line_count) known = std::max(known, line.sequence);
  for (auto& gap : read.gaps) known = std::max(known, std::min<uint64_t>(gap.next_sequence - 1, line_count));
  // Without a state nobody knows what is missing at the very end, if no trace of it is left.
  if (mutant.has_state()) known = line_count;
  for (auto& gap : read.gaps)
    for (uint64_t i = gap.first_sequence; i < std::min<uint64_t>(gap.next_sequence, line_count + 1); ++i) {
      BOOST_REQUIRE(!found[i]);
      ++lost;
    }
  BOOST_REQUIRE_MESSAGE(lost + old == known, "read " << old << ", lost " << lost << " of " << known);
}

}  // namespace

BOOST_AUTO_TEST_CASE(ten_thousand_mutants) {
  const char* wanted = std::getenv("MAILTRACE_MUTANTS");
  // A sanitizer makes each of them ten times as slow.
  constexpr unsigned usual = sizeof MAILTRACE_SANITIZER > 1 ? 1'000 : 10'000;
  unsigned count = wanted ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : usual;
  Original original = make_original();
  using Clock = std::chrono::steady_clock;
  Clock::duration worst{};
  for (unsigned seed = 1; seed <= count; ++seed) {
    Mutant mutant(original, seed);
    auto begin = Clock::now();
    BOOST_TEST_CONTEXT("mutant " << seed << ":" << mutant.what()) { check(original, mutant); }
    worst = std::max(worst, Clock::now() - begin);
  }
  fmt::print("{} mutants; the slowest took {} ms to open, take a line and be read\n", count,
             std::chrono::duration_cast<std::chrono::milliseconds>(worst).count());
}
