// ImportWriter: what an import has understood goes to every configured database. Main thread.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/sink.h"
#include "core/store/dead_letter.h"
#include "core/store/pipeline.h"
#include "core/tool/setup.h"
#include "core/track/tracker.h"

namespace mailtrace {

// Of an import time does not pass, so age tells nothing: its mails leave memory when there are so many, those
// that are done first. What a later line needs of them is read from the database.
TrackerConfig import_config(TrackerConfig config);

// Counts ids, each once, in 8 bytes an id.
class DistinctIds {
 public:
  void add(const Id& id);
  size_t count();

 private:
  void compact();
  std::vector<uint64_t> hashes_;
  size_t compact_at_ = 1 << 16;
};

class ImportWriter {
 public:
  explicit ImportWriter(Setup& setup);
  Result<void> open();
  // Returns when every database has it. Waits for one that went away, for ever, and says so once.
  Result<void> write(Batch batch);
  // Writes what is due in the pipeline at `at`; with `all`, everything.
  Result<void> write_due(Pipeline& pipeline, Time at, bool all);
  // Asks the first database.
  FindOpen find_open();
  FindRefusals find_refusals();
  // What the import before this one had half seen.
  Result<std::vector<HintRow>> hints();

  size_t mails() { return mails_.count(); }
  size_t deliveries() { return deliveries_.count(); }
  size_t dead_letters() const { return dead_letters_; }

 private:
  // Asks the first database.
  template <class Ask>
  auto ask_first(Ask ask);
  struct Target {
    NamedPlugin<Sink>* named;
    DeadLetter dead_letter;
  };
  // Sums of the whole run, because those merge by the larger in the database.
  void add_up(Batch& batch);

  std::map<std::tuple<Day, int64_t, std::string, std::string>, HourRow> hours_;
  std::map<std::tuple<Day, std::string, Id, int64_t>, UnknownRow> unknown_;
  std::vector<Target> targets_;
  std::unique_ptr<Reader> reader_;
  DistinctIds mails_, deliveries_;
  size_t dead_letters_ = 0;
};

}  // namespace mailtrace
