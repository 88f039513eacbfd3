#include "plugins/web/portal/api.h"

#include <algorithm>

#include "core/base/counters.h"
#include "core/base/text.h"
#include "plugins/web/accounts/secrets.h"

namespace mailtrace::portal {
namespace {

constexpr size_t most_buckets = 20'000;

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  while (true) {
    auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    if (end == path.size()) return out;
    path.remove_prefix(end + 1);
  }
}

// Behind "api", "v1".
bool fits(std::string_view pattern, std::span<const std::string> segments, std::string& id) {
  auto parts = parts_of(pattern);
  if (parts.size() != segments.size()) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{'))
      id = segments[i];
    else if (parts[i] != segments[i])
      return false;
  }
  return true;
}

bool changes_something(const Request& request) { return request.method != "GET" && request.method != "HEAD"; }

}  // namespace

std::span<const Route> routes() {
  static constexpr Route table[] = {
      {"POST", "/login", Need::nobody, &login, true},
      {"POST", "/logout", Need::one_time, &logout},
      {"GET", "/session", Need::one_time, &get_session},
      {"POST", "/password", Need::one_time, &change_password, true},
      {"GET", "/sessions", Need::person, &list_sessions},
      {"DELETE", "/sessions", Need::person, &end_other_sessions},
      {"DELETE", "/sessions/{id}", Need::person, &end_session},
      {"GET", "/tokens", Need::person, &list_tokens},
      {"POST", "/tokens", Need::person, &make_token},
      {"DELETE", "/tokens/{id}", Need::person, &end_token},
      {"GET", "/users", Need::admin, &list_users},
      {"POST", "/users", Need::admin, &make_user, true},
      {"GET", "/users/{name}", Need::admin, &get_user},
      {"PATCH", "/users/{name}", Need::admin, &change_user, true},
      {"DELETE", "/users/{name}", Need::admin, &remove_user},
      {"GET", "/audit", Need::admin, &get_audit},
      {"GET", "/audit/check", Need::admin, &check_audit},
      {"POST", "/understand", Need::caller, &understand_text},
      {"GET", "/search", Need::caller, &search_mails},
      {"GET", "/nothing", Need::caller, &prove_nothing_found},
      {"GET", "/export.csv", Need::caller, &export_csv},
      {"GET", "/export.json", Need::caller, &export_json},
      {"GET", "/searches", Need::person, &list_saved},
      {"POST", "/searches", Need::person, &save_search},
      {"DELETE", "/searches/{id}", Need::person, &remove_saved},
      {"GET", "/mails/{id}", Need::caller, &get_mail},
      {"GET", "/mails/{id}/way", Need::caller, &get_way},
      {"GET", "/mails/{id}/lines", Need::caller, &get_lines},
      {"GET", "/mails/{id}/ticket", Need::caller, &get_ticket},
      {"POST", "/mails/{id}/ticket", Need::caller, &take_ticket},
      {"GET", "/mails/{id}/related", Need::caller, &get_related},
      {"GET", "/mails/{id}/alike", Need::caller, &get_alike},
      {"GET", "/overview", Need::overview, &get_overview},
      {"GET", "/hosts", Need::caller, &get_hosts},
      {"GET", "/health", Need::nobody, &get_health},
      {"GET", "/metrics", Need::nobody, &get_metrics},  // looks for itself
      {"GET", "/openapi.yaml", Need::nobody, &get_openapi},
  };
  return table;
}

