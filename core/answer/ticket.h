// The text for a ticket: the verdict, the evidence, a permanent link. Any thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/answer/verdict.h"

namespace mailtrace {

struct TicketOptions {
  Audience audience = Audience::customer;
  Language language = Language::english;
  const date::time_zone* zone = nullptr;  // null: UTC
  std::string link;                       // permanent; empty: none
  // What the reader may see anyhow: his own addresses and domains ("@example.org"), in lower case. All other
  // addresses are masked for customers. Empty: the helpdesk writes to a caller who wrote the mail or misses
  // it, and either knows its sender, which stays; the recipients are masked, for of several he may be one.
  std::vector<std::string> own_addresses;
  // Whom the caller asked about: named as they are, or he would not know his mail again. Whole addresses.
  std::vector<std::string> asked;
};

// Plain text, LF, ends with LF. What is the same for all recipients is said once. For customers: other
// people's addresses masked, no names or addresses of our own hosts. Control characters of logged text are
// escaped (core/base/text.h printable).
std::string ticket_text(const Trace& trace, const std::vector<MailVerdict>& verdicts,
                        const TicketOptions& options);

// "a***@example.org"; domains stay. `shown`: so many characters of the name.
std::string masked_address(std::string_view address, size_t shown = 1);
// By address, in lower case: its mask, told apart from those of the others by more letters, or by a number
// where these would show most of a name.
std::map<std::string, std::string> distinct_masks(const std::vector<std::string>& addresses);
// Every address in `text` that is not among `own` masked.
std::string mask_addresses(std::string_view text, const std::vector<std::string>& own);

}  // namespace mailtrace
