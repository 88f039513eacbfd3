// Users and their passwords.
#include <algorithm>

#include "core/base/log.h"
#include "core/base/text.h"
#include "plugins/web/accounts/accounts.h"
#include "plugins/web/accounts/secrets.h"

namespace mailtrace::accounts {
namespace {

constexpr size_t least_password = 10, longest_password = 1024, longest_name = 128, most_entries = 1000;

Refusal broken(const Error& error) {
  log_rarely(LogLevel::error, "accounts.file", {{"error", error.text}});
  return Refusal::broken;
}

bool all_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != ',' && c != '"' && c != '*';
  });
}

std::vector<std::string> cleaned(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (auto& text : texts) out.push_back(lower(text));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

const char* role_name(Role role) {
  static constexpr const char* names[] = {"user", "helpdesk", "admin"};
  return names[static_cast<size_t>(role)];
}

bool role_of(std::string_view name, Role& out) {
  for (Role role : {Role::user, Role::helpdesk, Role::admin})
    if (name == role_name(role)) {
      out = role;
      return true;
    }
  return false;
}

Words refusal_text(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return {};
    case Refusal::wrong_login:
      return {"name or password is wrong", "Name oder Passwort ist falsch"};
    case Refusal::throttled:
      return {"too many tries", "zu viele Versuche"};
    case Refusal::wrong_password:
      return {"the old password is wrong", "das alte Passwort ist falsch"};
    case Refusal::weak_password:
      return {"a password needs at least 10 characters, several different ones, and not the name in it",
              "ein Passwort braucht mindestens 10 Zeichen, mehrere verschiedene, und nicht den Namen darin"};
    case Refusal::bad_name:
      return {"a name is made of letters, digits and . _ - + @, at most 128",
              "ein Name besteht aus Buchstaben, Ziffern und . _ - + @, höchstens 128"};
    case Refusal::bad_address:
      return {"expected addresses such as anna@example.org", "erwartet Adressen wie anna@example.org"};
    case Refusal::bad_domain:
      return {"expected domains such as example.org", "erwartet Domains wie example.org"};
    case Refusal::bad_role:
      return {"expected one of admin, helpdesk, user", "erwartet admin, helpdesk oder user"};
    case Refusal::exists:
      return {"there is a user of that name", "diesen Benutzernamen gibt es schon"};
    case Refusal::no_such:
      return {"there is no such user", "diesen Benutzer gibt es nicht"};
    case Refusal::last_admin:
      return {"this is the last admin that can log in",
              "das ist der letzte Administrator, der sich anmelden kann"};
    case Refusal::too_many:
      return {"too many of them", "zu viele davon"};
    case Refusal::broken:
      break;
  }
  return {"the file of the accounts could not be used; see the log",
          "die Datei der Konten ist nicht benutzbar; mehr steht im Log"};
}

bool is_good_password(const std::string& password, const std::string& name) {
  if (password.size() < least_password || password.size() > longest_password) return false;
  std::string letters = password;
  std::sort(letters.begin(), letters.end());
  letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
  return letters.size() >= 5 && (name.size() < 4 || lower(password).find(name) == std::string::npos);
}

bool is_good_name(const std::string& name) {
  return !name.empty() && name.size() <= longest_name && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view(".-_+@").find(c) != std::string_view::npos;
  });
}

bool is_good_domain(const std::string& domain) {
  return !domain.empty() && domain.size() <= 253 && domain.find('@') == std::string::npos &&
         domain.front() != '.' && all_printable(domain);
}

bool is_good_address(const std::string& address) {
  auto at = address.rfind('@');
  return at != std::string::npos && at > 0 && address.size() <= 320 && all_printable(address) &&
         is_good_domain(address.substr(at + 1));
}

Result<std::unique_ptr<Accounts>> Accounts::open(const std::string& path, const Options& options) {
  if (auto started = start_secrets(); !started) return started.error();
  auto file = AccountFile::open(path);
  if (!file) return file.error();
  std::unique_ptr<Accounts> made(new Accounts(std::move(*file), options));
  if (auto loaded = made->load_secret(); !loaded) return loaded.error();
  return made;
}

Result<void> Accounts::load_secret() {
  auto put = file_->run("INSERT OR IGNORE INTO secrets VALUES ('csrf', ?)", {random_secret()});
  if (!put) return put.error();
  auto got = file_->run("SELECT value FROM secrets WHERE name = 'csrf'");
  if (!got) return got.error();
  key_ = text_of(got->rows.at(0).at(0));
  return {};
}

