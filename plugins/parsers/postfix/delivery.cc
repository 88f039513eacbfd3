// Delivery attempts: smtp, lmtp, local, virtual, pipe, error, discard, and the bounces of qmgr and cleanup.
// The order of the keys is fixed (postfix src/global/log_adhoc.c), so the first ", status=" behind them is
// the true one and all behind its "(" is the other side's text. Pipeline thread.
#include <algorithm>
#include <array>

#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

constexpr size_t npos = std::string_view::npos;

// "12", "0.02", "1.5e+03" never: format_tv() writes plain decimals.
bool read_decimal(Scan& scan, std::optional<double>& out) {
  std::string_view text = scan.rest();
  int64_t value = 0, scale = 1;
  size_t at = 0;
  bool point = false;
  for (; at < text.size() && at < 18; ++at) {
    if (text[at] == '.' && !point && at > 0) {
      point = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + (text[at] - '0');
      if (point) scale *= 10;
    } else {
      break;
    }
  }
  if (at == 0) return false;
  scan.skip(text.substr(0, at));
  out = static_cast<double>(value) / static_cast<double>(scale);
  return true;
}

// relay=none, local, service, name[addr]:port, host[private/lmtp]
bool read_relay(Scan& scan, Peer& relay) {
  if (read_peer(scan, relay) && (scan.rest().starts_with(", "))) return true;
  relay = {};
  std::string_view text = scan.rest();
  size_t end = text.find(", ");
  if (end == std::string_view::npos || end == 0) return false;
  relay.name = text.substr(0, end);
  scan.skip(relay.name);
  return true;
}

// "<to>, orig_to=<from>, relay=" with the quotes that Postfix writes since 3.5.
bool read_quoted_recipients(Scan& scan, Attempt& attempt) {
  Scan at = scan;
  if (!read_address(at, attempt.recipient)) return false;
  if (at.skip(", orig_to=") && !read_address(at, attempt.original_recipient)) return false;
  if (!at.skip(", relay=")) return false;
  scan = at;
  return true;
}

// Where "needle" stands, if it stands there only.
size_t only(std::string_view text, std::string_view needle) {
  size_t at = text.find(needle);
  return at != npos && text.find(needle, at + 1) == npos ? at : npos;
}

// The same without quotes: believed if the whole line, answer included, can be read in one way only.
bool read_recipients(Scan& scan, AddressForm form, Attempt& attempt) {
  if (form == AddressForm::external && read_quoted_recipients(scan, attempt)) return true;
  std::string_view text = scan.rest();
  constexpr std::string_view to_relay = ">, relay=", to_original = ">, orig_to=<";
  size_t relay = only(text, to_relay), original = text.find(to_original);
  if (!text.starts_with('<') || relay == npos) return false;
  if (original != npos && (only(text, to_original) == npos || original > relay)) return false;
  attempt.recipient = text.substr(1, std::min(original, relay) - 1);
  attempt.original_recipient = {};
  if (original != npos) {
    size_t begin = original + to_original.size();
    attempt.original_recipient = text.substr(begin, relay - begin);
  }
  scan.skip(text.substr(0, relay + to_relay.size()));
  return true;
}

bool read_status(std::string_view word, Outcome& out) {
  struct Status {
    std::string_view word;
    Outcome outcome;
  };
  static constexpr std::array<Status, 10> known = {{{"sent", Outcome::sent},
                                                    {"deferred", Outcome::deferred},
                                                    {"bounced", Outcome::bounced},
                                                    {"deliverable", Outcome::deliverable},
                                                    {"undeliverable", Outcome::undeliverable},
                                                    {"undeliverable-but-not-cached", Outcome::undeliverable},
                                                    // sendmail -bv and -v (RFC 3464 2.3.3), in trace records
                                                    {"expanded", Outcome::deliverable},
                                                    {"relayed", Outcome::deliverable},
                                                    {"delivered", Outcome::deliverable},
                                                    {"SOFTBOUNCE", Outcome::deferred}}};
  for (auto& status : known) {
    if (status.word != word) continue;
    out = status.outcome;
    return true;
  }
  return false;
}

bool read_delays(Scan& scan, Attempt& attempt) {
  return scan.skip("delay=") && read_decimal(scan, attempt.delay) && scan.skip(", delays=") &&
         read_decimal(scan, attempt.delay_before) && scan.skip("/") &&
         read_decimal(scan, attempt.delay_queue) && scan.skip("/") &&
         read_decimal(scan, attempt.delay_connect) && scan.skip("/") &&
         read_decimal(scan, attempt.delay_transmit) && scan.skip(", ");
}

}  // namespace

Parsed parse_delivery(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact) {
  Scan scan(text);
  if (!scan.skip("to=")) {
    // What else agents say about a mail repeats what the delivery line will say.
    if (is_attempt_note(text)) return Parsed::ignored;
    return Parsed::unknown;
  }
  Attempt& attempt = fact.emplace<Attempt>();
  attempt.queue_id = queue_id;
  // qmgr, cleanup and bounce speak for a transport that they do not name.
  if (line.program == Program::delivery) attempt.transport = line.service;
  if (!read_recipients(scan, line.form, attempt)) return Parsed::unknown;
  if (!read_relay(scan, attempt.relay) || !scan.skip(", ")) return Parsed::unknown;
  if (int64_t uses; scan.skip("conn_use=")) {
    if (!scan.number(uses) || !scan.skip(", ")) return Parsed::unknown;
    attempt.connections_used = uses;
  }
  if (!read_delays(scan, attempt)) return Parsed::unknown;
  if (scan.skip("tls=") && !scan.until(", ", attempt.tls)) return Parsed::unknown;
  std::string_view status;
  if (!scan.skip("dsn=") || !scan.until(", ", attempt.dsn) || !scan.skip("status=")) return Parsed::unknown;
  if (!read_word(scan, status) || !read_status(status, attempt.outcome)) return Parsed::unknown;
  if (scan.skip(" (")) {
    attempt.response = scan.rest();
    if (attempt.response.ends_with(')')) attempt.response.remove_suffix(1);
  } else if (!scan.at_end() && !line.cut()) {
    return Parsed::unknown;
  }
  attempt.cut = line.cut();
  // discard(8) says "sent"; no other agent sends to nowhere.
  if (attempt.outcome == Outcome::sent && attempt.relay.name == "none" && attempt.relay.addr.empty())
    attempt.outcome = Outcome::discarded;
  read_response(attempt);
  return Parsed::fact;
}

Parsed parse_delivery_session(std::string_view text) {
  if (is_peer_note(text) || is_library_note(text)) return Parsed::ignored;
  static constexpr std::array<std::string_view, 12> notes = {
      "connect to ",    "Untrusted TLS ",        "Trusted TLS ",       "Verified TLS ",
      "Anonymous TLS ", "lost connection with ", "conversation with ", "Host offered STARTTLS",
      "host ",          "enabling PIX",          "Cannot start TLS",   "discarding "};
  for (auto note : notes)
    if (text.starts_with(note)) return Parsed::ignored;
  return Parsed::unknown;
}

}  // namespace mailtrace::postfix
