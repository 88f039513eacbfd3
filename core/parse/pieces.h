// Pieces that the lines of many mail programs share. For parsers; pipeline thread.
#pragma once
#include <cstddef>
#include <string_view>

#include "core/base/scan.h"

namespace mailtrace {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_alnum(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// Steps over the first `count` bytes.
inline std::string_view take(Scan& scan, size_t count) {
  std::string_view out = scan.rest().substr(0, count);
  scan.skip(out);
  return out;
}

// A word of letters, digits and `others`, at least one.
inline bool read_word(Scan& scan, std::string_view others, std::string_view& word) {
  std::string_view text = scan.rest();
  size_t at = 0;
  while (at < text.size() && (is_alnum(text[at]) || others.find(text[at]) != std::string_view::npos)) ++at;
  if (!at) return false;
  word = take(scan, at);
  return true;
}

// "QID: ": letters, digits and `others`, as many as a queue id may have.
inline bool read_id(Scan& scan, std::string_view others, std::string_view& id) {
  Scan ahead = scan;
  std::string_view word;
  if (!read_word(ahead, others, word) || word.size() < 5 || word.size() > 32 || !ahead.skip(": "))
    return false;
  id = word;
  scan = ahead;
  return true;
}

// A quoted string with its quotes (RFC 5321 4.1.2): its length; 0 if `text` does not begin with one.
inline size_t quoted_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at < text.size() ? at + 1 : 0;
}

// `<address>`, a quoted local part first, so that what it contains is never taken for the line's own
// structure. False for anything else, also where a blank or another "<" comes before the ">".
inline bool read_path(Scan& scan, std::string_view& address) {
  std::string_view text = scan.rest();
  if (!text.starts_with('<')) return false;
  text.remove_prefix(1);
  size_t at = quoted_length(text);
  while (at < text.size() && text[at] != '>' && text[at] != '<' && text[at] != ' ' && text[at] != '"') ++at;
  if (at >= text.size() || text[at] != '>') return false;
  address = text.substr(0, at);
  take(scan, at + 2);
  return true;
}

// Whether it can be an IPv4 or IPv6 address: only its characters, and long enough.
inline bool looks_like_ip(std::string_view text) {
  if (text.size() < 2 || text.size() > 45) return false;
  bool point = false;
  for (char c : text) {
    point = point || c == '.' || c == ':';
    if (!is_digit(c) && c != '.' && c != ':' && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F'))
      return false;
  }
  return point;
}

// "550 " or "550-" in front of a reply; 0 if there is none.
inline int read_reply_code(Scan& scan) {
  std::string_view text = scan.rest();
  if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !is_digit(text[1]) || !is_digit(text[2])) return 0;
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-') return 0;
  take(scan, 4);
  return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

// "5.1.1 " in front of a text (RFC 3463); empty if there is none.
inline std::string_view read_enhanced_code(Scan& scan) {
  std::string_view text = scan.rest();
  size_t at = 0, dots = 0;
  while (at < text.size() && (is_digit(text[at]) || (text[at] == '.' && at > 0))) dots += text[at++] == '.';
  if (dots != 2 || at < 5 || at > 9 || text[1] != '.' || text[at - 1] == '.') return {};
  if (at < text.size() && text[at] != ' ') return {};
  take(scan, at + 1);
  return text.substr(0, at);
}

inline std::string_view last_word(std::string_view text) {
  size_t blank = text.rfind(' ');
  return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

// Where `needle` is, if it is there exactly once: what outsiders write may hold it too, and then nobody can
// tell which one is the program's own.
inline size_t find_only(std::string_view text, std::string_view needle) {
  size_t at = text.find(needle);
  if (at == std::string_view::npos || text.find(needle, at + 1) != std::string_view::npos)
    return std::string_view::npos;
  return at;
}

// The other side's queue id out of its reply, if the reply ends as that program ends it: "Ok: queued as X",
// "… bytes queued as X" (Postfix, amavis), "OK id=X" (Exim), "X Message accepted for delivery" (Sendmail). A
// claim of a stranger. `reply` may begin with its codes.
inline std::string_view queued_as(std::string_view reply) {
  Scan scan(reply);
  read_reply_code(scan);
  read_enhanced_code(scan);
  std::string_view text = scan.rest(), id = last_word(text), own;
  std::string_view before = text.substr(0, text.size() - id.size());
  Scan word(id.starts_with("id=") ? id.substr(3) : id);
  bool exim = id.starts_with("id=") && before == "OK ";
  if (exim || before.ends_with(" queued as "))
    return read_word(word, "-", own) && word.at_end() && own.size() > 4 && own.size() < 41
               ? own
               : std::string_view();
  if (read_word(scan, "", own) && scan.rest() == " Message accepted for delivery") return own;
  return {};
}

}  // namespace mailtrace
