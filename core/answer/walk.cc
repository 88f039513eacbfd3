// From mail to mail over the links of a trace, for each recipient. Any thread.
#include "core/answer/walk.h"

#include <algorithm>
#include <set>

#include "core/base/text.h"

namespace mailtrace {
namespace {

bool takes_part(const Attempts& group, const std::string& key) {
  if (group.key == key) return true;
  return std::any_of(group.rows.begin(), group.rows.end(),
                     [&](auto* d) { return key_of(d->original_recipient) == key; });
}

class Walk {
 public:
  explicit Walk(const Trace& trace) : trace_(trace) {}

  std::vector<WayEnd> ends() {
    for (auto& mail : trace_.mails)
      if (is_root(mail, true)) begin(mail);
    if (out_.empty())
      for (auto& mail : trace_.mails)
        if (is_root(mail, false)) begin(mail);
    return std::move(out_);
  }
  std::vector<WayEnd> ends_from(const Mail& mail) {
    begin(mail);
    return std::move(out_);
  }

 private:
  // Nothing of the trace leads there; with `notices`, those about another mail are none either.
  bool is_root(const Mail& mail, bool notices) const {
    for (auto& link : trace_.links) {
      if (link.to != mail.connect.id || !find_mail(trace_, link.from)) continue;
      if (notices || goes_on(link.kind)) return false;
    }
    return true;
  }

  void begin(const Mail& mail) {
    root_ = &mail;
    visit(mail, "", "");
  }

  void visit(const Mail& mail, const std::string& key, const std::string& original) {
    if (!seen_.insert({mail.connect.id, key}).second || seen_.size() > 5000) return;
    auto groups = attempts_of(mail);
    bool known =
        key.empty() || std::any_of(groups.begin(), groups.end(), [&](auto& g) { return takes_part(g, key); });
    // The address was changed on the way: with one recipient there is no doubt which one it is.
    if (!known && groups.size() > 1) return;
    if (groups.empty()) out_.push_back({root_, &mail, original.empty() ? key : original, {key, {}}});
    for (auto& group : groups) {
      if (known && !key.empty() && !takes_part(group, key)) continue;
      auto first = group.rows.empty() ? std::nullopt : group.rows.front()->original_recipient;
      auto as_written = !original.empty() ? original : first ? *first : written(group);
      if (!follow(mail, group, as_written)) out_.push_back({root_, &mail, as_written, group});
    }
  }

  static std::string written(const Attempts& group) {
    return group.rows.empty() || !group.rows.front()->recipient ? group.key : *group.rows.front()->recipient;
  }

  // True if the way of this recipient goes on in another mail of the trace (and nothing of it ended here).
  bool follow(const Mail& mail, const Attempts& group, const std::string& original) {
    auto* last = group.last();
    if (!last) return false;
    auto status = last->status.value_or("");
    bool handed = status == "sent" || status == "filtered";
    bool went = false;
    for (auto& link : trace_.links) {
      if (link.from != mail.connect.id || !goes_on(link.kind)) continue;
      auto* next = find_mail(trace_, link.to);
      if (!next) continue;
      bool resent = link.kind == "resend" && (status == "deferred" || status == "held" || status.empty());
      if (!handed && !resent) continue;
      if (!belongs(*last, *next, group.key, link.kind)) continue;
      visit(*next, changes_address(*last, *next) ? "" : group.key, original);
      went = true;
    }
    if (!went) return false;
    auto box = mailbox_outcome(last->folder.value_or(""));
    return box.saved.empty();
  }

  // local(8) "forwarded as", Sieve: the next mail has other recipients.
  static bool changes_address(const DeliverRow& d, const Mail& next) {
    if (!mailbox_outcome(d.folder.value_or("")).redirected.empty()) return true;
    auto groups = attempts_of(next);
    return d.next_queue_id && d.next_queue_id == next.connect.queue_id &&
           std::none_of(groups.begin(), groups.end(),
                        [&](auto& g) { return takes_part(g, key_of(d.recipient)); });
  }

  static bool belongs(const DeliverRow& d, const Mail& next, const std::string& key,
                      const std::string& kind) {
    if (d.next_queue_id && d.next_queue_id == next.connect.queue_id) return true;
    auto groups = attempts_of(next);
    if (std::any_of(groups.begin(), groups.end(), [&](auto& g) { return takes_part(g, key); })) return true;
    auto box = mailbox_outcome(d.folder.value_or(""));
    for (auto& target : box.redirected)
      if (std::any_of(groups.begin(), groups.end(), [&](auto& g) { return takes_part(g, lower(target)); }))
        return true;
    return groups.empty() && !d.next_queue_id && kind != "relay";
  }

  const Trace& trace_;
  const Mail* root_ = nullptr;
  std::set<std::pair<Id, std::string>> seen_;
  std::vector<WayEnd> out_;
};

}  // namespace

std::vector<WayEnd> ends_of(const Trace& trace) { return Walk(trace).ends(); }

std::vector<WayEnd> ends_from(const Trace& trace, const Mail& mail) { return Walk(trace).ends_from(mail); }

}  // namespace mailtrace
