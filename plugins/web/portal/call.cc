#include "plugins/web/portal/call.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/answer/json.h"
#include "core/base/log.h"
#include "core/base/text.h"

namespace mailtrace::portal {
namespace {

constexpr size_t longest_criterion = 1000;

struct TextCriterion {
  const char* name;
  std::optional<std::string> Query::*member;
};
constexpr TextCriterion text_criteria[] = {{"address", &Query::address},
                                           {"sender", &Query::sender},
                                           {"recipient", &Query::recipient},
                                           {"message_id", &Query::message_id},
                                           {"response", &Query::response},
                                           {"queue_id", &Query::queue_id},
                                           {"queue_id_connect", &Query::queue_id_connect},
                                           {"queue_id_deliver", &Query::queue_id_deliver},
                                           {"received_from", &Query::received_from},
                                           {"sent_to", &Query::sent_to},
                                           {"logged_by", &Query::logged_by},
                                           {"sasl_user", &Query::sasl_user},
                                           {"subject", &Query::subject}};
struct TimeCriterion {
  const char* name;
  std::optional<Time> Query::*member;
};
constexpr TimeCriterion time_criteria[] = {{"connect_from", &Query::connect_from},
                                           {"connect_to", &Query::connect_to},
                                           {"deliver_from", &Query::deliver_from},
                                           {"deliver_to", &Query::deliver_to}};
constexpr const char* statuses[] = {"sent",       "deferred",  "bounced",  "expired", "rejected", "blocked",
                                    "greylisted", "discarded", "filtered", "held",    "deleted"};

bool read_status(const std::string& text, std::vector<std::string>& to) {
  for (size_t at = 0; at <= text.size();) {
    auto end = std::min(text.find(',', at), text.size());
    std::string word = text.substr(at, end - at);
    if (std::find(std::begin(statuses), std::end(statuses), word) == std::end(statuses)) return false;
    if (std::find(to.begin(), to.end(), word) == to.end()) to.push_back(word);
    at = end + 1;
  }
  return true;
}

bool read_choice(const std::string& name, const std::string& value, Query& query) {
  if (name == "order") {
    query.ascending = value == "asc";
    return value == "asc" || value == "desc";
  }
  if (name == "limit") {
    auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), query.limit);
    return failed == std::errc{} && end == value.data() + value.size() && query.limit >= 1 &&
           query.limit <= 100;
  }
  if (name != "sort") return false;
  query.sort = value == "sender"      ? Query::Sort::sender
               : value == "recipient" ? Query::Sort::recipient
               : value == "status"    ? Query::Sort::status
                                      : Query::Sort::time;
  return value == "time" || query.sort != Query::Sort::time;
}

bool read_parameter(const std::string& name, const std::string& value, Query& query) {
  if (value.size() > longest_criterion) return false;
  for (auto& criterion : text_criteria)
    if (name == criterion.name) {
      query.*criterion.member = value;
      return true;
    }
  for (auto& criterion : time_criteria)
    if (name == criterion.name) {
      Time time{};
      if (!parse_time(value, time)) return false;
      query.*criterion.member = time;
      return true;
    }
  if (name == "status") return read_status(value, query.status);
  if (name == "after") {
    query.after = value;
    return true;
  }
  return read_choice(name, value, query);
}

}  // namespace

const char* how_name(How how) {
  static constexpr const char* names[] = {"nobody", "password", "proxy", "token"};
  return names[static_cast<size_t>(how)];
}

Response Call::fail(const Error& error) const {
  // The text names hosts and files: it is for the log.
  log_rarely(LogLevel::warning, "web.database", {{"error", error.text}});
  return fail(error.fault == Fault::transient || error.fault == Fault::schema ? Problem::database_away
              : error.fault == Fault::slow                                    ? Problem::database_slow
                                                                              : Problem::internal);
}

void Call::record(const std::string& action, const std::string& what, std::optional<int64_t> results,
                  std::vector<std::string> same) const {
  accounts::AuditEntry entry{.user = caller.user.name,
                             .role = accounts::role_name(caller.user.role),
                             .how = how_name(caller.how),
                             .peer = request.peer,
                             .action = action,
                             .what = what,
                             .results = results};
  bool looks = action == "search" || action == "mail" || action == "lines";
  looks ? shared.accounts->record_once(entry, std::move(same)) : shared.accounts->record(entry);
}

Response invalid(const Call& call, const std::string& field, const Words& detail) {
  return call.fail(Problem::invalid, detail, field);
}

Body read_body(const Call& call) {
  Body out;
  auto& type = call.request.header("content-type");
  // A form of another page can send neither this type nor our header without being asked first (CORS).
  if (!type.starts_with("application/json")) {
    out.refused = invalid(call, "content-type", {"expected application/json", "erwartet application/json"});
    return out;
  }
  auto too_deep = [](int depth, Json::parse_event_t, Json&) { return depth < 16; };
  out.json = Json::parse(call.request.body, too_deep, false);
  if (!out.json.is_object())
    out.refused = invalid(call, "", {"expected a JSON object", "erwartet ein JSON-Objekt"});
  return out;
}

bool read_text(const Json& json, const char* name, std::optional<std::string>& to) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return true;
  if (!found->is_string()) return false;
  to = found->get<std::string>();
  return true;
}

bool read_texts(const Json& json, const char* name, std::optional<std::vector<std::string>>& to) {
  auto found = json.find(name);
  if (found == json.end() || found->is_null()) return true;
  if (!found->is_array()) return false;
  to.emplace();
  for (auto& item : *found) {
    if (!item.is_string()) return false;
    to->push_back(item.get<std::string>());
  }
  return true;
}

Criteria read_criteria(const Call& call, std::initializer_list<std::string_view> more) {
  Criteria out;
  std::set<std::string> seen;
  for (auto& [name, value] : call.request.query) {
    if (std::find(more.begin(), more.end(), name) != more.end()) continue;
    if (seen.insert(name).second && read_parameter(name, value, out.query)) continue;
    out.refused = invalid(call, name);
    return out;
  }
  Scope scope(call.caller.user);
  if (auto name = scope.forbidden_criterion(out.query); !name.empty())
    out.refused =
        call.fail(Problem::forbidden, {"you may not search by this", "danach dürfen Sie nicht suchen"}, name);
  return out;
}

std::string criteria_text(const Query& query) { return dump_line(to_json(query)); }

bool read_zone(const Call& call, const date::time_zone*& zone) {
  auto name = call.request.parameter("zone");
  if (!name) return true;
  try {
    zone = date::locate_zone(*name);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace mailtrace::portal
