// Facts: what one log line says. A parser states facts; the tracker joins them.
// All views borrow from the line. Empty = the line did not say it, except where a field is optional
// because "" is a value of its own (the null sender, RFC 5321 4.5.5).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mailtrace {

// Who spoke to us, or to whom we spoke: `name[addr]:port`.
struct Peer {
  std::string_view
      name;  // "unknown" stays "unknown"; a unix-domain path stands in `addr` as "private/dovecot-lmtp"
  std::string_view addr;  // IPv4, IPv6 without "IPv6:"
  int port = 0;           // 0: not said
};

struct Tls {
  std::string_view trust;     // Anonymous, Untrusted, Trusted, Verified
  std::string_view protocol;  // "TLSv1.3"
  std::string_view cipher;    // "TLS_AES_256_GCM_SHA384"
};

// ---- a session; joined to its mails by host, program and pid, or by its own name -----------------------

// `session`, here and below: the name that stands in each line of it (OpenSMTPD). Then these lines alone say
// who the client is, and one process has many at a time.
struct SessionOpened {
  Peer client;
  std::string_view session{};
};
struct SessionTls {
  Peer client;
  Tls tls;
  std::string_view session{};
};
struct SessionLogin {
  std::string_view session, username;
};
struct SessionClosed {
  Peer client;
  std::string_view how;     // "", "lost connection", "timeout", "too many errors" …
  std::string_view stage;   // "after RCPT" gives RCPT
  std::string_view counts;  // "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
  std::string_view session{};
};
struct LoginFailed {
  Peer client;
  std::string_view mechanism, username, reason;
};

// ---- one mail on one host, known by its queue id -----------------------------------------------------

// The first line of a mail: smtpd "QID: client=", pickup "QID: uid=", Exim "<=".
struct Opened {
  std::string_view queue_id;  // empty: before-queue proxy ("NOQUEUE: client=")
  std::string_view service;   // "smtpd", "submission/smtpd", "pickup"; empty if the tag was cut
  Peer client;
  std::string_view sasl_method, sasl_username, sasl_sender;
  std::string_view orig_queue_id;          // XFORWARD: the same mail before the content filter
  Peer orig_client;                        // XFORWARD: who really sent it
  std::string_view resent_queue_id;        // pickup "orig_id=": requeued by an admin
  std::string_view notifies_queue_id;      // Exim "R=": tells the sender of that mail that it failed or waits
  std::string_view uid;                    // pickup: Unix user
  std::optional<std::string_view> sender;  // when the same line says it
  std::string_view helo, protocol, message_id, subject;
  std::optional<int64_t> size, recipients;
  Tls tls;
  std::string_view session{};
};

struct MessageId {
  std::string_view queue_id;
  std::string_view message_id;  // as logged, may be empty, may lack <>; without the outer <> if it has both
  bool resent = false;          // resent-message-id=
};

// qmgr "from=<>, size=, nrcpt= (queue active)"; again at every retry.
struct Queued {
  std::string_view queue_id;
  std::optional<std::string_view> sender;
  std::optional<int64_t> size, recipients;
};

enum class Outcome { sent, deferred, bounced, expired, deliverable, undeliverable, discarded, filtered };

// One attempt for one recipient: RFC 3463 dsn, times in seconds.
struct Attempt {
  std::string_view queue_id;
  std::string_view transport;  // smtp, relay/smtp, lmtp, local, virtual, pipe, error, discard; empty if cut
  std::string_view recipient, original_recipient;  // orig_to; empty: the same
  std::string_view other_recipients;               // Sendmail: with the same result, "<a@b>,<c@d>"
  Peer relay;                                      // name "none", "local", "virtual" as logged
  std::optional<double> delay, delay_before, delay_queue, delay_connect, delay_transmit;
  std::optional<int64_t> connections_used;  // conn_use=
  std::string_view tls;
  std::string_view dsn{};
  int smtp_code = 0;  // reply code in the response; 0: none
  Outcome outcome = Outcome::sent;
  std::string_view response;       // the text in the outer (); opaque, written by the other side
  std::string_view next_queue_id;  // "queued as X", "forwarded as X": a claim until confirmed
  bool forwarded = false;          // next_queue_id is of this host (local(8) "forwarded as")
  std::string_view lmtp_session;   // Dovecot's session in "… Saved"
  bool cut = false;                // the sender cut the line: the response may lack its end
  std::string_view session{};      // with the relay
};

