// Finding mails: pasted text, searches, nothing found, saved searches.
#include <date/tz.h>

#include <algorithm>
#include <charconv>

#include "core/answer/deliveries.h"
#include "core/answer/json.h"
#include "core/answer/proof.h"
#include "core/answer/understand.h"
#include "core/answer/verdict.h"
#include "core/base/text.h"
#include "plugins/web/portal/mail_view.h"

namespace mailtrace::portal {
namespace {

// What is looked for, whichever field it may stand in: the next meaning of what was pasted, which the page
// tries by itself where the one before found nothing.
std::string wanted_text(const Query& query) {
  Json fields = Json::object();
  std::vector<std::string> values;
  Json criteria = to_json(query);
  for (auto& [name, value] : criteria.items()) {
    if (!value.is_string() || name == "sort") {
      fields[name] = value;
      continue;
    }
    auto text = lower(value.get<std::string>());
    auto first = text.find_first_not_of("*@<"), last = text.find_last_not_of("*>");
    values.push_back(first == std::string::npos || last < first ? "" : text.substr(first, last + 1 - first));
  }
  std::sort(values.begin(), values.end());
  return "any " + dump_line({{"values", values}, {"fields", fields}});
}

// "The last two hours" is still the same search a minute later. What found nothing in another field either
// tells nothing more than the search before; what found something is told, whoever asks.
void record_search(const Call& call, const Query& query, std::optional<int64_t> results) {
  Query timeless = query;
  timeless.connect_from = timeless.connect_to = timeless.deliver_from = timeless.deliver_to = std::nullopt;
  std::vector<std::string> same{criteria_text(timeless)};
  if (results == 0) same.push_back(wanted_text(timeless));
  call.record("search", criteria_text(query), results, std::move(same));
}

}  // namespace

Json hit_json(const Hit& hit, const RowPlace& place) {
  Json out{{"connect", to_json(hit.connect)},
           {"deliver", hit.deliver ? deliver_json(*hit.deliver) : Json(nullptr)}};
  auto kind = verdict_of_row(hit.connect, hit.deliver ? &*hit.deliver : nullptr);
  out["kind"] = verdict_name(kind);
  out["tone"] = tone_name(tone_of(kind));
  out["direction"] = direction_name(place.direction);
  if (place.handed_on) out["handed_on"] = true;
  return out;
}

Response understand_text(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  std::optional<std::string> text, zone;
  if (!read_text(body.json, "text", text) || !text || text->size() > 65536) return invalid(call, "text");
  if (!read_text(body.json, "zone", zone)) return invalid(call, "zone");
  HeaderOptions options;
  if (zone) {
    try {
      options.zone = date::locate_zone(*zone);
    } catch (const std::exception&) {
      return invalid(call, "zone");
    }
  }
  auto understood = understand(*text, {}, options);
  Scope scope(call.caller.user);
  // What he may not search by would only be refused.
  std::erase_if(understood.tries,
                [&](const Query& query) { return !scope.forbidden_criterion(query).empty(); });
  return json_response(to_json(understood));
}

Response search_mails(Call& call) {
  auto criteria = read_criteria(call);
  if (criteria.refused) return std::move(*criteria.refused);
  Query& query = criteria.query;
  query.budget_ms = call.shared.budget_ms;
  auto reader = call.worker.reader();
  if (!reader) return call.fail(reader.error());
  Scope scope(call.caller.user);
  ScopedReader scoped(**reader, scope);
  auto page = search_deliveries(scoped, query);
  if (!page && page.error().fault == Fault::config && !query.after.empty()) return invalid(call, "after");
  if (!page) return call.fail(page.error());
  std::vector<const Hit*> hits;
  for (auto& row : page->rows) hits.push_back(&row.hit);
  auto places = scoped.places(hits);
  if (!places) return call.fail(places.error());
  Json results = Json::array();
  for (size_t i = 0; i < page->rows.size(); ++i) {
    auto& row = page->rows[i];
    Json json = hit_json(row.hit, (*places)[i]);
    json["deliveries"] = Json::array();
    for (auto& id : row.attempts) json["deliveries"].push_back(id.hex());
    results.push_back(std::move(json));
  }
  bool full = page->rows.size() >= static_cast<size_t>(query.limit);
  Json out{{"results", std::move(results)},
           {"next", page->next.empty() ? Json(nullptr) : Json(page->next)},
           {"complete", full || page->next.empty()}};
  if (!page->complete && page->reached != Time{}) out["reached"] = format_time(page->reached);
  // A search that goes on is still the same one.
  if (query.after.empty()) record_search(call, query, static_cast<int64_t>(page->rows.size()));
  return json_response(out);
}

Response prove_nothing_found(Call& call) {
  auto criteria = read_criteria(call, {"zone"});
  if (criteria.refused) return std::move(*criteria.refused);
  ProofOptions options;
  if (!read_zone(call, options.zone)) return invalid(call, "zone");
  auto reader = call.worker.reader();
  if (!reader) return call.fail(reader.error());
  Scope scope(call.caller.user);
  ScopedReader scoped(**reader, scope);
  options.read_now = true;
  options.with_hosts = scope.sees_hosts();
  options.hosts = &**reader;
  Query query = criteria.query;
  query.after.clear();
  if (!scope.sees_all()) query.only_addresses = scope.own();
  auto proof = prove_nothing(scoped, query, options);
  if (!proof) return call.fail(proof.error());
  // It names addresses, counts and times of what comes near, also to who never searched.
  record_search(call, criteria.query, std::nullopt);
  Json out = to_json(*proof);
  if (!scope.sees_hosts()) out.erase("hosts");
  return json_response(out);
}

Response list_saved(Call& call) {
  Json list = Json::array();
  for (auto& search : call.shared.accounts->saved(call.caller.user))
    list.push_back({{"id", std::to_string(search.id)}, {"name", search.name}, {"query", search.query}});
  return json_response({{"searches", std::move(list)}});
}

Response save_search(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  std::optional<std::string> name, query;
  if (!read_text(body.json, "name", name) || !name || name->empty() || name->size() > 320)
    return invalid(call, "name");
  if (!read_text(body.json, "query", query) || !query || query->size() > 4096) return invalid(call, "query");
  accounts::SavedSearch search{0, *name, *query};
  auto refusal = call.shared.accounts->save(call.caller.user, search);
  if (refusal == accounts::Refusal::too_many)
    return invalid(call, "name", {"too many saved searches", "zu viele gespeicherte Suchen"});
  if (refusal != accounts::Refusal::none) return call.fail(Problem::internal);
  return json_response({{"id", std::to_string(search.id)}, {"name", search.name}, {"query", search.query}},
                       201);
}

Response remove_saved(Call& call) {
  int64_t id = 0;
  auto [end, failed] = std::from_chars(call.id.data(), call.id.data() + call.id.size(), id);
  bool number = failed == std::errc{} && end == call.id.data() + call.id.size();
  if (!number || call.shared.accounts->remove_saved(call.caller.user, id) != accounts::Refusal::none)
    return call.fail(Problem::not_found);
  return no_content();
}

}  // namespace mailtrace::portal
