// MailVerdict: what finally became of a mail, for each recipient, derived from the mail's whole way and never
// from one line. Any thread; the Reader belongs to the caller's thread.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/answer/explain.h"
#include "core/answer/words.h"
#include "core/mail/query.h"
#include "core/plugin/sink.h"

namespace mailtrace {

enum class VerdictKind {
  delivered,            // into a mailbox of ours
  delivered_elsewhere,  // another server took it
  forwarded,            // the recipient's own rule or alias sent it on
  waiting,              // in the queue
  bounced,              // given up; the sender was told, or should have been
  refused,              // never taken
  greylisted,           // refused for now; see MailVerdict::greylist
  discarded,            // thrown away without a notice
  filtered,             // kept by a content filter
  held,                 // stopped by an admin or a rule
  deleted,              // by an admin
  waited,               // not delivered at that attempt; the mail has left the queue since
  unknown               // the log does not say (yet)
};
std::string_view verdict_name(VerdictKind kind);  // "delivered_elsewhere"
Words verdict_words(VerdictKind kind);            // those of its status: "sent", "gesendet"

// The refusals of one client network, sender and recipient, and whether they came back.
struct GreylistStory {
  std::vector<Time> refused;
  std::optional<Time> accepted, delivered;
  std::optional<Id> accepted_id;  // the mail that was taken in the end
};

// "Verdict" alone is what a filter said: core/mail/fact.h.
struct MailVerdict {
  VerdictKind kind = VerdictKind::unknown;
  Tone tone = Tone::neutral;
  Words word;                                     // verdict_words(kind), or of the exact status: "expired"
  std::string sender;                             // "" is the null sender
  std::optional<std::string> recipient;           // where the way ended
  std::optional<std::string> original_recipient;  // as the sender wrote it, if different
  Sentence sentence;                              // what happened
  Sentence next;                                  // what to do; empty: nothing
  Actor actor = Actor::nobody;           // who must act, as admins see it: takes the step `next.admin`
  Actor customer_actor = Actor::nobody;  // who takes the step `next.customer`
  Explanation explanation;               // of the deciding answer; empty if it needs none

  Time accepted{};              // the first own server took it, or refused it
  std::optional<Time> decided;  // the deciding event
  int64_t attempts = 0;
  // waiting: the next attempt is due between these, and the queue gives up at `deadline`.
  std::optional<Time> next_from, next_to, deadline;
  bool overdue = false;  // waiting, but no attempt was logged when it was due

  std::string server;             // the own server that decided, or saw it last
  std::string folder;             // delivered: "INBOX"
  std::string target;             // forwarded: to whom; delivered elsewhere: to which server
  std::string answer;             // the literal answer of the other side
  std::string answered_by;        // who gave it: "mx.example.org [192.0.2.1]"
  std::string reason;             // what other programs said of it before: DeliverRow.reason
  std::vector<std::string> told;  // who got a non-delivery notice
  bool told_delivered = false;    // and it arrived
  std::optional<GreylistStory> greylist;
  Id mail;                     // the mail of the deciding delivery
  std::vector<Id> deliveries;  // deciding rows, the last event last

  Actor actor_for(Audience audience) const { return audience == Audience::admin ? actor : customer_actor; }
};

struct VerdictOptions {
  const Explanations* explanations = nullptr;  // null: general sentences
  const date::time_zone* zone = nullptr;       // of times in sentences; null: UTC
  Time now = mailtrace::now();
  bool read_now = false;  // at `now`, in `zone`: customers are told "today"; else the text is kept: dates
  // For the greylisting story: what came back later or was refused before. Null: not asked.
  Reader* reader = nullptr;
  // postconf(5): minimal_backoff_time, maximal_backoff_time, queue_run_delay, maximal_queue_lifetime.
  std::chrono::seconds minimal_backoff{300}, maximal_backoff{4000}, queue_run{300};
  std::chrono::seconds queue_lifetime{std::chrono::days(5)};
};

// One for each recipient at the end of each way of the trace; notices about the mail (bounces) get none of
// their own unless the trace has nothing else. In the order of the recipients.
std::vector<MailVerdict> verdicts(const Trace& trace, const VerdictOptions& options);

// The verdict of one row of a result list, without asking anybody: from its status alone.
VerdictKind verdict_of_row(const ConnectRow& connect, const DeliverRow* deliver);
Tone tone_of(VerdictKind kind);

}  // namespace mailtrace