// qmgr "status=expired, returned to sender": ends every recipient that is still waiting.
struct Expired {
  std::string_view queue_id;
  std::optional<std::string_view> sender;
  bool forced = false;
};

struct Removed {
  std::string_view queue_id;
};  // the queue is done with it

enum class NotificationKind { bounce, delay, success, postmaster };
// "sender non-delivery notification: CHILD": a new mail about an old one.
struct Notification {
  std::string_view queue_id, child_queue_id;
  NotificationKind kind = NotificationKind::bounce;
};

enum class AdminKind { deleted, held, released, requeued, expired };
struct AdminAction {  // postsuper(1), exim -M…, smtpctl(8)
  std::string_view queue_id;
  AdminKind kind = AdminKind::deleted;
  std::string_view recipient{}, original_recipient{};  // that one only; empty: all
};

// ---- refusals and policy ------------------------------------------------------------------------------

enum class PolicyAction {
  reject,
  defer,
  discard,
  hold,
  filter,
  redirect,
  bcc,
  warn,
  info,
  delay,
  accept,
  replace,
  prepend,
  hangup
};
// "QID|NOQUEUE: reject: RCPT from …", milter-*, postscreen, header_checks with a verdict, proxy-reject.
struct Policy {
  std::string_view queue_id;  // empty: NOQUEUE
  std::string_view service;   // smtpd, submission/smtpd, postscreen, cleanup; empty if cut
  PolicyAction action = PolicyAction::reject;
  bool milter = false, proxy = false;
  std::string_view stage;  // CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE, header, body …
  Peer client;
  int smtp_code = 0;  // 0: none
  std::string_view dsn{};
  std::string_view text;  // the reason, behind code and dsn, up to the envelope fields
  std::optional<std::string_view> sender;
  std::string_view recipient;
  std::string_view protocol, helo, sasl_method, sasl_username;
  std::string_view header;  // header_checks: the header line, "Subject: …"
  bool greylisted = false;  // the server's own text says greylisting
  bool blocked = false;  // refused for who the client is (RBL, postscreen, client access), not for the mail
  bool cut = false;      // the sender cut the line: what stands at its end is missing
  std::string_view session{};
};

// header_checks INFO/WARN on Subject, the only way Postfix logs it.
struct Subject {
  std::string_view queue_id, subject;
};

// dnsblog "addr I listed by domain D as A": explains a postscreen refusal.
struct Listed {
  std::string_view addr, domain, answer;
};

// postscreen: what it saw of a client before smtpd did.
struct Screened {
  Peer client;
  std::string_view verdict;
};  // "PASS NEW", "PREGREET", "DNSBL rank 4" …

// A mail that ended before it was queued: size limit, hop count, cancelled.
struct Aborted {
  std::string_view queue_id, reason;
  int smtp_code = 0;  // what the client was told, if that is certain; 0 and "": not known
  std::string_view dsn{};
};

// ---- content filters and mailbox servers ----------------------------------------------------------------

struct Verdict {  // amavis, rspamd, opendkim, opendmarc, policyd-spf, postgrey, spamd
  std::string_view program, queue_id, message_id, action, text;
  std::optional<double> score;
  std::string_view dkim, dmarc, spf;
  std::string_view inner_queue_id;  // amavis queued_as
  std::string_view mail_id;         // amavis; the Message-IDs of its notices hold it
  Peer client;
  std::optional<std::string_view> sender;
  std::string_view recipient;  // one address; several stay a list as logged: "<a@b>,<c@d>"
};

struct Mailbox {  // Dovecot lmtp, lda, sieve: the real end of a delivery
  std::string_view session, user, message_id;
  std::string_view folder;   // saved into
  std::string_view outcome;  // saved, discarded, rejected, redirected, vacation, failed
  std::string_view target;   // redirected to; who got the rejection or the vacation answer
  std::string_view text;     // why it failed or was rejected
};

// The mail system itself: start, reload, stop; open sessions end here.
struct ServiceEvent {
  std::string_view what, version;
};

using Fact = std::variant<std::monostate, SessionOpened, SessionTls, SessionLogin, SessionClosed, LoginFailed,
                          Opened, MessageId, Queued, Attempt, Expired, Removed, Notification, AdminAction,
                          Policy, Subject, Listed, Screened, Aborted, Verdict, Mailbox, ServiceEvent>;

// "attempt queue_id=… recipient=…": name and set fields in the order above, for fixtures and debugging.
std::string format_fact(const Fact& fact);

}  // namespace mailtrace
