// The spool after damage: every byte cut, every byte flipped, files gone.
#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

#include <cerrno>

#include "core/spool/format.h"
#include "tests/unit/spool/harness.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

// A spool of `count` lines written one batch each, at rest. The path of its last segment.
std::string make_spool(MemoryFiles& files, int count, size_t length = 40) {
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  for (int i = 0; i < count; ++i) harness.append_and_wait(numbered(i, 1, length));
  harness.close();
  std::string last;
  for (auto& path : files.paths())
    if (path.ends_with(".seg")) last = path;
  return last;
}

// Where the records of a small segment begin, and behind the last one.
std::vector<size_t> record_offsets(const std::string& segment) {
  std::vector<size_t> offsets;
  size_t at = spool_format::header_bytes;
  while (at < segment.size()) {
    offsets.push_back(at);
    at += spool_format::encoded_size(segment.data() + at);
  }
  offsets.push_back(at);
  return offsets;
}

std::string state_file(const spool_format::Uuid& uuid, uint64_t durable) {
  auto copy = spool_format::encode_state({uuid, durable});
  std::string out(spool_format::state_bytes, '\0');
  out.replace(0, copy.size(), copy.data(), copy.size());
  return out.replace(spool_format::state_second_at, copy.size(), copy.data(), copy.size());
}

// Opens, appends one line, closes; the line must be there. All that is read then.
ReadBack reopen_and_append(MemoryFiles& files, SpoolStatus* at_open = nullptr) {
  Harness harness(files);
  BOOST_REQUIRE(harness.open());
  if (at_open) *at_open = harness.spool().status();
  BOOST_REQUIRE(harness.append_and_wait({"the next line"}));
  BOOST_REQUIRE(harness.acknowledged().count("the next line"));
  harness.close();
  auto read = harness.read(1);
  BOOST_REQUIRE(!read.lines.empty());
  BOOST_REQUIRE(read.lines.back().bytes == "the next line");
  for (size_t i = 1; i < read.lines.size(); ++i)
    BOOST_REQUIRE(read.lines[i].sequence > read.lines[i - 1].sequence);
  return read;
}

}  // namespace

// `state` says that all were durable: what is cut off is a gap, to the line.
BOOST_AUTO_TEST_CASE(a_segment_cut_at_every_byte_loses_only_what_was_cut) {
  MemoryFiles whole;
  std::string path = make_spool(whole, 12);
  std::string segment = whole.content(path), state = whole.content("/spool/state");
  auto offsets = record_offsets(segment);
  BOOST_REQUIRE(offsets.size() == 13u);
  auto lines = numbered(0, 12, 40);
  for (size_t cut = 0; cut <= segment.size(); ++cut) {
    MemoryFiles files;
    files.put(path, segment.substr(0, cut));
    files.put("/spool/state", state);
    // A record's last bytes may be padding, which nothing needs but the length says.
    size_t kept = 0;
    while (kept < 12 && offsets[kept + 1] <= cut) ++kept;
    auto read = reopen_and_append(files);
    if (cut < spool_format::header_copy_bytes) kept = 0;
    BOOST_REQUIRE_MESSAGE(read.lines.size() == kept + 1, "cut " << cut << ": " << read.lines.size());
    for (size_t i = 0; i < kept; ++i) BOOST_REQUIRE(read.lines[i].bytes == lines[i]);
    BOOST_REQUIRE_MESSAGE(read.lost() == 12 - kept, "cut " << cut << " lost " << read.lost());
    BOOST_REQUIRE(read.lines.back().sequence >= 13);
  }
}

