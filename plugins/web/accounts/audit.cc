// Who did what: entries that cannot be changed unnoticed; and saved searches.
#include "core/base/log.h"
#include "core/base/text.h"
#include "plugins/web/accounts/accounts.h"
#include "plugins/web/accounts/secrets.h"

namespace mailtrace::accounts {
namespace {

constexpr int64_t most_saved = 200;
constexpr std::chrono::minutes same_within{10}, told_again_after{60};
constexpr size_t most_recent = 10'000;

void report(const Error& error) { log_rarely(LogLevel::error, "accounts.file", {{"error", error.text}}); }

// Each field with its length, so that no two entries are the same text.
std::string chained(const std::string& before, const std::vector<std::string>& fields) {
  std::string text = before;
  for (auto& field : fields) text += std::to_string(field.size()) + ":" + field;
  return hash_secret(text);
}

std::string like_escaped(std::string_view text) {
  std::string out = "%";
  for (char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

}  // namespace

void Accounts::record(const AuditEntry& given) {
  AuditEntry entry = given;
  entry.time = entry.time == Time{} ? now() : entry.time;
  for (auto* text : {&entry.user, &entry.peer, &entry.what}) *text = storable(*text, 4096);
  std::string how = entry.how + (entry.role.empty() ? "" : " " + entry.role);
  std::lock_guard lock(mutex_);
  Transaction all(*file_);
  auto last = file_->run("SELECT hash FROM audit ORDER BY id DESC LIMIT 1");
  if (!last) return report(last.error());
  std::string before = last->rows.empty() ? "" : text_of(last->rows[0][0]);
  std::string hits = entry.results ? std::to_string(*entry.results) : "";
  std::string hash = chained(before, {std::to_string(to_us(entry.time)), entry.user, how, entry.peer,
                                      entry.action, entry.what, hits});
  auto put = file_->run(
      "INSERT INTO audit (time, user, how, peer, action, details, hits, hash) VALUES (?, ?, ?, ?, ?, ?, ?, "
      "?)",
      {to_us(entry.time), entry.user, how, entry.peer, entry.action, entry.what,
       entry.results ? Value(*entry.results) : Value(), hash});
  if (!put) return report(put.error());
  if (auto done = all.commit(); !done) report(done.error());
}

bool Accounts::Recent::is_past(std::chrono::steady_clock::time_point at) const {
  return at - last > same_within || at - told > told_again_after;
}

void Accounts::record_once(const AuditEntry& entry, std::vector<std::string> same,
                           std::chrono::steady_clock::time_point at) {
  if (same.empty()) same.push_back(entry.what);
  std::string who;
  for (auto* text : {&entry.user, &entry.how, &entry.peer, &entry.action}) who += *text + '\0';
  {
    std::lock_guard lock(mutex_);
    for (auto& key : same)
      if (auto known = recent_.find(who + key); known != recent_.end() && !known->second.is_past(at)) {
        known->second.last = at;
        return;
      }
    if (recent_.size() >= most_recent)
      std::erase_if(recent_, [at](const auto& known) { return known.second.is_past(at); });
    if (recent_.size() >= most_recent) recent_.clear();
    for (auto& key : same) recent_[who + key] = {at, at};
  }
  record(entry);
}

AuditPage Accounts::audit(const AuditFilter& filter) {
  std::lock_guard lock(mutex_);
  AuditPage page;
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  auto found = file_->run(
      "SELECT id, time, user, how, peer, action, details, hits FROM audit WHERE id < ? "
      "AND (? = '' OR user = ?) AND (? = '' OR action = ?) AND (? = '' OR details LIKE ? ESCAPE '\\') "
      "AND time >= ? AND time < ? ORDER BY id DESC LIMIT ?",
      {filter.before > 0 ? filter.before : most, lower(filter.user), lower(filter.user), filter.action,
       filter.action, filter.text, like_escaped(filter.text), filter.from ? to_us(*filter.from) : -most,
       filter.to ? to_us(*filter.to) : most, int64_t{filter.limit} + 1});
  if (!found) {
    report(found.error());
    return page;
  }
  for (auto& row : found->rows) {
    if (page.entries.size() == static_cast<size_t>(filter.limit)) {
      page.next = number_of(found->rows[page.entries.size() - 1][0]);
      break;
    }
    std::string how = text_of(row[3]), role;
    if (auto blank = how.find(' '); blank != std::string::npos) {
      role = how.substr(blank + 1);
      how.resize(blank);
    }
    auto& entry = page.entries.emplace_back(AuditEntry{
        time_of(row[1]), text_of(row[2]), role, how, text_of(row[4]), text_of(row[5]), text_of(row[6]), {}});
    if (row[7].index() != 0) entry.results = number_of(row[7]);
  }
  return page;
}

AuditCheck Accounts::check_audit() {
  std::lock_guard lock(mutex_);
  AuditCheck out;
  auto found =
      file_->run("SELECT time, user, how, peer, action, details, hits, hash, id FROM audit ORDER BY id");
  if (!found) {
    report(found.error());
    return out;
  }
  std::string before;
  for (auto& row : found->rows) {
    std::string hits = row[6].index() != 0 ? std::to_string(number_of(row[6])) : "";
    std::string hash = chained(before, {std::to_string(number_of(row[0])), text_of(row[1]), text_of(row[2]),
                                        text_of(row[3]), text_of(row[4]), text_of(row[5]), hits});
    before = text_of(row[7]);
    // The entry before the oldest kept one may have been removed for its age.
    bool followed = out.entries > 0 || number_of(row[8]) == 1;
    ++out.entries;
    if (hash == before || !followed) continue;
    out.broken = time_of(row[0]);
    return out;
  }
  out.whole = true;
  return out;
}

void Accounts::tidy() {
  Time at = now();
  std::lock_guard lock(mutex_);
  auto done = file_->run("DELETE FROM sessions WHERE created < ? OR seen < ?",
                         {to_us(at - options_.life), to_us(at - options_.idle)});
  if (done) done = file_->run("DELETE FROM tokens WHERE expires < ?", {to_us(at - std::chrono::days(30))});
  if (done) done = file_->run("DELETE FROM audit WHERE time < ?", {to_us(at - options_.audit_kept)});
  if (!done) report(done.error());
}

std::vector<SavedSearch> Accounts::saved(const User& user) {
  std::lock_guard lock(mutex_);
  std::vector<SavedSearch> out;
  auto found = file_->run("SELECT id, title, search FROM saved WHERE user = ? ORDER BY title COLLATE NOCASE",
                          {user.id});
  if (!found) {
    report(found.error());
    return out;
  }
  for (auto& row : found->rows) out.push_back({number_of(row[0]), text_of(row[1]), text_of(row[2])});
  return out;
}

Refusal Accounts::save(const User& user, SavedSearch& search) {
  std::lock_guard lock(mutex_);
  Transaction all(*file_);
  auto done = file_->run("DELETE FROM saved WHERE user = ? AND title = ?", {user.id, search.name});
  if (done) {
    auto count = file_->run("SELECT count(*) FROM saved WHERE user = ?", {user.id});
    if (count && number_of(count->rows[0][0]) >= most_saved) return Refusal::too_many;
    done = file_->run("INSERT INTO saved (user, title, search, created) VALUES (?, ?, ?, ?)",
                      {user.id, search.name, search.query, to_us(now())});
  }
  if (!done) {
    report(done.error());
    return Refusal::broken;
  }
  search.id = done->last_id;
  if (auto committed = all.commit(); !committed) {
    report(committed.error());
    return Refusal::broken;
  }
  return Refusal::none;
}

Refusal Accounts::remove_saved(const User& user, int64_t id) {
  std::lock_guard lock(mutex_);
  auto done = file_->run("DELETE FROM saved WHERE user = ? AND id = ?", {user.id, id});
  if (!done) report(done.error());
  return done && done->changed > 0 ? Refusal::none : Refusal::no_such;
}

}  // namespace mailtrace::accounts
