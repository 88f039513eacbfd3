// What an answer of a mail server says, without what outsiders can put into it. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

struct Reply {
  int code = 0;       // 550; 0: none
  std::string dsn;    // "5.1.1"; "": none
  std::string plain;  // what patterns are compared with: see plain_reply()
};

// Lower case, single blanks; without "(in reply to …)", anything in <> or with an @ (addresses are written by
// outsiders), without SMTP and enhanced codes, which break a reply of several lines anywhere.
std::string plain_reply(std::string_view text);
// Code and enhanced code behind "said: ", or at the start.
Reply read_reply(std::string_view text);
// The longest stretch of an answer that others get, too: no numbers, addresses or names of hosts in it. To be
// searched for as it stands; empty if all of them are short.
std::string longest_phrase(std::string_view text);
// True if `word` is an enhanced status code: 2, 4 or 5, then two numbers (RFC 3463 2).
bool is_enhanced_code(std::string_view word);

// A pattern of an explanation: pieces between `*`, found one behind the other, anywhere in the text.
class ReplyPattern {
 public:
  explicit ReplyPattern(std::string_view text);
  bool matches(std::string_view plain) const;
  size_t literal() const { return literal_; }  // characters that are no `*`

 private:
  std::vector<std::string> pieces_;
  size_t literal_ = 0;
};

}  // namespace mailtrace
