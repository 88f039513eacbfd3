// Follows each recipient through a trace to where its way ended, and says what that means. Any thread.
#include "core/answer/verdict.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/answer/greylist.h"
#include "core/answer/outcome.h"
#include "core/answer/status_words.h"
#include "core/answer/verdict_texts.h"
#include "core/answer/walk.h"
#include "core/answer/we_send.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

using std::chrono::seconds;

class Judge {
 public:
  Judge(const Trace& trace, const VerdictOptions& options)
      : trace_(trace),
        options_(options),
        explanations_(options.explanations ? *options.explanations : none_) {}

  MailVerdict of(const WayEnd& end) {
    end_ = &end;
    last_ = end.attempts.last();
    tell_.emplace(options_.zone, options_.read_now ? std::optional(options_.now) : std::nullopt);
    MailVerdict v;
    basics(v);
    if (!last_)
      no_attempt(v);
    else
      by_status(v);
    v.tone = tone_of(v.kind);
    if (v.word.empty()) v.word = verdict_words(v.kind);
    finish(v);
    return v;
  }

 private:
  const ConnectRow& connect() const { return end_->mail->connect; }

  void basics(MailVerdict& v) {
    auto& root = end_->root->connect;
    v.sender = root.sender.value_or(connect().sender.value_or(""));
    v.accepted = root.connect_time;
    v.server = connect().server;
    v.mail = connect().id;
    if (last_ && last_->recipient)
      v.recipient = *last_->recipient;
    else if (!end_->attempts.key.empty())
      v.recipient = end_->attempts.key;
    if (!end_->original.empty() && lower(end_->original) != key_of(v.recipient))
      v.original_recipient = end_->original;
    for (auto* d : end_->attempts.rows) {
      v.deliveries.push_back(d->id);
      v.attempts += is_attempt(*d) ? 1 : 0;
    }
    if (last_) {
      v.decided = last_->deliver_time;
      v.answer = last_->response.value_or("");
      v.answered_by = answered_by(*last_);
    }
    auto client = connect().client_name.value_or("unknown"), address = connect().client_addr.value_or("");
    if (client == "unknown")
      client = address;
    else if (!address.empty())
      client += " [" + address + "]";
    if (v.recipient)
      tell_->set("recipient", *v.recipient);
    else
      tell_->set("recipient", Words{"somebody (the log does not say to whom)",
                                    "jemanden (das Protokoll nennt nicht, an wen)"});
    tell_->set("server", v.server);
    tell_->set_queue_commands(connect());
    tell_->set("client", client.empty() ? "?" : client);
    tell_->set("answer", v.answer);
    tell_->set("by", v.answered_by.empty() ? v.server : v.answered_by);
    tell_->set("transport", last_ ? last_->transport.value_or("?") : "?");
    tell_->set_attempts(v.attempts);
    tell_->set("accepted", v.accepted);
    if (last_) tell_->set("time", last_->deliver_time);
  }

  void no_attempt(MailVerdict& v) {
    auto flags = connect().flags;
    tell_->set("time", connect().connect_time);
    if (flags & row_flag::refused) return refused(v);
    if (flags & row_flag::held) {
      v.kind = VerdictKind::held;
      v.sentence = tell_->tell(Phrase::held);
      act(v, Actor::our_admin);
    } else if (!connect().end_time && !connect().size && !connect().recipients &&
               options_.now > connect().connect_time + std::chrono::hours(1)) {
      v.kind = VerdictKind::unknown;
      v.word = {"not finished", "nicht vollendet"};
      v.sentence = tell_->tell(Phrase::not_finished);
      v.next = next_not_finished();
    } else if (connect().end_time || options_.now > connect().connect_time + options_.queue_lifetime) {
      ended(v, VerdictKind::unknown, Phrase::no_end);
    } else {
      v.kind = VerdictKind::waiting;
      v.word = status_words("queued");
      v.sentence = tell_->tell(Phrase::in_queue);
    }
  }

