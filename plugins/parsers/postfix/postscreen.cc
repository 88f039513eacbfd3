// postscreen and dnsblog: what was seen of a client before smtpd. Pipeline thread.
#include <array>

#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

// "PREGREET 14 after 0.05 from [192.0.2.1]:1234: EHLO x", "PASS NEW [192.0.2.1]:1234", "DNSBL rank 4 for
// [192.0.2.1]:1234"
struct Form {
  std::string_view start;  // the verdict, unless `upto` says that it is longer
  std::string_view upto;   // the client follows this
};
constexpr std::array<Form, 20> forms = {{{"PASS NEW", " "},
                                         {"PASS OLD", " "},
                                         {"WHITELISTED", " "},
                                         {"ALLOWLISTED", " "},
                                         {"BLACKLISTED", " "},
                                         {"DENYLISTED", " "},
                                         {"WHITELIST VETO", " "},
                                         {"ALLOWLIST VETO", " "},
                                         {"DNSBL rank ", " for "},
                                         {"PREGREET", " from "},
                                         {"HANGUP", " from "},
                                         {"COMMAND PIPELINING", " from "},
                                         {"NON-SMTP COMMAND", " from "},
                                         {"BARE NEWLINE", " from "},
                                         {"COMMAND TIME LIMIT", " from "},
                                         {"COMMAND COUNT LIMIT", " from "},
                                         {"COMMAND LENGTH LIMIT", " from "},
                                         {"DATA without valid RCPT", " from "},
                                         {"BDAT without valid RCPT", " from "},
                                         {"DATA or BDAT without valid RCPT", " from "}}};

bool is_noise(std::string_view text) {
  if (is_peer_note(text) || is_library_note(text)) return true;
  static constexpr std::array<std::string_view, 13> notes = {
      "CONNECT from ", "DISCONNECT [", "entering STRESS", "leaving STRESS", "NOQUEUE: abort", "TLS ",
      "write [",
      // with -v
      "DROP [", "ENFORCE [", "SKIP ", "UNFAIL [", "UNPASS [", "skip "};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  // "[192.0.2.1]40123: discarding EHLO keywords: CHUNKING", without the colon of all other lines
  return text.starts_with('[') && text.find(']') < text.find(": discarding EHLO keywords: ") &&
         text.find(": discarding EHLO keywords: ") != text.npos;
}

}  // namespace

Parsed parse_postscreen(const Line& line, Fact& fact) {
  Scan scan(line.text);
  if (scan.skip("NOQUEUE: ")) return parse_policy(line, {}, scan.rest(), fact);
  if (scan.rest().starts_with("reject: connect from ")) return parse_policy(line, {}, line.text, fact);
  for (auto& form : forms) {
    if (!line.text.starts_with(form.start)) continue;
    // The client stands in front of everything it said: the first `upto` is Postfix's own.
    size_t at = line.text.find(form.upto, form.start.size());
    if (at == std::string_view::npos) return Parsed::unknown;
    Screened screened;
    screened.verdict =
        form.upto == " for " ? line.text.substr(0, at) : line.text.substr(0, form.start.size());
    Scan client(line.text.substr(at + form.upto.size()));
    if (!read_peer(client, screened.client)) return Parsed::unknown;
    fact = screened;
    return Parsed::fact;
  }
  return is_noise(line.text) ? Parsed::ignored : Parsed::unknown;
}

// "addr 192.0.2.1 listed by domain bl.example as 127.0.0.2"
Parsed parse_dnsblog(std::string_view text, Fact& fact) {
  Scan scan(text);
  Listed listed;
  if (!scan.skip("addr ") || !scan.until(" listed by domain ", listed.addr)) return Parsed::unknown;
  if (!scan.until(" as ", listed.domain)) return Parsed::unknown;
  listed.answer = scan.rest();
  fact = listed;
  return Parsed::fact;
}

}  // namespace mailtrace::postfix
