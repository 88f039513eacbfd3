// The sentences of verdicts. Any thread.
#pragma once
#include "core/answer/time_words.h"
#include "core/answer/verdict.h"

namespace mailtrace {

enum class Phrase {
  delivered,
  delivered_folder,
  delivered_program,
  copy_forwarded,
  auto_reply,
  after_greylisting,
  after_greylisting_there,
  elsewhere,
  next_server,
  forwarded,
  waiting,
  waiting_first,
  waiting_overdue,
  waiting_expired,
  in_queue,
  bounced,
  expired,
  last_answer,
  told,
  told_failed,
  told_nobody,
  told_unknown,
  refused,
  refused_milter,
  blocked,
  refused_for_now,
  listed_by,
  logged_before,
  rejected_by_rule,
  greylisted,
  greylist_back,
  greylist_delivered,
  greylist_waiting,
  discarded,
  discarded_by_rule,
  filtered,
  held,
  deleted,
  no_end,
  handed_to_filter,
  readdressed,
  not_finished
};
const Sentence& phrase(Phrase which);
// What to do where no explanation says it.
Sentence next_of(VerdictKind kind);
// The same after a filter rule of the recipient threw a mail away.
Sentence next_of_rule();
// While a mail waits whose next attempt, or end, was due and is not in the log.
Sentence next_overdue();
// For admins, after a refusal by their own rule.
Words next_own_rule();
// After a transaction that its client did not finish.
Sentence next_not_finished();
// The same after a refusal that the client tries again by itself.
Sentence next_for_now();

// The values of a sentence. Times are told in each language: to admins by their name, {time}, and to
// customers as people say them, {time.on}, {time.by}, {time.since}; {next.between} is from {next_from} to
// {next_to}.
class Telling {
 public:
  // `read_at`: of TimeWords.
  Telling(const date::time_zone* zone, std::optional<Time> read_at);
  void set(const std::string& name, const std::string& value) { values_.push_back({name, value, value}); }
  void set(const std::string& name, const Words& words) { values_.push_back({name, words.en, words.de}); }
  void set(const std::string& name, Time time);
  // As `name`, and as `name.dative`, which German wants behind some words.
  void set_duration(const std::string& name, double seconds);
  void set_attempts(int64_t count);
  // How an admin releases or deletes a mail of that server's queue: {release}, {delete}.
  void set_queue_commands(const ConnectRow& mail);
  // In the order in which they are read: a day that was said is not said again.
  Sentence tell(Phrase which) { return fill_all(phrase(which)); }
  Sentence fill_all(const Sentence& sentence);

 private:
  struct Value {
    std::string name, en, de;
  };
  std::string put(const std::string& text, bool german, TimeWords* times) const;
  std::optional<std::string> said(std::string_view name, TimeWords& times) const;
  const Time* time_of(std::string_view name) const;
  const date::time_zone* zone_;
  TimeWords english_, german_;
  std::vector<Value> values_;
  std::vector<std::pair<std::string, Time>> times_;
};

// Both sentences with a blank between.
void append(Sentence& to, const Sentence& more);

}  // namespace mailtrace
