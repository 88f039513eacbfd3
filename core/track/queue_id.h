// Queue ids: what a queue id alone says about its mail. Any thread.
#pragma once
#include <string_view>

#include "core/base/id.h"

namespace mailtrace {

// True for a long Postfix queue id (enable_long_queue_ids), which is never used twice; `birth` is decoded.
bool long_queue_id(std::string_view queue_id, Time& birth);

// The id of the mail `queue_id` on `server`. `generation`: "" for long ids; else the stamp of its first line
// in microseconds, followed by "+n" if n mails before it had the same id and the same whole-second stamp.
Id mail_id(Time birth, std::string_view server, std::string_view queue_id, std::string_view generation);

}  // namespace mailtrace
