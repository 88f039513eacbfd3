// Lines that no fact comes from, whichever program writes them: what Postfix's libraries say, and the reasons
// why a delivery agent tries the next host. Pipeline thread.
#include <algorithm>
#include <array>

#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

bool starts_with_any(std::string_view text, const auto& notes) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](std::string_view note) { return text.starts_with(note); });
}

// "smtpd_check_addr: addr=anna@example.com", "match_string: smtp ~? 127.0.0.0/8": with -v every function
// names itself. One with a single word for a name cannot be told from other text.
bool is_verbose(std::string_view text) {
  size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
  if (end == std::string_view::npos || end == 0 || !text.substr(end).starts_with(": ")) return false;
  return text.substr(1, end - 1).find('_') != std::string_view::npos;
}

}  // namespace

// "mx.example.org[192.0.2.25]:25: Matched subjectAltName: …", "> mail.example.com[192.0.2.1]: 250 Ok": TLS
// details and, with debug_peer_list, the dialogue.
bool is_peer_note(std::string_view text) {
  Scan scan(text);
  if (!scan.skip("> ")) scan.skip("< ");
  Peer peer;
  return read_peer(scan, peer) && scan.skip(": ");
}

// src/util/dict*.c, src/tls/*.c, src/xsasl/*.c
bool is_library_note(std::string_view text) {
  static constexpr std::array<std::string_view, 31> notes = {"table ",
                                                             "close database ",
                                                             "cache ",
                                                             "using backwards-compatible",
                                                             "using DANE RR: ",
                                                             "removing zero-length database file",
                                                             "TLSRPT: ",
                                                             "TLS SNI",
                                                             "TLS policy ",
                                                             "SSL_accept",
                                                             "SSL_connect error",
                                                             "SSL_connect:",
                                                             "SSL3 alert ",
                                                             "setting up TLS",
                                                             "initializing the server-side",
                                                             "initializing the client",
                                                             "certificate ",
                                                             "client certificate ",
                                                             "server certificate ",
                                                             "subject_CN",
                                                             "issuer=",
                                                             "subject=",
                                                             "fingerprint=",
                                                             "save session ",
                                                             "looking for session ",
                                                             "reloaded session ",
                                                             "remove session ",
                                                             "discarding EHLO",
                                                             "SASL authentication ",
                                                             "SASL: ",
                                                             "statistics:"};
  static constexpr std::array<std::string_view, 10> verbose = {
      "input attribute ", "send attr ", "auto_clnt", "rewrite stream ", ">>> ", "smtp_", "lmtp_",
      "smtpd_",           "tls_",       "reject_"};
  return starts_with_any(text, notes) || starts_with_any(text, verbose) || is_verbose(text);
}

// src/smtp/smtp_trouble.c logs why a host was given up; the delivery line says it again for the last one.
bool is_attempt_note(std::string_view text) {
  static constexpr std::array<std::string_view, 39> notes = {"host ",
                                                             "lost connection with ",
                                                             "conversation with ",
                                                             "connect to ",
                                                             "enabling PIX workarounds",
                                                             "disabling workarounds",
                                                             "breaking line > ",
                                                             "Cannot start TLS",
                                                             "TLS is required",
                                                             "TLS policy lookup ",
                                                             "TLSA ",
                                                             "TLSRPT: ",
                                                             "no TLSA records found",
                                                             "Server certificate not ",
                                                             "Verification not possible",
                                                             "client TLS configuration problem",
                                                             "REQUIRETLS ",
                                                             "SMTPUTF8 is required",
                                                             "SASL authentication failed",
                                                             "SASL [CACHED] authentication failed",
                                                             "Protocol error",
                                                             "Unexpected response from ",
                                                             "Server configuration error",
                                                             "mail system configuration error",
                                                             "local data error while talking to ",
                                                             "message size ",
                                                             "mail for ",
                                                             "server ",
                                                             "unable to look up host ",
                                                             "unable to find primary relay for ",
                                                             "Host or domain name not found",
                                                             "Host not found",
                                                             "no MX host for ",
                                                             "Temporary lookup error",
                                                             "passing <",
                                                             "not sending ",
                                                             "sender address ",
                                                             "delivery temporarily",
                                                             "address with "};
  return starts_with_any(text, notes);
}

}  // namespace mailtrace::postfix
