// Refusals and other actions of smtpd, cleanup and milters, and the envelope behind them. Pipeline thread.
#include <algorithm>
#include <array>

#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace::postfix {
namespace {

constexpr size_t npos = std::string_view::npos;

// smtpd puts blanks between the fields, postscreen commas.
void skip_separator(Scan& scan) {
  scan.skip(",");
  scan.skip(" ");
}

// What smtpd leaves of a HELO name: postfix src/smtpd/smtpd.c NEUTER_CHARACTERS
bool read_helo(Scan& scan, std::string_view& helo) {
  std::string_view text = scan.rest();
  if (!text.starts_with('<')) return false;
  size_t end = text.find('>');
  if (end == npos || text.substr(1, end - 1).find_first_of(" <()\";\\@") != npos) return false;
  helo = text.substr(1, end - 1);
  scan.skip(text.substr(0, end + 1));
  return true;
}

bool read_field_address(Scan& scan, const Line& line, std::string_view& out) {
  if (read_address(scan, out)) return true;
  if (line.form == AddressForm::external) return false;
  // Not quoted: what may follow is known, so the address ends where exactly one of them does.
  Scan to = scan, proto = scan;
  std::string_view until_to, until_proto;
  bool a = read_address_before(to, line.form, " to=<", until_to);
  bool b = read_address_before(proto, line.form, " proto=", until_proto);
  if (!a && !b) return false;
  bool first = a && (!b || until_to.size() < until_proto.size());
  out = first ? until_to : until_proto;
  scan = first ? to : proto;
  return true;
}

// A login name without what could be the end of a quoted address or a field of its own.
bool read_login(Scan& scan, std::string_view& out) {
  std::string_view text = scan.rest();
  size_t end = std::min(text.find_first_of(" ,"), text.size());
  if (end == 0 || text.substr(0, end).find_first_of("<>\"\\") != npos) return false;
  out = text.substr(0, end);
  scan.skip(out);
  return true;
}

// The text that cleanup puts behind the envelope is the admin's. If it holds more of an envelope, or the end
// of a quoted address, then the reading may have begun inside something that a client wrote.
bool holds_envelope(std::string_view text) {
  static constexpr std::array<std::string_view, 6> marks = {"\"@",   "\">",     "from=<",
                                                            " to=<", " proto=", " helo=<"};
  for (auto mark : marks)
    if (text.find(mark) != npos) return true;
  return false;
}

// One reading of the whole rest of the line as fields in Postfix's order.
bool read_fields(Scan scan, const Line& line, bool text_behind, Envelope& out) {
  bool any = false;
  std::string_view address;
  if (scan.skip("from=")) {
    if (!read_field_address(scan, line, address)) return false;
    out.sender = address;
    skip_separator(scan);
    any = true;
  }
  if (scan.skip("to=")) {
    if (!read_field_address(scan, line, out.recipient)) return false;
    skip_separator(scan);
    any = true;
  }
  if (scan.skip("proto=")) {
    if (!read_word(scan, out.protocol)) return false;
    skip_separator(scan);
    any = true;
  }
  if (scan.skip("helo=")) {
    if (!read_helo(scan, out.helo)) return false;
    any = true;
  }
  if (!any) return false;
  skip_separator(scan);
  // Postfix 3.10 and later
  if (scan.skip("sasl_method=") && !read_word(scan, out.sasl_method)) return false;
  skip_separator(scan);
  if (scan.skip("sasl_username=") && !read_login(scan, out.sasl_username)) return false;
  skip_separator(scan);
  if (scan.skip("sasl_sender=") && !read_address(scan, out.sasl_sender) && !read_login(scan, out.sasl_sender))
    return false;
  if (scan.at_end()) return true;
  if (!text_behind || !scan.skip(": ")) return false;
  out.behind = scan.rest();
  return true;
}

struct Action {
  std::string_view word;
  PolicyAction action;
};
constexpr std::array<Action, 21> actions = {
    {{"reject", PolicyAction::reject},     {"reject_warning", PolicyAction::warn},
     {"defer", PolicyAction::defer},       {"tempfail", PolicyAction::defer},
     {"discard", PolicyAction::discard},   {"hold", PolicyAction::hold},
     {"quarantine", PolicyAction::hold},   {"filter", PolicyAction::filter},
     {"redirect", PolicyAction::redirect}, {"bcc", PolicyAction::bcc},
     {"warn", PolicyAction::warn},         {"warning", PolicyAction::warn},
     {"info", PolicyAction::info},         {"delay", PolicyAction::delay},
     {"accept", PolicyAction::accept},     {"permit", PolicyAction::accept},
     {"pass", PolicyAction::accept},       {"replace", PolicyAction::replace},
     {"prepend", PolicyAction::prepend},   {"strip", PolicyAction::replace},
     {"hangup", PolicyAction::hangup}}};

// "reject: ", "milter-reject: ", "milter-header-hold: ", "proxy-accept: "
bool read_action(Scan& scan, Policy& policy) {
  Scan at = scan;
  if (at.skip("milter-")) {
    policy.milter = true;
    at.skip("header-");
  } else if (at.skip("proxy-")) {
    policy.proxy = true;
  }
  std::string_view word;
  if (!read_word(at, word) || !at.skip(": ")) return false;
  for (auto& action : actions) {
    if (action.word != word) continue;
    policy.action = action.action;
    scan = at;
    return true;
  }
  return false;
}

// "RCPT from host[addr]: ", "END-OF-MESSAGE: "; the stage is one of smtpd's own words.
bool read_stage(Scan& scan, Policy& policy) {
  Scan at = scan;
  std::string_view start = at.rest();
  if (!read_word(at, policy.stage)) return false;
  // smtpd.h: SMTPD_CMD_EOD, "END-OF-MESSAGE"; SMTPD_CMD_CONTENT of DATA and BDAT has a blank
  if (at.skip(" content")) policy.stage = start.substr(0, policy.stage.size() + 8);
  if (at.skip(" from ")) {
    if (!read_peer(at, policy.client) || !at.skip(": ")) return false;
  } else if (!policy.proxy || !at.skip(": ")) {
    return false;
  }
  scan = at;
  return true;
}

// The server's own words: "<addr>: Recipient address rejected: reason" names, unquoted, what the client made
// up.
std::string_view own_words(const Policy& policy) {
  std::string_view text = policy.text;
  if (!text.starts_with('<')) return text;
  Scan scan(text.substr(1));
  if (scan.skip(policy.client.name) && scan.skip("[") && scan.skip(policy.client.addr) && scan.skip("]>: "))
    return scan.rest();
  for (std::string_view said : {policy.recipient, policy.sender.value_or(""), policy.helo}) {
    Scan same(text.substr(1));
    if (!said.empty() && same.skip(said) && same.skip(">: ")) return same.rest();
  }
  // Anything else may hold a ">: " of its own; the last one is not part of it.
  size_t end = text.rfind(">: ");
  return end == npos ? std::string_view() : text.substr(end + 3);
}

void judge(Policy& policy) {
  if (policy.action != PolicyAction::reject && policy.action != PolicyAction::defer) return;
  std::string_view words = own_words(policy);
  Scan scan(words);
  // smtpd_check.c: the class of what was refused
  bool client = scan.skip("Client host rejected: ") || scan.skip("Unverified Client host rejected: ");
  bool address = !client && (scan.skip("Recipient address rejected: ") ||
                             scan.skip("Sender address rejected: ") || scan.skip("Helo command rejected: ") ||
                             scan.skip("Data command rejected: ") || scan.skip("End-of-data rejected: "));
  // A probe's answer is the words of another server.
  bool probe =
      scan.rest().starts_with("undeliverable address: ") || scan.rest().starts_with("unverified address: ");
  bool temporary = policy.smtp_code / 100 == 4 || policy.dsn.starts_with('4');
  bool own = client || address || policy.milter;
  policy.greylisted = own && temporary && !probe &&
                      (contains_word(scan.rest(), "greylist") || contains_word(scan.rest(), "graylist"));
  if (policy.greylisted) return;
  // postscreen knows clients by address only, and refuses them for nothing else than what they are.
  bool postscreen = policy.client.name.empty() && !policy.client.addr.empty();
  policy.blocked = client || postscreen || words.starts_with("Service unavailable; Client host [") ||
                   words.starts_with("Service unavailable; Unverified Client host [") ||
                   words.starts_with("Error: too many connections");
}

// "header Subject: … from ORIGIN", "body …", "mime-error …": what cleanup found, with where it came from.
Parsed parse_content(const Line& line, std::string_view kind, std::string_view text, Policy& policy,
                     Fact& fact) {
  Envelope envelope;
  policy.stage = kind;
  policy.header = text;  // all of it, if it cannot be told where it ends
  bool whole = find_envelope(line, text, true, envelope);
  if (whole) {
    size_t from = envelope.before.rfind(" from ");
    if (from == npos) return Parsed::unknown;
    policy.header = envelope.before.substr(0, from);
    Scan origin(envelope.before.substr(from + 6));
    if (!read_peer(origin, policy.client)) policy.client = {};
    policy.sender = envelope.sender;
    policy.recipient = envelope.recipient;
    policy.protocol = envelope.protocol;
    policy.helo = envelope.helo;
    policy.text = envelope.behind;
  } else if (text.find(';') == npos && !line.cut()) {
    return Parsed::unknown;
  }
  bool shown = policy.action == PolicyAction::info || policy.action == PolicyAction::warn;
  if (whole && kind == "header" && shown && starts_with_word(policy.header, "subject:")) {
    std::string_view subject = policy.header.substr(8);
    while (subject.starts_with(' ')) subject.remove_prefix(1);
    fact = Subject{policy.queue_id, subject};
    return Parsed::fact;
  }
  Scan code(policy.text);
  policy.smtp_code = read_code(code);
  policy.dsn = read_dsn(code);
  policy.text = code.rest();
  fact = policy;
  return Parsed::fact;
}

// Where an envelope could start; without quotes an address can hold one.
int count_starts(std::string_view text) {
  int count = 0;
  for (size_t at = text.find("; "); at != npos; at = text.find("; ", at + 1)) {
    std::string_view rest = text.substr(at + 2);
    count += rest.starts_with("from=<") || rest.starts_with("to=<") || rest.starts_with("proto=");
  }
  return count;
}

}  // namespace