  void by_status(MailVerdict& v) {
    auto status = last_->status.value_or("");
    if (status == "sent")
      sent(v);
    else if (status == "deferred")
      waiting(v);
    else if (status == "bounced" || status == "expired")
      bounced(v, status == "expired");
    else if (status == "rejected" || status == "blocked")
      refused(v);
    else if (status == "greylisted")
      greylisted(v);
    else if (status == "discarded")
      ended(v, VerdictKind::discarded, Phrase::discarded);
    else if (status == "filtered")
      ended(v, VerdictKind::filtered, Phrase::filtered);
    else if (status == "held")
      ended(v, VerdictKind::held, Phrase::held);
    else if (status == "deleted")
      ended(v, VerdictKind::deleted, Phrase::deleted);
    else
      ended(v, VerdictKind::unknown, Phrase::no_end);
  }

  void ended(MailVerdict& v, VerdictKind kind, Phrase which) {
    v.kind = kind;
    if (kind == VerdictKind::unknown) {
      act(v, Actor::nobody, Actor::our_admin);
      v.next = {};
    }
    // Nobody answered; what a rule says is in the sentence.
    if (kind == VerdictKind::discarded) v.answer = v.answered_by = "";
    if (kind == VerdictKind::held || kind == VerdictKind::discarded || kind == VerdictKind::filtered)
      act(v, Actor::our_admin);
    if (kind == VerdictKind::deleted) act(v, Actor::sender, Actor::our_admin);
    v.sentence = tell_->tell(which);
  }

  static void act(MailVerdict& v, Actor customer, Actor admin) {
    v.customer_actor = customer;
    v.actor = admin;
  }
  static void act(MailVerdict& v, Actor both) { act(v, both, both); }

  // ---- sent

  void sent(MailVerdict& v) {
    auto& d = *last_;
    auto box = mailbox_outcome(d.folder.value_or(""));
    if (!box.empty()) return mailbox(v, box);
    if (d.transport == "discard") return ended(v, VerdictKind::discarded, Phrase::discarded);
    if (is_local_delivery(d)) return local(v);
    bool inside = is_loopback(d.relay_addr.value_or("")) || is_private_relay();
    if (inside && kept_by_filter()) return ended(v, VerdictKind::filtered, Phrase::filtered);
    v.target = relay_of(d);
    tell_->set("target", v.target.empty() ? "?" : v.target);
    if (is_loopback(d.relay_addr.value_or("")))
      return ended(v, VerdictKind::unknown, Phrase::handed_to_filter);
    v.kind = VerdictKind::delivered_elsewhere;
    v.sentence =
        tell_->tell(is_private_relay() && named_by_address() ? Phrase::next_server : Phrase::elsewhere);
    greylisted_there(v);
    greylisted_before(v);
  }

  bool named_by_address() const { return last_->relay_name == last_->relay_addr; }

  bool is_private_relay() const { return is_private(last_->relay_addr.value_or("")); }

  // amavisd: "250 2.7.0 Ok, discarded, id=…", and its own verdict line.
  bool kept_by_filter() const {
    return connect().spam_action.value_or("").starts_with("Blocked") ||
           (is_loopback(last_->relay_addr.value_or("")) &&
            last_->response.value_or("").find("Ok, discarded") != std::string::npos);
  }

  void mailbox(MailVerdict& v, const MailboxOutcome& box) {
    v.folder = join(box.saved);
    // "250 Saved" is said to the mail server whatever the rule did then.
    if (box.saved.empty()) v.answer = v.answered_by = "";
    tell_->set("folder", v.folder);
    auto extra = [&](Phrase which, const std::vector<std::string>& targets) {
      if (targets.empty()) return;
      tell_->set("target", join(targets));
      append(v.sentence, tell_->tell(which));
      if (v.target.empty()) v.target = join(targets);
    };
    if (!box.saved.empty()) {
      v.kind = VerdictKind::delivered;
      v.sentence = tell_->tell(Phrase::delivered_folder);
      extra(Phrase::copy_forwarded, box.redirected);
      extra(Phrase::auto_reply, box.vacation);
      greylisted_before(v);
    } else if (!box.redirected.empty()) {
      v.kind = VerdictKind::forwarded;
      extra(Phrase::forwarded, box.redirected);
      extra(Phrase::auto_reply, box.vacation);
    } else if (!box.rejected.empty()) {
      v.kind = VerdictKind::refused;
      act(v, Actor::sender);
      v.next.admin = tell_->fill_all(next_of_rule()).admin;
      v.told = box.rejected;
      extra(Phrase::rejected_by_rule, box.rejected);
    } else if (box.discarded) {
      ended(v, VerdictKind::discarded, Phrase::discarded_by_rule);
      act(v, Actor::recipient);
      v.next = tell_->fill_all(next_of_rule());
    } else if (!box.vacation.empty()) {
      v.kind = VerdictKind::delivered;
      v.sentence = tell_->tell(Phrase::delivered);
      extra(Phrase::auto_reply, box.vacation);
    } else {
      ended(v, VerdictKind::unknown, Phrase::no_end);
    }
  }

