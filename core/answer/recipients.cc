#include "core/answer/recipients.h"

#include <algorithm>

#include "core/base/text.h"

namespace mailtrace {

std::vector<std::string> meant_by(const DeliverRow& row, std::span<const DeliverRow> deliveries) {
  struct Known {
    std::string address;
    Time attempt{};
    bool waiting = true;  // those of whom only later attempts are known waited too
  };
  std::vector<Known> all;
  for (auto& d : deliveries) {
    if (!d.recipient) continue;
    auto same = std::find_if(all.begin(), all.end(),
                             [&](const Known& known) { return lower(known.address) == lower(*d.recipient); });
    if (same == all.end()) same = all.insert(all.end(), Known{*d.recipient});
    if (d.deliver_time > row.deliver_time || d.deliver_time < same->attempt) continue;
    same->attempt = d.deliver_time;
    same->waiting = d.status == "deferred";
  }
  std::vector<std::string> out;
  for (auto& known : all)
    if (known.waiting) out.push_back(known.address);
  return out;
}

Words unnamed_recipient(const ConnectRow& connect) {
  if (connect.queue_id) return {"all recipients", "alle Empfänger"};
  return {"no recipient named", "kein Empfänger genannt"};
}

}  // namespace mailtrace
