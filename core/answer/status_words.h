// One word for each status, the same in lists, verdicts and pictures. Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/answer/words.h"
#include "core/mail/rows.h"

namespace mailtrace {

// What a row itself proves: its status, or "delivered", "forwarded", "rejected", "discarded" where the
// mailbox says more than "sent"; "queued" without a delivery, "" where the status is not known.
std::string row_status(const ConnectRow& connect, const DeliverRow* deliver);

// "expired", "aufgegeben": English has the stored word; "unknown", "unbekannt" for one that row_status() does
// not give.
Words status_words(std::string_view row_status);

}  // namespace mailtrace
