#include "plugins/web/accounts/command.h"

#include <fmt/format.h>

#include "core/base/local_time.h"
#include "core/base/plural.h"
#include "core/base/text.h"
#include "core/mail/row_json.h"

namespace mailtrace::accounts {
namespace {

using What = UserCommand::What;

Error refused(Refusal refusal, const UserCommand& command) {
  auto why = refusal_text(refusal);
  auto text = command.german ? fmt::format("Benutzer \"{}\": {}", printable(command.name), why.de)
                             : fmt::format("user \"{}\": {}", printable(command.name), why.en);
  return {refusal == Refusal::broken ? Fault::transient : Fault::permanent, std::move(text)};
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (auto& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}

std::string sees(const User& user, bool german) {
  if (user.role == Role::user && !user.addresses.empty()) return joined(user.addresses);
  if (user.role == Role::user) return german ? "noch nichts" : "nothing yet";
  if (user.role == Role::helpdesk && !user.domains.empty()) return "@" + joined(user.domains);
  return german ? "alles" : "everything";
}

std::string list(Accounts& accounts, const UserCommand& command) {
  bool german = command.german;
  std::string out;
  for (auto& user : accounts.list()) {
    std::string last = user.last_login ? local_time(*user.last_login)
                       : german        ? "nie angemeldet"
                                       : "never logged in";
    if (command.json)
      out +=
          dump_line({{"name", user.name},
                     {"role", role_name(user.role)},
                     {"addresses", user.addresses},
                     {"domains", user.domains},
                     {"locked", user.locked},
                     {"must_change_password", user.must_change},
                     {"created", format_time(user.created)},
                     {"last_login", user.last_login ? Json(format_time(*user.last_login)) : Json(nullptr)}}) +
          "\n";
    else
      out += fmt::format("{:<24} {:<9} {:<19}  {}{}\n", user.name, role_name(user.role), last,
                         !user.locked ? ""
                         : german     ? "gesperrt, "
                                      : "locked, ",
                         sees(user, german));
  }
  return out;
}

AuditEntry entry_of(const std::string& action, const std::string& name) {
  const char* who = std::getenv("SUDO_USER");
  if (!who) who = std::getenv("USER");
  return {.user = who ? who : "root", .role = "", .how = "command", .action = action, .what = name};
}

std::string with_password(const UserCommand& command, const std::string& password) {
  auto* words = command.german ? "Benutzer {}, Einmalpasswort: {}\n" : "user {}, one-time password: {}\n";
  return fmt::format(fmt::runtime(words), lower(command.name), password);
}

Result<std::string> add(Accounts& accounts, const UserCommand& command) {
  Role role = Role::user;
  if (!role_of(command.role, role)) return refused(Refusal::bad_role, command);
  UserChange rest;
  rest.addresses = command.addresses;
  rest.domains = command.domains;
  std::string password;
  if (auto refusal = accounts.add(command.name, role, rest, password); refusal != Refusal::none)
    return refused(refusal, command);
  accounts.record(entry_of("user_made", command.name));
  auto out = with_password(command, password);
  if (role != Role::user || !command.addresses.empty() || !command.domains.empty()) return out;
  auto* blind = command.german ? "{0} sieht noch keine Mail: mailtrace user addresses {0} --address ADRESSE\n"
                               : "{0} sees no mail yet: mailtrace user addresses {0} --address ADDRESS\n";
  return out + fmt::format(fmt::runtime(blind), lower(command.name));
}

Result<std::string> make_token(Accounts& accounts, const UserCommand& command) {
  auto user = accounts.find(command.name);
  if (!user) return refused(Refusal::no_such, command);
  Token made;
  auto refusal = accounts.make_token(*user, command.title.empty() ? "command line" : command.title,
                                     now() + std::chrono::days(command.days), made);
  if (refusal != Refusal::none) return refused(refusal, command);
  accounts.record(entry_of("token", command.name));
  return fmt::format("{}\n", made.secret);
}

Result<std::string> list_tokens(Accounts& accounts, const UserCommand& command) {
  auto user = accounts.find(command.name);
  if (!user) return refused(Refusal::no_such, command);
  std::string out;
  for (auto& token : accounts.tokens(*user)) {
    bool ended = token.expires <= now();
    if (command.json) {
      out += dump_line({{"id", token.id},
                        {"title", token.title},
                        {"created", format_time(token.created)},
                        {"expires", format_time(token.expires)},
                        {"last_used", token.used ? Json(format_time(*token.used)) : Json(nullptr)}}) +
             "\n";
      continue;
    }
    auto used = token.used       ? fmt::format("{} {}", command.german ? "zuletzt benutzt" : "last used",
                                               local_time(*token.used))
                : command.german ? std::string("nie benutzt")
                                 : std::string("never used");
    auto* until = command.german ? (ended ? "abgelaufen am" : "gilt bis     ") : (ended ? "ended" : "ends ");
    out += fmt::format("{:>4}  {} {}, {}  {}\n", token.id, until, local_time(token.expires), used,
                       printable(token.title));
  }
  return out;
}

Result<std::string> end_token(Accounts& accounts, const UserCommand& command) {
  auto user = accounts.find(command.name);
  if (!user) return refused(Refusal::no_such, command);
  auto refusal = accounts.end_token(*user, command.token);
  if (refusal == Refusal::no_such) {
    auto* words = command.german ? "Benutzer \"{}\": kein Token hat die Nummer {}"
                                 : "user \"{}\": no token has the number {}";
    return Error{Fault::permanent, fmt::format(fmt::runtime(words), printable(command.name), command.token)};
  }
  if (refusal != Refusal::none) return refused(refusal, command);
  accounts.record(entry_of("token", fmt::format("{} ended {}", user->name, command.token)));
  return std::string();
}

Result<std::string> change(Accounts& accounts, const UserCommand& command) {
  UserChange change;
  Role role = Role::user;
  switch (command.what) {
    case What::password:
      change.password = "";
      break;
    case What::role:
      if (!role_of(command.role, role)) return refused(Refusal::bad_role, command);
      change.role = role;
      break;
    case What::lock:
    case What::unlock:
      change.locked = command.what == What::lock;
      break;
    default:
      change.addresses = command.addresses;
      change.domains = command.domains;
  }
  std::string password;
  if (auto refusal = accounts.change(command.name, change, password); refusal != Refusal::none)
    return refused(refusal, command);
  accounts.record(entry_of("user_changed", command.name));
  return password.empty() ? std::string() : with_password(command, password);
}

Result<std::string> check_audit(Accounts& accounts, bool german) {
  auto check = accounts.check_audit();
  if (check.whole) {
    auto* words = german ? "Protokoll: {}, nichts geändert oder entfernt\n"
                         : "audit: {}, none was changed or taken out\n";
    auto entries =
        german ? counted(check.entries, "Eintrag", "Einträge") : counted(check.entries, "entry", "entries");
    return fmt::format(fmt::runtime(words), entries);
  }
  if (!check.broken)
    return Error{Fault::transient, german ? "Protokoll: nicht lesbar; mehr steht im Log"
                                          : "audit: it cannot be read; see the log"};
  auto* words = german ? "Protokoll: ein Eintrag vom {} oder kurz davor wurde geändert oder entfernt"
                       : "audit: an entry at or just before {} was changed or taken out";
  return Error{Fault::permanent, fmt::format(fmt::runtime(words), format_time(*check.broken))};
}

// Newest first; with `name` only what this one did.
std::string read_audit(Accounts& accounts, const UserCommand& command) {
  AuditFilter filter;
  filter.user = command.name;
  filter.from = command.from;
  filter.to = command.to;
  filter.limit = static_cast<int>(command.limit);
  std::string out;
  for (auto& entry : accounts.audit(filter).entries) {
    if (command.json) {
      out += dump_line({{"time", format_time(entry.time)},
                        {"user", entry.user},
                        {"role", entry.role},
                        {"how", entry.how},
                        {"address", entry.peer},
                        {"action", entry.action},
                        {"what", entry.what},
                        {"results", entry.results ? Json(*entry.results) : Json(nullptr)}}) +
             "\n";
      continue;
    }
    auto found = !entry.results   ? std::string()
                 : command.german ? fmt::format("  {} Treffer", *entry.results)
                                  : "  " + counted(*entry.results, "result", "results");
    out += fmt::format("{}  {:<16}  {:<14}  {}{}\n", local_time(entry.time), printable(entry.user),
                       entry.action, printable(entry.what), found);
  }
  return out;
}

}  // namespace

Result<std::string> run_command(Accounts& accounts, const UserCommand& command) {
  switch (command.what) {
    case What::list:
      return list(accounts, command);
    case What::add:
      return add(accounts, command);
    case What::audit:
      return check_audit(accounts, command.german);
    case What::read_audit:
      return read_audit(accounts, command);
    case What::token:
      return make_token(accounts, command);
    case What::tokens:
      return list_tokens(accounts, command);
    case What::end_token:
      return end_token(accounts, command);
    case What::remove:
      if (auto refusal = accounts.remove(command.name); refusal != Refusal::none)
        return refused(refusal, command);
      accounts.record(entry_of("user_removed", command.name));
      return std::string();
    default:
      return change(accounts, command);
  }
}

}  // namespace mailtrace::accounts
