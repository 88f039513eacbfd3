#include "core/track/mailboxes.h"

#include <algorithm>
#include <cctype>

#include "core/base/text.h"
#include "core/track/fill.h"

namespace mailtrace {
namespace {

// A script can do more than this; nobody reads it.
constexpr size_t most_outcomes = 32;
constexpr std::string_view separator = ", ";

}  // namespace

uint64_t message_id_hash(std::string_view message_id) {
  uint64_t hash = hash_fields({"message-id", message_id}).low;
  return hash ? hash : 1;
}

char sieve_letter(std::string_view message_id) {
  // pigeonhole src/lib-sieve: "<dovecot-sieve-SECONDS-MICROSECONDS-N@host>", of a rejection "<dovecot-…>"
  if (message_id.starts_with("dovecot-sieve-")) return 'v';
  return message_id.starts_with("dovecot-") ? 'b' : char{0};
}

// amavisd: the templates notify_*_templ behind __DATA__; a mail_id has 12 characters or more of base64url.
std::string_view amavis_number(std::string_view message_id) {
  auto number = message_id.substr(0, message_id.find('@'));
  bool notice = number.size() >= 14 && number.size() < message_id.size() &&
                (number[0] == 'V' || number[0] == 'S') &&
                std::string_view("SAR").find(number[1]) != std::string_view::npos;
  if (!notice) return {};
  number.remove_prefix(2);
  for (char c : number)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '+') return {};
  return number;
}

std::string sieve_name(char letter, std::string_view recipient, uint64_t message_id_hash) {
  auto hash = hash_fields({letter == 'a' ? std::string(recipient) : lower(recipient),
                           letter == 'f' ? std::to_string(message_id_hash) : ""});
  return std::string(1, letter) + make_id(Time{}, hash).hex();
}

std::string outcome_text(const Mailbox& fact) {
  if (fact.outcome == "saved" && !fact.folder.empty()) {
    std::string folder = stored_text(fact.folder);
    bool plain = folder[0] != '(' && folder[0] != '"' && folder.find(separator) == std::string::npos;
    if (plain) return folder;
    std::replace(folder.begin(), folder.end(), '"', '\'');
    return '"' + folder + '"';
  }
  std::string out = "(" + stored_text(fact.outcome);
  if (!fact.target.empty()) out.append(" to <").append(stored_text(fact.target)).append(">");
  if (!fact.folder.empty()) out.append(": ").append(stored_text(fact.folder));
  return out + ")";
}

// Descending, each compared with the separator behind it: so one more outcome either comes before all that
// it moves back, and is greater, or makes the list longer. What is known first never wins over more.
std::string folder_text(std::vector<std::string> outcomes) {
  for (auto& outcome : outcomes) outcome += separator;
  std::sort(outcomes.begin(), outcomes.end(), std::greater<>());
  outcomes.erase(std::unique(outcomes.begin(), outcomes.end()), outcomes.end());
  std::string out;
  for (auto& outcome : outcomes) out += outcome;
  if (!out.empty()) out.resize(out.size() - separator.size());
  return out;
}

Mailboxes::Session& Mailboxes::get(std::string_view session, const LogLine& line) {
  if (auto found = sessions_.find(session); found != sessions_.end()) return *found->second;
  if (order_.size() >= most_ && !order_.empty()) {
    sessions_.erase(order_.front().name);
    order_.pop_front();
  }
  Session& added = order_.emplace_back();
  added.name = session;
  added.sequence = line.sequence;
  added.received = line.received;
  sessions_.emplace(added.name, std::prev(order_.end()));
  return added;
}

void Mailboxes::changed(Session& session, const LogLine& line) {
  session.time = std::max(session.time, line.time);
  if (line.sequence && line.sequence < session.sequence) session.sequence = line.sequence;
  if (session.listed) return;
  session.listed = true;
  unstored_.emplace_back(line.received, session.name);
}

Mailboxes::Session* Mailboxes::tell(std::string_view name, const LogLine& line, uint32_t server,
                                    const Mailbox& fact, bool keep_raw) {
  Session& session = get(name, line);
  for (auto& told : session.told)
    if (told.line == line.identity) return nullptr;
  if (session.told.size() >= most_outcomes) return nullptr;
  Told told{outcome_text(fact), server, line.identity, {}, line.sequence, line.time, {}};
  if (!fact.target.empty() && fact.outcome == "redirected" && !fact.message_id.empty())
    told.sent = sieve_name('f', fact.target, message_id_hash(fact.message_id));
  if (!fact.target.empty() && fact.outcome == "vacation") told.sent = sieve_name('v', fact.target, 0);
  if (!fact.target.empty() && fact.outcome == "rejected") told.sent = sieve_name('b', fact.target, 0);
  if (keep_raw) told.raw = line.raw;
  session.told.push_back(std::move(told));
  any_told_ = true;
  changed(session, line);
  return &session;
}

Mailboxes::Session* Mailboxes::deliver(std::string_view name, const LogLine& line,
                                       const Delivered& delivered) {
  Session& session = get(name, line);
  for (auto& known : session.delivered)
    if (known.line == delivered.line && known.mail == delivered.mail) return nullptr;
  if (session.delivered.size() >= most_outcomes) return nullptr;
  session.delivered.push_back(delivered);
  changed(session, line);
  return &session;
}

const Mailboxes::Session* Mailboxes::find(std::string_view session) const {
  auto found = sessions_.find(session);
  return found == sessions_.end() ? nullptr : &*found->second;
}

void Mailboxes::move(std::string_view name, const Hash128& line, Handle mail) {
  auto found = sessions_.find(name);
  if (found == sessions_.end()) return;
  for (auto& delivered : found->second->delivered)
    if (delivered.line == line) delivered.mail = mail;
}

void Mailboxes::forget_before(Time received) {
  while (!order_.empty() && order_.front().received < received) {
    sessions_.erase(order_.front().name);
    order_.pop_front();
  }
}

void Mailboxes::remember(Time before, bool all, const Settled& settled,
                         const std::function<void(const Session&)>& out) {
  for (; !unstored_.empty() && unstored_.front().first <= before; unstored_.pop_front()) {
    auto found = sessions_.find(unstored_.front().second);
    if (found == sessions_.end() || !found->second->listed) continue;
    Session& session = *found->second;
    session.listed = false;
    bool useful = session.half_seen() ? all || any_told_ : all && !settled.covers(session.time);
    if (!useful) continue;
    out(session);
    session.sequence = 0;
  }
}

void Mailboxes::restore(Session session) {
  if (sessions_.contains(session.name) || order_.size() >= most_) return;
  any_told_ = any_told_ || !session.told.empty();
  order_.push_back(std::move(session));
  sessions_.emplace(order_.back().name, std::prev(order_.end()));
}

uint64_t Mailboxes::pinned(uint64_t next, Time since) const {
  uint64_t least = next;
  for (auto at = order_.rbegin(); at != order_.rend() && at->received > since; ++at)
    if (at->sequence && at->sequence < least) least = at->sequence;
  return least;
}

}  // namespace mailtrace
