// smtpd: sessions, logins, the first line of a mail, and warnings of every program. Pipeline thread.
#include <array>

#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

constexpr size_t npos = std::string_view::npos;

// ", orig_queue_id=ID, orig_client=PEER" and nothing else.
bool read_origin(Scan scan, Opened& opened) {
  std::string_view queue_id;
  Peer client;
  if (scan.skip(", orig_queue_id=") && !read_word(scan, queue_id)) return false;
  if (scan.skip(", orig_client=") && !read_peer(scan, client)) return false;
  if (!scan.at_end()) return false;
  opened.orig_queue_id = queue_id;
  opened.orig_client = client;
  return true;
}

// A name may read like what follows it: only what fits to the very end, as late as can be, is no part of it.
void read_username(std::string_view text, Opened& opened) {
  opened.sasl_username = text;
  size_t at = text.rfind(", orig_queue_id=");
  if (at == npos) at = text.rfind(", orig_client=");
  if (at != npos && read_origin(Scan(text.substr(at)), opened)) opened.sasl_username = text.substr(0, at);
}

// ", sasl_method=, sasl_username=, sasl_sender=, orig_queue_id=, orig_client=" in this order; smtpd.c
Parsed read_client(const Line& line, std::string_view queue_id, Scan scan, Fact& fact) {
  Opened opened;
  opened.queue_id = queue_id;
  opened.service = line.service;
  if (!read_peer(scan, opened.client)) return Parsed::unknown;
  if (scan.skip(", sasl_method=") && !read_word(scan, opened.sasl_method)) return Parsed::unknown;
  if (scan.skip(", sasl_username=")) {
    std::string_view rest = scan.rest();
    size_t end = rest.find(", sasl_sender=");
    if (end == npos) {
      read_username(rest, opened);
      fact = opened;
      return Parsed::fact;
    }
    opened.sasl_username = rest.substr(0, end);
    scan.skip(opened.sasl_username);
  }
  if (scan.skip(", sasl_sender=")) {
    // The client wrote it, so nothing behind it is believed.
    opened.sasl_sender = scan.rest();
    fact = opened;
    return Parsed::fact;
  }
  if (!read_origin(scan, opened)) return Parsed::unknown;
  fact = opened;
  return Parsed::fact;
}

// "lost connection after DATA (72 bytes) from host[addr]"
Parsed read_closed(std::string_view text, Fact& fact) {
  static constexpr std::array<std::string_view, 3> hows = {"lost connection", "timeout", "too many errors"};
  Scan scan(text);
  SessionClosed closed;
  for (auto how : hows)
    if (scan.skip(how)) closed.how = text.substr(0, how.size());
  if (closed.how.empty() || !scan.skip(" after ") || !read_word(scan, closed.stage)) return Parsed::unknown;
  std::string_view bytes;
  if (scan.skip(" (") && !scan.until(")", bytes)) return Parsed::unknown;
  if (!scan.skip(" from ") || !read_peer(scan, closed.client)) return Parsed::unknown;
  fact = closed;
  return Parsed::fact;
}

// "Anonymous TLS connection established from host[addr]: TLSv1.3 with cipher NAME (256/256 bits) …"
Parsed read_tls(std::string_view text, Fact& fact) {
  static constexpr std::array<std::string_view, 4> trusts = {"Anonymous", "Untrusted", "Trusted", "Verified"};
  Scan scan(text);
  SessionTls session;
  for (auto trust : trusts)
    if (scan.skip(trust)) session.tls.trust = text.substr(0, trust.size());
  if (session.tls.trust.empty() || !scan.skip(" TLS connection ")) return Parsed::unknown;
  if (!scan.skip("established ") && !scan.skip("reused ")) return Parsed::unknown;
  if (scan.skip("to ")) return Parsed::ignored;
  if (!scan.skip("from ") || !read_peer(scan, session.client)) return Parsed::unknown;
  std::string_view server_name;
  if (scan.skip(" to ") && !read_word(scan, server_name)) return Parsed::unknown;
  if (!scan.skip(": ") || !scan.until(" with cipher ", session.tls.protocol)) return Parsed::unknown;
  session.tls.cipher = scan.rest().substr(0, scan.rest().find(' '));
  fact = session;
  return Parsed::fact;
}

