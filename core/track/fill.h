// Facts as columns: what a line says, put into rows. Pure. Any thread.
#pragma once
#include "core/mail/fact.h"
#include "core/mail/rows.h"
#include "core/parse/log_line.h"

namespace mailtrace {

// Valid UTF-8 without NUL, as every database takes it.
std::string stored_text(std::string_view text);
// The smaller of both, as columns.h merges; "" says nothing.
void put_text(std::optional<std::string>& column, std::string_view text);
// "TLSv1.3 TLS_AES_256_GCM_SHA384 (Anonymous)"
std::string tls_text(const Tls& tls);
// From the connection to the other side to its answer.
Microseconds transmit_time(const DeliverRow& row);
// The Postfix instance: what stands before the first '/' of the tag, if that is "postfix" or "postfix-…".
std::string_view instance_of(std::string_view app_name);

void fill_opened(const Opened& opened, ConnectRow& row);
void fill_message_id(const MessageId& fact, ConnectRow& row);
void fill_queued(const Queued& fact, ConnectRow& row);
void fill_verdict(const Verdict& fact, ConnectRow& row);
// helo, protocol, sender …: what a policy line says of the session.
void fill_session(const Policy& fact, ConnectRow& row);
DeliverRow attempt_row(const Attempt& fact, Time time);
DeliverRow refusal_row(const Policy& fact, Time time);
// The status of a refusal, or "" if the action lets the mail pass.
std::string_view refusal_status(const Policy& fact);

}  // namespace mailtrace