// A `state` that says how far it went makes the same cut a torn write: no gap, the numbers go on.
BOOST_AUTO_TEST_CASE(a_torn_tail_is_cut_without_a_gap) {
  MemoryFiles whole;
  std::string path = make_spool(whole, 5);
  std::string segment = whole.content(path);
  spool_format::State state;
  BOOST_REQUIRE(spool_format::decode_state(whole.content("/spool/state"), state));
  auto offsets = record_offsets(segment);
  for (size_t cut = offsets[3]; cut < offsets[5]; ++cut) {
    MemoryFiles files;
    // Followed by stale bytes or by zeros, as in a segment that was reserved.
    std::string torn = segment.substr(0, cut) + (cut % 2 ? std::string(5000, '\0') : std::string(5000, 'z'));
    files.put(path, torn);
    auto body_end = [&](size_t record) {
      uint32_t length = 0;
      std::memcpy(&length, segment.data() + offsets[record] + 24, 4);
      return offsets[record] + spool_format::head_bytes + length + std::string_view("192.0.2.1").size();
    };
    size_t kept = cut < body_end(3) ? 3 : cut < body_end(4) ? 4 : 5;
    // An older one is right too: it is not synced.
    files.put("/spool/state", state_file(state.uuid, cut % 3 ? kept + 1 : 1));
    auto report = verify_spool("/spool", {}, &files);
    BOOST_REQUIRE(report);
    BOOST_REQUIRE(report->records == kept);
    BOOST_REQUIRE(report->gaps.empty());
    if (cut % 2 == 0) BOOST_REQUIRE(report->torn_bytes > 0);
    auto read = reopen_and_append(files);
    BOOST_REQUIRE(read.lines.size() == kept + 1);
    BOOST_REQUIRE(read.gaps.empty());
    BOOST_REQUIRE(read.lines.back().sequence == kept + 1);
    BOOST_REQUIRE(verify_spool("/spool", {}, &files)->torn_bytes == 0u);
  }
}

// One copy of `state` is enough to know that a record is missing at the very end.
BOOST_AUTO_TEST_CASE(a_lost_end_is_counted_while_one_copy_of_the_state_is_left) {
  MemoryFiles whole;
  std::string path = make_spool(whole, 10);
  auto offsets = record_offsets(whole.content(path));
  std::string damaged = whole.content(path);
  damaged[offsets[9] + 50] ^= 1;
  std::string state = whole.content("/spool/state");
  BOOST_REQUIRE(state.size() == spool_format::state_bytes);
  for (size_t bit = 0; bit < 8 * spool_format::state_copy_bytes; ++bit)
    for (size_t copy : {size_t{0}, spool_format::state_second_at}) {
      MemoryFiles files;
      std::string flipped = state;
      flipped[copy + bit / 8] = static_cast<char>(flipped[copy + bit / 8] ^ (1 << bit % 8));
      files.put(path, damaged);
      files.put("/spool/state", flipped);
      auto report = verify_spool("/spool", {}, &files);
      BOOST_REQUIRE(report);
      BOOST_REQUIRE(report->gaps.size() == 1u);
      BOOST_REQUIRE(report->next_sequence == 11u);
      auto read = reopen_and_append(files);
      BOOST_REQUIRE(read.lost() == 1u);
      BOOST_REQUIRE(read.lines.back().sequence == 11u);
    }
}

// With neither copy it may have been accepted: that is said, and its number is not given out again.
BOOST_AUTO_TEST_CASE(a_lost_end_without_a_state_is_counted) {
  MemoryFiles whole;
  std::string path = make_spool(whole, 10);
  std::string segment = whole.content(path);
  auto offsets = record_offsets(segment);
  for (bool cut : {true, false}) {
    for (size_t at = offsets[9] + 1; at < offsets[10]; ++at) {
      MemoryFiles files;
      std::string damaged = segment.substr(0, cut ? at : std::string::npos);
      if (!cut && at < offsets[10] - 8) damaged[at] ^= 1;
      if (!cut) damaged += std::string(200, '\0');  // as a kill -9 leaves it
      if (!cut && at >= offsets[10] - 8) continue;  // padding
      files.put(path, damaged);
      auto report = verify_spool("/spool", {}, &files);
      BOOST_REQUIRE(report);
      auto read = reopen_and_append(files);
      BOOST_REQUIRE(read.lines.back().sequence > 11u);
      if (read.lines.size() == 11u) continue;  // padding was cut
      BOOST_REQUIRE(read.lines.size() == 10u);
      BOOST_REQUIRE_MESSAGE(report->gaps.size() == 1u, "byte " << at);
      BOOST_REQUIRE(report->gaps[0].first_sequence == 10u);
      BOOST_REQUIRE(read.gaps.size() == 1u);
      BOOST_REQUIRE(read.gaps[0].first_sequence == 10u);
      BOOST_REQUIRE(read.lost() == report->gaps[0].next_sequence - 10);
      if (!cut) BOOST_REQUIRE(read.lost() <= (offsets[10] - offsets[9]) / spool_format::head_bytes + 1);
    }
  }
}

