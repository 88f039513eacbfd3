// What else belongs to a mail, and who else got the same answer.
#include <algorithm>
#include <set>

#include "core/answer/json.h"
#include "core/answer/proof.h"
#include "plugins/web/portal/mail_view.h"

namespace mailtrace::portal {
namespace {

constexpr int most_of_a_kind = 50;

class Related {
 public:
  Related(Call& call, MailView& view) : call_(call), view_(view) {}
  Result<Json> find() {
    by_links();
    by_greylisting();
    by_message_id();
    std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return a.hit.connect.connect_time < b.hit.connect.connect_time;
    });
    std::vector<const Hit*> hits;
    for (auto& found : found_) hits.push_back(&found.hit);
    auto places = view_.reader->places(hits, &view_.trace);
    if (!places) return places.error();
    Json out = Json::array();
    for (size_t i = 0; i < found_.size(); ++i) {
      Json json = hit_json(found_[i].hit, (*places)[i]);
      json["relation"] = found_[i].relation;
      out.push_back(std::move(json));
    }
    return out;
  }

 private:
  struct Found {
    Hit hit;
    std::string relation;
  };

  void add(const ConnectRow& connect, const DeliverRow* deliver, const std::string& relation) {
    if (connect.id == view_.mail->connect.id || !known_.insert(connect.id).second) return;
    Hit hit{connect, {}};
    if (deliver) hit.deliver = *deliver;
    found_.push_back({std::move(hit), relation});
  }

  // Mails of the same way that are mails of their own to a person: hops and filters are not.
  void by_links() {
    auto& own = view_.mail->connect.id;
    for (auto& link : view_.trace.links) {
      bool to_other = link.from == own;
      if (!to_other && link.to != own) continue;
      std::string relation = link.kind == "bounce"     ? (to_other ? "bounce" : "bounced_mail")
                             : link.kind == "vacation" ? (to_other ? "vacation" : "answered_mail")
                             : link.kind == "forward"  ? "forward"
                             : link.kind == "resend"   ? "resend"
                                                       : "";
      if (relation.empty()) continue;
      for (auto& mail : view_.trace.mails)
        if (mail.connect.id == (to_other ? link.to : link.from))
          add(mail.connect, mail.deliveries.empty() ? nullptr : &mail.deliveries.back(), relation);
    }
  }

  void by_greylisting() {
    for (auto& verdict : view_.verdicts(call_))
      if (verdict.greylist && verdict.greylist->accepted_id) {
        auto trace = view_.reader->trace(*verdict.greylist->accepted_id);
        if (!trace) continue;
        for (auto& mail : trace->mails)
          if (mail.connect.id == *verdict.greylist->accepted_id)
            add(mail.connect, mail.deliveries.empty() ? nullptr : &mail.deliveries.back(), "accepted_later");
      }
    auto& mail = *view_.mail;
    if (!mail.connect.sender || mail.deliveries.empty() || (mail.connect.flags & row_flag::refused)) return;
    auto& recipient = mail.deliveries.back().original_recipient ? mail.deliveries.back().original_recipient
                                                                : mail.deliveries.back().recipient;
    if (!recipient) return;
    Query query;
    query.sender = *mail.connect.sender;
    query.recipient = *recipient;
    query.status = {"greylisted"};
    query.connect_from = mail.connect.connect_time - std::chrono::hours(48);
    query.connect_to = mail.connect.connect_time;
    search(query, "greylisted");
  }

  void by_message_id() {
    if (!view_.mail->connect.message_id || view_.mail->connect.message_id->empty()) return;
    for (auto& mail : view_.trace.mails) known_.insert(mail.connect.id);
    Query query;
    query.message_id = *view_.mail->connect.message_id;
    search(query, "same_message_id");
  }

  void search(Query& query, const std::string& relation) {
    query.limit = most_of_a_kind;
    query.budget_ms = call_.shared.budget_ms;
    auto page = view_.reader->search(query);
    if (!page) return;
    for (auto& hit : page->hits) add(hit.connect, hit.deliver ? &*hit.deliver : nullptr, relation);
  }

  Call& call_;
  MailView& view_;
  std::vector<Found> found_;
  std::set<Id> known_;
};

}  // namespace

Response get_related(Call& call) {
  MailView view(call);
  load_mail(call, view, {});
  if (view.refused) return std::move(*view.refused);
  view.record(call, "mail");
  auto related = Related(call, view).find();
  if (!related) return call.fail(related.error());
  return json_response({{"related", std::move(*related)}});
}

Response get_alike(Call& call) {
  MailView view(call);
  ProofOptions options;
  if (!read_zone(call, options.zone)) return invalid(call, "zone");
  options.read_now = true;
  load_mail(call, view, {"deliver", "zone"});
  if (view.refused) return std::move(*view.refused);
  view.record(call, "mail");
  const DeliverRow* row = nullptr;
  if (auto deliver = call.request.parameter("deliver")) {
    row = view.delivery(*deliver);
    if (!row) return invalid(call, "deliver");
  } else {
    for (auto& each : view.mail->deliveries)
      if (each.status != "sent") row = &each;
  }
  if (!row) return json_response({{"others", 0}});
  auto company = not_alone(*view.reader, *row, options);
  if (!company) return call.fail(company.error());
  return json_response(to_json(*company));
}

}  // namespace mailtrace::portal
