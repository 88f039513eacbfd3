// Reading the answers of mail servers. Any thread.
#include "core/answer/reply.h"

#include "core/base/text.h"

namespace mailtrace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_code(std::string_view word) {
  return word.size() == 3 && (word[0] == '2' || word[0] == '4' || word[0] == '5') && word[1] <= '5' &&
         is_digit(word[1]) && is_digit(word[2]);
}

// "550-5.7.26", "550-", "421-4.7.0": continuation lines of a reply.
bool is_continued_code(std::string_view word) {
  if (word.size() < 4 || word[3] != '-' || !is_code(word.substr(0, 3))) return false;
  word.remove_prefix(4);
  return word.empty() || is_enhanced_code(word);
}

std::string_view without_stop(std::string_view word) {
  while (word.ends_with(':') || word.ends_with(',') || word.ends_with(';')) word.remove_suffix(1);
  return word;
}

// Without "<…>"; an unclosed "<" or a very long one stays.
std::string without_brackets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto open = text.find('<');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open);
    auto close = text.find('>');
    if (close == std::string_view::npos || close > 400) {
      out += text;
      break;
    }
    text.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

bool is_enhanced_code(std::string_view word) {
  if (word.size() < 5 || (word[0] != '2' && word[0] != '4' && word[0] != '5') || word[1] != '.') return false;
  size_t dots = 0;
  for (size_t i = 1; i < word.size(); ++i) {
    if (word[i] == '.') {
      if (i + 1 == word.size() || word[i + 1] == '.') return false;
      ++dots;
    } else if (!is_digit(word[i])) {
      return false;
    }
  }
  return dots == 2 && word.size() <= 9;
}

std::string plain_reply(std::string_view given) {
  if (auto end = given.rfind(" (in reply to "); end != std::string_view::npos) given = given.substr(0, end);
  auto text = lower(without_brackets(given));
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto end = rest.find_first_of(" \t\r\n");
    auto word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    auto bare = without_stop(word);
    if (word.empty() || word.find('@') != std::string_view::npos) continue;
    if (is_code(bare) || is_continued_code(bare) || is_enhanced_code(bare)) continue;
    // "5.7.1_sender", "#5.1.1" and "550:" are words of their own.
    if (bare.starts_with('#') && is_enhanced_code(bare.substr(1))) continue;
    if (bare.empty()) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

std::string longest_phrase(std::string_view text) {
  constexpr size_t shortest = 8, longest = 100;
  if (auto end = text.rfind(" (in reply to "); end != std::string_view::npos) text = text.substr(0, end);
  auto varies = [](std::string_view word) {
    // A dot inside is a name of a host; one at the end ends a sentence.
    auto dot = word.find('.');
    bool name = dot != std::string_view::npos && dot + 1 < word.size();
    return name || word.find_first_of("0123456789@<>[]{}*#/=\xE2") != std::string_view::npos;
  };
  std::string_view best;
  for (size_t from = 0, at = 0; at <= text.size();) {
    auto end = std::min(text.find(' ', at), text.size());
    auto word = text.substr(at, end - at);
    if (varies(word)) {
      from = end + 1;
    } else if (auto stretch = text.substr(from, end - from);
               stretch.size() > best.size() && stretch.size() <= longest) {
      best = stretch;
    }
    at = end + 1;
  }
  return best.size() < shortest ? "" : std::string(best);
}

Reply read_reply(std::string_view text) {
  Reply out;
  out.plain = plain_reply(text);
  for (std::string_view key : {" said: ", " refused to talk to me: "})
    if (auto said = text.find(key); said != std::string_view::npos) {
      text.remove_prefix(said + key.size());
      break;
    }
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.size() >= 3 && is_code(text.substr(0, 3)) &&
      (text.size() == 3 || text[3] == ' ' || text[3] == '-')) {
    out.code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    text.remove_prefix(std::min<size_t>(text.size(), 4));
  }
  while (text.starts_with(' ') || text.starts_with('#')) text.remove_prefix(1);
  auto word = without_stop(text.substr(0, text.find(' ')));
  if (is_enhanced_code(word)) out.dsn = word;
  return out;
}

ReplyPattern::ReplyPattern(std::string_view text) {
  auto low = lower(text);
  std::string_view rest = low;
  while (!rest.empty()) {
    auto star = rest.find('*');
    if (star != 0) {
      pieces_.emplace_back(rest.substr(0, star));
      literal_ += pieces_.back().size();
    }
    if (star == std::string_view::npos) break;
    rest.remove_prefix(star + 1);
  }
}

bool ReplyPattern::matches(std::string_view plain) const {
  size_t at = 0;
  for (auto& piece : pieces_) {
    auto found = plain.find(piece, at);
    if (found == std::string_view::npos) return false;
    at = found + piece.size();
  }
  return true;
}

}  // namespace mailtrace
