// Prober: what a Sink may be besides, found by dynamic_cast. Sinks without it work as well.
#pragma once
#include "core/base/result.h"
#include "core/mail/rows.h"

namespace mailtrace {

// The sink's own thread.
class Prober {
 public:
  virtual ~Prober() = default;
  // Does what Sink::write does and undoes it, to learn whether the rows would be taken.
  virtual Result<void> probe(const Batch& batch) noexcept = 0;
};

}  // namespace mailtrace
