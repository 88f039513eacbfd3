// Writing of an import, with patience. Main thread.
#include "core/tool/import_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "core/base/text.h"
#include "core/store/backoff.h"
#include "core/store/write_batch.h"
#include "core/tool/terminal.h"

namespace mailtrace {
namespace {

constexpr Microseconds hints_kept = std::chrono::hours(24 * 8);

// Repeats `call` while its fault is one that passes.
template <class Call>
auto patiently(const std::string& database, Call call) {
  Backoff backoff;
  for (bool said = false;; said = true) {
    auto result = call();
    if (result || result.error().fault != Fault::transient) return result;
    if (!said)
      fmt::print(stderr, "mailtrace: {} {}: {}\n", Terminal::of_stdout().say("waiting for"), database,
                 printable(result.error().text));
    std::this_thread::sleep_for(backoff.next());
  }
}

}  // namespace

TrackerConfig import_config(TrackerConfig config) {
  config.max_open_mails = std::min<int64_t>(config.max_open_mails, 100'000);
  return config;
}

void DistinctIds::add(const Id& id) {
  uint64_t hash;
  std::memcpy(&hash, id.bytes.data() + 8, sizeof hash);
  hashes_.push_back(hash);
  if (hashes_.size() >= compact_at_) compact();
}

size_t DistinctIds::count() {
  compact();
  return hashes_.size();
}

void DistinctIds::compact() {
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  compact_at_ = std::max<size_t>(1 << 16, hashes_.size() * 2);
}

ImportWriter::ImportWriter(Setup& setup) {
  for (auto& named : setup.sinks())
    targets_.push_back({&named, DeadLetter(setup.config().core.state_directory, named.name)});
}

Result<void> ImportWriter::open() {
  for (auto& target : targets_) {
    auto opened = target.named->plugin->open();
    if (!opened) return opened;
  }
  return {};
}

void ImportWriter::add_up(Batch& batch) {
  for (auto& row : batch.hours) {
    auto [at, added] = hours_.try_emplace({row.day, row.hour, row.host, row.program}, row);
    HourRow& sum = at->second;
    if (!added) {
      sum.understood += row.understood;
      sum.ignored += row.ignored;
      sum.unknown += row.unknown;
      sum.unparsed += row.unparsed;
      sum.minutes |= row.minutes;
    }
    row = sum;
  }
  for (auto& row : batch.unknown) {
    auto [at, added] = unknown_.try_emplace({row.day, row.program, row.shape, row.slot}, row);
    if (!added) row.lines = at->second.lines += row.lines;
  }
}

Result<void> ImportWriter::write_due(Pipeline& pipeline, Time at, bool all) {
  for (bool more = true; more;) {
    Batch batch;
    more = pipeline.collect(at, all, batch);
    auto written = write(std::move(batch));
    if (!written) return written;
  }
  return {};
}

Result<void> ImportWriter::write(Batch batch) {
  batch.checkpoint = {};  // an import has no place to go on at
  // Counts are added up in the database, so a second import would count twice; the span of time does not
  // change.
  for (auto& row : batch.hosts) row.lines = row.unknown = 0;
  add_up(batch);
  // The next import of the same log may come with the next rotation.
  for (auto& row : batch.hints) row.until = now() + hints_kept;
  for (auto& row : batch.connects) mails_.add(row.id);
  for (auto& row : batch.deliveries) deliveries_.add(row.id);
  if (batch.empty()) return {};
  for (auto& target : targets_) {
    auto& sink = *target.named->plugin;
    BatchWrite work(sink, batch, target.dead_letter);
    auto written = patiently(sink.describe(), [&] { return work.run(); });
    dead_letters_ += work.dead();
    if (!written) return written;
  }
  return {};
}

template <class Ask>
auto ImportWriter::ask_first(Ask ask) {
  auto& sink = *targets_.front().named->plugin;
  return patiently(sink.describe(), [&]() -> decltype(ask(*reader_)) {
    if (!reader_) {
      auto reader = sink.open_reader();
      if (!reader) return reader.error();
      reader_ = std::move(*reader);
    }
    return ask(*reader_);
  });
}

FindOpen ImportWriter::find_open() {
  return [this](const std::string& server, const std::string& queue_id, Time at) -> std::optional<Mail> {
    auto found = ask_first([&](Reader& reader) { return reader.find_open(server, queue_id, at); });
    return found ? std::move(*found) : std::nullopt;
  };
}

FindRefusals ImportWriter::find_refusals() {
  return [this](const std::string& server, Time from, Time to) {
    Query query;
    query.logged_by = server;
    query.connect_from = from;
    query.connect_to = to;
    query.status = {"rejected", "blocked", "greylisted", "discarded"};
    query.limit = 1000;
    std::vector<Hit> hits;
    do {
      auto page = ask_first([&](Reader& reader) { return reader.search(query); });
      if (!page) break;
      std::move(page->hits.begin(), page->hits.end(), std::back_inserter(hits));
      query.after = page->complete ? "" : page->next;
    } while (!query.after.empty());
    return hits;
  };
}

Result<std::vector<HintRow>> ImportWriter::hints() {
  return ask_first([](Reader& reader) { return reader.hints(now(), most_hints); });
}

}  // namespace mailtrace
