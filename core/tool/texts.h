// The German of every text that search, show, status and import print. Any thread.
#pragma once
#include <string_view>

namespace mailtrace {

// The German for an English text of this program; the English itself if there is none.
std::string_view german_text(std::string_view english);

}  // namespace mailtrace
