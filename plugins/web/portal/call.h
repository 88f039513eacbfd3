// Call: one request of the API with everything its handler needs. The worker's thread.
#pragma once
#include <optional>
#include <string>

#include "core/answer/explain.h"
#include "plugins/web/accounts/accounts.h"
#include "plugins/web/portal/http.h"
#include "plugins/web/portal/lane.h"
#include "plugins/web/portal/scope.h"

namespace date {
class time_zone;
}

namespace mailtrace::portal {

// What all requests share; made at start, then only read, but for accounts, which lock for themselves.
struct Shared {
  accounts::Accounts* accounts = nullptr;
  Explanations explanations;
  std::function<std::string()> status;
  std::string openapi;  // the text of openapi.yaml
  int budget_ms = 400;  // one call of a search
  int64_t most_exported = 100'000;
};

enum class How { nobody, password, proxy, token };
const char* how_name(How how);

struct Caller {
  accounts::User user;
  How how = How::nobody;
  std::string secret;  // of the session
};

struct Call {
  const Request& request;
  const Shared& shared;
  Caller caller;
  Worker& worker;
  Language language;
  std::string id;  // what stands in the path for {id} or {name}

  Response fail(Problem what, const Words& detail = {}, const std::string& field = {}) const {
    return problem(what, language, detail, field);
  }
  Response fail(const Error& error) const;  // of the database
  // Who did what, and how many results it had. Looking at the same again within minutes is told once; `same`:
  // what makes it the same, each of them, instead of `what`.
  void record(const std::string& action, const std::string& what,
              std::optional<int64_t> results = std::nullopt, std::vector<std::string> same = {}) const;
};

// The body as a JSON object; else what to answer.
struct Body {
  Json json;
  std::optional<Response> refused;
};
Body read_body(const Call& call);
// A member that must be text (or absent); false: another type.
bool read_text(const Json& json, const char* name, std::optional<std::string>& to);
bool read_texts(const Json& json, const char* name, std::optional<std::vector<std::string>>& to);
Response invalid(const Call& call, const std::string& field, const Words& detail = {});

// The criteria of /search from the parameters of the request; else what to answer. Parameters nobody knows
// are refused, but those in `more`.
struct Criteria {
  Query query;
  std::optional<Response> refused;
};
Criteria read_criteria(const Call& call, std::initializer_list<std::string_view> more = {});
// {"sender":"anna@example.org","status":["bounced"]}, for the audit.
std::string criteria_text(const Query& query);
bool read_zone(const Call& call, const date::time_zone*& zone);

}  // namespace mailtrace::portal
