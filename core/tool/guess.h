// Paste anything: what a text without a field name may mean. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/query.h"

namespace mailtrace {

// The criteria of `base` with those that `text` may mean added, the likeliest first. Tried in order until one
// finds something. Empty: the text is blank.
std::vector<Query> guesses(std::string_view text, const Query& base);

bool is_ip_address(std::string_view text);
// A short (5-20 hex digits) or long Postfix queue id, or an Exim one.
bool is_queue_id(std::string_view text);

}  // namespace mailtrace
