// The same lines with finer stamps: a file with whole seconds is imported that also came over the network
// with microseconds. Its mails and deliveries are those that are stored, not others beside them. Pipeline
// thread.
#include <algorithm>

#include "core/track/mail_tracker.h"

namespace mailtrace {
namespace {

constexpr Microseconds second = std::chrono::seconds(1);

// A stamp without a fraction is the same line at best, and has the same id then.
bool is_finer(Time stored, Time whole) { return stored > whole && stored < whole + second; }

bool same_end(const DeliverRow& stored, const DeliverRow& row) {
  return is_finer(stored.deliver_time, row.deliver_time) && stored.status == row.status &&
         stored.recipient == row.recipient && stored.original_recipient == row.original_recipient &&
         stored.response == row.response;
}

bool same_refusal(const Hit& stored, const ConnectRow& connect, const DeliverRow& deliver) {
  return (stored.connect.flags & row_flag::refused) && stored.deliver &&
         is_finer(stored.connect.connect_time, connect.connect_time) &&
         stored.connect.client_addr == connect.client_addr && stored.connect.sender == connect.sender &&
         stored.deliver->recipient == deliver.recipient && stored.deliver->status == deliver.status &&
         stored.deliver->response == deliver.response;
}

}  // namespace

bool MailTracker::may_be_finer(const OpenMail& mail) const {
  return mail.imported && mail.whole_seconds && find_open_;
}

// Of a short queue id; a long one tells the birth.
std::optional<KnownMail> MailTracker::finer(const OpenMail& mail) {
  if (!may_be_finer(mail) || mail.born == Born::unknown) return std::nullopt;
  auto known = from_database(mail);
  if (!known || !is_finer(known->birth, mail.birth)) return std::nullopt;
  return known;
}

void MailTracker::take_finer(OpenMail& mail) {
  if (!may_be_finer(mail) || !mail.identified) return;
  // A birth in whole seconds is that of a mail which was not found.
  if (!mail.long_id && mail.birth.time_since_epoch() % second == Microseconds(0)) return;
  auto at = std::max(mail.last_time, mail.birth) + config_.reorder;
  auto stored = find_open_(mails_.server_name(mail.server), mail.queue_id, at);
  if (!stored || stored->connect.id != mail.id || stored->deliveries.empty()) return;
  auto& rows = stored->deliveries;
  size_t missing = 0;
  for (auto& delivery : mail.deliveries) {
    auto same = std::find_if(rows.begin(), rows.end(),
                             [&](const DeliverRow& row) { return same_end(row, delivery.row); });
    if (same == rows.end()) {
      ++missing;
      continue;
    }
    delivery.stored = same->id;
    delivery.row.deliver_time = same->deliver_time;
    rows.erase(same);
  }
  // All of it is there, with its lines.
  bool complete = (stored->connect.flags & row_flag::removed) && mail.finished;
  if (complete && missing == 0) mail.lines.clear();
}

MailTracker::FinerRefusals* MailTracker::finer_refusals(const std::string& server, Time time) {
  if (!find_refusals_) return nullptr;
  Time hour = std::chrono::floor<std::chrono::hours>(time);
  auto [found, added] = finer_refusals_.try_emplace(server);
  FinerRefusals& refusals = found->second;
  if (added || refusals.from != hour) {
    refusals = {hour, find_refusals_(server, hour, hour + std::chrono::hours(1)), {}};
    refusals.taken.resize(refusals.hits.size());
  }
  return &refusals;
}

// Which of several in the same words within that second is all the same, as long as each is taken once.
void MailTracker::take_finer(Loose& refusal, const LogLine& line) {
  if (!line.imported || !line.whole_seconds) return;
  auto* stored = finer_refusals(refusal.connect.server, line.time);
  for (size_t i = 0; stored && i < stored->hits.size(); ++i) {
    const Hit& hit = stored->hits[i];
    auto& taken = stored->taken[i];
    if ((taken && *taken != line.identity) || !same_refusal(hit, refusal.connect, *refusal.deliver)) continue;
    taken = line.identity;
    refusal.connect.id = hit.connect.id;
    refusal.connect.day = hit.connect.day;
    refusal.connect.connect_time = hit.connect.connect_time;
    *refusal.deliver = *hit.deliver;
    refusal.lines.clear();
    return;
  }
}

}  // namespace mailtrace
