// Logins that failed; what ended well or for other reasons says nothing about a mail. Pipeline thread.
#include <array>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "plugins/parsers/dovecot/dovecot.h"

namespace mailtrace::dovecot {
namespace {

// src/login-common/client-common.c, client_get_extra_disconnect_reason(); the names in words of 2.4 follow
// them in brackets of their own.
constexpr std::array<std::string_view, 9> reasons = {"(auth failed, ",
                                                     "(authorization failed, ",
                                                     "(user disabled",
                                                     "(password expired",
                                                     "(login disabled",
                                                     "(tried to use disallowed plaintext auth",
                                                     "(tried to use unsupported auth mechanism",
                                                     "(client sent an invalid cert",
                                                     "(client didn't send a cert"};

bool read_reason(std::string_view text, std::string_view& reason) {
  for (auto words : reasons) {
    size_t at = text.find(words);
    if (at == std::string_view::npos) continue;
    size_t close = text.find(')', at);
    if (close == std::string_view::npos) return false;
    reason = text.substr(at + 1, close - at - 1);
    return true;
  }
  return false;
}

// "user=<…>, method=PLAIN, rip=192.0.2.1, …": the user is what a stranger typed, up to 80 characters, and may
// hold all of this; the last ones are Dovecot's.
bool read_elements(std::string_view text, LoginFailed& failed) {
  Scan scan(text);
  if (!scan.skip("user=<")) return false;
  size_t method = text.rfind(">, method="), rip = text.rfind(">, rip=");
  bool named = method != std::string_view::npos && (rip == std::string_view::npos || rip < method);
  size_t end = named ? method : rip;
  if (end == std::string_view::npos || end < 6) return false;
  failed.username = text.substr(6, end - 6);
  Scan rest(text.substr(end + 3));
  if (named && (!rest.skip("method=") || !rest.until(", ", failed.mechanism))) return false;
  std::string_view address = rest.rest();
  if (!rest.skip("rip=")) return false;
  if (!rest.until(",", address)) address = rest.rest();
  if (!looks_like_ip(address)) return false;
  failed.client.addr = address;
  return true;
}

}  // namespace

Parsed parse_login(const Line& line, Fact& fact) {
  Scan scan(line.text);
  std::string_view what;
  if (!scan.until(": user=<", what)) return Parsed::ignored;
  LoginFailed failed;
  if (what == "Login" || what == "Logged in" || !read_reason(what, failed.reason)) return Parsed::ignored;
  if (!read_elements(line.text.substr(what.size() + 2), failed)) return Parsed::unknown;
  fact = failed;
  return Parsed::fact;
}

}  // namespace mailtrace::dovecot