std::optional<User> Accounts::load(const char* where, const Value& value) {
  std::string sql =
      std::string("SELECT id, name, role, must_change, locked, created, last_login FROM users WHERE ") +
      where;
  auto found = file_->run(sql.c_str(), {value});
  if (!found) {
    (void)broken(found.error());
    return std::nullopt;
  }
  if (found->rows.empty()) return std::nullopt;
  auto& row = found->rows[0];
  User user{.id = number_of(row[0]),
            .name = text_of(row[1]),
            .must_change = number_of(row[3]) != 0,
            .locked = number_of(row[4]) != 0,
            .created = time_of(row[5])};
  if (!role_of(text_of(row[2]), user.role)) return std::nullopt;
  if (row[6].index() != 0) user.last_login = time_of(row[6]);
  auto lists = [&](const char* ask, std::vector<std::string>& to) {
    auto texts = file_->run(ask, {user.id});
    if (!texts) return false;
    for (auto& text : texts->rows) to.push_back(text_of(text[0]));
    return true;
  };
  // A list that cannot be read must not widen what he sees.
  if (!lists("SELECT address FROM user_addresses WHERE user = ? ORDER BY 1", user.addresses) ||
      !lists("SELECT domain FROM user_domains WHERE user = ? ORDER BY 1", user.domains))
    return std::nullopt;
  return user;
}

std::optional<User> Accounts::find(const std::string& name) {
  std::lock_guard lock(mutex_);
  return load("name = ?", lower(name));
}

std::vector<User> Accounts::list() {
  std::lock_guard lock(mutex_);
  std::vector<User> out;
  auto ids = file_->run("SELECT id FROM users ORDER BY name");
  if (!ids) {
    (void)broken(ids.error());
    return out;
  }
  for (auto& row : ids->rows)
    if (auto user = load("id = ?", row[0])) out.push_back(std::move(*user));
  return out;
}

Result<void> Accounts::set_lists(int64_t user, const UserChange& change) {
  auto put = [&](const char* clear, const char* insert,
                 const std::vector<std::string>& texts) -> Result<void> {
    if (auto done = file_->run(clear, {user}); !done) return done.error();
    for (auto& text : cleaned(texts))
      if (auto done = file_->run(insert, {user, text}); !done) return done.error();
    return {};
  };
  if (change.addresses)
    if (auto done = put("DELETE FROM user_addresses WHERE user = ?",
                        "INSERT INTO user_addresses VALUES (?, ?)", *change.addresses);
        !done)
      return done;
  if (change.domains)
    return put("DELETE FROM user_domains WHERE user = ?", "INSERT INTO user_domains VALUES (?, ?)",
               *change.domains);
  return {};
}

namespace {

Refusal check(const UserChange& change, const std::string& name) {
  if (change.password && !change.password->empty() && !is_good_password(*change.password, name))
    return Refusal::weak_password;
  for (auto* list : {&change.addresses, &change.domains})
    if (*list && (*list)->size() > most_entries) return Refusal::too_many;
  if (change.addresses && !std::all_of(change.addresses->begin(), change.addresses->end(), is_good_address))
    return Refusal::bad_address;
  if (change.domains && !std::all_of(change.domains->begin(), change.domains->end(), is_good_domain))
    return Refusal::bad_domain;
  return Refusal::none;
}

}  // namespace

Refusal Accounts::add(const std::string& given, Role role, const UserChange& rest, std::string& password) {
  std::string name = lower(given);
  if (!is_good_name(name)) return Refusal::bad_name;
  if (auto refusal = check(rest, name); refusal != Refusal::none) return refusal;
  bool one_time = !rest.password || rest.password->empty();
  password = one_time ? one_time_password() : *rest.password;
  auto hash = hash_password(password);
  if (!hash) return broken(hash.error());
  std::lock_guard lock(mutex_);
  Transaction all(*file_);
  if (load("name = ?", name)) return Refusal::exists;
  auto made =
      file_->run("INSERT INTO users (name, role, password, must_change, created) VALUES (?, ?, ?, 1, ?)",
                 {name, std::string(role_name(role)), *hash, to_us(now())});
  if (!made) return broken(made.error());
  if (auto set = set_lists(made->last_id, rest); !set) return broken(set.error());
  if (auto done = all.commit(); !done) return broken(done.error());
  if (!one_time) password.clear();
  return Refusal::none;
}

