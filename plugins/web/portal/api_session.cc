// Login and logout, own sessions, password, tokens.
#include <fmt/format.h>

#include <charconv>

#include "plugins/web/portal/api.h"

namespace mailtrace::portal {
namespace {

using accounts::Refusal;

Json session_json(const Call& call, const Caller& caller) {
  auto& user = caller.user;
  Scope scope(user);
  Json may = Json::array();
  if (scope.sees_lines()) may.push_back("lines");
  if (scope.sees_overview()) may.push_back("overview");
  if (user.role == accounts::Role::admin) {
    may.push_back("users");
    may.push_back("audit");
  }
  Json out{{"name", user.name},
           {"role", accounts::role_name(user.role)},
           {"csrf", call.shared.accounts->csrf(caller.secret, user)},
           {"how", how_name(caller.how)},
           {"must_change_password", user.must_change},
           {"may", std::move(may)},
           {"version", MAILTRACE_VERSION}};
  if (user.role == accounts::Role::user) out["addresses"] = user.addresses;
  if (user.role == accounts::Role::helpdesk) out["domains"] = user.domains;
  if (auto reader = call.worker.reader())
    if (auto days = (*reader)->days(); days && days->first != Day{}) out["oldest"] = format_time(days->first);
  return out;
}

bool read_number(const std::string& text, int64_t& to) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
  return failed == std::errc{} && end == text.data() + text.size();
}

Json token_json(const accounts::Token& token) {
  Json out{{"id", std::to_string(token.id)},
           {"name", token.title},
           {"created", format_time(token.created)},
           {"expires", format_time(token.expires)}};
  if (token.used) out["last_used"] = format_time(*token.used);
  if (!token.secret.empty()) out["token"] = token.secret;
  return out;
}

}  // namespace

Response login(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  std::optional<std::string> name, password;
  if (!read_text(body.json, "name", name) || !name) return invalid(call, "name");
  if (!read_text(body.json, "password", password) || !password) return invalid(call, "password");
  auto made =
      call.shared.accounts->login(*name, *password, call.request.peer, call.request.header("user-agent"));
  if (made.refusal == Refusal::throttled) {
    auto out = call.fail(Problem::too_many_requests);
    out.add("Retry-After", std::to_string(made.wait.count()));
    return out;
  }
  if (made.refusal == Refusal::broken) return call.fail(Problem::internal);
  if (made.refusal != Refusal::none) {
    // What was typed as a name may be a password: only names that exist are written down.
    bool known = call.shared.accounts->find(*name).has_value();
    call.shared.accounts->record({.user = known ? *name : "",
                                  .how = "password",
                                  .peer = call.request.peer,
                                  .action = "login_failed",
                                  .what = known ? "" : "unknown name"});
    return call.fail(Problem::login_failed);
  }
  // Whoever logs in anew leaves what he had, and never goes on with a cookie somebody else gave him.
  if (!call.caller.secret.empty()) call.shared.accounts->logout(call.caller.secret);
  call.caller = {std::move(made.user), How::password, made.secret};
  call.record("login", "");
  auto out = json_response(session_json(call, call.caller));
  out.add("Set-Cookie", make_cookie(call.request, made.secret));
  return out;
}

Response logout(Call& call) {
  call.shared.accounts->logout(call.caller.secret);
  call.record("logout", "");
  auto out = no_content();
  out.add("Set-Cookie", make_cookie(call.request, ""));
  return out;
}

Response get_session(Call& call) { return json_response(session_json(call, call.caller)); }

Response change_password(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  std::optional<std::string> before, fresh;
  if (!read_text(body.json, "old", before) || !before) return invalid(call, "old");
  if (!read_text(body.json, "new", fresh) || !fresh) return invalid(call, "new");
  if (call.caller.how != How::password) return call.fail(Problem::forbidden);
  auto refusal = call.shared.accounts->change_password(call.caller.user, *before, *fresh, call.caller.secret);
  if (refusal == Refusal::wrong_password) return call.fail(Problem::wrong_password, {}, "old");
  if (refusal == Refusal::weak_password) return call.fail(Problem::weak_password, {}, "new");
  if (refusal == Refusal::throttled) return call.fail(Problem::too_many_requests);
  if (refusal != Refusal::none) return call.fail(Problem::internal);
  call.record("password", call.caller.user.name);
  return no_content();
}

Response list_sessions(Call& call) {
  Json list = Json::array();
  for (auto& session : call.shared.accounts->sessions(call.caller.user, call.caller.secret))
    list.push_back({{"id", session.id},
                    {"current", session.current},
                    {"created", format_time(session.created)},
                    {"last_used", format_time(session.seen)},
                    {"address", session.peer},
                    {"agent", session.agent}});
  return json_response({{"sessions", std::move(list)}});
}

Response end_other_sessions(Call& call) {
  call.shared.accounts->end_other_sessions(call.caller.user, call.caller.secret);
  call.record("session_ended", "all others");
  return no_content();
}

Response end_session(Call& call) {
  if (call.shared.accounts->end_session(call.caller.user, call.id) != Refusal::none)
    return call.fail(Problem::not_found);
  call.record("session_ended", call.id);
  return no_content();
}

Response list_tokens(Call& call) {
  Json list = Json::array();
  for (auto& token : call.shared.accounts->tokens(call.caller.user)) list.push_back(token_json(token));
  return json_response({{"tokens", std::move(list)}});
}

Response make_token(Call& call) {
  auto body = read_body(call);
  if (body.refused) return std::move(*body.refused);
  std::optional<std::string> name, expires;
  if (!read_text(body.json, "name", name) || !name || name->empty() || name->size() > 320)
    return invalid(call, "name");
  std::optional<Time> until;
  if (!read_text(body.json, "expires", expires) ||
      (expires && (!parse_time(*expires, until.emplace()) || *until <= now())))
    return invalid(call, "expires");
  accounts::Token made;
  auto refusal = call.shared.accounts->make_token(call.caller.user, *name, until, made);
  if (refusal == Refusal::too_many) return invalid(call, "name", {"too many tokens", "zu viele Tokens"});
  if (refusal != Refusal::none) return call.fail(Problem::internal);
  call.record("token", *name);
  return json_response(token_json(made), 201);
}

Response end_token(Call& call) {
  int64_t id = 0;
  if (!read_number(call.id, id) || call.shared.accounts->end_token(call.caller.user, id) != Refusal::none)
    return call.fail(Problem::not_found);
  call.record("token", "ended " + call.id);
  return no_content();
}

}  // namespace mailtrace::portal
