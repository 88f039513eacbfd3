// `mailtrace spool verify|dump|salvage`: whole directories read for a person. Any one thread.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/spool/reader.h"
#include "core/spool/recover.h"
#include "core/spool/store.h"

namespace mailtrace {
namespace {

using namespace spool_format;

constexpr uint64_t no_limit = std::numeric_limits<uint64_t>::max();

// The last segment.
SegmentFile measure(FileSystem& files, const std::string& directory, const std::vector<uint64_t>& bases,
                    SpoolReport& report) {
  report.segments = bases.size();
  SegmentFile last;
  for (uint64_t base : bases) {
    int error = 0;
    auto file = files.open(directory + "/" + segment_name(base), FileSystem::Mode::read, error);
    int64_t size = file ? file->size() : 0;
    last = {base, size > 0 ? static_cast<uint64_t>(size) : 0};
    report.bytes += last.bytes;
    if (auto cursor = SegmentCursor::open(files, directory, base, error))
      report.id = format_uuid(cursor->header().uuid);
  }
  return last;
}

// The owner may have trimmed what we were about to read: that is no damage.
bool was_trimmed(FileSystem& files, const std::string& directory, const SpoolGap& gap) {
  std::vector<uint64_t> bases;
  if (list_segments(files, directory, bases) != 0 || bases.empty()) return false;
  return gap.next_sequence <= bases.front();
}

// Of a directory at rest: what the next start will make of what lies behind the last record.
void report_end(SegmentCursor* cursor, const SegmentFile& last, const State* state, SpoolReport& report) {
  auto end = cursor ? judge_end(*cursor, report.next_sequence, state) : judge_undecodable(last, state);
  report.goes_on_at = end.next;
  if (report.next_sequence < end.previous) {
    report.gaps.push_back(
        {report.next_sequence, end.previous, end.bytes, segment_name(last.base), end.reason});
    report.next_sequence = end.previous;
  } else if (cursor && !cursor->at_clean_end()) {
    report.torn_bytes = end.bytes;
  }
}

}  // namespace

Result<SpoolReport> verify_spool(const std::string& directory, const std::function<void(const Record&)>& each,
                                 FileSystem* system) {
  FileSystem& files = system ? *system : FileSystem::real();
  SpoolReport report;
  std::vector<uint64_t> bases;
  int error = list_segments(files, directory, bases);
  if (error != 0)
    return Error{Fault::config,
                 fmt::format("cannot read spool directory {}: {}", directory, error_text(error))};
  State read;
  const State* state = read_state(files, directory, read, error) ? &read : nullptr;
  if (state) report.id = format_uuid(state->uuid);
  SegmentFile last = measure(files, directory, bases, report);
  if (state && report.id != format_uuid(state->uuid)) state = nullptr;
  bool in_use = files.is_locked(directory + "/lock");
  uint64_t limit = in_use && state ? state->durable : no_limit;
  report.first_sequence = bases.empty() ? (state ? state->durable : 1) : bases.front();
  DirectoryReader reader(files, directory, 0, false);
  Record record;
  SpoolGap gap;
  for (;;) {
    auto next = reader.next(record, gap, limit);
    if (next == SpoolReader::Next::end) break;
    if (next == SpoolReader::Next::gap) {
      if (!in_use || !was_trimmed(files, directory, gap)) report.gaps.push_back(gap);
      continue;
    }
    ++report.records;
    if (each) each(record);
  }
  report.next_sequence = std::max(reader.expected(), report.first_sequence);
  report.goes_on_at = report.next_sequence;
  report.later_version = reader.later_version();
  if (!in_use && !bases.empty() && report.later_version.empty())
    report_end(reader.cursor(), last, state, report);
  return report;
}

Result<SpoolReport> salvage_spool(const std::string& from, const std::string& to, FileSystem* system) {
  FileSystem& files = system ? *system : FileSystem::real();
  std::vector<std::string> names;
  if (int error = files.make_directory(to); error != 0 && error != -EEXIST)
    return Error{Fault::config, fmt::format("cannot make directory {}: {}", to, error_text(error))};
  if (int error = files.list(to, names); error != 0 || !names.empty())
    return Error{Fault::config, fmt::format("cannot salvage into {}: {}", to,
                                            error ? error_text(error) : "it is not empty")};
  auto survey = verify_spool(from, {}, &files);
  if (!survey) return survey;
  if (!survey->later_version.empty())
    return Error{Fault::config, fmt::format("cannot salvage {}: {} is of a later version, which has to do it",
                                            from, survey->later_version)};
  RecoveredSpool start;
  State state;
  int error = 0;
  if (read_state(files, from, state, error)) start.uuid = state.uuid;
  std::vector<uint64_t> bases;
  list_segments(files, from, bases);
  for (uint64_t base : bases) {
    if (auto cursor = SegmentCursor::open(files, from, base, error)) start.uuid = cursor->header().uuid;
  }
  start.next = start.previous = survey->first_sequence;
  SegmentStore store(files, to, 64u << 20, std::move(start));
  std::vector<char> batch;
  uint64_t first = 0, next = 0;
  bool stored = true;
  auto flush = [&] {
    if (batch.empty() || !stored) return;
    size_t size = batch.size();
    batch.resize(size + end_bytes, 0);
    stored = store.store(batch.data(), size, first);
    batch.clear();
  };
  auto report = verify_spool(
      from,
      [&](const Record& record) {
        if (batch.size() > (1u << 20) || (!batch.empty() && record.sequence != next)) flush();
        if (batch.empty()) first = record.sequence;
        if (next != 0 && record.sequence != next) store.lost_until(record.sequence);
        size_t at = batch.size();
        batch.resize(at + record_size(record, max_record_bytes));
        encode_record(record, record.sequence, max_record_bytes, batch.data() + at);
        next = record.sequence + 1;
      },
      &files);
  flush();
  store.close();
  // What is missing at the end is told by an empty segment behind it, as there is no record that could.
  if (report && stored && report->goes_on_at > std::max(next, survey->first_sequence)) {
    store.lost_until(report->next_sequence);
    stored = store.prepare(report->goes_on_at);
    store.close();
  }
  if (!stored) {
    SpoolStatus status;
    store.fill(status);
    return Error{Fault::transient, fmt::format("cannot salvage into {}: {}", to, status.last_error)};
  }
  return report;
}

}  // namespace mailtrace
