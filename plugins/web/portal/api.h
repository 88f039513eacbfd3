// Api: /api/v1: who asks, may he, and which handler answers. Any thread of a lane.
#pragma once
#include <span>
#include <string>
#include <unordered_map>

#include "core/net/address.h"
#include "plugins/web/portal/call.h"

namespace mailtrace::portal {

// Who may call. All but `nobody` need a caller.
enum class Need {
  nobody,    // anybody
  one_time,  // also somebody who must change his password first; no token
  person,    // a session; no token
  caller,    // a session or a token
  overview,  // who sees everything
  admin      // an admin's session; no token
};

struct Route {
  const char* method;
  const char* path;  // below /api/v1: "/mails/{id}/way"
  Need need;
  Response (*handle)(Call&);
  bool checks_password = false;  // slow by design; few at once
};
std::span<const Route> routes();

// Requests of one caller or network: `burst` at once, then `rate` a second.
class RateLimit {
 public:
  RateLimit(double rate, double burst) : rate_(rate), burst_(burst) {}
  bool take(const std::string& key);

 private:
  struct Bucket {
    double left = 0;
    std::chrono::steady_clock::time_point at;
  };
  double rate_, burst_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

struct ApiOptions {
  std::string user_header;   // set by a trusted proxy: who has logged in there; lower case
  NetworkList metrics_from;  // may read /metrics without login
  double requests_per_second = 20;
};

class Api {
 public:
  Api(const Shared& shared, ApiOptions options);
  // Of the route this request will take; it needs no lock and no database.
  bool checks_password(const Request& request) const;
  Response answer(const Request& request, Worker& worker);

 private:
  struct Found {
    const Route* route = nullptr;
    std::string id;
    std::string allowed;  // the methods of that path, when none fits
  };
  Found find(const Request& request) const;
  Caller authenticate(const Request& request) const;
  std::optional<Response> refuse(const Route& route, const Call& call) const;
  bool is_from_page(const Call& call) const;
  Response call_route(const Found& found, Call& call) const;

  const Shared& shared_;
  ApiOptions options_;
  RateLimit callers_, networks_;
};

// The cookie of a session: with TLS the browser itself sees to it that only this host gets and sets it.
std::string cookie_name(const Request& request);
std::string make_cookie(const Request& request, const std::string& secret);

// The handlers, by file.
Response login(Call& call);  // api_session.cc
Response logout(Call& call);
Response get_session(Call& call);
Response change_password(Call& call);
Response list_sessions(Call& call);
Response end_other_sessions(Call& call);
Response end_session(Call& call);
Response list_tokens(Call& call);
Response make_token(Call& call);
Response end_token(Call& call);
Response list_users(Call& call);  // api_users.cc
Response make_user(Call& call);
Response get_user(Call& call);
Response change_user(Call& call);
Response remove_user(Call& call);
Response get_audit(Call& call);
Response check_audit(Call& call);
Response understand_text(Call& call);  // api_search.cc
Response search_mails(Call& call);
Response prove_nothing_found(Call& call);
Response list_saved(Call& call);
Response save_search(Call& call);
Response remove_saved(Call& call);
Response export_csv(Call& call);  // api_export.cc
Response export_json(Call& call);
Response get_mail(Call& call);  // api_mail.cc
Response get_way(Call& call);
Response get_lines(Call& call);
Response get_ticket(Call& call);
Response take_ticket(Call& call);
Response get_related(Call& call);  // api_related.cc
Response get_alike(Call& call);
Response get_overview(Call& call);  // api_overview.cc
Response get_hosts(Call& call);
Response get_health(Call& call);  // api_service.cc
Response get_metrics(Call& call);
Response get_openapi(Call& call);

}  // namespace mailtrace::portal
