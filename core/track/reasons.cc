#include "core/track/reasons.h"

#include <algorithm>

namespace mailtrace {
namespace {

constexpr size_t most_clients = 50'000, most_notes = 16, most_refusals = 64;
// postscreen(8) waits six seconds for the lists; then the client may take its time before it names
// recipients.
constexpr Microseconds screened_before = std::chrono::minutes(5);
// A policy server's word is the answer that smtpd(8) waits for.
constexpr Microseconds policy_before = std::chrono::seconds(5);

bool fits(const Reasons::Note& note, const LogLine& line, const Policy& refusal, const Peer& client) {
  using Source = Reasons::Source;
  if (note.time > line.time) return false;
  bool screen = refusal.service == "postscreen" || (refusal.service.empty() && refusal.blocked);
  if (note.source != Source::policy) {
    if (!screen || note.server != line.hostname || note.time + screened_before < line.time) return false;
    if (note.port && client.port && note.port != client.port) return false;
    // postscreen_smtpd.c: "client [ADDR] blocked using LIST" is the lists' verdict, "Protocol error" what the
    // client did.
    bool lists = refusal.text.find(" blocked using ") != std::string_view::npos;
    bool of_lists = note.source == Source::listed || note.text.find("DNSBL") != std::string::npos;
    return lists == of_lists;
  }
  if (note.time + policy_before < line.time) return false;
  if (!note.recipient.empty() && note.recipient != refusal.recipient) return false;
  if (!note.any_sender && refusal.sender && note.sender != *refusal.sender) return false;
  return note.said.empty() ? refusal.greylisted : refusal.text.find(note.said) != std::string_view::npos;
}

}  // namespace

Reasons::Client& Reasons::client_of(std::string_view address, const LogLine& line) {
  auto found = clients_.find(address);
  if (found == clients_.end()) {
    if (order_.size() >= most_clients) {
      clients_.erase(order_.front().address);
      order_.pop_front();
    }
    order_.emplace_back().address = address;
    found = clients_.emplace(order_.back().address, std::prev(order_.end())).first;
  } else {
    order_.splice(order_.end(), order_, found->second);
  }
  found->second->received = line.received;
  return *found->second;
}

void Reasons::add(const LogLine& line, std::string_view address, Note note, bool keep_raw) {
  if (address.empty()) return;
  Client& client = client_of(address, line);
  client.time = std::max(client.time, line.time);
  for (auto& known : client.notes)
    if (known.line == line.identity) return;
  if (client.notes.size() >= most_notes) client.notes.erase(client.notes.begin());
  note.time = line.time;
  note.server = line.hostname;
  note.line = line.identity;
  note.sequence = line.sequence;
  if (keep_raw) note.raw = line.raw;
  if (line.sequence) pins_.emplace_back(line.received, line.sequence);
  client.notes.push_back(std::move(note));
}

std::vector<const Reasons::Note*> Reasons::explain(const LogLine& line, const Policy& refusal,
                                                   const Peer& client) {
  std::vector<const Note*> out;
  auto found = clients_.find(client.addr);
  if (found == clients_.end()) return out;
  auto& refusals = found->second->refusals;
  if (std::find(refusals.begin(), refusals.end(), line.identity) != refusals.end()) return out;
  if (refusals.size() >= most_refusals) refusals.erase(refusals.begin());
  refusals.push_back(line.identity);
  const Note* policy = nullptr;
  for (auto& note : found->second->notes) {
    if (!fits(note, line, refusal, client)) continue;
    if (note.source != Source::policy)
      out.push_back(&note);
    else if (!policy || note.time >= policy->time)
      policy = &note;
  }
  if (policy) out.push_back(policy);
  return out;
}

void Reasons::wait(const LogLine& line, const Policy& refusal, std::string_view address,
                   const DeliverRow& row) {
  // check_policy_service: "450 4.2.0 <rcpt>: Recipient address rejected: what the policy server said"
  bool of_policy = refusal.greylisted || refusal.text.find(" rejected: ") != std::string_view::npos;
  if (address.empty() || !of_policy) return;
  auto& waiting = client_of(address, line).waiting;
  if (waiting.size() >= most_notes) waiting.erase(waiting.begin());
  Refusal one;
  one.time = line.time;
  one.server = line.hostname;
  one.recipient = refusal.recipient;
  one.text = refusal.text;
  if (refusal.sender) one.sender = *refusal.sender;
  one.greylisted = refusal.greylisted;
  one.connect_id = row.connect_id;
  one.id = row.id;
  waiting.push_back(std::move(one));
}

std::optional<Reasons::Refusal> Reasons::late(std::string_view address) {
  auto found = clients_.find(address);
  if (found == clients_.end() || found->second->notes.empty()) return std::nullopt;
  auto& waiting = found->second->waiting;
  const Note& note = found->second->notes.back();
  auto first = waiting.end();
  for (auto at = waiting.begin(); at != waiting.end(); ++at) {
    Policy refusal;
    refusal.recipient = at->recipient;
    refusal.text = at->text;
    refusal.greylisted = at->greylisted;
    if (at->sender) refusal.sender = *at->sender;
    LogLine line;
    line.time = at->time;
    if (at->server != note.server && fits(note, line, refusal, {}) &&
        (first == waiting.end() || at->time < first->time))
      first = at;
  }
  if (first == waiting.end()) return std::nullopt;
  Refusal out = std::move(*first);
  waiting.erase(first);
  return out;
}

void Reasons::forget_before(Time received) {
  while (!order_.empty() && order_.front().received < received) {
    clients_.erase(order_.front().address);
    order_.pop_front();
  }
}

uint64_t Reasons::pinned(uint64_t next, Time since) {
  while (!pins_.empty() && pins_.front().first <= since) pins_.pop_front();
  uint64_t least = next;
  for (auto& [received, sequence] : pins_) least = std::min(least, sequence);
  return least;
}

void Reasons::remember(Time time, const std::function<void(const Client&)>& out) const {
  for (auto& client : order_)
    if (client.time > time) out(client);
}

void Reasons::restore(Client client) {
  if (clients_.contains(client.address) || order_.size() >= most_clients) return;
  order_.push_back(std::move(client));
  clients_.emplace(order_.back().address, std::prev(order_.end()));
}

}  // namespace mailtrace
