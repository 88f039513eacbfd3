// Users and audit, for admins.
#include <charconv>

#include "core/base/text.h"
#include "plugins/web/portal/api.h"

namespace mailtrace::portal {
namespace {

using accounts::Refusal;

Json user_json(const accounts::User& user, const std::string& password = {}) {
  Json out{{"name", user.name},           {"role", accounts::role_name(user.role)},
           {"addresses", user.addresses}, {"domains", user.domains},
           {"disabled", user.locked},     {"created", format_time(user.created)}};
  if (user.last_login) out["last_login"] = format_time(*user.last_login);
  if (!password.empty()) out["password"] = password;
  return out;
}

// What of the body is a change; the name of what is wrong, or "".
std::string read_change(const Json& json, accounts::UserChange& change) {
  std::optional<std::string> role;
  if (!read_text(json, "role", role) || (role && !accounts::role_of(*role, change.role.emplace())))
    return "role";
  if (!read_texts(json, "addresses", change.addresses)) return "addresses";
  if (!read_texts(json, "domains", change.domains)) return "domains";
  if (!read_text(json, "password", change.password) || (change.password && change.password->empty()))
    return "password";
  for (auto* name : {"disabled", "reset_password"})
    if (auto found = json.find(name); found != json.end() && !found->is_boolean()) return name;
  if (json.contains("disabled")) change.locked = json["disabled"].get<bool>();
  if (json.value("reset_password", false)) change.password = "";
  return "";
}

Response refused(const Call& call, Refusal refusal) {
  auto why = accounts::refusal_text(refusal);
  switch (refusal) {
    case Refusal::weak_password:
      return call.fail(Problem::weak_password, {}, "password");
    case Refusal::bad_name:
      return call.fail(Problem::invalid, why, "name");
    case Refusal::bad_address:
      return call.fail(Problem::invalid, why, "addresses");
    case Refusal::bad_domain:
      return call.fail(Problem::invalid, why, "domains");
    case Refusal::too_many:
      return call.fail(Problem::invalid, why, "addresses");
    case Refusal::exists:
      return call.fail(Problem::conflict, why, "name");
    case Refusal::last_admin:
      return call.fail(Problem::conflict, why);
    case Refusal::no_such:
      return call.fail(Problem::not_found);
    default:
      return call.fail(Problem::internal);
  }
}

bool has_parts(const std::string& action) {
  return action == "search" || action == "export" || action == "mail" || action == "lines" ||
         action == "ticket";
}

// What was recorded in parts is given in parts, so that a page can word it.
Json entry_json(const accounts::AuditEntry& entry) {
  Json out{{"time", format_time(entry.time)},
           {"user", entry.user},
           {"action", entry.action},
           {"what", entry.what},
           {"address", entry.peer}};
  if (Json parts = Json::parse(entry.what, nullptr, false); has_parts(entry.action) && parts.is_object()) {
    if (parts.contains("mail")) {
      out["mail"] = parts["mail"];
      parts.erase("mail");
      out["addresses"] = parts.value("addresses", Json::array());
      out["what"] = "";
    } else {
      out["criteria"] = std::move(parts);
      out["what"] = "";
    }
  }
  if (!entry.role.empty()) out["role"] = entry.role;
  if (entry.results) out["results"] = *entry.results;
  return out;
}

}  // namespace

Response list_users(Call& call) {
  Json list = Json::array();
  for (auto& user : call.shared.accounts->list()) list.push_back(user_json(user));
  return json_response({{"users", std::move(list)}});
}

Response make_user(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  std::optional<std::string> name;
  if (!read_text(body.json, "name", name) || !name) return invalid(call, "name");
  accounts::UserChange rest;
  if (auto field = read_change(body.json, rest); !field.empty()) return invalid(call, field);
  if (!rest.role) return invalid(call, "role");
  std::string password;
  if (auto refusal = call.shared.accounts->add(*name, *rest.role, rest, password); refusal != Refusal::none)
    return refused(call, refusal);
  call.record("user_made", lower(*name));
  auto made = call.shared.accounts->find(*name);
  if (!made) return call.fail(Problem::internal);
  return json_response(user_json(*made, password), 201);
}

Response get_user(Call& call) {
  auto user = call.shared.accounts->find(call.id);
  return user ? json_response(user_json(*user)) : call.fail(Problem::not_found);
}

Response change_user(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  accounts::UserChange change;
  if (auto field = read_change(body.json, change); !field.empty()) return invalid(call, field);
  std::string password;
  if (auto refusal = call.shared.accounts->change(call.id, change, password); refusal != Refusal::none)
    return refused(call, refusal);
  auto user = call.shared.accounts->find(call.id);
  if (!user) return call.fail(Problem::not_found);
  std::string what = user->name;
  for (auto& [name, value] : body.json.items()) what += " " + name;
  call.record("user_changed", what);
  return json_response(user_json(*user, password));
}

Response remove_user(Call& call) {
  if (auto refusal = call.shared.accounts->remove(call.id); refusal != Refusal::none)
    return refused(call, refusal);
  call.record("user_removed", lower(call.id));
  return no_content();
}

Response get_audit(Call& call) {
  accounts::AuditFilter filter;
  for (auto& [name, value] : call.request.query) {
    bool good = value.size() <= 1000;
    if (name == "user")
      filter.user = value;
    else if (name == "action")
      filter.action = value;
    else if (name == "text")
      filter.text = value;
    else if (name == "from")
      good = parse_time(value, filter.from.emplace());
    else if (name == "to")
      good = parse_time(value, filter.to.emplace());
    else if (name == "limit")
      good = std::from_chars(value.data(), value.data() + value.size(), filter.limit).ec == std::errc{} &&
             filter.limit >= 1 && filter.limit <= 100;
    else if (name == "after")
      good = std::from_chars(value.data(), value.data() + value.size(), filter.before).ec == std::errc{} &&
             filter.before > 0;
    else
      good = false;
    if (!good) return invalid(call, name);
  }
  auto page = call.shared.accounts->audit(filter);
  Json entries = Json::array();
  for (auto& entry : page.entries) entries.push_back(entry_json(entry));
  return json_response({{"entries", std::move(entries)},
                        {"next", page.next > 0 ? Json(std::to_string(page.next)) : Json(nullptr)}});
}

Response check_audit(Call& call) {
  auto check = call.shared.accounts->check_audit();
  if (!check.whole && !check.broken) return call.fail(Problem::internal);
  Json out{{"whole", check.whole}, {"entries", check.entries}};
  if (check.broken) out["broken"] = format_time(*check.broken);
  return json_response(out);
}

}  // namespace mailtrace::portal
