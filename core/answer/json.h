// Answers as JSON, for `--json` and the API. Keys are the members' names, both languages are always there
// ({"en": …, "de": …}), times RFC 3339 in UTC, ids 32 hex digits, unknown left out. Any thread.
#pragma once
#include <vector>

#include "core/answer/explain.h"
#include "core/answer/proof.h"
#include "core/answer/understand.h"
#include "core/answer/verdict.h"
#include "core/answer/way.h"
#include "core/mail/row_json.h"

namespace mailtrace {

Json to_json(const Words& words);
Json to_json(const Sentence& sentence);  // {"customer": {…}, "admin": {…}}
Json to_json(const Explanation& explanation);
Json to_json(const MailVerdict& verdict);
Json to_json(const std::vector<MailVerdict>& verdicts);
Json to_json(const Way& way);
// Only the criteria: keys are Query's members.
Json to_json(const Query& query);
Json to_json(const Understood& understood);
Json to_json(const Proof& proof);
Json to_json(const Company& company);

}  // namespace mailtrace