  void local(MailVerdict& v) {
    auto& d = *last_;
    auto& response = v.answer;
    if (response.starts_with("forwarded as ")) {
      v.kind = VerdictKind::forwarded;
      tell_->set("target", response.substr(13));
      v.sentence = tell_->tell(Phrase::forwarded);
      return;
    }
    if (response.find("delivered to file: /dev/null") != std::string::npos)
      return ended(v, VerdictKind::discarded, Phrase::discarded);
    v.kind = VerdictKind::delivered;
    auto service = d.relay_name.value_or("") + " " + d.transport.value_or("");
    bool pipe = d.transport.value_or("").ends_with("pipe");
    bool mailbox_program =
        service.find("dovecot") != std::string::npos || service.find("maildrop") != std::string::npos ||
        service.find("cyrus") != std::string::npos || service.find("procmail") != std::string::npos ||
        service.find("lda") != std::string::npos;
    bool command = response.find("delivered to command") != std::string::npos &&
                   response.find("procmail") == std::string::npos;
    v.sentence =
        tell_->tell(command || (pipe && !mailbox_program) ? Phrase::delivered_program : Phrase::delivered);
    greylisted_before(v);
  }

  // The other side put us off at first.
  void greylisted_there(MailVerdict& v) {
    for (auto* d : end_->attempts.rows) {
      if (d->status != "deferred") continue;
      auto why = explanations_.explain(connect(), *d);
      if (why.category != "greylisting") continue;
      v.greylist = GreylistStory{{d->deliver_time}, last_->deliver_time, last_->deliver_time, connect().id};
      tell_->set("refused", d->deliver_time);
      tell_->set_duration("duration",
                          std::chrono::duration<double>(last_->deliver_time - d->deliver_time).count());
      append(v.sentence, tell_->tell(Phrase::after_greylisting_there));
      return;
    }
  }

  // We put them off at first.
  void greylisted_before(MailVerdict& v) {
    if (!options_.reader || v.greylist) return;
    auto story = refused_before(*options_.reader, end_->root->connect, end_->original);
    if (!story || story->refused.empty()) return;
    story->delivered = v.decided;
    tell_->set("refused", story->refused.front());
    tell_->set_duration(
        "duration",
        std::chrono::duration<double>(end_->root->connect.connect_time - story->refused.front()).count());
    append(v.sentence, tell_->tell(Phrase::after_greylisting));
    v.greylist = std::move(story);
  }

  // ---- waiting

  // qmgr(8): the file's next visit is its age later, within the limits; the queue is walked every queue_run.
  void waiting(MailVerdict& v) {
    v.kind = VerdictKind::waiting;
    explain_attempt(v, *last_, true);
    auto born = connect().connect_time;
    auto last = last_->deliver_time;
    v.deadline = born + options_.queue_lifetime;
    if (connect().end_time && *connect().end_time > last + seconds(1))
      return ended(v, VerdictKind::unknown, Phrase::no_end);
    auto age = std::max<Microseconds>(last - born, Microseconds(0));
    Microseconds wait = std::clamp<Microseconds>(age, options_.minimal_backoff, options_.maximal_backoff);
    // Other settings show in what was seen: the last pause, up to its double.
    auto seen = last_pause();
    Microseconds most = wait + options_.queue_run;
    if (seen && (*seen + options_.queue_run < predicted_pause() ||
                 *seen > predicted_pause() + 2 * options_.queue_run)) {
      wait = *seen;
      most = std::min<Microseconds>(2 * *seen, std::max<Microseconds>(*seen, options_.maximal_backoff)) +
             options_.queue_run;
    }
    v.next_from = last + wait;
    v.next_to = last + most;
    if (*v.deadline < *v.next_from) v.next_from = v.next_to = *v.deadline;
    v.overdue = options_.now > *v.next_to + seconds(600);
    tell_->set("next_from", *v.next_from);
    tell_->set("next_to", *v.next_to);
    tell_->set("deadline", *v.deadline);
    bool expired = options_.now > *v.deadline + seconds(600);
    tell_->set("due", expired ? *v.deadline : *v.next_to);
    v.sentence = tell_->tell(v.overdue && expired ? Phrase::waiting_expired
                             : v.overdue          ? Phrase::waiting_overdue
                             : v.attempts > 1     ? Phrase::waiting
                                                  : Phrase::waiting_first);
    append(v.sentence, v.explanation.text);
    if (!v.overdue) return;
    act(v, Actor::our_admin);
    v.next = tell_->fill_all(next_overdue());
  }

