// The list that `mailtrace search` shows people: two lines a result, in and out. Main thread.
#pragma once
#include <string>
#include <vector>

#include "core/mail/query.h"
#include "core/tool/terminal.h"

namespace mailtrace {

std::string result_table(const std::vector<Hit>& hits, const Terminal& terminal);

// Of what row_status() gives (core/answer/status_words.h).
std::string status_word(const std::string& status, const Terminal& terminal);
Colour status_colour(const std::string& status);
// "name [addr]:port" with what is known; safe to print.
std::string host_text(const std::optional<std::string>& name, const std::optional<std::string>& addr,
                      std::optional<int64_t> port = {});
// The address, "<>" for the null sender, "?" for an unknown one; safe to print.
std::string address_text(const std::optional<std::string>& address);
// The Message-ID in <>; "" if unknown.
std::string message_id_text(const std::optional<std::string>& id);

}  // namespace mailtrace
