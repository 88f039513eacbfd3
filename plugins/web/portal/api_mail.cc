// One mail: what is stored, its way, its lines, the text for a ticket.
#include <date/tz.h>

#include <algorithm>
#include <sstream>

#include "core/answer/json.h"
#include "core/answer/ticket.h"
#include "plugins/web/portal/mail_view.h"

namespace mailtrace::portal {
namespace {

// Customers get what was written for customers, also where the page asks for the exact form.
void keep_customer(Json& json, const char* name) {
  auto found = json.find(name);
  if (found != json.end() && found->contains("customer")) (*found)["admin"] = (*found)["customer"];
}

// "host …[…] said: 552 5.2.2 full": whose name is hidden is not told, what he said is.
std::string without_hidden_name(const std::string& answer) {
  if (!answer.starts_with("host …")) return answer;
  constexpr std::string_view said = "] said: ";
  auto at = answer.find(said);
  return at == std::string::npos ? answer : answer.substr(at + said.size());
}

bool is_hidden(const std::string& name) { return name.find(hidden_name) != std::string::npos; }

Json deliveries_json(const Mail& mail) {
  Json out = Json::array();
  for (auto& row : mail.deliveries) out.push_back(deliver_json(row));
  return out;
}

}  // namespace

DeliverRow shown(DeliverRow row) {
  if (row.relay_name == hidden_name) row.relay_name.reset();
  if (row.response) row.response = without_hidden_name(*row.response);
  return row;
}

Json deliver_json(DeliverRow row) { return to_json(shown(std::move(row))); }

void load_mail(Call& call, MailView& view, std::initializer_list<std::string_view> parameters) {
  for (auto& [name, value] : call.request.query)
    if (std::find(parameters.begin(), parameters.end(), name) == parameters.end()) {
      view.refused = invalid(call, name);
      return;
    }
  Id id;
  if (!parse_id(call.id, id)) {
    view.refused = call.fail(Problem::not_found);
    return;
  }
  auto reader = call.worker.reader();
  if (!reader) {
    view.refused = call.fail(reader.error());
    return;
  }
  view.reader.emplace(**reader, view.scope);
  auto trace = view.reader->trace(id);
  if (!trace) {
    view.refused = call.fail(trace.error());
    return;
  }
  view.trace = std::move(*trace);
  for (auto& mail : view.trace.mails)
    if (mail.connect.id == id) view.mail = &mail;
  if (!view.mail) view.refused = call.fail(Problem::not_found);
}

std::vector<MailVerdict> MailView::verdicts(const Call& call, const date::time_zone* zone, bool read_now) {
  VerdictOptions options;
  options.explanations = &call.shared.explanations;
  options.zone = zone;
  options.read_now = read_now;
  options.reader = &*reader;
  auto out = mailtrace::verdicts(trace, options);
  if (!scope.is_person()) return out;
  for (auto& verdict : out) {
    for (auto* name : {&verdict.answered_by, &verdict.target})
      if (is_hidden(*name)) name->clear();
    verdict.answer = without_hidden_name(verdict.answer);
  }
  return out;
}

Way MailView::way() const {
  auto out = way_of(trace);
  if (!scope.is_person()) return out;
  for (auto& node : out.nodes)
    if (node.kind == WayNodeKind::outside && is_hidden(node.name)) node.name.clear();
  for (auto& edge : out.edges) edge.answer = without_hidden_name(edge.answer);
  return out;
}

void MailView::record(const Call& call, const std::string& action) const {
  constexpr size_t most = 20;
  Json addresses = Json::array();
  auto add = [&](const std::optional<std::string>& address) {
    if (!address || address->empty() || addresses.size() >= most) return;
    if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
      addresses.push_back(*address);
  };
  add(mail->connect.sender);
  for (auto& row : mail->deliveries) add(row.original_recipient ? row.original_recipient : row.recipient);
  call.record(action, dump_line({{"mail", call.id}, {"addresses", std::move(addresses)}}), std::nullopt,
              {call.id});
}

const DeliverRow* MailView::delivery(const std::string& id) const {
  Id wanted;
  if (!parse_id(id, wanted)) return nullptr;
  for (auto& each : trace.mails)
    for (auto& row : each.deliveries)
      if (row.id == wanted) return &row;
  return nullptr;
}

Json verdict_json(const MailVerdict& verdict, const Scope& scope) {
  Json out = to_json(verdict);
  if (!scope.is_person()) return out;
  keep_customer(out, "sentence");
  keep_customer(out, "next");
  if (auto found = out.find("explanation"); found != out.end()) {
    keep_customer(*found, "text");
    keep_customer(*found, "next");
  }
  out.erase("server");
  return out;
}

Response get_mail(Call& call) {
  MailView view(call);
  const date::time_zone* zone = nullptr;
  if (!read_zone(call, zone)) return invalid(call, "zone");
  load_mail(call, view, {"zone"});
  if (view.refused) return std::move(*view.refused);
  Json verdicts = Json::array();
  for (auto& verdict : view.verdicts(call, zone, true)) verdicts.push_back(verdict_json(verdict, view.scope));
  Hit last{view.mail->connect, {}};
  if (!view.mail->deliveries.empty()) last.deliver = view.mail->deliveries.back();
  auto places = view.reader->places({&last}, &view.trace);
  if (!places) return call.fail(places.error());
  view.record(call, "mail");
  return json_response({{"connect", to_json(view.mail->connect)},
                        {"direction", direction_name(places->front().direction)},
                        {"deliveries", deliveries_json(*view.mail)},
                        {"verdicts", std::move(verdicts)}});
}

Response get_way(Call& call) {
  MailView view(call);
  load_mail(call, view, {});
  if (view.refused) return std::move(*view.refused);
  view.record(call, "mail");
  Json mails = Json::array(), links = Json::array();
  for (auto& mail : view.trace.mails)
    mails.push_back({{"connect", to_json(mail.connect)}, {"deliveries", deliveries_json(mail)}});
  for (auto& link : view.trace.links)
    links.push_back({{"from", link.from.hex()}, {"to", link.to.hex()}, {"kind", link.kind}});
  Json out{{"mails", std::move(mails)}, {"links", std::move(links)}};
  out.update(to_json(view.way()));
  return json_response(out);
}

Response get_lines(Call& call) {
  MailView view(call);
  load_mail(call, view, {});
  if (view.refused) return std::move(*view.refused);
  if (!view.scope.sees_lines()) return call.fail(Problem::forbidden);
  view.record(call, "lines");
  Json lines = Json::array();
  for (auto& line : view.mail->lines) lines.push_back(line);
  return json_response({{"lines", std::move(lines)}});
}

namespace {

// `action`: what is told in the audit.
Response ticket(Call& call, const std::string& action) {
  MailView view(call);
  TicketOptions options;
  if (!read_zone(call, options.zone)) return invalid(call, "zone");
  auto language = call.request.parameter("language").value_or("en");
  if (language != "de" && language != "en") return invalid(call, "language");
  options.language = language == "de" ? Language::german : Language::english;
  auto audience = call.request.parameter("audience").value_or("customer");
  if (audience != "customer" && audience != "admin") return invalid(call, "audience");
  load_mail(call, view, {"language", "zone", "deliver", "audience", "asked"});
  if (view.refused) return std::move(*view.refused);
  if (audience == "admin" && !view.scope.is_person()) options.audience = Audience::admin;
  // He knows his own addresses; what is masked for him stays so whatever he says he asked for.
  if (view.scope.is_person()) options.own_addresses = view.scope.own();
  std::istringstream asked(view.scope.is_person() ? "" : call.request.parameter("asked").value_or(""));
  for (std::string address; std::getline(asked, address, ',');) options.asked.push_back(address);
  auto verdicts = view.verdicts(call, options.zone);
  if (auto deliver = call.request.parameter("deliver")) {
    auto* row = view.delivery(*deliver);
    if (!row) return invalid(call, "deliver");
    if (!view.scope.is_person())
      options.asked.push_back(row->original_recipient.value_or(row->recipient.value_or("")));
    auto is_about = [row](const MailVerdict& v) {
      return std::find(v.deliveries.begin(), v.deliveries.end(), row->id) != v.deliveries.end() ||
             v.recipient == row->recipient ||
             (row->original_recipient && v.original_recipient == row->original_recipient);
    };
    if (std::any_of(verdicts.begin(), verdicts.end(), is_about))
      std::erase_if(verdicts, [&](const MailVerdict& v) { return !is_about(v); });
  }
  std::string path = "/#/mail/" + call.id;
  // The name the browser asked for was checked (Portal::is_our_host).
  options.link = (call.request.secure ? "https://" : "http://") + call.request.header("host") + path;
  view.record(call, action);
  return json_response({{"text", ticket_text(view.trace, verdicts, options)}, {"link", path}});
}

}  // namespace

// To look at: nothing more than the mail itself.
Response get_ticket(Call& call) { return ticket(call, "mail"); }

// To use: somebody copies it.
Response take_ticket(Call& call) { return ticket(call, "ticket"); }

}  // namespace mailtrace::portal