bool RateLimit::take(const std::string& key) {
  auto now = std::chrono::steady_clock::now();
  std::lock_guard lock(mutex_);
  // Full buckets are as good as none.
  if (buckets_.size() >= most_buckets)
    std::erase_if(buckets_, [&](const auto& entry) {
      return entry.second.left + std::chrono::duration<double>(now - entry.second.at).count() * rate_ >=
             burst_;
    });
  if (buckets_.size() >= most_buckets) return false;
  auto [at, added] = buckets_.try_emplace(key, Bucket{burst_, now});
  Bucket& bucket = at->second;
  bucket.left =
      std::min(burst_, bucket.left + std::chrono::duration<double>(now - bucket.at).count() * rate_);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

std::string cookie_name(const Request& request) { return request.secure ? "__Host-mailtrace" : "mailtrace"; }

std::string make_cookie(const Request& request, const std::string& secret) {
  return cookie_name(request) + "=" + secret + "; Path=/; HttpOnly; SameSite=Strict" +
         (request.secure ? "; Secure" : "") + (secret.empty() ? "; Max-Age=0" : "");
}

Api::Api(const Shared& shared, ApiOptions options)
    : shared_(shared),
      options_(std::move(options)),
      callers_(options_.requests_per_second, 5 * options_.requests_per_second),
      networks_(10 * options_.requests_per_second, 50 * options_.requests_per_second) {}

Api::Found Api::find(const Request& request) const {
  Found out;
  if (request.segments.size() < 3 || request.segments[1] != "v1") return out;
  std::string method = request.method == "HEAD" ? "GET" : request.method;
  std::span<const std::string> rest(request.segments.begin() + 2, request.segments.end());
  for (auto& route : routes()) {
    if (!fits(route.path, rest, out.id)) continue;
    if (method == route.method) {
      out.route = &route;
      return out;
    }
    out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  return out;
}

bool Api::checks_password(const Request& request) const {
  auto found = find(request);
  return found.route && found.route->checks_password;
}

Caller Api::authenticate(const Request& request) const {
  Caller out;
  auto take = [&](std::optional<accounts::User> user, How how) {
    if (!user) return false;
    out.user = std::move(*user);
    out.how = how;
    return true;
  };
  const std::string& authorization = request.header("authorization");
  if (authorization.starts_with("Bearer ")) {
    take(shared_.accounts->by_token(authorization.substr(7)), How::token);
    return out;
  }
  if (request.through_proxy && !options_.user_header.empty())
    if (auto& name = request.header(options_.user_header); !name.empty()) {
      auto user = shared_.accounts->find(name);
      if (!user || user->locked) return out;
      user->must_change = false;  // his password here is never used
      take(std::move(user), How::proxy);
      return out;
    }
  std::string secret = request.cookie(cookie_name(request));
  if (take(shared_.accounts->by_session(secret), How::password)) out.secret = secret;
  return out;
}

// Another site can make a browser send a request, but neither read our answers, where the code stands, nor
// set this header. The browser's own word on where the request came from is checked as well.
bool Api::is_from_page(const Call& call) const {
  auto& site = call.request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  if (auto& origin = call.request.header("origin"); !origin.empty()) {
    auto scheme = origin.find("://");
    if (scheme == std::string::npos || lower(origin.substr(scheme + 3)) != lower(call.request.header("host")))
      return false;
  }
  if (call.caller.how == How::nobody) return true;  // login: there is nothing to abuse yet
  return accounts::equal_secrets(call.request.header("x-csrf-token"),
                                 shared_.accounts->csrf(call.caller.secret, call.caller.user));
}

std::optional<Response> Api::refuse(const Route& route, const Call& call) const {
  auto& caller = call.caller;
  bool by_token = caller.how == How::token;
  if (!by_token && changes_something(call.request) &&
      (route.need == Need::nobody || caller.how != How::nobody) && !is_from_page(call))
    return call.fail(Problem::csrf);
  if (route.need == Need::nobody) return std::nullopt;
  if (caller.how == How::nobody) return call.fail(Problem::not_logged_in);
  if (by_token && route.need != Need::caller && route.need != Need::overview)
    return call.fail(Problem::forbidden, {"a token cannot do this", "mit einem Token geht das nicht"});
  if (!by_token && caller.user.must_change && route.need != Need::one_time)
    return call.fail(Problem::forbidden, {"please change the one-time password first",
                                          "bitte ändern Sie zuerst das Einmalpasswort"});
  if (route.need == Need::admin && caller.user.role != accounts::Role::admin)
    return call.fail(Problem::forbidden);
  if (route.need == Need::overview && !Scope(caller.user).sees_overview())
    return call.fail(Problem::forbidden);
  return std::nullopt;
}

Response Api::call_route(const Found& found, Call& call) const {
  try {
    return found.route->handle(call);
  } catch (const std::exception& error) {
    return call.fail(Error{Fault::permanent, std::string(found.route->path) + ": " + error.what()});
  }
}

Response Api::answer(const Request& request, Worker& worker) {
  static Counter& requests = counter("web_requests_total");
  ++requests;
  Language language = request.language();
  auto found = find(request);
  auto too_many = [&] {
    auto out = problem(Problem::too_many_requests, language);
    out.add("Retry-After", "1");
    return out;
  };
  if (!networks_.take(accounts::network_of(request.peer))) return too_many();
  if (!found.route && found.allowed.empty()) return problem(Problem::not_found, language);
  if (!found.route) {
    auto out = problem(Problem::method_not_allowed, language);
    out.add("Allow", found.allowed);
    return out;
  }
  Call call{request, shared_, {}, worker, language, found.id};
  call.caller = authenticate(request);
  if (call.caller.how != How::nobody && !callers_.take(call.caller.user.name)) return too_many();
  if (std::string_view(found.route->path) == "/metrics" && call.caller.how == How::nobody) {
    if (is_in(options_.metrics_from, request.peer)) return call_route(found, call);
  }
  if (std::string_view(found.route->path) == "/metrics" && call.caller.user.role != accounts::Role::admin)
    return call.fail(Problem::forbidden);
  if (auto refused = refuse(*found.route, call)) return std::move(*refused);
  return call_route(found, call);
}

}  // namespace mailtrace::portal
