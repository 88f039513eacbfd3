// `mailtrace spool verify|dump|salvage`: whole directories read for a person. Any one thread.
#include <fmt/format.h>

#include <cerrno>
#include <limits>

#include "core/spool/reader.h"
#include "core/spool/recover.h"
#include "core/spool/store.h"

namespace mailtrace {
namespace {

using namespace spool_format;

constexpr uint64_t no_limit = std::numeric_limits<uint64_t>::max();

void measure(FileSystem& files, const std::string& directory, const std::vector<uint64_t>& bases,
             SpoolReport& report) {
  report.segments = bases.size();
  for (uint64_t base : bases) {
    int error = 0;
    auto file = files.open(directory + "/" + segment_name(base), FileSystem::Mode::read, error);
    if (int64_t size = file ? file->size() : 0; size > 0) report.bytes += static_cast<uint64_t>(size);
    if (auto cursor = SegmentCursor::open(files, directory, base, error))
      report.id = format_uuid(cursor->header().uuid);
  }
}

// The owner may have trimmed what we were about to read: that is no damage.
bool was_trimmed(FileSystem& files, const std::string& directory, const SpoolGap& gap) {
  std::vector<uint64_t> bases;
  if (list_segments(files, directory, bases) != 0 || bases.empty()) return false;
  return gap.next_sequence <= bases.front();
}

}  // namespace

Result<SpoolReport> verify_spool(const std::string& directory, const std::function<void(const Record&)>& each,
                                 FileSystem* system) {
  FileSystem& files = system ? *system : FileSystem::real();
  SpoolReport report;
  std::vector<uint64_t> bases;
  if (int error = list_segments(files, directory, bases); error != 0)
    return Error{Fault::config,
                 fmt::format("cannot read spool directory {}: {}", directory, error_text(error))};
  State state;
  bool has_state = read_state(files, directory, state);
  bool in_use = files.is_locked(directory + "/lock");
  uint64_t limit = in_use && has_state ? state.durable : no_limit;
  if (has_state) report.id = format_uuid(state.uuid);
  measure(files, directory, bases, report);
  report.first_sequence = bases.empty() ? (has_state ? state.durable : 1) : bases.front();
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
  if (has_state && !in_use && !bases.empty() && report.next_sequence < state.durable &&
      report.id == format_uuid(state.uuid)) {
    report.gaps.push_back(
        {report.next_sequence, state.durable, 0, segment_name(bases.back()), "no valid record"});
    report.next_sequence = state.durable;
  } else if (!in_use && reader.cursor() && !reader.cursor()->at_clean_end()) {
    report.torn_bytes = reader.cursor()->torn_bytes();
  }
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
  RecoveredSpool start;
  State state;
  if (read_state(files, from, state)) start.uuid = state.uuid;
  std::vector<uint64_t> bases;
  list_segments(files, from, bases);
  for (uint64_t base : bases) {
    int error = 0;
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
  if (!stored) {
    SpoolStatus status;
    store.fill(status);
    return Error{Fault::transient, fmt::format("cannot salvage into {}: {}", to, status.last_error)};
  }
  return report;
}

}  // namespace mailtrace
