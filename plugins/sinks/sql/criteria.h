// The criteria of a Query as SQL conditions over `connectlog c` and `deliverlog d`. The reader's thread.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/mail/query.h"
#include "plugins/sinks/sql/pattern.h"

namespace mailtrace::sql {

enum class From { connect, deliver };

// Addresses of the dictionary, each with the newest day it can be found on.
using Addresses = std::vector<std::pair<std::string, Day>>;

// Their rows need no sorting worth mentioning, and are few enough to be met with others.
inline constexpr size_t few_addresses = 5;

// One way to reach rows through an index. Several: their answers are put together.
struct Drive {
  From from = From::connect;
  Piece condition;                               // empty, and no addresses: walk along the primary key
  const char* index = "";                        // that holds it
  const char* column = "";                       // sender, recipient, original_recipient
  std::shared_ptr<const Addresses> addresses{};  // or: the column is one of these

  bool walks() const { return condition.text.empty() && !addresses; }
  // Its rows of that day and younger; nothing if there can be none.
  std::optional<Piece> since(Dialect dialect, Day oldest) const;
  // The same of the table as `alias`.
  std::optional<Piece> since(Dialect dialect, Day oldest, const char* alias) const;
};

struct Plan {
  std::vector<Drive> drives;   // none: nothing can match
  std::vector<Piece> filters;  // all must hold
  // Where the drives are frequent: each of these reaches every mail of the answer, too, by few addresses.
  std::vector<std::vector<Drive>> meet;
  bool needs_delivery = false, needs_mail = false;
  Day newest = Day::max();  // nothing can match on a younger day
};

// Asks the dictionary of addresses. `newest`: the newest day that holds a mail.
Result<Plan> make_plan(Dialect dialect, Connection& connection, const Query& query, Day newest);

// Addresses of the dictionary that match; at least three characters, for its trigrams.
Piece dictionary_statement(Dialect dialect, const Pattern& pattern, size_t limit);

// What is asked for as the status of a delivery: a mail that the mail server handed to a mailbox whose own
// rule threw it away or refused it counts as that, as row_status() of core/answer shows it.
std::string status_of(const std::string& alias);

}  // namespace mailtrace::sql
