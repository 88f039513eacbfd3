// BatchWrite: writes a batch so that one bad row cannot stop the others. Used by SinkWorker and
// `mailtrace import`.
#pragma once
#include <vector>

#include "core/plugin/sink.h"
#include "core/store/dead_letter.h"

namespace mailtrace {

// One batch on its way into one sink; all three outlive it.
class BatchWrite {
 public:
  BatchWrite(Sink& sink, const Batch& batch, DeadLetter& dead_letter);
  // Sink::write; on Fault::permanent the batch is halved until the bad rows stand alone. Those about mails go
  // to the dead-letter file; those that only count lines are left out, logged and counted in
  // sink_refused_counts_total. Then the others are written with the checkpoint. Every other fault comes back
  // unchanged, and run() may be called again: rows written before are the same rows again, and what was set
  // aside is not set aside twice.
  Result<void> run();
  size_t dead() const { return dead_; }  // rows in the dead-letter file

 private:
  // The rows of a batch as one row of slots: first those about mails, then the counts.
  Batch part(size_t first, size_t last) const;
  Batch with_checkpoint(Batch part) const;
  template <class Try>
  Result<void> halve(size_t first, size_t last, Try attempt);
  Result<void> set_aside(size_t slot, const Batch& one, const Error& error);
  Result<void> leave_out(size_t slot, const Error& error);
  Result<void> sift_counts();
  bool any_aside() const;

  Sink& sink_;
  const Batch& batch_;
  DeadLetter& dead_letter_;
  size_t mails_;             // slots about mails
  std::vector<bool> aside_;  // by slot
  size_t dead_ = 0;
};

}  // namespace mailtrace