bool Accounts::another_admin(int64_t than) {
  auto found =
      file_->run("SELECT 1 FROM users WHERE role = 'admin' AND locked = 0 AND id <> ? LIMIT 1", {than});
  return found && !found->rows.empty();
}

void Accounts::end_sessions(int64_t user, const std::string& keep_hash) {
  auto done = file_->run("DELETE FROM sessions WHERE user = ? AND hash <> ?", {user, keep_hash});
  if (!done) (void)broken(done.error());
}

Refusal Accounts::apply(const User& user, const UserChange& change, std::string& hash) {
  if (change.role)
    if (auto done = file_->run("UPDATE users SET role = ? WHERE id = ?",
                               {std::string(role_name(*change.role)), user.id});
        !done)
      return broken(done.error());
  if (change.locked)
    if (auto done =
            file_->run("UPDATE users SET locked = ? WHERE id = ?", {int64_t{*change.locked}, user.id});
        !done)
      return broken(done.error());
  if (change.password)
    if (auto done =
            file_->run("UPDATE users SET password = ?, must_change = 1 WHERE id = ?", {hash, user.id});
        !done)
      return broken(done.error());
  if (auto set = set_lists(user.id, change); !set) return broken(set.error());
  if (change.role || change.locked || change.password || change.addresses || change.domains)
    end_sessions(user.id, "");
  return Refusal::none;
}

Refusal Accounts::change(const std::string& name, const UserChange& change, std::string& password) {
  if (auto refusal = check(change, lower(name)); refusal != Refusal::none) return refusal;
  std::string hash;
  password.clear();
  if (change.password) {
    std::string fresh = *change.password;
    if (fresh.empty()) password = fresh = one_time_password();
    auto made = hash_password(fresh);
    if (!made) return broken(made.error());
    hash = *made;
  }
  std::lock_guard lock(mutex_);
  Transaction all(*file_);
  auto user = load("name = ?", lower(name));
  if (!user) return Refusal::no_such;
  bool demoted = (change.role && *change.role != Role::admin) || (change.locked && *change.locked);
  if (user->role == Role::admin && !user->locked && demoted && !another_admin(user->id))
    return Refusal::last_admin;
  if (auto refusal = apply(*user, change, hash); refusal != Refusal::none) return refusal;
  if (auto done = all.commit(); !done) return broken(done.error());
  return Refusal::none;
}

Refusal Accounts::remove(const std::string& name) {
  std::lock_guard lock(mutex_);
  Transaction all(*file_);
  auto user = load("name = ?", lower(name));
  if (!user) return Refusal::no_such;
  if (user->role == Role::admin && !user->locked && !another_admin(user->id)) return Refusal::last_admin;
  if (auto done = file_->run("DELETE FROM users WHERE id = ?", {user->id}); !done)
    return broken(done.error());
  if (auto done = all.commit(); !done) return broken(done.error());
  return Refusal::none;
}

Refusal Accounts::change_password(const User& user, const std::string& old_password, const std::string& fresh,
                                  const std::string& keep) {
  std::string stored;
  {
    std::lock_guard lock(mutex_);
    auto found = file_->run("SELECT password FROM users WHERE id = ?", {user.id});
    if (!found) return broken(found.error());
    if (found->rows.empty()) return Refusal::no_such;
    stored = text_of(found->rows[0][0]);
  }
  if (pairs_.wait("password " + user.name, Throttle::Clock::now()).count() > 0) return Refusal::throttled;
  if (old_password.size() > longest_password || !verify_password(stored, old_password)) {
    pairs_.failed("password " + user.name, Throttle::Clock::now());
    return Refusal::wrong_password;
  }
  if (!is_good_password(fresh, user.name) || fresh == old_password) return Refusal::weak_password;
  auto hash = hash_password(fresh);
  if (!hash) return broken(hash.error());
  std::lock_guard lock(mutex_);
  // Only over the password that was verified: a reset in between wins.
  auto set = file_->run("UPDATE users SET password = ?, must_change = 0 WHERE id = ? AND password = ?",
                        {*hash, user.id, stored});
  if (!set) return broken(set.error());
  if (set->changed == 0) return Refusal::wrong_password;
  end_sessions(user.id, keep.empty() ? "" : hash_secret(keep));
  return Refusal::none;
}

}  // namespace mailtrace::accounts
