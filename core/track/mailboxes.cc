#include "core/track/mailboxes.h"

#include <algorithm>

#include "core/track/fill.h"

namespace mailtrace {
namespace {

// A script can do more than this; nobody reads it.
constexpr size_t most_outcomes = 32;
constexpr std::string_view separator = ", ";

}  // namespace

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

Mailboxes::Session* Mailboxes::tell(std::string_view name, const LogLine& line, uint32_t server,
                                    const Mailbox& fact, bool keep_raw) {
  Session& session = get(name, line);
  for (auto& told : session.told)
    if (told.line == line.identity) return nullptr;
  if (session.told.size() >= most_outcomes) return nullptr;
  Told told{outcome_text(fact), server, line.identity, {}, line.sequence};
  if (keep_raw) told.raw = line.raw;
  session.told.push_back(std::move(told));
  if (line.sequence && line.sequence < session.sequence) session.sequence = line.sequence;
  return &session;
}

Mailboxes::Session* Mailboxes::deliver(std::string_view name, const LogLine& line, Delivered delivered) {
  Session& session = get(name, line);
  for (auto& known : session.delivered)
    if (known.line == delivered.line && known.mail == delivered.mail) return nullptr;
  if (session.delivered.size() >= most_outcomes) return nullptr;
  session.delivered.push_back(delivered);
  if (line.sequence && line.sequence < session.sequence) session.sequence = line.sequence;
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

uint64_t Mailboxes::pinned(uint64_t next, Time since) const {
  uint64_t least = next;
  for (auto at = order_.rbegin(); at != order_.rend() && at->received > since; ++at)
    if (at->sequence && at->sequence < least) least = at->sequence;
  return least;
}

}  // namespace mailtrace
