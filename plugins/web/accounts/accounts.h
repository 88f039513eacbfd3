// Accounts: users, their sessions, tokens and saved searches, and who searched for whom. Any thread; also
// several processes at once (`mailtrace user` beside the daemon).
#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/answer/words.h"
#include "plugins/web/accounts/file.h"
#include "plugins/web/accounts/throttle.h"

namespace mailtrace::accounts {

enum class Role { user, helpdesk, admin };
const char* role_name(Role role);  // "helpdesk"
bool role_of(std::string_view name, Role& out);

struct User {
  int64_t id = 0;
  std::string name;
  Role role = Role::user;
  std::vector<std::string> addresses{};  // role user: what he may see, lower case
  std::vector<std::string> domains{};    // role helpdesk: the same, "example.org"; empty: everything
  bool must_change = false;              // logged in with a one-time password
  bool locked = false;
  Time created{};
  std::optional<Time> last_login{};
};

// Why something was refused, for the caller to put into words.
enum class Refusal {
  none,
  wrong_login,     // or locked, or nobody: not told apart
  throttled,       // seconds in Login::wait
  wrong_password,  // the old one, on a change
  weak_password,
  bad_name,
  bad_address,
  bad_domain,
  bad_role,
  exists,
  no_such,
  last_admin,
  too_many,
  broken  // the file; see the log
};
Words refusal_text(Refusal refusal);

struct Login {
  Refusal refusal = Refusal::none;
  std::chrono::seconds wait{0};
  std::string secret{};  // the cookie
  User user{};
};

struct Session {
  std::string id;  // shown; says nothing about the secret
  Time created{}, seen{};
  std::string peer, agent;
  bool current = false;
};

struct Token {
  int64_t id = 0;
  std::string title;
  Time created{}, expires{};
  std::optional<Time> used;
  std::string secret;  // only when just made
};

struct SavedSearch {
  int64_t id = 0;
  std::string name, query;
};

struct AuditEntry {
  Time time{};
  std::string user{}, role{}, how{}, peer{}, action{}, what{};
  std::optional<int64_t> results{};
};
struct AuditFilter {
  std::string user, action, text;
  std::optional<Time> from, to;
  int limit = 25;
  int64_t before = 0;  // AuditPage::next of the page before
};
struct AuditPage {
  std::vector<AuditEntry> entries;
  int64_t next = 0;  // 0: no more
};
struct AuditCheck {
  bool whole = false;
  int64_t entries = 0;         // that were looked at
  std::optional<Time> broken;  // the first entry that does not follow from the one before it
};

// Changes of a user; what is absent stays.
struct UserChange {
  std::optional<Role> role;
  std::optional<std::vector<std::string>> addresses, domains;
  std::optional<bool> locked;
  std::optional<std::string> password;  // "" : a new one-time password
};

struct Options {
  Microseconds idle{std::chrono::hours(1)};
  Microseconds life{std::chrono::hours(12)};
  Microseconds audit_kept{std::chrono::days(365)};
};

class Accounts {
 public:
  static Result<std::unique_ptr<Accounts>> open(const std::string& path, const Options& options);

  // ---- users (users.cc). Passwords that are made are returned in `password`, once.
  Refusal add(const std::string& name, Role role, const UserChange& rest, std::string& password);
  Refusal change(const std::string& name, const UserChange& change, std::string& password);
  Refusal remove(const std::string& name);
  std::optional<User> find(const std::string& name);
  std::vector<User> list();
  // The own password; other sessions than `keep` (a cookie) end.
  Refusal change_password(const User& user, const std::string& old_password, const std::string& fresh,
                          const std::string& keep);

  // ---- sessions and tokens (sessions.cc)
  // Takes as long for names nobody has. Few at once: argon2id needs 64 MiB each.
  Login login(const std::string& name, const std::string& password, const std::string& peer,
              const std::string& agent);
  std::optional<User> by_session(const std::string& secret);
  std::optional<User> by_token(const std::string& secret);
  void logout(const std::string& secret);
  std::vector<Session> sessions(const User& user, const std::string& current);
  Refusal end_session(const User& user, const std::string& id);
  void end_other_sessions(const User& user, const std::string& current);
  // The value of X-CSRF-Token that goes with this session (or this user, behind a proxy).
  std::string csrf(const std::string& secret, const User& user) const;
  Refusal make_token(const User& user, const std::string& title, std::optional<Time> expires, Token& made);
  std::vector<Token> tokens(const User& user);
  Refusal end_token(const User& user, int64_t id);

  // ---- saved searches (saved.cc)
  std::vector<SavedSearch> saved(const User& user);
  Refusal save(const User& user, SavedSearch& search);
  Refusal remove_saved(const User& user, int64_t id);

  // ---- audit (audit.cc). Entries are chained by hashes: one that is changed or taken out breaks the chain.
  void record(const AuditEntry& entry);
  // The same, but nothing if this was recorded within the last minutes, or within the last hour and then
  // again every few minutes: a page that refreshes itself is no news. `same`: what makes it the same, each of
  // them, instead of `what`.
  void record_once(const AuditEntry& entry, std::vector<std::string> same = {},
                   std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now());
  AuditPage audit(const AuditFilter& filter);
  AuditCheck check_audit();
  void tidy();  // ends old sessions and tokens, removes old audit entries

 private:
  Accounts(std::unique_ptr<AccountFile> file, const Options& options)
      : file_(std::move(file)), options_(options) {}
  Result<void> load_secret();
  // All below: under mutex_.
  std::optional<User> load(const char* where, const Value& value);
  Result<void> set_lists(int64_t user, const UserChange& change);
  Refusal apply(const User& user, const UserChange& change, std::string& password);
  bool another_admin(int64_t than);
  void end_sessions(int64_t user, const std::string& keep_hash);

  std::mutex mutex_;
  std::unique_ptr<AccountFile> file_;
  Options options_;
  std::string key_;  // of csrf codes
  struct Recent {
    std::chrono::steady_clock::time_point told, last;
    bool is_past(std::chrono::steady_clock::time_point at) const;
  };
  std::unordered_map<std::string, Recent> recent_;  // recorded once
  // One guesser of one account; all guessers of one account, who must not shut its owner out for long; and
  // one guesser of many accounts.
  Throttle pairs_{{5, std::chrono::seconds(900)}}, names_{{20, std::chrono::seconds(30)}},
      networks_{{50, std::chrono::seconds(300)}};
};

// What a person's password must be: "" or why not. Names are lower case letters, digits, . _ - @ +
bool is_good_password(const std::string& password, const std::string& name);
bool is_good_name(const std::string& name);
bool is_good_address(const std::string& address);
bool is_good_domain(const std::string& domain);

}  // namespace mailtrace::accounts
