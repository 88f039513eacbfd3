// "<=": a mail arrives; and the pieces all Exim lines are made of (src/receive.c, deliver.c, host.c).
// Pipeline thread.
#include "core/parse/pieces.h"
#include "plugins/parsers/exim/exim.h"

namespace mailtrace::exim {

bool read_host(Scan& scan, Peer& peer, std::string_view& helo) {
  Scan ahead = scan;
  std::string_view text = ahead.rest();
  if (!text.starts_with('[') && !text.starts_with('(')) {
    if (!ahead.until(" ", peer.name)) return false;
  }
  if (ahead.skip("(") && !ahead.until(") ", helo)) return false;
  if (!ahead.skip("[") || !ahead.until("]", peer.addr) || !looks_like_ip(peer.addr)) return false;
  if (ahead.rest().size() > 1 && ahead.rest()[0] == ':' && is_digit(ahead.rest()[1])) {
    ahead.skip(":");
    ahead.number(peer.port);
  }
  ahead.skip("*");  // a connection used again
  scan = ahead;
  return true;
}

std::string_view read_address(Scan& scan) {
  std::string_view text = scan.rest();
  size_t end = quoted_length(text);
  if (text.starts_with('|') || text.starts_with('/') || text.starts_with(':')) {
    // a command or a file, up to the address it came from
    for (std::string_view stop : {" <", " R="})
      if (size_t at = text.find(stop); at != std::string_view::npos) return take(scan, at);
  }
  while (end < text.size() && text[end] != ' ') {
    if (text[end] == ':' && end + 1 < text.size() && text[end + 1] == ' ') break;  // "** address: reason"
    ++end;
  }
  return take(scan, end);
}

bool read_key(Scan& scan, std::string_view& key) {
  Scan ahead = scan;
  if (!ahead.skip(" ") || !read_word(ahead, "_", key) || !ahead.skip("=")) return false;
  scan = ahead;
  return true;
}

std::string_view read_value(Scan& scan) {
  std::string_view text = scan.rest();
  if (size_t quoted = quoted_length(text)) {
    take(scan, quoted);
    return text.substr(1, quoted - 2);
  }
  if (text.starts_with('<')) {
    std::string_view address;
    if (read_path(scan, address)) return address;
  }
  size_t end = 0;
  while (end < text.size() && text[end] != ' ') {
    if (text[end] == ':' && end + 1 < text.size() && text[end + 1] == ' ') break;
    ++end;
  }
  return take(scan, end);
}

bool skip_flag(Scan& scan) {
  Scan ahead = scan;
  std::string_view word;
  if (!ahead.skip(" ") || !read_word(ahead, "/*-.", word) || word == "from" || word == "for") return false;
  if (!ahead.at_end() && !ahead.rest().starts_with(' ') && !ahead.rest().starts_with(": ")) return false;
  scan = ahead;
  return true;
}

namespace {

// "TLS1.3:TLS_AES_256_GCM_SHA384:256"
void read_tls(std::string_view value, Tls& tls) {
  Scan scan(value);
  if (!scan.until(":", tls.protocol)) return;
  tls.cipher = scan.rest().substr(0, scan.rest().rfind(':'));
}

void read_auth(std::string_view value, Opened& opened) {
  Scan scan(value);
  if (!scan.until(":", opened.sasl_method))
    opened.sasl_method = value;
  else
    opened.sasl_username = scan.rest();
}

}  // namespace

Parsed parse_arrival(std::string_view id, Scan scan, Fact& fact) {
  Opened opened;
  opened.queue_id = id;
  opened.service = "exim";
  std::string_view sender = read_address(scan), key, user;
  opened.sender = sender == "<>" ? std::string_view() : sender;
  // The Message-ID and the subject come last: what the sender wrote there is no key any more.
  for (;;) {
    if (!read_key(scan, key)) {
      if (!skip_flag(scan)) break;
      continue;
    }
    if (key == "H") {
      if (!read_host(scan, opened.client, opened.helo)) return Parsed::unknown;
      continue;
    }
    std::string_view value = read_value(scan);
    if (key == "U") user = value;
    if (key == "P") opened.protocol = value;
    if (key == "X") read_tls(value, opened.tls);
    if (key == "A") read_auth(value, opened);
    if (key == "R") opened.notifies_queue_id = value;
    int64_t size = 0;
    if (key == "S" && Scan(value).number(size)) opened.size = size;
    if (key == "id") {
      std::string_view rest = scan.rest();
      bool whole = rest.empty() || rest.starts_with(" T=\"") || rest.starts_with(" from <") ||
                   rest.starts_with(" for ");
      if (whole) opened.message_id = value;
    }
    if (key == "T") opened.subject = value;
    if (key == "T" || (key == "id" && !scan.rest().starts_with(" T=\""))) break;
  }
  if (opened.client.addr.empty()) opened.uid = user;  // with a host it is what ident (RFC 1413) says
  if (opened.protocol.empty()) return Parsed::unknown;
  fact = opened;
  return Parsed::fact;
}

}  // namespace mailtrace::exim
