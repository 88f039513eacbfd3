// MailTracker: the Tracker. Facts are taken in tracker.cc, mails are identified in resolve.cc, rows are made
// in collect.cc, what is half seen is stored and read again in recall.cc, facts without queue id are joined
// in join.cc, sessions in clients.cc, mails whose later lines came first in halves.cc. Pipeline thread.
#pragma once
#include <deque>
#include <map>
#include <unordered_map>

#include "core/track/emit.h"
#include "core/track/links.h"
#include "core/track/mailboxes.h"
#include "core/track/named_sessions.h"
#include "core/track/networks.h"
#include "core/track/open_mails.h"
#include "core/track/reasons.h"
#include "core/track/sessions.h"
#include "core/track/shadow.h"
#include "core/track/tracker.h"

namespace mailtrace {

class MailTracker final : public Tracker {
 public:
  MailTracker(const TrackerConfig& config, Cache* cache, FindOpen find_open);
  void recall(const std::vector<HintRow>& hints, Time now, std::vector<std::string>& lines) override;
  void apply(const LogLine& line, const Fact& fact) override;
  bool collect(Time now, bool all, size_t max_rows, Batch& batch) override;
  uint64_t pinned(uint64_t next) const override;
  void read_before(uint64_t sequence) override { mails_.read_before(sequence); }
  void guess_the_rest() override { guessing_ = true; }
  void know_refusals(FindRefusals find) override { find_refusals_ = std::move(find); }
  Status status() const override;

 private:
  // Refusals that are stored of an hour of a server, and which line has been found to be each.
  struct FinerRefusals {
    Time from{};
    std::vector<Hit> hits;
    std::vector<std::optional<Hash128>> taken;
  };

  // Rows of no mail in memory: refusals without queue id, and the parent of a mail that left memory.
  struct Loose {
    ConnectRow connect;
    std::optional<DeliverRow> deliver;
    std::string lines;
    Hash128 line;
    uint64_t sequence = 0;
    CachedSession session{};
  };

  // ---- tracker.cc
  void on(const LogLine& line, const std::monostate&);
  void on(const LogLine& line, const Opened& fact);
  void on(const LogLine& line, const MessageId& fact);
  void on(const LogLine& line, const Queued& fact);
  void on(const LogLine& line, const Attempt& fact);
  void on(const LogLine& line, const Expired& fact);
  void on(const LogLine& line, const Removed& fact);
  void on(const LogLine& line, const Notification& fact);
  void on(const LogLine& line, const AdminAction& fact);
  void on(const LogLine& line, const Policy& fact);
  void on(const LogLine& line, const Subject& fact);
  void on(const LogLine& line, const Aborted& fact);
  void on(const LogLine&, const LoginFailed&) {}
  void on(const LogLine& line, const Listed& fact);
  void on(const LogLine& line, const Screened& fact);
  void on(const LogLine&, const ServiceEvent&) {}

  // The mail `queue_id` with the line accounted to it; null if it has taken this line before.
  OpenMail* take(const LogLine& line, std::string_view queue_id, LineKind kind);
  void account(OpenMail& mail, const LogLine& line, LineKind kind);
  void keep_raw(OpenMail& mail, std::string_view raw, const Hash128& identity);
  void origin_of_opened(OpenMail& mail, const LogLine& line, const Opened& fact);
  void came_from_own(OpenMail& mail);
  void claims_of_attempt(OpenMail& mail, const LogLine& line, const Attempt& fact);
  void note_recipient(OpenMail& mail, const Attempt& fact, Time time);
  void refuse(const LogLine& line, const Policy& fact);

  // ---- clients.cc
  void on(const LogLine& line, const SessionOpened& fact);
  void on(const LogLine& line, const SessionTls& fact);
  void on(const LogLine& line, const SessionLogin& fact);
  void on(const LogLine& line, const SessionClosed& fact);
  SessionBase session_base(const LogLine& line);
  void build_on(OpenMail& mail, const SessionBase& base);
  // A line of a session that names itself says one of these; mails and refusals that came before it get it.
  void say_named(const LogLine& line, std::string_view name, const Peer& client, std::string_view tls,
                 std::string_view user);
  SessionBase named_base(const LogLine& line, std::string_view name) const;
  void join_named(OpenMail& mail, const LogLine& line, std::string_view name);
  // Fills in the client; where the session holds the checkpoint.
  uint64_t refused_named(Loose& refusal, const LogLine& line, Policy& fact);
  void use_named_tls(OpenMail& mail, Delivery& delivery, const LogLine& line, std::string_view name);
  // Of a session that another instance has seen begin.
  CachedSession session_of(const LogLine& line, const Peer& client);
  // The TLS session of that key that began at `since` or later, and not after `time`.
  std::optional<std::string> cached_tls(const std::string& session, Time since, Time time);
  void use_cached_named(const std::string& session, char part, std::optional<std::string>& column);
  void use_cached_session(const CachedSession& session, ConnectRow& row, Time time);
  void use_cached_tls(OpenMail& mail);

