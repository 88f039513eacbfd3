// All mails together, counted, as JSON: schemas Overview and Host of plugins/web/openapi.yaml, which
// `mailtrace overview` prints, too. Any thread; the Reader's.
#pragma once
#include "core/answer/explain.h"
#include "core/mail/query.h"
#include "core/mail/row_json.h"
#include "core/plugin/sink.h"

namespace mailtrace {

// Each count has the criteria of its search.
Result<Json> overview_json(Reader& reader, const OverviewQuery& query, const Explanations& explanations);
// What each logging host sent, and where lines are missing; by name.
Result<Json> hosts_json(Reader& reader, Time from, Time to);

}  // namespace mailtrace
