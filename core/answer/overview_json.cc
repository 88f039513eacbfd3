// Each count with the search that finds it. Any thread.
#include "core/answer/overview_json.h"

#include <algorithm>
#include <map>

#include "core/answer/json.h"
#include "core/base/text.h"
#include "core/mail/coverage.h"

namespace mailtrace {
namespace {

using std::chrono::hours;

Json span_json(Time from, Time to) {
  return {{"connect_from", format_time(from)}, {"connect_to", format_time(to)}};
}

Json with(Json criteria, const char* name, Json value) {
  criteria[name] = std::move(value);
  return criteria;
}

// The words of a reason between its blanked parts, for a search by answer: the longest one, or its code.
std::string longest_part(const std::string& text) {
  std::string best;
  for (size_t at = 0; at <= text.size();) {
    auto end = std::min(text.find_first_of("*<>#…", at), text.size());
    if (end - at > best.size()) best = text.substr(at, end - at);
    at = end + 1;
  }
  while (!best.empty() && best.front() == ' ') best.erase(0, 1);
  while (!best.empty() && best.back() == ' ') best.pop_back();
  return best.size() < 8 ? "" : best;
}

std::string phrase_of(const Overview::Reason& reason) {
  auto part = longest_part(reason.text);
  return part.empty() ? reason.dsn : part;
}

// Reasons that one search finds together are one.
std::vector<Overview::Reason> searchable(const std::vector<Overview::Reason>& reasons) {
  std::vector<Overview::Reason> out;
  for (auto& reason : reasons) {
    auto phrase = lower(phrase_of(reason));
    auto finds = [&](const Overview::Reason& other) {
      return other.status == reason.status &&
             (lower(other.text).find(phrase) != std::string::npos || other.dsn == phrase);
    };
    auto known = [&](const Overview::Reason& other) {
      return other.status == reason.status && lower(phrase_of(other)) == phrase;
    };
    if (std::any_of(out.begin(), out.end(), known)) continue;
    out.push_back(reason);
    out.back().count = 0;
    for (auto& other : reasons)
      if (finds(other)) out.back().count += other.count;
  }
  std::stable_sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.count > b.count; });
  return out;
}

Json reason_json(const Explanations& explanations, const Overview::Reason& reason, const Json& span) {
  Json criteria = with(span, "status", Json::array({reason.status}));
  if (auto phrase = phrase_of(reason); !phrase.empty()) criteria["response"] = "*" + phrase + "*";
  Json out{{"name", reason.text.empty() ? reason.status + " " + reason.dsn : reason.text},
           {"count", reason.count},
           {"criteria", std::move(criteria)}};
  auto explained = explanations.explain({reason.status, reason.dsn, reason.text});
  if (!explained.empty() && !explained.general) out["text"] = to_json(explained.text.customer);
  return out;
}

Json addresses_json(const std::vector<Overview::Address>& list, const char* criterion, const Json& span) {
  Json out = Json::array();
  for (auto& entry : list)
    out.push_back({{"name", entry.address},
                   {"count", entry.count},
                   {"criteria", with(span, criterion, entry.address)}});
  return out;
}

Json destinations_json(const Overview& overview, const Json& span) {
  Json out = Json::array();
  for (auto& to : overview.destinations) {
    Json all = with(span, "sent_to", to.name);
    // Who follows the bar of a failing one wants to see what failed there.
    Json failed = Json::array({"deferred", "bounced", "expired"});
    Json tried = Json::array({"sent", "deferred", "bounced", "expired"});
    bool fails = to.deferred + to.bounced > 0;
    out.push_back({{"name", to.name},
                   {"count", to.sent + to.deferred + to.bounced},
                   {"criteria", with(all, "status", fails ? failed : tried)},
                   {"all_criteria", with(all, "status", tried)},
                   {"sent", to.sent},
                   {"deferred", to.deferred},
                   {"bounced", to.bounced},
                   {"delay", to.median_delay()}});
  }
  return out;
}

// Columns of an hour, or of more hours for longer spans.
Json columns_json(const Overview& overview, int64_t step) {
  std::map<int64_t, std::map<std::string, int64_t>> columns;
  for (auto& hour : overview.hours) {
    int64_t start = to_us(hour.start) / 1'000'000;
    for (auto& [status, count] : hour.deliveries) columns[start - start % step][status] += count;
  }
  Json out = Json::array();
  for (auto& [start, counts] : columns)
    out.push_back({{"time", format_time(time_from_us(start * 1'000'000))}, {"counts", counts}});
  return out;
}

// Seconds of a column.
int64_t step_of(const OverviewQuery& query) {
  auto span = query.to - query.from;
  return span <= hours(72) ? 3600 : span <= hours(24 * 8) ? 4 * 3600 : 86400;
}

}  // namespace

Result<Json> hosts_json(Reader& reader, Time from, Time to) {
  auto rows = reader.hosts(day_of(from), day_of(to));
  if (!rows) return rows.error();
  std::vector<HourRow> of_hours;
  if (auto got = reader.hours(from, to)) of_hours = std::move(*got);
  Json out = Json::array();
  for (auto& host : coverage(*rows, of_hours, from, to)) {
    Json gaps = Json::array();
    for (auto& silence : host.silences)
      gaps.push_back({{"from", format_time(silence.from)}, {"to", format_time(silence.to)}});
    out.push_back({{"host", host.host},
                   {"first_time", format_time(host.first)},
                   {"last_time", format_time(host.last)},
                   {"lines", host.lines},
                   {"unknown", host.unknown},
                   {"gaps", std::move(gaps)}});
  }
  return out;
}

Result<Json> overview_json(Reader& reader, const OverviewQuery& query, const Explanations& explanations) {
  auto overview = reader.overview(query);
  if (!overview) return overview.error();
  auto hosts = hosts_json(reader, query.from, query.to);
  if (!hosts) return hosts.error();
  int64_t step = step_of(query);
  Json span = span_json(query.from, query.to), reasons = Json::array();
  for (auto& reason : searchable(overview->reasons))
    reasons.push_back(reason_json(explanations, reason, span));
  Json out{{"from", format_time(query.from)},
           {"to", format_time(query.to)},
           {"step", step},
           {"columns", columns_json(*overview, step)},
           {"reasons", std::move(reasons)},
           {"destinations", destinations_json(*overview, span)},
           {"senders", addresses_json(overview->senders, "sender", span)},
           {"recipients", addresses_json(overview->recipients, "recipient", span)},
           {"hosts", std::move(*hosts)},
           {"complete", overview->complete}};
  if (!overview->complete && overview->reached != Time{}) out["reached"] = format_time(overview->reached);
  return out;
}

}  // namespace mailtrace
