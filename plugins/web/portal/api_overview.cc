// All mails together: counts of a span of time, and what each logging host sent.
#include <algorithm>

#include "core/answer/overview_json.h"
#include "plugins/web/portal/api.h"

namespace mailtrace::portal {
namespace {

using std::chrono::hours;

constexpr hours most_span(31 * 24);
constexpr int overview_budget_ms = 5000;

bool read_span(const Call& call, Time& from, Time& to, std::string& wrong) {
  to = now();
  from = to - hours(24);
  bool has_from = false;
  for (auto& [name, value] : call.request.query) {
    wrong = name;
    if (name == "from" && parse_time(value, from))
      has_from = true;
    else if (name != "to" || !parse_time(value, to))
      return false;
  }
  if (!has_from) from = to - hours(24);
  wrong = "from";
  return from < to && to - from <= most_span;
}

}  // namespace

Response get_overview(Call& call) {
  OverviewQuery query;
  std::string wrong;
  if (!read_span(call, query.from, query.to, wrong)) return invalid(call, wrong);
  query.budget_ms = overview_budget_ms;
  auto reader = call.worker.reader();
  if (!reader) return call.fail(reader.error());
  Scope scope(call.caller.user);
  ScopedReader scoped(**reader, scope);
  auto overview = overview_json(scoped, query, call.shared.explanations);
  if (!overview) return call.fail(overview.error());
  return json_response(*overview);
}

Response get_hosts(Call& call) {
  auto reader = call.worker.reader();
  if (!reader) return call.fail(reader.error());
  Scope scope(call.caller.user);
  if (!scope.sees_hosts()) return call.fail(Problem::forbidden);
  ScopedReader scoped(**reader, scope);
  auto days = scoped.days();
  if (!days) return call.fail(days.error());
  Time from = std::max<Time>(days->first, now() - most_span);
  auto hosts = hosts_json(scoped, from, now());
  if (!hosts) return call.fail(hosts.error());
  return json_response({{"hosts", std::move(*hosts)}});
}

}  // namespace mailtrace::portal
