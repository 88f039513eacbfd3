// What the logging hosts sent in the time asked for, and whether that is all. Called by prove_nothing(). The
// Reader's thread.
#pragma once
#include "core/answer/proof.h"

namespace mailtrace {

// Every host of the kept days counts, also one that sent nothing in this time: its mails of this time may be
// missing. Fills hosts, losses, complete and, as `sentence`, why the logs are not. `from` absent: since the
// logs begin; it is set.
Result<void> prove_hosts(Reader& reader, std::optional<Time>& from, Time to, const ProofOptions& options,
                         Proof& out);

}  // namespace mailtrace