// Nothing is missing as far as anybody can see, but what was there before may have had the next numbers.
BOOST_AUTO_TEST_CASE(a_whole_spool_without_a_state_has_no_gap_and_gives_out_new_numbers) {
  MemoryFiles files;
  make_spool(files, 10);
  files.remove("/spool/state");
  BOOST_TEST(verify_spool("/spool", {}, &files)->gaps.empty());
  SpoolStatus status;
  auto read = reopen_and_append(files, &status);
  BOOST_TEST(read.lines.size() == 11u);
  BOOST_TEST(read.gaps.empty());
  BOOST_TEST(status.gaps.empty());
  BOOST_TEST(read.lines.back().sequence > 11u);
}

// Also if the disk fills at any moment of the start that found no state, and the process ends then.
BOOST_AUTO_TEST_CASE(new_numbers_are_given_out_although_the_first_start_without_a_state_failed) {
  bool hit = true;
  for (uint64_t call = 1; hit; ++call) {
    MemoryFiles files;
    make_spool(files, 10);
    files.remove("/spool/state");
    files.plan(MemoryFiles::Trouble::error_on, call, ENOSPC);
    {
      Harness harness(files);
      if (harness.open())
        BOOST_REQUIRE(read_back(files, "/spool", 1, harness.spool().durable_sequence()).gaps.empty());
      hit = files.was_hit();
      files.kill();
    }
    auto read = reopen_and_append(files);
    BOOST_REQUIRE(read.lines.size() == 11u);
    BOOST_REQUIRE(read.gaps.empty());
    BOOST_REQUIRE_MESSAGE(read.lines.back().sequence > 1'000'000u, "call " << call);
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_byte_costs_at_most_the_record_it_hits) {
  MemoryFiles whole;
  std::string path = make_spool(whole, 10);
  std::string segment = whole.content(path), state = whole.content("/spool/state");
  auto offsets = record_offsets(segment);
  auto lines = numbered(0, 10, 40);
  for (size_t at = 0; at < segment.size(); ++at) {
    for (int flip : {0x01, 0x80, 0xff}) {
      if (at < offsets[0] && flip != 1) continue;
      MemoryFiles files;
      std::string damaged = segment;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      files.put(path, damaged);
      files.put("/spool/state", state);
      SpoolStatus status;
      auto read = reopen_and_append(files, &status);
      size_t hit = 0;
      while (hit < 10 && !(at >= offsets[hit] && at < offsets[hit + 1])) ++hit;
      if (read.lost() == 0) {
        // The header's other copy, or padding.
        BOOST_REQUIRE(read.lines.size() == 11u);
        BOOST_REQUIRE((hit == 10 || at >= offsets[hit + 1] - 7));
        continue;
      }
      BOOST_REQUIRE_MESSAGE(read.lost() == 1u, "byte " << at << " lost " << read.lost());
      BOOST_REQUIRE(read.gaps[0].first_sequence == hit + 1);
      BOOST_REQUIRE(read.lines.size() == 10u);
      for (auto& line : read.lines)
        if (line.sequence <= 10) BOOST_REQUIRE(line.bytes == lines[line.sequence - 1]);
      BOOST_REQUIRE(status.gaps.size() == 1u);
      BOOST_REQUIRE(status.gaps[0].first_sequence == hit + 1);
      auto paths = files.paths();
      BOOST_REQUIRE(std::any_of(paths.begin(), paths.end(),
                                [](auto& name) { return name.starts_with("/spool/bad/"); }));
    }
  }
}

BOOST_AUTO_TEST_CASE(flips_in_an_older_segment_are_found_when_the_reader_comes_there) {
  MemoryFiles files;
  make_spool(files, 1000, 300);
  auto segments = segments_of(files);
  BOOST_REQUIRE(segments.size() > 3u);
  std::string damaged = files.content(segments[1]);
  auto first = spool_format::header_bytes;
  size_t size = spool_format::encoded_size(damaged.data() + first);
  auto flip = [&](size_t at) { damaged[first + at] = static_cast<char>(damaged[first + at] ^ 1); };
  flip(3 * size + 2);                                                     // a head
  flip(4 * size);                                                         // and the next one
  flip(10 * size + 100);                                                  // a body
  for (size_t i = 20 * size; i < 30 * size; ++i) damaged[first + i] = 0;  // ten records zeroed
  files.put(segments[1], damaged);
  SpoolStatus status;
  auto read = reopen_and_append(files, &status);
  BOOST_TEST(status.gaps.empty());
  BOOST_REQUIRE(read.gaps.size() == 3u);
  BOOST_TEST(read.gaps[0].next_sequence - read.gaps[0].first_sequence == 2u);
  BOOST_TEST(read.gaps[1].next_sequence - read.gaps[1].first_sequence == 1u);
  BOOST_TEST(read.gaps[2].next_sequence - read.gaps[2].first_sequence == 10u);
  BOOST_TEST(read.lines.size() == 1000u - 13 + 1);
  auto report = verify_spool("/spool", {}, &files);
  BOOST_REQUIRE(report);
  BOOST_TEST(report->gaps.size() == 3u);
  BOOST_TEST(report->records == 988u);
}

BOOST_AUTO_TEST_CASE(missing_segments_are_gaps_to_the_line) {
  MemoryFiles whole;
  make_spool(whole, 1500, 300);
  std::vector<std::string> segments;
  std::vector<uint64_t> bases;
  for (auto& path : whole.paths())
    if (path.ends_with(".seg")) {
      segments.push_back(path);
      uint64_t base = 0;
      spool_format::parse_segment_name(path.substr(7), base);
      bases.push_back(base);
    }
  bases.push_back(1501);
  for (size_t missing = 0; missing < segments.size(); ++missing) {
    MemoryFiles files;
    for (auto& path : whole.paths())
      if (path != segments[missing]) files.put(path, whole.content(path));
    auto read = reopen_and_append(files);
    BOOST_REQUIRE_MESSAGE(read.gaps.size() == 1, "missing " << missing << " gaps " << read.gaps.size());
    BOOST_TEST(read.gaps[0].first_sequence == bases[missing]);
    BOOST_TEST(read.gaps[0].next_sequence == bases[missing + 1]);
    BOOST_TEST(read.lines.back().sequence == 1501u);
    // A header of which neither copy is left is the same loss.
    std::string bytes = whole.content(segments[missing]);
    for (size_t at : {size_t{20}, spool_format::header_copy_bytes + 20})
      bytes[at] = static_cast<char>(~bytes[at]);
    files.put(segments[missing], bytes);
    auto blind = read_back(files, "/spool", 1);
    BOOST_TEST(blind.lost() == bases[missing + 1] - bases[missing]);
  }
}

BOOST_AUTO_TEST_CASE(an_undecodable_last_segment_never_gives_out_its_numbers_again) {
  for (bool with_state : {true, false}) {
    MemoryFiles files;
    std::string path = make_spool(files, 20);
    std::string bytes = files.content(path);
    for (size_t at : {size_t{20}, spool_format::header_copy_bytes + 20})
      bytes[at] = static_cast<char>(~bytes[at]);
    files.put(path, bytes);
    if (!with_state) files.remove("/spool/state");
    auto read = reopen_and_append(files);
    BOOST_TEST(read.lines.size() == 1u);
    BOOST_TEST(read.lines[0].sequence > 20u);
    if (with_state)
      BOOST_TEST(read.lost() == 20u);
    else
      BOOST_TEST(read.lost() >= 20u);
  }
}

// A sender may write what looks like a record, and a recycled file holds real ones.
BOOST_AUTO_TEST_CASE(records_inside_lines_and_stale_records_are_never_read) {
  MemoryFiles files;
  std::string path = make_spool(files, 3);
  std::string foreign = files.content(path).substr(spool_format::header_bytes);
  MemoryFiles target;
  Harness harness(target);
  BOOST_REQUIRE(harness.open());
  harness.append_and_wait({"one", foreign, foreign + foreign, "last"});
  harness.close();
  std::string last;
  for (auto& name : target.paths())
    if (name.ends_with(".seg")) last = name;
  std::string bytes = target.content(last);
  bytes[spool_format::header_bytes] =
      static_cast<char>(~bytes[spool_format::header_bytes]);  // the head of "one": a search begins
  target.put(last, bytes + foreign + foreign);
  auto read = reopen_and_append(target);
  BOOST_TEST(read.lost() == 1u);
  BOOST_REQUIRE(read.lines.size() == 4u);
  BOOST_TEST(read.lines[0].bytes == foreign);
  BOOST_TEST(read.lines[2].bytes == "last");
}

BOOST_AUTO_TEST_CASE(salvage_keeps_sequences_and_gaps) {
  MemoryFiles files;
  make_spool(files, 1000, 300);
  auto segments = segments_of(files);
  files.remove(segments[2]);
  std::string bytes = files.content(segments[1]);
  bytes[spool_format::header_bytes + 50] = '!';
  files.put(segments[1], bytes);
  auto before = read_back(files, "/spool", 1);
  BOOST_REQUIRE(before.gaps.size() == 2u);
  auto report = salvage_spool("/spool", "/saved", &files);
  BOOST_REQUIRE(report);
  BOOST_TEST(report->gaps.size() == 2u);
  auto after = read_back(files, "/saved", 1);
  BOOST_TEST(after.lost() == before.lost());
  BOOST_REQUIRE(after.lines.size() == before.lines.size());
  for (size_t i = 0; i < after.lines.size(); ++i) {
    BOOST_REQUIRE(after.lines[i].sequence == before.lines[i].sequence);
    BOOST_REQUIRE(after.lines[i].bytes == before.lines[i].bytes);
  }
  BOOST_TEST(verify_spool("/saved", {}, &files)->id == verify_spool("/spool", {}, &files)->id);
  BOOST_TEST(!salvage_spool("/spool", "/saved", &files).operator bool());
}

// Nothing comes behind it that could tell, neither in the spool nor in what is saved of it.
BOOST_AUTO_TEST_CASE(a_lost_end_is_a_gap_at_once_and_stays_one_when_it_is_salvaged) {
  for (bool with_state : {true, false}) {
    MemoryFiles files;
    std::string path = make_spool(files, 10);
    std::string bytes = files.content(path);
    auto offsets = record_offsets(bytes);
    for (size_t record : {size_t{8}, size_t{9}}) bytes[offsets[record] + 50] ^= 1;
    files.put(path, bytes);
    if (!with_state) files.remove("/spool/state");
    BOOST_REQUIRE(salvage_spool("/spool", "/saved", &files));
    for (const char* directory : {"/spool", "/saved"}) {
      Harness harness(files, directory);
      BOOST_REQUIRE(harness.open());
      auto read = read_back(files, directory, 1, harness.spool().durable_sequence());
      BOOST_TEST(read.lines.size() == 8u);
      BOOST_REQUIRE(!read.gaps.empty());
      BOOST_TEST(read.gaps.front().first_sequence == 9u);
      uint64_t end = read.gaps.back().next_sequence;
      BOOST_TEST((with_state ? end == 11 : end >= 11));
      BOOST_TEST(read.lost() == end - 9);
      BOOST_TEST((read.gaps.front().after == time_from_us(1'700'000'000'000'000)));
      // No number of a lost one is given out again, whatever was stored of them.
      uint64_t next = harness.spool().status().next_sequence;
      BOOST_TEST((with_state ? next == 11 : next > 1'000'000));
      harness.close();
    }
  }
}

// Who begins to read behind a record knows when that was received; with nothing left before it, nobody does.
BOOST_AUTO_TEST_CASE(a_gap_begins_after_the_record_before_it) {
  MemoryFiles files;
  make_spool(files, 1000, 300);
  auto segments = segments_of(files);
  BOOST_REQUIRE(segments.size() > 3u);
  uint64_t base = 0;
  BOOST_REQUIRE(spool_format::parse_segment_name(segments[1].substr(7), base));
  files.remove(segments[1]);
  auto known = read_back(files, "/spool", base);
  BOOST_REQUIRE(known.gaps.size() == 1u);
  BOOST_TEST((known.gaps[0].after == time_from_us(1'700'000'000'000'000)));
  files.remove(segments[0]);
  auto unknown = read_back(files, "/spool", base);
  BOOST_REQUIRE(unknown.gaps.size() == 1u);
  BOOST_TEST((unknown.gaps[0].after == Time{}));
}
