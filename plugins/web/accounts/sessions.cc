// Logins, sessions and tokens: secrets of 256 random bits, of which only hashes are stored.
#include <algorithm>

#include "core/base/log.h"
#include "core/base/text.h"
#include "plugins/web/accounts/accounts.h"
#include "plugins/web/accounts/secrets.h"

namespace mailtrace::accounts {
namespace {

constexpr size_t longest_secret = 128, longest_password = 1024;
constexpr int64_t most_sessions = 50, most_tokens = 50;
constexpr Microseconds touch_every{std::chrono::seconds(30)};
constexpr std::string_view token_mark = "mt_";  // so that a leaked one is recognised

void report(const Error& error) { log_rarely(LogLevel::error, "accounts.file", {{"error", error.text}}); }

std::string shown_id(const std::string& hash) { return hash.substr(0, 16); }

}  // namespace

Login Accounts::login(const std::string& given, const std::string& password, const std::string& peer,
                      const std::string& agent) {
  std::string name = lower(given.substr(0, 320)), network = network_of(peer), pair = name + " " + network;
  auto at = Throttle::Clock::now();
  Login out{.refusal = Refusal::throttled};
  out.wait = std::max({pairs_.wait(pair, at), names_.wait(name, at), networks_.wait(network, at)});
  if (out.wait.count() > 0) return out;

  std::string stored;
  std::optional<User> user;
  {
    std::lock_guard lock(mutex_);
    user = load("name = ?", name);
    auto found = file_->run("SELECT password FROM users WHERE name = ?", {name});
    if (!found) {
      report(found.error());
      out.refusal = Refusal::broken;
      return out;
    }
    if (user && !found->rows.empty()) stored = text_of(found->rows[0][0]);
  }
  bool good = false;
  if (stored.empty() || password.size() > longest_password)
    verify_nobody(std::string_view(password).substr(0, longest_password));
  else
    good = verify_password(stored, password);
  if (!good || user->locked) {
    at = Throttle::Clock::now();
    pairs_.failed(pair, at);
    names_.failed(name, at);
    networks_.failed(network, at);
    out.refusal = Refusal::wrong_login;
    return out;
  }
  pairs_.succeeded(pair);
  names_.succeeded(name);

  std::string secret = random_secret();
  std::lock_guard lock(mutex_);
  int64_t time = to_us(now());
  auto made = file_->run("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
                         {hash_secret(secret), user->id, time, time, peer, storable(agent, 200)});
  if (made) made = file_->run("UPDATE users SET last_login = ? WHERE id = ?", {time, user->id});
  if (made)
    made = file_->run(
        "DELETE FROM sessions WHERE user = ? AND hash NOT IN "
        "(SELECT hash FROM sessions WHERE user = ? ORDER BY seen DESC LIMIT ?)",
        {user->id, user->id, most_sessions});
  if (!made) {
    report(made.error());
    out.refusal = Refusal::broken;
    return out;
  }
  out.refusal = Refusal::none;
  out.secret = std::move(secret);
  out.user = std::move(*user);
  return out;
}

std::optional<User> Accounts::by_session(const std::string& secret) {
  if (secret.empty() || secret.size() > longest_secret) return std::nullopt;
  std::string hash = hash_secret(secret);
  Time at = now();
  std::lock_guard lock(mutex_);
  auto found = file_->run("SELECT user, created, seen FROM sessions WHERE hash = ?", {hash});
  if (!found) report(found.error());
  if (!found || found->rows.empty()) return std::nullopt;
  auto& row = found->rows[0];
  Time created = time_of(row[1]), seen = time_of(row[2]);
  auto user = load("id = ?", row[0]);
  if (!user || user->locked || at - created > options_.life || at - seen > options_.idle) {
    (void)bool(file_->run("DELETE FROM sessions WHERE hash = ?", {hash}));
    return std::nullopt;
  }
  if (at - seen > touch_every)
    (void)bool(file_->run("UPDATE sessions SET seen = ? WHERE hash = ?", {to_us(at), hash}));
  return user;
}

std::optional<User> Accounts::by_token(const std::string& secret) {
  if (!secret.starts_with(token_mark) || secret.size() > longest_secret) return std::nullopt;
  std::string hash = hash_secret(secret);
  Time at = now();
  std::lock_guard lock(mutex_);
  auto found = file_->run("SELECT id, user, expires, used FROM tokens WHERE hash = ?", {hash});
  if (!found) report(found.error());
  if (!found || found->rows.empty()) return std::nullopt;
  auto& row = found->rows[0];
  if (time_of(row[2]) <= at) return std::nullopt;
  auto user = load("id = ?", row[1]);
  if (!user || user->locked) return std::nullopt;
  if (at - time_of(row[3]) > touch_every)
    (void)bool(file_->run("UPDATE tokens SET used = ? WHERE id = ?", {to_us(at), row[0]}));
  return user;
}

void Accounts::logout(const std::string& secret) {
  if (secret.empty() || secret.size() > longest_secret) return;
  std::lock_guard lock(mutex_);
  auto done = file_->run("DELETE FROM sessions WHERE hash = ?", {hash_secret(secret)});
  if (!done) report(done.error());
}

std::vector<Session> Accounts::sessions(const User& user, const std::string& current) {
  std::string own = current.empty() ? "" : hash_secret(current);
  Time at = now();
  std::lock_guard lock(mutex_);
  std::vector<Session> out;
  auto found = file_->run(
      "SELECT hash, created, seen, peer, agent FROM sessions WHERE user = ? AND created > ? AND seen > ? "
      "ORDER BY seen DESC",
      {user.id, to_us(at - options_.life), to_us(at - options_.idle)});
  if (!found) {
    report(found.error());
    return out;
  }
  for (auto& row : found->rows)
    out.push_back({shown_id(text_of(row[0])), time_of(row[1]), time_of(row[2]), text_of(row[3]),
                   text_of(row[4]), text_of(row[0]) == own});
  return out;
}

Refusal Accounts::end_session(const User& user, const std::string& id) {
  std::lock_guard lock(mutex_);
  auto done = file_->run("DELETE FROM sessions WHERE user = ? AND substr(hash, 1, 16) = ?", {user.id, id});
  if (!done) report(done.error());
  return done && done->changed > 0 ? Refusal::none : Refusal::no_such;
}

void Accounts::end_other_sessions(const User& user, const std::string& current) {
  std::lock_guard lock(mutex_);
  end_sessions(user.id, current.empty() ? "" : hash_secret(current));
}

std::string Accounts::csrf(const std::string& secret, const User& user) const {
  return sign(key_, secret.empty() ? "user " + user.name : "session " + secret);
}

Refusal Accounts::make_token(const User& user, const std::string& title, std::optional<Time> expires,
                             Token& made) {
  Time at = now();
  made.title = storable(title, 320);
  made.created = at;
  made.expires = std::min(expires.value_or(at + std::chrono::days(365)), at + std::chrono::days(3650));
  made.secret = std::string(token_mark) + random_secret();
  std::lock_guard lock(mutex_);
  auto count = file_->run("SELECT count(*) FROM tokens WHERE user = ?", {user.id});
  if (count && number_of(count->rows[0][0]) >= most_tokens) return Refusal::too_many;
  auto done = file_->run(
      "INSERT INTO tokens (user, title, hash, scopes, created, expires) VALUES (?, ?, ?, 'read', ?, ?)",
      {user.id, made.title, hash_secret(made.secret), to_us(made.created), to_us(made.expires)});
  if (!done) {
    report(done.error());
    return Refusal::broken;
  }
  made.id = done->last_id;
  return Refusal::none;
}

std::vector<Token> Accounts::tokens(const User& user) {
  std::lock_guard lock(mutex_);
  std::vector<Token> out;
  auto found = file_->run("SELECT id, title, created, expires, used FROM tokens WHERE user = ? ORDER BY id",
                          {user.id});
  if (!found) {
    report(found.error());
    return out;
  }
  for (auto& row : found->rows) {
    out.push_back({number_of(row[0]), text_of(row[1]), time_of(row[2]), time_of(row[3]), {}, {}});
    if (row[4].index() != 0) out.back().used = time_of(row[4]);
  }
  return out;
}

Refusal Accounts::end_token(const User& user, int64_t id) {
  std::lock_guard lock(mutex_);
  auto done = file_->run("DELETE FROM tokens WHERE user = ? AND id = ?", {user.id, id});
  if (!done) report(done.error());
  return done && done->changed > 0 ? Refusal::none : Refusal::no_such;
}

}  // namespace mailtrace::accounts