  std::optional<Microseconds> last_pause() const {
    auto& rows = end_->attempts.rows;
    if (rows.size() < 2) return std::nullopt;
    auto pause = rows.back()->deliver_time - rows[rows.size() - 2]->deliver_time;
    return pause > Microseconds(0) ? std::optional<Microseconds>(pause) : std::nullopt;
  }
  Microseconds predicted_pause() const {
    auto& rows = end_->attempts.rows;
    auto age = rows[rows.size() - 2]->deliver_time - connect().connect_time;
    return std::clamp<Microseconds>(age, options_.minimal_backoff, options_.maximal_backoff);
  }

  // ---- bounced, refused

  void bounced(MailVerdict& v, bool expired) {
    v.kind = VerdictKind::bounced;
    auto* reason = last_;
    if (expired) {
      v.word = status_words("expired");
      for (auto* d : end_->attempts.rows)
        if (d->status == "deferred") reason = d;
      v.answer = reason->response.value_or("");
      v.answered_by = answered_by(*reason);
      tell_->set("answer", v.answer);
      tell_->set_duration(
          "duration", std::chrono::duration<double>(last_->deliver_time - connect().connect_time).count());
    }
    explain_attempt(v, *reason, false);
    final_answer(v);
    v.sentence = tell_->tell(expired ? Phrase::expired : Phrase::bounced);
    if (expired && !v.answer.empty()) append(v.sentence, tell_->tell(Phrase::last_answer));
    append(v.sentence, v.explanation.text);
    notices(v);
    tell_->set("told", join(v.told));
    bool null_sender = v.sender.empty() && end_->root->connect.sender;
    auto how = !v.told.empty() ? (v.told_delivered ? Phrase::told : Phrase::told_failed)
               : null_sender   ? Phrase::told_nobody
                               : Phrase::told_unknown;
    append(v.sentence, tell_->tell(how));
  }

  // Nobody tries again, so waiting helps no more.
  void final_answer(MailVerdict& v) {
    if (!v.explanation.given_up.empty()) {
      v.next.customer = v.explanation.given_up;
      v.customer_actor = Actor::sender;
      if (v.actor == Actor::nobody) v.actor = Actor::sender;
      return;
    }
    if (v.customer_actor == Actor::nobody) {
      v.customer_actor = Actor::sender;
      v.next.customer = {};
    }
    if (v.actor == Actor::nobody) {
      v.actor = Actor::sender;
      v.next.admin = {};
    }
  }

  // The notices that went out when the mail was given up, not those that it waits.
  void notices(MailVerdict& v) {
    for (auto& link : trace_.links) {
      if (link.from != connect().id || link.kind != "bounce") continue;
      auto* notice = find_mail(trace_, link.to);
      if (!notice || notice->connect.connect_time + seconds(5) < last_->deliver_time) continue;
      if (notice->connect.sender.value_or("") != "") continue;  // to the postmaster
      for (auto& end : ends_from(trace_, *notice)) {
        auto to = end.original.empty() ? end.attempts.key : end.original;
        if (!to.empty() && std::find(v.told.begin(), v.told.end(), to) == v.told.end()) v.told.push_back(to);
        auto* d = end.attempts.last();
        v.told_delivered = v.told_delivered || (d && d->status == "sent");
      }
    }
  }

