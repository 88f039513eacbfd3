// Putting overviews of several stretches of time together. Any thread.
#include <algorithm>
#include <tuple>

#include "core/mail/query.h"

namespace mailtrace {
namespace {

template <class Entry, class Same, class Fold>
void add_all(std::vector<Entry>& to, const std::vector<Entry>& from, Same same, Fold fold) {
  for (const Entry& entry : from) {
    auto found = std::find_if(to.begin(), to.end(), [&](const Entry& known) { return same(known, entry); });
    if (found == to.end())
      to.push_back(entry);
    else
      fold(*found, entry);
  }
}

template <class Entry, class Weight>
void keep_top(std::vector<Entry>& list, int top, Weight weight) {
  std::stable_sort(list.begin(), list.end(),
                   [&](const Entry& a, const Entry& b) { return weight(a) > weight(b); });
  if (list.size() > static_cast<size_t>(std::max(top, 0))) list.resize(static_cast<size_t>(std::max(top, 0)));
}

void add_addresses(std::vector<Overview::Address>& to, const std::vector<Overview::Address>& from, int top) {
  using Address = Overview::Address;
  add_all(
      to, from, [](const Address& a, const Address& b) { return a.address == b.address; },
      [](Address& a, const Address& b) { a.count += b.count; });
  keep_top(to, top, [](const Address& a) { return a.count; });
}

}  // namespace

double Overview::Destination::median_delay() const {
  int64_t seen = 0;
  for (size_t i = 0; i < delays.size(); ++i) {
    seen += delays[i];
    if (seen * 2 >= sent) return i < delay_bounds.size() ? delay_bounds[i] : 2 * delay_bounds.back();
  }
  return 0;
}

void Overview::add(const Overview& other, int top) {
  add_all(
      hours, other.hours, [](const Hour& a, const Hour& b) { return a.start == b.start; },
      [](Hour& a, const Hour& b) {
        a.mails += b.mails;
        for (auto& [status, count] : b.deliveries) a.deliveries[status] += count;
      });
  std::sort(hours.begin(), hours.end(), [](const Hour& a, const Hour& b) { return a.start < b.start; });
  add_all(
      reasons, other.reasons,
      [](const Reason& a, const Reason& b) {
        return a.text == b.text && a.dsn == b.dsn && a.status == b.status;
      },
      [](Reason& a, const Reason& b) { a.count += b.count; });
  keep_top(reasons, top, [](const Reason& r) { return r.count; });
  add_all(
      destinations, other.destinations,
      [](const Destination& a, const Destination& b) { return a.name == b.name; },
      [](Destination& a, const Destination& b) {
        a.sent += b.sent;
        a.deferred += b.deferred;
        a.bounced += b.bounced;
        for (size_t i = 0; i < a.delays.size(); ++i) a.delays[i] += b.delays[i];
      });
  keep_top(destinations, top,
           [](const Destination& d) { return std::tuple(d.deferred + d.bounced, d.sent); });
  add_addresses(senders, other.senders, top);
  add_addresses(recipients, other.recipients, top);
  complete = complete && other.complete;
  if (other.reached != Time{}) reached = reached == Time{} ? other.reached : std::max(reached, other.reached);
}

}  // namespace mailtrace
