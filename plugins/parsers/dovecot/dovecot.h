// What the files of the Dovecot parser share. Pipeline thread.
#pragma once
#include <string_view>

#include "core/plugin/parser.h"

namespace mailtrace::dovecot {

// "service(user)<pid><session>: text", as far as the line has it.
struct Line {
  std::string_view service, user, session, text;
};
bool read_line(std::string_view text, Line& line);

// lmtp, lda, deliver: "msgid=…: …", "sieve: msgid=…: …".
Parsed parse_delivery(const Line& line, Fact& fact);
// imap-login, pop3-login, submission-login, managesieve-login.
Parsed parse_login(const Line& line, Fact& fact);

}  // namespace mailtrace::dovecot