  void refused(MailVerdict& v) {
    v.kind = VerdictKind::refused;
    act(v, Actor::sender);
    bool milter = connect().flags & row_flag::milter;
    if (last_) {
      explain(v, *last_);
      if (last_->flags & row_flag::milter) milter = true;
      if (v.answered_by.empty()) v.answered_by = v.server;
    }
    tell_->set("by", connect().service.value_or("smtpd"));
    // We refused: what has to be put right lies with those who sent.
    auto& kind = v.explanation.category;
    bool own = kind == "own_policy" || kind == "own_trouble" || kind == "admin_action";
    for (auto* actor : {&v.actor, &v.customer_actor})
      if (*actor == Actor::our_admin && !own)
        *actor = Actor::customer_admin;
      else if (*actor == Actor::other_side)
        *actor = Actor::our_admin;  // the other side of the client is this one
    if (kind == "policy") v.next.admin = next_own_rule();
    bool blocked = last_ && last_->status == "blocked";
    if (blocked) v.word = status_words("blocked");
    if (refused_for_now()) {
      v.sentence = tell_->tell(Phrase::refused_for_now);
      auto usual = next_for_now();
      if (v.next.customer.empty()) v.next.customer = usual.customer;
      if (v.next.admin.empty()) v.next.admin = usual.admin;
    } else {
      if (last_) final_answer(v);
      v.sentence = tell_->tell(blocked ? Phrase::blocked : milter ? Phrase::refused_milter : Phrase::refused);
    }
    append(v.sentence, v.explanation.text);
    said_before(v);
  }

  // RFC 5321 4.2.1: the client keeps the mail and tries again, its user hears nothing.
  bool refused_for_now() const {
    if (!last_) return false;
    return last_->smtp_code ? *last_->smtp_code / 100 == 4 : last_->dsn.value_or("").starts_with("4.");
  }

  // The programs that the refusal rests on: which lists name the client, what the policy server wrote.
  void said_before(MailVerdict& v) {
    if (!last_ || !last_->reason) return;
    v.reason = *last_->reason;
    auto lists = join(lists_of(*last_));
    tell_->set("lists", lists);
    tell_->set("reason", v.reason);
    if (!lists.empty()) append(v.sentence, tell_->tell(Phrase::listed_by));
    append(v.sentence, tell_->tell(Phrase::logged_before));
  }

  void greylisted(MailVerdict& v) {
    v.kind = VerdictKind::greylisted;
    explain(v, *last_);
    v.sentence = tell_->tell(Phrase::greylisted);
    said_before(v);
    if (!options_.reader) {
      v.greylist = GreylistStory{{last_->deliver_time}, {}, {}, {}};
      return;
    }
    auto story = came_back(*options_.reader, connect(), *last_);
    if (!story) return;
    v.greylist = std::move(story);
    auto& known = *v.greylist;
    if (!known.accepted) {
      append(v.sentence, tell_->tell(Phrase::greylist_waiting));
      return;
    }
    tell_->set("accepted", *known.accepted);
    tell_->set_duration("duration",
                        std::chrono::duration<double>(*known.accepted - known.refused.front()).count());
    append(v.sentence, tell_->tell(Phrase::greylist_back));
    act(v, Actor::nobody);
    if (!known.delivered) return;
    tell_->set("delivered", *known.delivered);
    append(v.sentence, tell_->tell(Phrase::greylist_delivered));
  }

  void explain(MailVerdict& v, const DeliverRow& row) {
    v.explanation = explanations_.explain(connect(), row);
    as_explained(v);
  }

  static void as_explained(MailVerdict& v) {
    act(v, v.explanation.customer_actor, v.explanation.actor);
    v.next = v.explanation.next;
  }

  void explain_attempt(MailVerdict& v, const DeliverRow& row, bool again) {
    v.explanation = explanations_.explain(connect(), row);
    when_we_send(row, again, v.explanation);
    as_explained(v);
  }

