// Replay: log lines through the real parser and pipeline into a database made of maps. For the golden traces,
// the properties over the corpus, and tests/corpus/rows_tool.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/mail/query.h"
#include "core/mail/rows.h"
#include "core/parse/router.h"
#include "core/plugin/cache.h"
#include "core/store/pipeline.h"

namespace mailtrace {

// What a sink would have stored.
class StoredRows {
 public:
  void take(const Batch& batch);
  std::optional<Mail> find_open(const std::string& server, const std::string& queue_id, Time at) const;
  // One JSON object per row, connects by id and then deliveries, in table order; `lines`: raw lines too.
  std::vector<std::string> print(bool lines = false) const;
  // The same rows under the ids they get when the first line of every mail comes first.
  StoredRows as_if_in_order() const;

  std::map<Id, ConnectRow> connects;
  std::map<Id, DeliverRow> deliveries;
  std::map<Id, std::set<std::string>> lines;
  std::map<std::pair<Day, std::string>, HostRow> hosts;
  std::map<Id, HintRow> hints;
  Checkpoint checkpoint;
};

// A cache in this process. Several pipelines may share it.
class MapCache : public Cache {
 public:
  Result<void> open() noexcept override { return {}; }
  void put(std::string_view key, std::string_view value, int seconds) noexcept override;
  bool add(std::string_view key, std::string_view value, int seconds) noexcept override;
  std::vector<std::optional<std::string>> get(std::span<const std::string> keys) noexcept override;
  void flush() noexcept override {}
  std::string describe() const noexcept override { return "map"; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

class Replay {
 public:
  // Loads the parsers, and `more`; ends the program if one is not there.
  explicit Replay(const std::vector<std::string>& more = {});
  // A line is received when the youngest so far was logged; rows are collected every 101 lines.
  std::unique_ptr<Pipeline> pipeline(StoredRows& rows, Cache* cache = nullptr, HeaderOptions header = {});
  void feed(Pipeline& pipeline, StoredRows& rows, const std::vector<std::string>& lines);
  // Time goes by without lines; what is due then is collected.
  void wait(std::chrono::seconds time, Pipeline& pipeline, StoredRows& rows);
  void finish(Pipeline& pipeline, StoredRows& rows);
  StoredRows run(const std::vector<std::string>& lines);
  // Each part is one `mailtrace import`; they share nothing but the stored rows and hints.
  StoredRows import(const std::vector<std::vector<std::string>>& parts);
  // The first `cut` lines to one import, the rest to another.
  StoredRows import_cut(const std::vector<std::string>& lines, size_t cut);
  // A daemon that is told to end behind the first `cut` lines, and one that goes on after an hour without
  // lines. They share nothing but the stored rows and hints.
  StoredRows run_restarted(const std::vector<std::string>& lines, size_t cut);
  // Killed after that many lines, with rows collected every few; a new pipeline reads on at the checkpoint.
  StoredRows run_killed(const std::vector<std::string>& lines, size_t killed_after, size_t collect_every);
  // Lines in turn to two pipelines that share a cache.
  StoredRows run_alternate(const std::vector<std::string>& lines);
  // Two pipelines that share a cache; each connection of a host goes to one of them for a stretch of lines,
  // as a balancer cuts them. The same seed, the same stretches.
  StoredRows run_split(const std::vector<std::string>& lines, unsigned seed);
  // A stamp as the header parser reads it.
  Time stamp(const std::string& line) const;

  TrackerConfig config;

 private:
  void collect(Pipeline& pipeline, StoredRows& rows, bool all);
  StoredRows run_shared(const std::vector<std::string>& lines,
                        const std::function<size_t(size_t)>& instance_of);

  std::vector<std::unique_ptr<Parser>> parsers_;
  Router router_;
  uint64_t sequence_ = 0;
  Time start_, received_;
};

// What only one of them has, for the reader of a failed test.
std::string difference(const std::vector<std::string>& one, const std::vector<std::string>& other);
std::vector<std::string> read_lines(const std::string& file);
// Lines out of order by less than two seconds, as several transports deliver them. The same seed, the same
// order.
std::vector<std::string> shuffled(const Replay& replay, const std::vector<std::string>& lines, unsigned seed);
std::vector<std::string> doubled(const std::vector<std::string>& lines);

}  // namespace mailtrace
