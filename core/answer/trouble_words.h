// Troubles as callers name them: "Postfach voll", "blocked as spam". Servers answer in English, in words of
// their own: what to search for instead. Any thread.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/answer/words.h"

namespace mailtrace {

struct Trouble {
  std::string_view en, de;                 // "a full mailbox"
  std::vector<std::string_view> phrases;   // in lower case, without words like "is"
  std::vector<std::string_view> statuses;  // any of them
  std::vector<std::string_view> replies;   // patterns of the answer, the likeliest first
};
std::span<const Trouble> troubles();

// The trouble that the words name, whose words are taken out; null: none.
const Trouble* take_trouble(std::vector<std::string_view>& words);

// "a full mailbox: bounced or deferred, and the server's answer says so"
Words trouble_words(const Trouble& trouble, std::span<const std::string> statuses);

}  // namespace mailtrace
