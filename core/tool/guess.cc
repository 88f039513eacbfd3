// What a pasted text may be. Any thread.
#include "core/tool/guess.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

#include "core/base/text.h"

namespace mailtrace {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool all_of(std::string_view text, int (*is)(int)) {
  return std::all_of(text.begin(), text.end(),
                     [is](char c) { return is(static_cast<unsigned char>(c)) != 0; });
}

// "Message-ID: <…>", "message-id=<…>", "to=<…>," and "mailto:…" as they are copied out of headers and logs.
std::string_view without_label(std::string_view text) {
  auto low = lower(text.substr(0, 16));
  for (std::string_view label : {"message-id:", "message-id=", "mailto:", "from=", "to=", "from:", "to:"})
    if (low.starts_with(label)) return trimmed(text.substr(label.size()));
  return text;
}

}  // namespace

bool is_ip_address(std::string_view text) {
  unsigned char bytes[16];
  std::string copy(text);
  return ::inet_pton(AF_INET, copy.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, copy.c_str(), bytes) == 1;
}

bool is_queue_id(std::string_view text) {
  // postfix src/global/mail_queue.h: short ids are upper-case hex (microseconds and inode).
  bool is_short = text.size() >= 6 && text.size() <= 20 && all_of(text, std::isxdigit) &&
                  all_of(text, [](int c) { return std::islower(c) ? 0 : 1; });
  if (is_short) return true;
  // Exim: 1pQxyz-0001AB-CD
  if (text.size() == 16 && text[6] == '-' && text[13] == '-') return true;
  // Long: 6 digits of seconds, 4 of microseconds, 'z', inode; base 52 without vowels.
  return text.size() >= 12 && text.size() <= 22 && text[10] == 'z' && all_of(text, std::isalnum);
}

std::vector<Query> guesses(std::string_view given, const Query& base) {
  std::vector<Query> out;
  auto add = [&](auto Query::*member, const std::string& value) {
    Query query = base;
    query.*member = value;
    out.push_back(std::move(query));
  };
  auto text = trimmed(given);
  if (text.empty()) return out;
  bool names_id = lower(text.substr(0, 10)) == "message-id";
  text = without_label(text);
  while (text.ends_with(",") || text.ends_with(";")) text.remove_suffix(1);
  std::string plain(text);
  bool bracketed = text.size() > 2 && text.front() == '<' && text.back() == '>';
  if (bracketed) plain = std::string(text.substr(1, text.size() - 2));
  if (text.front() == '[' && text.back() == ']') plain = std::string(text.substr(1, text.size() - 2));

  if (is_ip_address(plain)) {
    add(&Query::received_from, plain);
    add(&Query::sent_to, plain);
    return out;
  }
  auto at = plain.find('@');
  if (at != std::string::npos) {
    // Both have the same form; brackets stand around Message-IDs more often than around addresses.
    bool id_first = names_id || bracketed;
    if (id_first) add(&Query::message_id, plain);
    add(&Query::address, plain);
    if (!id_first && at > 0) add(&Query::message_id, plain);
    return out;
  }
  if (names_id) {
    add(&Query::message_id, plain);
    return out;
  }
  if (is_queue_id(plain)) add(&Query::queue_id, plain);
  bool has_blank = plain.find(' ') != std::string::npos;
  if (!has_blank && plain.find('.') != std::string::npos) {
    add(&Query::address, "@" + plain);
    add(&Query::received_from, plain);
    add(&Query::sent_to, plain);
    add(&Query::logged_by, plain);
  }
  if (!has_blank) add(&Query::address, "*" + plain + "*");
  add(&Query::subject, "*" + plain + "*");
  add(&Query::response, "*" + plain + "*");
  return out;
}

}  // namespace mailtrace
