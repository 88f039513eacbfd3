// Rows: what is stored. One column table per row type (core/mail/columns.h) drives merging, SQL, JSON and
// docs. The merge of two rows with equal key is commutative, associative and idempotent, so lines may come in
// any order, twice, or through several receivers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/id.h"
#include "core/base/time.h"

namespace mailtrace {

// ConnectRow.flags and DeliverRow.flags; a set bit stays set.
namespace row_flag {
inline constexpr int64_t opened = 1;           // the first line (client=, pickup) was seen
inline constexpr int64_t removed = 2;          // the queue is done with it
inline constexpr int64_t refused = 4;          // a refused transaction, not a mail
inline constexpr int64_t time_suspect = 8;     // a stamp far from the receive time
inline constexpr int64_t truncated = 16;       // a line was cut by the sender
inline constexpr int64_t notification = 32;    // the mail is a bounce or delay notice
inline constexpr int64_t resent_id = 64;       // message_id came from resent-message-id=
inline constexpr int64_t held = 128;           // was put on hold at some time
inline constexpr int64_t partial_id = 256;     // short queue id, stored before its first line came
inline constexpr int64_t milter = 512;         // a milter decided
inline constexpr int64_t filtered = 1024;      // went through a content filter
inline constexpr int64_t foreign_host = 2048;  // the sender's certificate may not speak for the named host
}  // namespace row_flag

// One mail on one host, or one refused transaction. Absent = unknown (NULL); sender "" = the null sender.
struct ConnectRow {
  Day day{};  // day of `id`
  Id id;
  Time connect_time{};                  // birth of the mail, microseconds
  std::string server;                   // the logging host
  std::optional<std::string> instance;  // Postfix instance: "postfix", "postfix-out"
  std::optional<std::string> queue_id, service, client_name, client_addr;
  std::optional<int64_t> client_port;
  // tls: "TLSv1.3 TLS_AES_256_GCM_SHA384 (Anonymous)": protocol, cipher, trust. helo and protocol are known
  // only if a policy line of the mail says them.
  std::optional<std::string> helo, protocol, sasl_user, tls, sender, message_id, subject;
  std::optional<int64_t> size, recipients;
  std::optional<double> spam_score;
  std::optional<std::string> spam_action, dkim, dmarc, spf;
  std::optional<Id> origin_id;             // the mail it came from
  std::optional<std::string> origin_kind;  // filter, relay, forward, bounce, resend, vacation
  std::optional<Time> end_time;            // last time the queue was done with it
  int64_t flags = 0;
};

// One attempt for one recipient, one refusal, or one event of the whole mail without recipient: held
// (postsuper -h, a HOLD action), expired or deleted when nobody is known to have waited.
struct DeliverRow {
  Day day{};  // day of `connect_id`
  Id connect_id;
  Id id;  // birth of the mail + hash(mail, line identity[, recipient])
  Time connect_time{};
  Time deliver_time{};
  std::string server;
  std::optional<std::string> queue_id, transport, recipient, original_recipient, relay_name, relay_addr;
  std::optional<int64_t> relay_port;
  std::optional<double> delay, delay_before, delay_queue, delay_connect, delay_transmit;  // seconds
  std::optional<int64_t> smtp_code;
  std::optional<std::string> dsn;
  std::optional<std::string>
      status;  // sent deferred bounced expired rejected blocked greylisted discarded filtered held deleted
  std::optional<std::string> response, next_queue_id;
  // What the mailbox server did, all of it: "INBOX", "(discarded)", "Work, (redirected to <a@b>)"; a longer
  // list is the greater text (core/track/mailboxes.h). `status` stays what the mail server saw.
  std::optional<std::string> folder;
  std::optional<std::string> tls;
  int64_t flags = 0;
  // Why, in words of other programs than the one that refused: block lists that name the client, the policy
  // server's line. Joined like `folder`.
  std::optional<std::string> reason;
};

// Raw lines of one mail: those that came together, compressed (zstd frame of lines, each ended by LF).
// Equal key: the longer one wins. A reader drops lines it has seen in another chunk.
struct LinesRow {
  Day day{};
  Id connect_id;
  Id id;  // birth of the mail + hash of the first line's identity
  std::string data;
};

// What one logging host sent on one day. `lines` and `unknown` are added up, the times merge by min and max.
struct HostRow {
  Day day{};
  std::string host;
  Time first_time{}, last_time{};
  int64_t lines = 0, unknown = 0;
};

// What one host logged in one hour (UTC), by program, as counted by `source`: a receiver, whose counts are
// added up, or "" for imports, whose counts merge by the larger, so that a second import changes nothing.
struct HourRow {
  Day day{};
  int64_t hour = 0;  // 0..23
  std::string host, program, source;
  int64_t understood = 0, ignored = 0, unknown = 0;  // by a parser
  int64_t unparsed = 0;                              // no parser for that program
  int64_t minutes = 0;                               // bit n: there was a line in minute n
  int64_t lines() const { return understood + ignored + unknown + unparsed; }
};

// Lines of one program that its parser should know and did not, alike in shape: numbers and names aside. A
// few samples of each (`slot`), the newest of its slot each; `lines` of all slots together are all of them.
struct UnknownRow {
  Day day{};
  std::string program;
  Id shape;
  int64_t slot = 0;
  std::string source;  // as in HourRow
  int64_t lines = 0;
  Time first_time{}, last_time{};
  std::string host, text;  // of the newest
};

// A time in which lines were lost on the way through a receiver, of whichever hosts.
struct GapRow {
  Day day{};  // of first_time
  Id id;
  std::string receiver, kind;      // damage: spool damaged; dropped: nothing took them
  Time first_time{}, last_time{};  // last moment before and first moment after, as far as known
  int64_t lines = 0;               // how many records; 0: unknown
  std::string reason;
};

// Where to read on. In the same transaction as the rows.
struct Checkpoint {
  std::string receiver;   // name of the receiver; one row each; empty: no checkpoint (import)
  std::string spool;      // uuid of the spool the sequence belongs to
  uint64_t sequence = 0;  // first record whose effect is not completely stored
  uint64_t counted = 0;   // records before this are in HostRow.lines
};

// Something half seen that memory must know again after a restart or in the next import: core/track/hints.h.
// The last value stays; one without data is gone.
struct HintRow {
  Id id;
  std::string data;
  Time until{};
};

// So many are read at a start, those first that are of use longest.
inline constexpr size_t most_hints = 200'000;

// What one transaction writes. At most one row per key.
struct Batch {
  std::vector<ConnectRow> connects;
  std::vector<DeliverRow> deliveries;
  std::vector<LinesRow> lines;
  std::vector<HostRow> hosts;
  std::vector<HourRow> hours;
  std::vector<UnknownRow> unknown;
  std::vector<GapRow> gaps;
  std::vector<HintRow> hints;
  Checkpoint checkpoint;
  Time newest{};  // stamp of the newest line understood so far; for the status only
  bool empty() const {
    return rows() == 0 && hosts.empty() && hours.empty() && unknown.empty() && gaps.empty() && hints.empty();
  }
  // Rows about mails. The others are about lines and come with the checkpoint that says they are counted.
  size_t rows() const { return connects.size() + deliveries.size() + lines.size(); }
};

}  // namespace mailtrace