bool find_envelope(const Line& line, std::string_view text, bool text_behind, Envelope& out) {
  if (line.cut()) return false;
  if (line.form == AddressForm::internal && count_starts(text) != 1) return false;
  int doubtful = 0;
  for (size_t at = text.rfind("; "); at != npos; at = at ? text.rfind("; ", at - 1) : npos) {
    Envelope reading;
    if (!read_fields(Scan(text.substr(at + 2)), line, text_behind, reading)) continue;
    bool doubt = holds_envelope(reading.behind);
    doubtful += doubt;
    if (doubt && doubtful > 1) continue;
    out = reading;
    out.before = text.substr(0, at);
    if (!doubt) return true;
  }
  // An admin's text may look like the end of an address: it is believed if there is no other reading.
  if (doubtful == 1) return true;
  out = {};
  return false;
}

Parsed parse_policy(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact) {
  Policy policy;
  policy.queue_id = queue_id;
  policy.service = line.service;
  policy.cut = line.cut();
  Scan scan(text);
  if (!read_action(scan, policy)) return Parsed::unknown;
  static constexpr std::array<std::string_view, 5> kinds = {"header", "body", "content", "mime-error",
                                                            "nested-header"};
  for (auto kind : kinds) {
    Scan content = scan;
    if (!content.skip(kind) || !content.skip(" ")) continue;
    return parse_content(line, scan.rest().substr(0, kind.size()), content.rest(), policy, fact);
  }
  if (!read_stage(scan, policy)) return Parsed::unknown;
  policy.text = scan.rest();
  Envelope envelope;
  if (find_envelope(line, scan.rest(), false, envelope)) {
    policy.text = envelope.before;
    policy.sender = envelope.sender;
    policy.recipient = envelope.recipient;
    policy.protocol = envelope.protocol;
    policy.helo = envelope.helo;
    policy.sasl_method = envelope.sasl_method;
    policy.sasl_username = envelope.sasl_username;
  } else if (policy.text.ends_with(';')) {
    policy.text.remove_suffix(1);  // refused before anything was known of the client
  }
  Scan code(policy.text);
  policy.smtp_code = read_code(code);
  policy.dsn = read_dsn(code);
  policy.text = code.rest();
  judge(policy);
  fact = policy;
  return Parsed::fact;
}

}  // namespace mailtrace::postfix
