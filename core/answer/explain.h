// Explanations: what an answer of a mail server means, in plain words, from conf/explanations/*.yaml.
// Immutable once loaded: one object may be used by any thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer/words.h"
#include "core/base/result.h"
#include "core/mail/rows.h"

namespace mailtrace {

struct Explanation {
  std::string rule;      // its name in the file: "google-quota"; "general-5" when only the class is known
  std::string category;  // "greylisting", "mailbox_full", …: conf/explanations/README.md has the list
  Sentence text;         // what it means
  Sentence next;         // what to do now
  Words given_up;        // the same for the customer once nobody tries again; empty: `next` holds then, too
  // Who takes the step `next.admin`, and who `next.customer`: "wait" is nobody's.
  Actor actor = Actor::nobody, customer_actor = Actor::nobody;
  bool general = false;  // nothing but the class of the code is known
  bool empty() const { return rule.empty(); }
};

// One answer that many mails got, as an overview counts them.
struct AlikeAnswers {
  std::string status, dsn, text;  // text: addresses and numbers taken out; dsn may be empty
};

// Where the explanations are: $MAILTRACE_EXPLANATIONS if set, else share/mailtrace/explanations in one of the
// folders above the library this is linked into; "" if there is none.
std::string explanations_directory();

class Explanations {
 public:
  // No rules: explain() knows the general sentences only.
  Explanations();
  // All *.yaml of `directory`, by name; "": explanations_directory(). The error's text has one
  // "file:line:column: path: what was expected, what was found" a line, all of them at once.
  static Result<Explanations> load(const std::string& directory = {});

  // What the status and answer of this delivery (or refusal) mean. Never empty for a delivery that has a
  // status; values of the rows stand in the texts as they were logged: the caller escapes them.
  Explanation explain(const ConnectRow& connect, const DeliverRow& deliver) const;
  // The same of many mails: no address is named, "…" stands for each.
  Explanation explain(const AlikeAnswers& answers) const;

  // For tests and lists.
  struct Rule;
  const std::vector<Rule>& rules() const;

 private:
  std::shared_ptr<const std::vector<Rule>> rules_;
};

}  // namespace mailtrace
