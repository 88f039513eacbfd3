// What the grammars of the Postfix parser share: one function per program, each anchored at the line's start.
// Parsed::unknown from one of them means "not my line": the next may try. Pipeline thread.
#pragma once
#include <string_view>

#include "core/plugin/parser.h"
#include "plugins/parsers/postfix/address.h"

namespace mailtrace::postfix {

// Which grammar a tag names. `any`: the tag was cut or is the bare "postfix", so the line's shape decides.
enum class Program {
  any,
  smtpd,
  cleanup,
  qmgr,
  pickup,
  bounce,
  delivery,
  postscreen,
  dnsblog,
  postsuper,
  master,
  quiet
};

struct Line {
  std::string_view text;
  std::string_view service;  // "submission/smtpd"; empty if the tag does not tell
  Program program = Program::any;
  AddressForm form = AddressForm::external;
  // msg_vprintf() of Postfix cuts here; the end of such a line may lie inside a quoted string.
  bool cut() const { return text.size() >= 1990; }
};

// `text` is what follows "QID: " (or, where `queue_id` is empty, "NOQUEUE: ").
Parsed parse_smtpd(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_smtpd_session(const Line& line, Fact& fact);
Parsed parse_policy(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_cleanup(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_qmgr(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_pickup(std::string_view queue_id, std::string_view text, const Line& line, Fact& fact);
Parsed parse_bounce(std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_postsuper(std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_delivery(const Line& line, std::string_view queue_id, std::string_view text, Fact& fact);
Parsed parse_delivery_session(std::string_view text);
Parsed parse_postscreen(const Line& line, Fact& fact);
Parsed parse_dnsblog(std::string_view text, Fact& fact);
Parsed parse_master(std::string_view text, Fact& fact);

// Lines without a fact: of a connection, of Postfix's libraries in every program, of a delivery agent about a
// mail.
bool is_peer_note(std::string_view text);
bool is_library_note(std::string_view text);
bool is_attempt_note(std::string_view text);

// "warning: …" and its kin: a login that failed, a mail that ended early; everything else is noise.
Parsed parse_warning(std::string_view text, Fact& fact);

// The envelope at the end of refusals: "; from=<> to=<> proto= helo=<>"; postscreen puts commas between.
struct Envelope {
  std::string_view before;  // what stands in front of it
  std::string_view behind;  // cleanup: ": text" of the table
  std::optional<std::string_view> sender;
  std::string_view recipient, protocol, helo, sasl_method, sasl_username, sasl_sender;
};
// Read from the right: the text in front is written by clients and other servers. False if there is none.
bool find_envelope(const Line& line, std::string_view text, bool text_behind, Envelope& out);

// What the text in the () of a delivery line tells besides itself.
void read_response(Attempt& attempt);

}  // namespace mailtrace::postfix
