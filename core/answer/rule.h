// Rules of the explanations, as loaded. Between explain.cc and explain_load.cc, and for tests. Any thread.
#pragma once
#include <string>
#include <vector>

#include "core/answer/explain.h"
#include "core/answer/reply.h"
#include "core/base/result.h"

namespace mailtrace {

struct Explanations::Rule {
  Explanation explanation;  // with placeholders
  // Criteria; empty: any.
  std::vector<std::string> service;  // globs over the answering server's name, in lower case: "*.google.com"
  std::vector<std::string> status, by;
  std::vector<std::string> code;  // "550", "55", "5": the code starts with it
  std::vector<std::string> dsn;   // "5.7.26", "x.7.26", "5.7.x"
  std::vector<ReplyPattern> reply;
  int weight = 0;  // among rules with patterns: 1 for names that leave no doubt, -1 for common words
  std::vector<std::string> examples;
  std::string file;
  int line = 0;
};

// All errors of all files, one a line.
Result<std::vector<Explanations::Rule>> load_rules(const std::string& directory);

// Rows as they would be stored for an example or a pasted answer: "host mx[192.0.2.1] said: 550 5.1.1 …",
// "550 5.1.1 …", "NOQUEUE: reject: RCPT from …: 554 5.7.1 …; from=<> …". A leading "[sent] ", "[held] " names
// the status.
void rows_of_reply(std::string_view text, ConnectRow& connect, DeliverRow& deliver);

}  // namespace mailtrace
