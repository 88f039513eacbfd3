// What one delivery row says, read once: mailbox outcomes, whose relay it is. Between the files of
// core/answer. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/query.h"

namespace mailtrace {

// DeliverRow.folder taken apart (core/track/mailboxes.h writes it).
struct MailboxOutcome {
  std::vector<std::string> saved, redirected, rejected, vacation;
  bool discarded = false, failed = false;
  bool empty() const {
    return saved.empty() && redirected.empty() && rejected.empty() && vacation.empty() && !discarded &&
           !failed;
  }
};
MailboxOutcome mailbox_outcome(std::string_view folder);

// A delivery was tried; held, deleted and expired are no attempts.
bool is_attempt(const DeliverRow& d);
bool is_loopback(std::string_view address);
// Loopback, RFC 1918, RFC 4193: not a server of somebody else.
bool is_private(std::string_view address);
// Delivered by this server itself: a socket, local(8), virtual(8), a pipe, LMTP.
bool is_local_delivery(const DeliverRow& d);
// "mx.example.org [192.0.2.1]", "mx.example.org", "192.0.2.1", "".
std::string relay_of(const DeliverRow& d);
// Who wrote the answer: the host of "host NAME[ADDRESS] said:" or "connect to …", else the relay.
std::string answered_by(const DeliverRow& d);

// The block lists that DeliverRow.reason says named the client, as dnsblog(8) logged them.
std::vector<std::string> lists_of(const DeliverRow& d);

std::string key_of(const std::optional<std::string>& address);  // in lower case
std::string join(const std::vector<std::string>& parts, std::string_view between = ", ");

// Kinds of links that a mail goes on by; the others lead to notices about it.
bool goes_on(std::string_view kind);
const Mail* find_mail(const Trace& trace, const Id& id);

// The attempts for one recipient of one mail, by time; rows without recipient (held, deleted) are of all.
struct Attempts {
  std::string key;
  std::vector<const DeliverRow*> rows;
  const DeliverRow* last() const;  // the one that decides: the last final one, else the last
};
std::vector<Attempts> attempts_of(const Mail& mail);

}  // namespace mailtrace
