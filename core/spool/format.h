// The spool on disk. Everything is little endian; every record lies at a multiple of 8.
//
//   directory = "lock"                     held by the owner process
//               "state"                    state, twice: losing both copies loses no record
//               1*( base ".seg" )          base: sequence of its first record, 16 hex digits
//               *( "spare." number )       consumed segments kept to be overwritten: that syncs twice as fast
//               [ "new.tmp" ]              a segment or state being made; rubbish after a crash
//               [ "bad/" ]                 copies of damaged ranges, for a person to look at
//   anything else is unknown and left alone.
//
//   segment   = header header *record [ end ] *rubbish
//   header    = magic(8) version(4) salt(4) uuid(16) number(8) base(8) previous(8) created(8) capacity(8)
//               0(52) crc(4) 0(1920)       2048 bytes, twice, so that no single damage hides the salt
//   record    = head body padding(0..7 zero bytes)
//   head      = head_crc(4) body_crc(4) sequence(8) received(8) length(4) transport(1) flags(1)
//   peer_length(1) 0(1)
//   body      = peer(peer_length) bytes(length)
//   end       = 32 zero bytes overwritten by the next record
//   state     = copy 0(4032) copy     the first copy alone is what earlier builds wrote
//   copy      = magic(8) uuid(16) durable(8) stored(8) 0(20) crc(4)     64 bytes; stored: 0 if not known
//
// A later version keeps magic and version of a header where they are, in both copies, and changes no byte of
// the state that is used here. Its segments are nobody else's: a build that cannot read them leaves them
// alone and does not read on behind them.
//
// head_crc is crc32c over the other 28 bytes of the head, seeded with the segment's salt: stale bytes of a
// recycled segment, and text a sender made up to look like a record, never validate. It covers length and
// body_crc: a damaged body costs exactly its own record, and the next one is found without a search.
//
// Rules
// - Sequences rise by one. A segment holds [base, base of the next segment): what it has beyond was written
//   by a batch whose write or sync failed. The next segment has it again, or other lines with its numbers if
//   the process died in between; so it is never read.
// - `previous` is the first sequence that was not durable when the segment was made. Normally it is the base.
// If
//   less, [previous, base) was never accepted: that is no gap.
// - A process appends only to segments it made itself. The last segment of a former process is closed at its
//   last valid record.
// - What follows the last valid record of the last segment is a torn write, cut, if `state` says that nothing
//   more was durable. If it says that more was, or if no copy of it is left to say anything, it is a gap.
//   Without a state no number is given out that a record behind the last valid one can have had.
// - Any other invalid range is damage: it is a gap, and reading goes on at the next slot with a valid head
//   and a sequence that is possible there.
#pragma once
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "core/spool/record.h"

namespace mailtrace::spool_format {

inline constexpr uint32_t version = 1;
inline constexpr size_t header_bytes = 4096;  // both copies
inline constexpr size_t header_copy_bytes = 2048;
inline constexpr size_t head_bytes = 32;
inline constexpr size_t end_bytes = 32;
inline constexpr size_t state_copy_bytes = 64;
inline constexpr size_t state_second_at = 4096;  // in another block than the first copy
inline constexpr size_t state_bytes = state_second_at + state_copy_bytes;
inline constexpr uint32_t max_record_bytes = 16u << 20;  // longer lines are cut and flagged
inline constexpr uint64_t min_segment_bytes = 64u << 10;

using Uuid = std::array<uint8_t, 16>;

struct SegmentHeader {
  uint32_t salt = 0;
  Uuid uuid{};
  uint64_t number = 0;    // rises with each segment this spool ever made
  uint64_t base = 0;      // sequence of the first record
  uint64_t previous = 0;  // see the rules
  Time created;
  uint64_t capacity = 0;  // bytes reserved when it was made
};

struct RecordHead {
  uint32_t body_crc = 0;
  uint64_t sequence = 0;
  int64_t received_us = 0;
  uint32_t length = 0;
  uint8_t transport = 0, flags = 0, peer_length = 0;
  size_t body_bytes() const { return size_t{peer_length} + length; }
  size_t record_bytes() const { return (head_bytes + body_bytes() + 7) & ~size_t{7}; }
};

struct State {
  Uuid uuid{};
  uint64_t durable = 0;  // records before this were durable when it was written
  uint64_t stored = 0;   // records before this were in every database, at least; 0: not known
};

// What the beginning of a segment file is.
enum class HeaderKind { valid, damaged, later_version };

std::array<char, header_bytes> encode_header(const SegmentHeader& header);
// Takes the first intact copy; of a later version nothing.
HeaderKind decode_header(std::string_view bytes, SegmentHeader& header);

// One copy of it.
std::array<char, state_copy_bytes> encode_state(const State& state);
// Of a whole file or of what is left of it. Takes the newest intact copy; false: there is none.
bool decode_state(std::string_view bytes, State& state);

// Writes the record to `to` (record_size() bytes), without the head's crc: seal_record() adds it when it is
// known which segment takes it.
size_t record_size(const Record& record, size_t max_bytes);
void encode_record(const Record& record, uint64_t sequence, size_t max_bytes, char* to);
void seal_record(char* record, uint32_t salt);
// Of an encoded record, without checking anything.
size_t encoded_size(const char* record);
// `at` has head_bytes; false unless the crc is right and the fields are possible.
bool decode_head(const char* at, uint32_t salt, RecordHead& head);
// `at` has the whole record: false unless the body's crc is right. The views point into `at`.
bool decode_body(const char* at, const RecordHead& head, Record& record);
// The sequence of the head at `at`, unchecked: a cheap filter before decode_head.
uint64_t peek_sequence(const char* at);

std::string segment_name(uint64_t base);
bool parse_segment_name(std::string_view name, uint64_t& base);
std::string format_uuid(const Uuid& uuid);

}  // namespace mailtrace::spool_format