  void finish(MailVerdict& v) {
    // A local transport names the mailbox by the local part alone: that is no other address.
    std::string recipient = v.recipient.value_or("");
    bool local_part = v.original_recipient && !recipient.empty() &&
                      recipient.find('@') == std::string::npos &&
                      v.original_recipient->starts_with(recipient + "@");
    if (v.original_recipient && !local_part && v.kind != VerdictKind::refused &&
        v.kind != VerdictKind::greylisted) {
      tell_->set("original", *v.original_recipient);
      append(v.sentence, tell_->tell(Phrase::readdressed));
    }
    if (v.greylist && v.greylist->accepted && v.kind == VerdictKind::greylisted) {
      v.tone = v.greylist->delivered ? Tone::good : Tone::neutral;
      v.next = {};
      v.word = {"greylisted, came back", "Greylisting, kam wieder"};
      return;
    }
    auto usual = tell_->fill_all(next_of(v.kind));
    if (v.next.customer.empty()) v.next.customer = usual.customer;
    if (v.next.admin.empty()) v.next.admin = usual.admin;
  }

  const Trace& trace_;
  const VerdictOptions& options_;
  const Explanations none_;
  const Explanations& explanations_;
  const WayEnd* end_ = nullptr;
  const DeliverRow* last_ = nullptr;
  std::optional<Telling> tell_;
};

}  // namespace

std::string_view verdict_name(VerdictKind kind) {
  constexpr std::string_view names[] = {
      "delivered",  "delivered_elsewhere", "forwarded", "waiting", "bounced", "refused",
      "greylisted", "discarded",           "filtered",  "held",    "deleted", "waited",
      "unknown"};
  return names[static_cast<size_t>(kind)];
}

Words verdict_words(VerdictKind kind) {
  constexpr std::string_view statuses[] = {"delivered", "sent",       "forwarded", "deferred", "bounced",
                                           "rejected",  "greylisted", "discarded", "filtered", "held",
                                           "deleted",   "delayed",    ""};
  return status_words(statuses[static_cast<size_t>(kind)]);
}

Tone tone_of(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::delivered:
    case VerdictKind::delivered_elsewhere:
    case VerdictKind::forwarded:
      return Tone::good;
    case VerdictKind::waiting:
    case VerdictKind::greylisted:
    case VerdictKind::held:
      return Tone::waiting;
    case VerdictKind::bounced:
    case VerdictKind::refused:
    case VerdictKind::discarded:
    case VerdictKind::filtered:
    case VerdictKind::deleted:
      return Tone::bad;
    case VerdictKind::waited:
    case VerdictKind::unknown:
      return Tone::neutral;
  }
  return Tone::neutral;
}

std::vector<MailVerdict> verdicts(const Trace& trace, const VerdictOptions& options) {
  std::vector<MailVerdict> out;
  Judge judge(trace, options);
  for (auto& end : ends_of(trace)) out.push_back(judge.of(end));
  return out;
}

VerdictKind verdict_of_row(const ConnectRow& connect, const DeliverRow* deliver) {
  if (!deliver) {
    if (connect.flags & row_flag::refused) return VerdictKind::refused;
    if (connect.flags & row_flag::held) return VerdictKind::held;
    return connect.end_time ? VerdictKind::unknown : VerdictKind::waiting;
  }
  auto status = deliver->status.value_or("");
  if (status == "sent") {
    auto box = mailbox_outcome(deliver->folder.value_or(""));
    if (!box.saved.empty()) return VerdictKind::delivered;
    if (!box.redirected.empty()) return VerdictKind::forwarded;
    if (!box.rejected.empty()) return VerdictKind::refused;
    if (box.discarded) return VerdictKind::discarded;
    return is_local_delivery(*deliver) ? VerdictKind::delivered : VerdictKind::delivered_elsewhere;
  }
  if (status == "deferred") return connect.end_time ? VerdictKind::waited : VerdictKind::waiting;
  if (status == "bounced" || status == "expired") return VerdictKind::bounced;
  if (status == "rejected" || status == "blocked") return VerdictKind::refused;
  if (status == "greylisted") return VerdictKind::greylisted;
  if (status == "discarded") return VerdictKind::discarded;
  if (status == "filtered") return VerdictKind::filtered;
  if (status == "held") return VerdictKind::held;
  if (status == "deleted") return VerdictKind::deleted;
  return VerdictKind::unknown;
}

}  // namespace mailtrace
