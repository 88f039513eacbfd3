// Writes a batch so that one bad row cannot stop the others. Called by SinkWorker and `mailtrace import`.
#pragma once
#include "core/plugin/sink.h"
#include "core/store/dead_letter.h"

namespace mailtrace {

// Sink::write; on Fault::permanent the batch is halved until the bad row stands alone, that goes to the
// dead-letter file, then the checkpoint is written. Every other fault comes back unchanged and the call may
// be repeated: rows written before are the same rows again. `dead` counts the rows that were set aside.
Result<void> write_batch(Sink& sink, const Batch& batch, DeadLetter& dead_letter, size_t& dead);

}  // namespace mailtrace
