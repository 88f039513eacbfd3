// Sequencer: gives the lines of each host back in order of their stamps. Pipeline thread.
// A line is held until the same host sent one that is `reorder` younger, or until it was received `reorder`
// ago; equal stamps keep the order in which they came. Lines with equal identity within the window pass once;
// only lines with whole-second stamps all pass, because there equal identity may still be two lines (a short
// queue id used twice within a second) and the tracker knows better.
#pragma once
#include <functional>
#include <memory>

#include "core/parse/log_line.h"

namespace mailtrace {

class Sequencer {
 public:
  using Out = std::function<void(const LogLine&)>;
  // `max_held`: more lines than this push the oldest out early (memory stays bounded).
  static std::unique_ptr<Sequencer> make(Microseconds reorder, size_t max_held, Out out);
  virtual ~Sequencer() = default;
  virtual void put(const LogLine& line) = 0;         // copies what it keeps
  virtual void tick(Time now) = 0;                   // releases what was received long enough ago
  virtual void drain() = 0;                          // releases everything
  virtual uint64_t pinned(uint64_t next) const = 0;  // lowest sequence held
  virtual size_t held() const = 0;
  virtual size_t hosts() const = 0;  // names in memory; those without waiting lines are forgotten when many
};

}  // namespace mailtrace
