// Whom a row without recipient is about: a hold, a deletion, the end of a mail's time name nobody. Any
// thread.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/answer/words.h"
#include "core/mail/rows.h"

namespace mailtrace {

// The recipients of the mail, of all whose deliveries are given, that were still waiting then; empty: nobody
// is known.
std::vector<std::string> meant_by(const DeliverRow& row, std::span<const DeliverRow> deliveries);
// Words for them where nobody is known: all of a mail; of what was refused before it was a mail, none.
Words unnamed_recipient(const ConnectRow& connect);

}  // namespace mailtrace
