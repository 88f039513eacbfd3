#include "plugins/web/portal/http.h"

#include <algorithm>
#include <charconv>

#include "core/base/text.h"

namespace mailtrace::portal {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct ProblemText {
  const char* type;
  int status;
  const char* en;
  const char* de;
};

const ProblemText& text_of(Problem what) {
  static constexpr ProblemText texts[] = {
      {"not_logged_in", 401, "You are not logged in.", "Sie sind nicht angemeldet."},
      {"login_failed", 401, "Name or password is wrong.", "Name oder Passwort ist falsch."},
      {"forbidden", 403, "You may not do this.", "Das dürfen Sie nicht."},
      {"csrf", 403, "This request did not come from the page. Please load it again.",
       "Diese Anfrage kam nicht von der Seite. Bitte laden Sie sie neu."},
      {"not_found", 404, "There is no such thing, or it is not yours to see.",
       "Das gibt es nicht, oder Sie dürfen es nicht sehen."},
      {"method_not_allowed", 405, "This cannot be done here.", "Das geht hier nicht."},
      {"invalid", 422, "Something in the request is not as it should be.",
       "Etwas an der Anfrage ist nicht, wie es sein soll."},
      {"conflict", 409, "This does not go together with what is there.",
       "Das passt nicht zu dem, was schon da ist."},
      {"too_many_requests", 429, "Too many requests. Please wait a little.",
       "Zu viele Anfragen. Bitte warten Sie etwas."},
      {"too_large", 413, "The request is too large.", "Die Anfrage ist zu groß."},
      {"weak_password", 422,
       "The password needs at least 10 characters, several different ones, and not the name in it.",
       "Das Passwort braucht mindestens 10 Zeichen, mehrere verschiedene, und nicht den Namen darin."},
      {"wrong_password", 403, "The old password is wrong.", "Das alte Passwort ist falsch."},
      {"database_away", 503, "The database cannot be reached now.",
       "Die Datenbank ist gerade nicht erreichbar."},
      {"database_slow", 503, "The search took too long. Please narrow it down.",
       "Die Suche hat zu lange gedauert. Bitte grenzen Sie sie ein."},
      {"internal", 500, "Something went wrong here. It is in the log.",
       "Hier ging etwas schief. Es steht im Protokoll."},
  };
  return texts[static_cast<size_t>(what)];
}

// The weight of "de;q=0.8" and its kind.
double weight_of(std::string_view item) {
  auto at = item.find("q=");
  if (at == std::string_view::npos) return 1;
  double weight = 0;
  std::from_chars(item.data() + at + 2, item.data() + item.size(), weight);
  return weight;
}

}  // namespace

const std::string& Request::header(std::string_view name) const {
  static const std::string none;
  for (auto& [key, value] : headers)
    if (key == name) return value;
  return none;
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::string Request::cookie(std::string_view name) const {
  for (auto& [key, value] : headers) {
    if (key != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      auto end = std::min(rest.find(';'), rest.size());
      auto item = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
        return std::string(item.substr(name.size() + 1));
    }
  }
  return "";
}

Language Request::language() const {
  auto asked = parameter("language");
  if (asked == "de") return Language::german;
  if (asked == "en") return Language::english;
  double german = 0, english = 0;
  std::string_view rest = header("accept-language");
  while (!rest.empty()) {
    auto end = std::min(rest.find(','), rest.size());
    auto item = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (item.starts_with("de")) german = std::max(german, weight_of(item));
    if (item.starts_with("en")) english = std::max(english, weight_of(item));
  }
  return german > english ? Language::german : Language::english;
}

bool decode_percent(std::string_view text, bool plus_is_blank, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_blank) {
      out += ' ';
    } else if (c != '%') {
      out += c;
    } else {
      unsigned byte = 0;
      if (i + 2 >= text.size()) return false;
      auto [end, failed] = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      if (failed != std::errc{} || end != text.data() + i + 3) return false;
      out += static_cast<char>(byte);
      i += 2;
    }
  }
  return out.find('\0') == std::string::npos && is_valid_utf8(out);
}

bool read_target(std::string_view target, Request& request) {
  auto mark = std::min(target.find('?'), target.size());
  auto path = target.substr(0, mark), query = target.substr(std::min(mark + 1, target.size()));
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  request.path = "/";
  while (true) {
    auto end = std::min(path.find('/'), path.size());
    std::string segment;
    if (!decode_percent(path.substr(0, end), false, segment)) return false;
    if (segment == "." || segment == "..") return false;
    if (request.path.size() > 1) request.path += '/';
    request.path += segment;
    request.segments.push_back(std::move(segment));
    if (end == path.size()) break;
    path.remove_prefix(end + 1);
  }
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (item.empty()) continue;
    auto equals = std::min(item.find('='), item.size());
    std::string name, value;
    if (!decode_percent(item.substr(0, equals), true, name) ||
        !decode_percent(item.substr(std::min(equals + 1, item.size())), true, value))
      return false;
    request.query.emplace_back(std::move(name), std::move(value));
  }
  return true;
}

bool is_in(const NetworkList& networks, const std::string& address) {
  Network one;
  if (address.find('/') != std::string::npos || !parse_network(address, one)) return false;
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  std::copy(one.bytes.begin(), one.bytes.end(), mapped.sin6_addr.s6_addr);
  return networks.contains(reinterpret_cast<const sockaddr*>(&mapped));
}

Response json_response(const Json& json, int status) {
  Response out{.status = status};
  out.body = dump_line(json);
  out.add("Cache-Control", "no-store");
  return out;
}

Response no_content() {
  Response out{.status = 204, .type = ""};
  out.add("Cache-Control", "no-store");
  return out;
}

Response problem(Problem what, Language language, const Words& detail, const std::string& field) {
  auto& text = text_of(what);
  Json json{{"type", text.type},
            {"title", language == Language::german ? text.de : text.en},
            {"status", text.status}};
  if (!detail.empty()) json["detail"] = detail.in(language);
  if (!field.empty()) json["field"] = field;
  Response out = json_response(json, text.status);
  out.type = "application/problem+json";
  out.add("Content-Language", language == Language::german ? "de" : "en");
  return out;
}

}  // namespace mailtrace::portal
