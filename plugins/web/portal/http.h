// Requests and answers as the handlers see them. A request belongs to one thread at a time.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/answer/words.h"
#include "core/mail/row_json.h"
#include "core/net/address.h"

namespace mailtrace::portal {

struct Request {
  std::string method;
  std::string path;                                          // decoded: "/api/v1/mails/0123"
  std::vector<std::string> segments;                         // of the path, decoded one by one
  std::vector<std::pair<std::string, std::string>> query;    // decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string peer;            // address; of the client if a trusted proxy says it
  bool secure = false;         // TLS here or at the trusted proxy
  bool through_proxy = false;  // the peer itself is a trusted proxy

  // The first one; empty if there is none.
  const std::string& header(std::string_view name) const;
  std::optional<std::string> parameter(std::string_view name) const;
  std::string cookie(std::string_view name) const;
  Language language() const;  // Accept-Language: German or English
};

// False: not a path and query that we take (bad escapes, NUL, invalid UTF-8, dots as segments).
bool read_target(std::string_view target, Request& request);
// "%C3%BC" decoded; false: a broken escape, NUL or invalid UTF-8. In queries `+` is a blank.
bool decode_percent(std::string_view text, bool plus_is_blank, std::string& out);

// False also if `address` is none.
bool is_in(const NetworkList& networks, const std::string& address);

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body{};
  std::shared_ptr<const std::string> shared{};  // instead of `body`: bytes that many answers share
  std::vector<std::pair<std::string, std::string>> headers{};

  void add(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

Response json_response(const Json& json, int status = 200);
Response no_content();

// The words of the contract (openapi.yaml, Problem).
enum class Problem {
  not_logged_in,
  login_failed,
  forbidden,
  csrf,
  not_found,
  method_not_allowed,
  invalid,
  conflict,
  too_many_requests,
  too_large,
  weak_password,
  wrong_password,
  database_away,
  database_slow,
  internal
};
// RFC 9457, in the language that was asked for. `detail` is shown as it is.
Response problem(Problem what, Language language, const Words& detail = {}, const std::string& field = {});

}  // namespace mailtrace::portal
