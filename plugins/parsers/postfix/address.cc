// Pieces of Postfix lines, read from left to right without a look ahead. Pipeline thread.
#include "plugins/parsers/postfix/address.h"

#include <array>

#include "core/mail/queue_id.h"

namespace mailtrace::postfix {
namespace {

enum : unsigned char { atom = 1, domain = 2, word = 4 };

// Which of the sets above a byte belongs to.
constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> classes{};
  for (int i = 0; i < 256; ++i) {
    char c = static_cast<char>(i);
    unsigned char set = 0;
    bool digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
    if (digit || upper || lower || c == '-' || c == '_' || c == '.') set |= word;
    bool special = false;
    for (char s : std::string_view("<>()[]\\,;:@\" ")) special = special || s == c;
    bool control = i < 32 || i == 127;
    if (!special && !control) set |= atom;
    if (!control && !special) set |= domain;
    if (c == '[' || c == ']' || c == ':') set |= domain;  // [IPv6:2001:db8::1]
    classes[static_cast<size_t>(i)] = set;
  }
  return classes;
}
constexpr auto classes = make_classes();

bool is(char c, unsigned char set) { return classes[static_cast<unsigned char>(c)] & set; }

size_t quoted_string(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at < text.size() ? at + 1 : 0;
}

void step(Scan& scan, size_t count) { scan.skip(scan.rest().substr(0, count)); }

}  // namespace

bool read_queue_id(Scan& scan, std::string_view& id) {
  std::string_view text = scan.rest().substr(0, longest_long_queue_id + 2);
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 >= text.size() || text[colon + 1] != ' ') return false;
  if (!is_postfix_queue_id(text.substr(0, colon))) return false;
  id = text.substr(0, colon);
  step(scan, colon + 2);
  return true;
}

bool read_peer(Scan& scan, Peer& peer) {
  std::string_view text = scan.rest();
  size_t open = 0;
  while (open < text.size() && text[open] != '[') {
    if (text[open] == ' ' || text[open] == ',' || text[open] == ';') return false;
    ++open;
  }
  size_t close = text.find(']', open);
  if (close == std::string_view::npos) return false;
  std::string_view addr = text.substr(open + 1, close - open - 1);
  if (addr.find(' ') != std::string_view::npos) return false;
  if (addr.starts_with("IPv6:")) addr.remove_prefix(5);
  peer = {text.substr(0, open), addr, 0};
  size_t end = close + 1;
  int port = 0;
  size_t digit = end + 1;
  if (end < text.size() && text[end] == ':') {
    while (digit < text.size() && digit <= end + 5 && text[digit] >= '0' && text[digit] <= '9')
      port = port * 10 + (text[digit++] - '0');
    if (digit > end + 1) {
      peer.port = port;
      end = digit;
    }
  }
  step(scan, end);
  return true;
}

bool read_address(Scan& scan, std::string_view& address) {
  std::string_view text = scan.rest();
  if (!text.starts_with('<')) return false;
  text.remove_prefix(1);
  size_t at = 0;
  if (text.starts_with('"')) {
    at = quoted_string(text);
    if (!at) return false;
  } else {
    while (at < text.size() && is(text[at], atom)) ++at;
  }
  if (at < text.size() && text[at] == '@') {
    ++at;
    while (at < text.size() && is(text[at], domain)) ++at;
  }
  if (at >= text.size() || text[at] != '>') return false;
  address = text.substr(0, at);
  step(scan, at + 2);
  return true;
}

bool read_address_before(Scan& scan, AddressForm form, std::string_view next, std::string_view& address) {
  Scan strict = scan;
  if (form == AddressForm::external && read_address(strict, address)) {
    scan = strict;
    return true;
  }
  std::string_view text = scan.rest();
  if (!text.starts_with('<')) return false;
  size_t found = std::string_view::npos;
  for (size_t at = text.find('>'); at != std::string_view::npos; at = text.find('>', at + 1)) {
    if (!text.substr(at + 1).starts_with(next)) continue;
    if (found != std::string_view::npos) return false;
    found = at;
  }
  if (found == std::string_view::npos) return false;
  address = text.substr(1, found - 1);
  step(scan, found + 1);
  return true;
}

bool read_word(Scan& scan, std::string_view& out) {
  std::string_view text = scan.rest();
  size_t at = 0;
  while (at < text.size() && is(text[at], word)) ++at;
  if (!at) return false;
  out = text.substr(0, at);
  step(scan, at);
  return true;
}

int read_code(Scan& scan) {
  std::string_view text = scan.rest();
  if (text.size() < 3 || text[0] < '2' || text[0] > '5') return 0;
  for (size_t i = 1; i < 3; ++i)
    if (text[i] < '0' || text[i] > '9') return 0;
  if (text.size() > 3 && text[3] != ' ' && text[3] != '-') return 0;
  step(scan, text.size() > 3 ? 4 : 3);
  return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

// RFC 3463: class "." subject "." detail
std::string_view read_dsn(Scan& scan) {
  std::string_view text = scan.rest();
  size_t at = 0, dots = 0;
  while (at < text.size() && ((text[at] >= '0' && text[at] <= '9') || (text[at] == '.' && at > 0)))
    dots += text[at++] == '.';
  if (dots != 2 || at < 5 || at > 9 || text[1] != '.' || text[at - 1] == '.') return {};
  if (at < text.size() && text[at] != ' ') return {};
  step(scan, at < text.size() ? at + 1 : at);
  return text.substr(0, at);
}

bool starts_with_word(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (c != prefix[i]) return false;
  }
  return true;
}

bool contains_word(std::string_view text, std::string_view needle) {
  for (; text.size() >= needle.size(); text.remove_prefix(1))
    if (starts_with_word(text, needle)) return true;
  return false;
}

}  // namespace mailtrace::postfix
