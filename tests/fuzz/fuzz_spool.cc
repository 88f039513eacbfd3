// Any bytes as the files of a spool: opening, reading and verifying neither crash nor loop, and no record
// comes out whose checksums do not fit a header of its directory.
#include <uv.h>

#include <cstdint>
#include <cstdlib>
#include <limits>

#include "core/base/log.h"
#include "core/spool/format.h"
#include "core/spool/recover.h"
#include "core/spool/spool.h"
#include "tests/unit/spool/memory_files.h"

using namespace mailtrace;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// The first byte says how the rest becomes files; 0x01: the header is made valid, 0x02: heads found at slots
// are sealed, 0x04: two segments, 0x08: the rest of the first eight bytes is the state.
void lay_out(std::string bytes, MemoryFiles& files) {
  using namespace spool_format;
  uint8_t how = bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
  bytes.erase(0, 1);
  size_t half = how & 4 ? bytes.size() / 2 : bytes.size();
  uint64_t base = 1;
  for (std::string part : {bytes.substr(0, half), bytes.substr(half)}) {
    if (part.empty() && base > 1) break;
    SegmentHeader header;
    header.salt = 7;
    header.base = header.previous = base;
    header.capacity = 65536;
    if (how & 1) {
      auto head = encode_header(header);
      part.insert(0, head.data(), head.size());
    }
    if (how & 2)
      for (size_t at = header_bytes; at + head_bytes <= part.size();) {
        // Make most of what is there valid, so that the search has something to find.
        uint64_t sequence = base + static_cast<uint8_t>(part[at]);
        std::memcpy(part.data() + at + 8, &sequence, 8);
        uint32_t length = static_cast<uint8_t>(part[at + 24]);
        std::memcpy(part.data() + at + 24, &length, 4);
        size_t size = encoded_size(part.data() + at);
        if (at + size > part.size()) break;
        if (part[at + 31] != 'x') seal_record(part.data() + at, 7);
        at += size + (part[at + 29] == 'y' ? 8 : 0);
      }
    files.put("/spool/" + segment_name(base), part);
    base += 1 + (how >> 4);
  }
  if (how & 8) {
    auto state = encode_state({Uuid{}, base + 3});
    files.put("/spool/state", std::string(state.data(), state.size()));
  }
}

uint64_t read_all(MemoryFiles& files, uint64_t from, uint64_t limit) {
  auto reader = SpoolReader::open("/spool", from, true, &files);
  require(reader.operator bool());
  Record record;
  SpoolGap gap;
  uint64_t last = 0, records = 0;
  for (;;) {
    auto next = (*reader)->next(record, gap, limit);
    if (next == SpoolReader::Next::end) return records;
    if (next == SpoolReader::Next::gap) {
      require(gap.first_sequence < gap.next_sequence && gap.first_sequence > last);
      last = gap.next_sequence - 1;
      continue;
    }
    require(record.sequence > last && record.sequence < limit);
    last = record.sequence;
    ++records;
    // Encoded again, the checksums must be those that lie in one of the files.
    std::string again(spool_format::record_size(record, spool_format::max_record_bytes), '\0');
    spool_format::encode_record(record, record.sequence, spool_format::max_record_bytes, again.data());
    spool_format::seal_record(again.data(), 7);
    bool found = false;
    for (auto& path : files.paths())
      if (path.ends_with(".seg"))
        found = found || files.content(path).find(again.substr(4, 27)) != std::string::npos;
    require(found);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  MemoryFiles files;
  lay_out(std::string(reinterpret_cast<const char*>(data), size), files);
  read_all(files, 1, 600);
  uint64_t records = read_all(files, 0, std::numeric_limits<uint64_t>::max());
  auto report = verify_spool("/spool", {}, &files);
  require(report && report->records == records);
  set_log_level(LogLevel::error);
  auto recovered = recover_spool(files, "/spool");
  require(recovered.operator bool());
  require(recovered->previous <= recovered->next);
  // What was readable before the recovery is readable after it.
  require(read_all(files, 0, std::numeric_limits<uint64_t>::max()) == records);
  return 0;
}
