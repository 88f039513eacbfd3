// What a Postfix queue id looks like; postfix src/global/mail_queue.h. Any thread.
#pragma once
#include <string_view>

namespace mailtrace {

// The longest: a short one of 5 digits of microseconds and 16 of a 64-bit inode; a long one of 10 digits of
// time, `z` and 12 of the inode.
inline constexpr size_t longest_short_queue_id = 21, longest_long_queue_id = 23;

// Whether `text` is one, short (upper-case hex) or long (base 52, enable_long_queue_ids), and nothing else.
bool is_postfix_queue_id(std::string_view text);

}  // namespace mailtrace