bool is_noise(std::string_view text) {
  if (is_peer_note(text) || is_library_note(text)) return true;
  static constexpr std::array<std::string_view, 12> notes = {"improper command pipelining",
                                                             "NOQUEUE: abort: ",
                                                             "reject: ETRN ",
                                                             "milter ",
                                                             "hostname ",
                                                             "unable to ",
                                                             "timeout ",
                                                             "XCLIENT",
                                                             "XFORWARD",
                                                             "mapping DSN",
                                                             "Relaying allowed for ",
                                                             "unknown macro"};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  return false;
}

}  // namespace

Parsed parse_smtpd(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact) {
  Scan scan(text);
  if (scan.skip("client=")) return read_client(line, queue_id, scan, fact);
  // Postfix 3.10 and later put the queue id in front
  if (read_closed(text, fact) == Parsed::fact) return Parsed::fact;
  if (text.starts_with("abort: ")) return Parsed::ignored;
  return parse_policy(line, queue_id, text, fact);
}

Parsed parse_smtpd_session(const Line& line, Fact& fact) {
  Scan scan(line.text);
  if (scan.skip("connect from ")) {
    SessionOpened opened;
    if (!read_peer(scan, opened.client) || !scan.at_end()) return Parsed::unknown;
    fact = opened;
    return Parsed::fact;
  }
  if (scan.skip("disconnect from ")) {
    SessionClosed closed;
    if (!read_peer(scan, closed.client)) return Parsed::unknown;
    scan.skip(" ");
    closed.counts = scan.rest();
    fact = closed;
    return Parsed::fact;
  }
  if (scan.rest().starts_with("proxy-")) return parse_policy(line, {}, line.text, fact);
  if (read_closed(line.text, fact) == Parsed::fact) return Parsed::fact;
  if (Parsed tls = read_tls(line.text, fact); tls != Parsed::unknown) return tls;
  return is_noise(line.text) ? Parsed::ignored : Parsed::unknown;
}

// cleanup_map1n.c, cleanup_addr.c, cleanup_envelope.c, smtpd.c: the client was told that the mail is not
// taken. An address stands in the middle of some, never before the words that are looked at here.
bool read_abort(Scan scan, Aborted& aborted) {
  aborted.reason = scan.rest();
  if (scan.skip("message rejected: ")) {
    aborted.reason = scan.rest();
    return true;
  }
  std::string_view text = scan.rest();
  Peer client;
  if (text.starts_with("queue file size limit exceeded") ||
      (scan.skip("BDAT request from ") && read_peer(scan, client) &&
       scan.rest() == " exceeds message size limit")) {
    aborted.smtp_code = 552;  // smtpd.c, cleanup_strerror.c
    aborted.dsn = "5.3.4";
    return true;
  }
  if (!text.ends_with(" -- message not accepted, try again later") &&
      !text.ends_with(" -- deferring delivery"))
    return false;
  aborted.smtp_code = 451;
  aborted.dsn = "4.3.0";
  std::string_view maps;
  return scan.skip("unreasonable ") ||
         (read_word(scan, maps) && scan.rest().starts_with(" map lookup problem"));
}

Parsed parse_warning(std::string_view text, Fact& fact) {
  Scan scan(text);
  if (scan.skip("fatal: ") || scan.skip("error: ") || scan.skip("panic: ")) return Parsed::ignored;
  if (!scan.skip("warning: ")) return Parsed::unknown;
  std::string_view queue_id;
  if (read_queue_id(scan, queue_id)) {
    Aborted aborted;
    aborted.queue_id = queue_id;
    if (!read_abort(scan, aborted)) return Parsed::ignored;
    fact = aborted;
    return Parsed::fact;
  }
  LoginFailed failed;
  if (read_peer(scan, failed.client) && scan.skip(": SASL ") && read_word(scan, failed.mechanism) &&
      scan.skip(" authentication failed: ")) {
    // The reason is the server's, the name is the client's and goes to the end.
    std::string_view rest = scan.rest();
    size_t name = rest.find(", sasl_username=");
    failed.reason = rest.substr(0, name);
    if (name != npos) failed.username = rest.substr(name + 16);
    fact = failed;
    return Parsed::fact;
  }
  return Parsed::ignored;
}

}  // namespace mailtrace::postfix
