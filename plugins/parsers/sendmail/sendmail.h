// What the files of the Sendmail parser share. Pipeline thread.
#pragma once
#include <string_view>

#include "core/base/scan.h"
#include "core/plugin/parser.h"

namespace mailtrace::sendmail {

// "mx.example.net. [192.0.2.1] (may be forged)", "anna@localhost", "[192.0.2.1]".
Peer read_relay(std::string_view text);

// Behind "QID: to=".
Parsed parse_attempt(std::string_view id, Scan scan, Fact& fact);
// "ruleset=…", "Milter: …", "<…>... User unknown", "AUTH failure …"; unknown: none of these.
Parsed parse_refusal(std::string_view id, Scan scan, Fact& fact);

}  // namespace mailtrace::sendmail
