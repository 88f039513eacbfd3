// The criteria of a Query as SQL conditions over `connectlog c` and `deliverlog d`. The reader's thread.
#pragma once
#include <vector>

#include "core/mail/query.h"
#include "plugins/sinks/sql/pattern.h"

namespace mailtrace::sql {

enum class From { connect, deliver };

// One way to reach rows through an index. Several: their answers are put together.
struct Drive {
  From from = From::connect;
  Piece condition;  // empty: walk along the primary key
};

struct Plan {
  std::vector<Drive> drives;   // none: nothing can match
  std::vector<Piece> filters;  // all must hold
  bool needs_delivery = false, needs_mail = false;
};

// Asks the dictionary of addresses where a pattern has no index.
Result<Plan> make_plan(Dialect dialect, Connection& connection, const Query& query);

// Addresses of the dictionary that match; at least three characters, for its trigrams.
Piece dictionary_statement(Dialect dialect, const Pattern& pattern, size_t limit);

}  // namespace mailtrace::sql