  // ---- join.cc
  void on(const LogLine& line, const Mailbox& fact);
  void on(const LogLine& line, const Verdict& fact);
  void use_cached_outcomes(OpenMail& mail);
  void explain(Loose& refusal, const LogLine& line, const Policy& fact, const Peer& client);
  void explain_late(const LogLine& line, const Reasons::Refusal& refusal, std::string text);
  void note_policy(const LogLine& line, const Verdict& fact);
  // The mails that Sieve sent for the one of that session: redirected, a vacation answer, a rejection.
  std::string notice_name(std::string_view number, const OpenMail& mail) const;
  void sent_by_sieve(const Mailboxes::Session& session);
  void maybe_by_sieve(OpenMail& mail, const LogLine& line, const Attempt& fact);
  OpenMail* elsewhere(uint32_t server, std::string_view queue_id, Time time);
  void pass_on(OpenMail& note);
  void expect_mailbox(OpenMail& mail, const LogLine& line, const Attempt& fact);
  void add_folder(const LogLine& line, const Mailboxes::Session& session,
                  const Mailboxes::Delivered& delivered);
  static void set_folder(const Mailboxes::Session& session, const Mailboxes::Delivered& delivered,
                         DeliverRow& row);

  // ---- resolve.cc
  void link(OpenMail& child, OpenMail& parent, std::string_view kind);
  void linked(const LinkEnd& child, const LinkEnd& parent, std::string_view kind);
  void add_loose(OpenMail& mail);
  void add_origin(const FarChild& child, const Id& parent, uint64_t sequence);
  void set_origin(OpenMail& child, const Id& parent, std::string_view kind);
  LinkEnd end_of(const OpenMail& mail, const LogLine& line) const;
  LinkEnd end_of(const KnownEnd& end);
  // Makes the mail's id known. The mail may be folded into another one: use what is returned; null: it has no
  // line of its own and nobody knows it.
  OpenMail* resolve(OpenMail& mail);
  std::optional<KnownMail> from_cache(const OpenMail& mail);
  std::optional<KnownMail> from_database(const OpenMail& mail);
  // From the cache, else the database; only what fits the mail.
  std::optional<KnownMail> look_up(const OpenMail& mail);
  std::optional<std::string> cached(const std::string& key);
  bool fits(const KnownMail& known, const OpenMail& mail) const;
  bool may_be_stale(const KnownMail& known, const OpenMail& mail) const;
  OpenMail* settle(OpenMail& mail, const Id& id, Time birth, Born born);
  void pass_id(OpenMail& mail);

  // ---- halves.cc
  std::optional<Mail> later_half(const OpenMail& mail);
  bool continues(const ConnectRow& row, const OpenMail& mail) const;
  OpenMail* take_half(OpenMail& mail, Mail half);

  // ---- finer.cc
  bool may_be_finer(const OpenMail& mail) const;
  std::optional<KnownMail> finer(const OpenMail& mail);
  void take_finer(OpenMail& mail);
  void take_finer(Loose& refusal, const LogLine& line);
  FinerRefusals* finer_refusals(const std::string& server, Time time);

  // ---- recall.cc
  void remember(Time now, bool all, bool forget, Batch& batch);
  void remember_reasons(Time settled);
  void remember_lines(const OpenMail& mail);
  std::string recall_lines(const HintRow& hint);
  void recall_session(std::string_view data, Time now);
  void recall_named(std::string_view data, Time now);
  void recall_mailbox(std::string_view data, Time now);
  void recall_link(std::string_view data, Time now);
  void recall_reasons(std::string_view data, Time now);
  void name_mails(Mailboxes::Session& session);

  // ---- collect.cc
  bool written_before(OpenMail& mail);
  bool is_certain(OpenMail& mail);
  void prefetch(const std::vector<Handle>& due);
  enum class Written { yes, dropped, postponed };
  Written write(OpenMail& mail, bool all, Time now);
  bool wants(const OpenMail& mail);
  static void take_over(OpenMail& mail, const KnownMail& known);
  void end_recipients(OpenMail& mail);
  void claim_late(OpenMail& mail);
  void find_written_children(OpenMail& mail);
  void use_cached_pipe(OpenMail& mail, const LinkEnd& self);
  void use_cached_links(OpenMail& mail);
  size_t write_loose(size_t max_rows);
  void adopt_parent(OpenMail& mail);
  void forget_old(Time now, bool all);
  void shadow(const OpenMail& mail);

  const TrackerConfig config_;
  Cache* const cache_;
  const FindOpen find_open_;
  FindRefusals find_refusals_;
  std::unordered_map<std::string, FinerRefusals> finer_refusals_;  // by server
  const Networks own_;
  mutable OpenMails mails_;
  Sessions sessions_;
  NamedSessions named_;
  mutable Links links_;
  Mailboxes mailboxes_;
  mutable Reasons reasons_;
  Emitter emitter_;
  std::deque<Loose> loose_;
  std::vector<Handle> put_off_;                                         // probes or not: not known yet
  std::unordered_map<std::string, std::optional<std::string>> cached_;  // what this collect() asked for
  const LogLine* line_ = nullptr;                                       // that apply() is at
  Time newest_{}, now_{};
  bool guessing_ = false;
  std::unordered_set<std::string> tls_put_;        // keys, see tls_key()
  std::optional<Time> start_;                      // stamp of the first line
  std::vector<HintRow> hints_;                     // for the next batch
  std::optional<Time> recalled_, first_received_;  // when recall() was called; of the first line after it
};

// Dovecot logs what it did before Postfix logs its answer, or right behind; lists answer before the refusal.
inline constexpr Microseconds mailbox_wait = std::chrono::minutes(5);

// How long the cache keeps a mail: longer than Postfix tries (maximal_queue_lifetime, 5 days).
inline constexpr int shadow_seconds = 6 * 86400;

// How many hosts may be asked for a queue id that a line named without its host.
inline constexpr uint32_t most_servers_asked = 64;

}  // namespace mailtrace
