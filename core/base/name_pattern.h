// Names of hosts and certificates against what is configured about them. Any thread.
#pragma once
#include <string_view>

namespace mailtrace {

// "mx.example.org" matches itself, "*.example.org" and "*", whatever the case of letters.
bool name_matches(std::string_view name, std::string_view pattern);

}  // namespace mailtrace
