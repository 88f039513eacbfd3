// Log lines, headers and non-delivery notices among what was pasted. Called by understand(). Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/answer/understand.h"

namespace mailtrace {

// None: it is no such text.
std::optional<Understood> read_pasted_text(std::string_view text, const Query& base,
                                           const HeaderOptions& options);

std::string_view trimmed(std::string_view text);
// The first address in "Boris <boris@example.org>" or "to boris@example.org."; "" if there is none.
std::string address_in(std::string_view text);
// "Mon, 23 Nov 2026 20:11:54 +0100 (CET)" (RFC 5322 3.3).
bool parse_mail_date(std::string_view text, Time& out);
Words part_words(std::string_view name);

}  // namespace mailtrace
