#include "plugins/web/portal/scope.h"

#include <algorithm>

#include "core/answer/outcome.h"
#include "core/answer/ticket.h"
#include "core/base/text.h"
#include "core/mail/star_pattern.h"
#include "plugins/web/portal/http.h"

namespace mailtrace::portal {
namespace {

const NetworkList& inner_networks() {
  static const NetworkList list =
      parse_networks({"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                      "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"});
  return list;
}

bool is_inner_address(const std::string& text) { return is_in(inner_networks(), text); }

// A socket ("private/dovecot-lmtp") is no address.
bool is_outer_address(const std::optional<std::string>& text) {
  Network network;
  return text && parse_network(*text, network) && !is_inner_address(*text);
}

bool is_name_part(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' ||
         c == '-' || c == '_';
}

// Addresses of inner networks, names of our own hosts and `besides`, wherever they stand in an answer.
std::string without_inner_hosts(const std::string& text, const OwnHosts& hosts,
                                const std::vector<std::string>& besides) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_name_part(text[end])) ++end;
    std::string word = text.substr(i, end - i);
    while (!word.empty() && (word.back() == '.' || word.back() == ':')) word.pop_back();
    bool ours = !word.empty() && (is_inner_address(word) || hosts.contains(word) ||
                                  std::find(besides.begin(), besides.end(), word) != besides.end());
    out += ours ? "…" + text.substr(i + word.size(), end - i - word.size()) : text.substr(i, end - i);
    i = end;
    if (i < text.size()) out += text[i++];
  }
  return out;
}

// The next host took it over and says so itself.
bool is_handed_on(const Trace& trace, const ConnectRow& connect, const DeliverRow& deliver) {
  if (!deliver.next_queue_id) return false;
  for (auto& link : trace.links) {
    if (link.from != connect.id || !goes_on(link.kind)) continue;
    auto* next = find_mail(trace, link.to);
    if (next && next->connect.queue_id == deliver.next_queue_id) return true;
  }
  return false;
}

bool same_address(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return a && b && lower(*a) == lower(*b);
}

// "*part*", "@domain" or an address, as in Query.
bool fits(std::string pattern, const std::optional<std::string>& address) {
  if (!address) return false;
  if (pattern.size() > 1 && pattern.starts_with('@')) pattern.insert(0, 1, '*');
  return fits_pieces(star_pieces(lower(pattern)), lower(*address));
}

}  // namespace

Scope::Scope(const accounts::User& user) {
  person_ = user.role == accounts::Role::user;
  all_ =
      user.role == accounts::Role::admin || (user.role == accounts::Role::helpdesk && user.domains.empty());
  if (person_)
    for (auto& address : user.addresses) own_.push_back(lower(address));
  else
    for (auto& domain : user.domains) own_.push_back("@" + lower(domain));
}

bool Scope::is_own(const std::optional<std::string>& address) const {
  if (!address || address->empty()) return false;
  std::string text = lower(*address);
  auto at = text.rfind('@');
  std::string domain = at == std::string::npos ? "" : text.substr(at);
  return std::any_of(own_.begin(), own_.end(), [&](const std::string& own) {
    return own.starts_with('@') ? own == domain : own == text;
  });
}

bool Scope::sees(const ConnectRow& connect, const DeliverRow& deliver) const {
  return all_ || is_own(connect.sender) || is_own(deliver.recipient) || is_own(deliver.original_recipient);
}

void Scope::mask(ConnectRow& connect) const {
  if (!person_) return;
  connect.server.clear();
  connect.instance.reset();
  connect.service.reset();
  connect.client_name.reset();
  connect.client_addr.reset();
  connect.client_port.reset();
  connect.helo.reset();
  connect.sasl_user.reset();
  connect.origin_id.reset();
  // How many others got it is the sender's business.
  if (!is_own(connect.sender)) connect.recipients.reset();
}

void Scope::mask(const ConnectRow& connect, DeliverRow& deliver, const OwnHosts& hosts, bool inside) const {
  if (!person_) return;
  bool own_sender = is_own(connect.sender), own_recipient = is_own(deliver.recipient);
  bool own_original = is_own(deliver.original_recipient);
  // Where a recipient has his mail sent on to is nobody's business but his.
  bool as_written =
      !deliver.original_recipient || same_address(deliver.recipient, deliver.original_recipient);
  bool forwarded = connect.origin_kind == "forward" || connect.origin_kind == "resend";
  bool show_recipient = own_recipient || (own_sender && as_written && !forwarded);
  std::vector<std::string> shown = own_;
  if (connect.sender) shown.push_back(lower(*connect.sender));
  if (deliver.original_recipient) shown.push_back(lower(*deliver.original_recipient));
  if (deliver.recipient && show_recipient) shown.push_back(lower(*deliver.recipient));
  if (deliver.recipient && !show_recipient) deliver.recipient = masked_address(*deliver.recipient);
  if (!own_recipient && !own_original) deliver.folder.reset();
  if (deliver.folder) deliver.folder = mask_addresses(*deliver.folder, shown);
  std::vector<std::string> names;  // by which our hosts are called here
  if (inside || !is_outer_address(deliver.relay_addr) || hosts.contains(deliver.relay_name.value_or(""))) {
    for (auto* name : {&deliver.relay_name, &deliver.relay_addr})
      if (*name && **name != "none" && **name != "local") names.push_back(**name);
    // That another server had it is no secret: without that, it looks like an end in a mailbox here.
    bool handed_over = !names.empty() && !is_local_delivery(deliver);
    deliver.relay_name.reset();
    if (handed_over) deliver.relay_name = hidden_name;
    deliver.relay_addr.reset();
    deliver.relay_port.reset();
    deliver.next_queue_id.reset();
  }
  for (auto* text : {&deliver.response, &deliver.reason})
    if (*text) *text = without_inner_hosts(mask_addresses(**text, shown), hosts, names);
  deliver.server.clear();
}

void Scope::reduce(Mail& mail, const Trace& trace, const OwnHosts& hosts) const {
  size_t before = mail.deliveries.size();
  std::erase_if(mail.deliveries, [&](const DeliverRow& row) { return !sees(mail.connect, row); });
  // Lines tell everything about all recipients.
  if (!sees_lines() || (!all_ && mail.deliveries.size() != before)) mail.lines.clear();
  for (auto& row : mail.deliveries) mask(mail.connect, row, hosts, is_handed_on(trace, mail.connect, row));
}

void Scope::reduce(Trace& trace, const OwnHosts& hosts) const {
  if (all_) return;
  for (auto& mail : trace.mails) reduce(mail, trace, hosts);
  std::erase_if(trace.mails,
                [&](const Mail& mail) { return mail.deliveries.empty() && !sees(mail.connect); });
  auto is_left = [&](const Id& id) {
    return std::any_of(trace.mails.begin(), trace.mails.end(),
                       [&](const Mail& mail) { return mail.connect.id == id; });
  };
  std::erase_if(trace.links,
                [&](const Trace::Link& link) { return !is_left(link.from) || !is_left(link.to); });
  for (auto& mail : trace.mails) mask(mail.connect);
}

std::string Scope::forbidden_criterion(const Query& query) const {
  if (!person_) return "";
  // Who may search in what he does not see can guess it letter by letter.
  if (query.received_from) return "received_from";
  if (query.sent_to) return "sent_to";
  if (query.logged_by) return "logged_by";
  if (query.sasl_user) return "sasl_user";
  if (query.response) return "response";
  if (query.queue_id_deliver) return "queue_id_deliver";
  return "";
}

Result<Page> ScopedReader::search(const Query& asked) noexcept {
  if (scope_.sees_all()) return reader_.search(asked);
  Query query = asked;
  query.only_addresses = scope_.own();
  if (!scope_.forbidden_criterion(query).empty()) return Page{};
  auto hosts = own_hosts();
  if (!hosts) return hosts.error();
  auto page = reader_.search(query);
  if (!page) return page;
  std::vector<Hit> seen;
  for (auto& hit : page->hits) {
    bool visible = hit.deliver ? scope_.sees(hit.connect, *hit.deliver) : scope_.sees(hit.connect);
    if (!visible) continue;
    auto inside = went_inside(hit);
    if (!inside) return inside.error();
    if (hit.deliver) scope_.mask(hit.connect, *hit.deliver, **hosts, *inside);
    scope_.mask(hit.connect);
    // A masked recipient must not be found by guessing him.
    auto* deliver = hit.deliver ? &*hit.deliver : nullptr;
    auto by_recipient = [&](const std::string& text) {
      return deliver && (fits(text, deliver->recipient) || fits(text, deliver->original_recipient));
    };
    if (query.recipient && !by_recipient(*query.recipient)) continue;
    if (query.address && !by_recipient(*query.address) && !fits(*query.address, hit.connect.sender)) continue;
    seen.push_back(std::move(hit));
  }
  page->hits = std::move(seen);
  return page;
}

Result<Trace> ScopedReader::trace(const Id& connect_id) noexcept {
  auto hosts = own_hosts();
  if (!hosts) return hosts.error();
  auto trace = reader_.trace(connect_id);
  if (!trace) return trace;
  auto all = **hosts;
  for (auto& mail : trace->mails) all.add(mail.connect.server);
  scope_.reduce(*trace, all);
  return trace;
}

Result<OwnHosts> ScopedReader::all_hosts() {
  auto rows = reader_.hosts(Day{}, day_of(now()) + std::chrono::days(1));
  if (!rows) return rows.error();
  OwnHosts names;
  for (auto& row : *rows) names.add(row.host);
  return names;
}

// Who sees hosts needs no list of them.
Result<const OwnHosts*> ScopedReader::own_hosts() {
  if (hosts_) return &*hosts_;
  OwnHosts names;
  if (!scope_.sees_hosts()) {
    auto all = all_hosts();
    if (!all) return all.error();
    names = std::move(*all);
  }
  hosts_ = std::move(names);
  return &*hosts_;
}

// A relay of any other name may be one of ours, too: then the way goes on there.
Result<bool> ScopedReader::went_inside(const Hit& hit) {
  if (scope_.sees_hosts() || !hit.deliver || !is_outer_address(hit.deliver->relay_addr)) return false;
  auto& address = *hit.deliver->relay_addr;
  if (auto known = relays_.find(address); known != relays_.end()) return known->second;
  if (!hit.deliver->next_queue_id) return false;
  auto trace = reader_.trace(hit.connect.id);
  if (!trace) return trace.error();
  return relays_[address] = is_handed_on(*trace, hit.connect, *hit.deliver);
}

// Ids of mails say nothing; what they lead to is asked for with trace().
Result<std::vector<Id>> ScopedReader::find(const std::string& what) noexcept {
  auto ids = reader_.find(what);
  if (!ids || scope_.sees_all()) return ids;
  std::vector<Id> seen;
  for (auto& id : *ids) {
    auto mails = trace(id);
    if (!mails) return mails.error();
    bool there = std::any_of(mails->mails.begin(), mails->mails.end(),
                             [&](const Mail& mail) { return mail.connect.id == id; });
    if (there) seen.push_back(id);
  }
  return seen;
}

Result<std::optional<Mail>> ScopedReader::find_open(const std::string& server, const std::string& queue_id,
                                                    Time at) noexcept {
  if (!scope_.sees_all()) return std::optional<Mail>();
  return reader_.find_open(server, queue_id, at);
}

Result<std::vector<HostRow>> ScopedReader::hosts(Day from, Day to) noexcept {
  if (!scope_.sees_hosts()) return std::vector<HostRow>{};
  return reader_.hosts(from, to);
}

Result<std::vector<HourRow>> ScopedReader::hours(Time from, Time to) noexcept {
  if (!scope_.sees_hosts()) return std::vector<HourRow>{};
  return reader_.hours(from, to);
}

Result<std::vector<RowPlace>> ScopedReader::places(const std::vector<const Hit*>& hits,
                                                   const Trace* beside) noexcept {
  std::vector<RowPlace> out;
  auto row_of = [](const Hit& hit) { return hit.deliver ? &*hit.deliver : nullptr; };
  if (scope_.is_person()) {
    for (auto* hit : hits)
      out.push_back({masked_direction(scope_.is_own(hit->connect.sender), row_of(*hit))});
    return out;
  }
  if (hits.empty()) return out;
  auto hosts = all_hosts();
  if (!hosts) return hosts.error();
  Directions directions(std::move(*hosts));
  if (beside) directions.add(*beside);
  for (auto* hit : hits) directions.add(hit->connect, row_of(*hit));
  for (auto* hit : hits) out.push_back(directions.place_of(hit->connect, row_of(*hit)));
  return out;
}

Result<std::vector<GapRow>> ScopedReader::gaps(Time from, Time to) noexcept {
  if (!scope_.sees_hosts()) return std::vector<GapRow>{};
  return reader_.gaps(from, to);
}

Result<std::vector<UnknownRow>> ScopedReader::unknown(Day from, Day to) noexcept {
  if (!scope_.sees_all()) return std::vector<UnknownRow>{};
  return reader_.unknown(from, to);
}

Result<Overview> ScopedReader::overview(const OverviewQuery& query) noexcept {
  if (!scope_.sees_all()) return Overview{};
  return reader_.overview(query);
}

Result<Alike> ScopedReader::alike(const AlikeQuery& query) noexcept {
  if (!scope_.sees_all()) return Alike{};
  return reader_.alike(query);
}

Result<std::vector<std::string>> ScopedReader::near_addresses(const std::string& address,
                                                              size_t most) noexcept {
  if (scope_.sees_all()) return reader_.near_addresses(address, most);
  auto near = reader_.near_addresses(address, 10 * most);
  if (!near) return near;
  std::erase_if(*near, [this](const std::string& each) { return !scope_.is_own(each); });
  if (near->size() > most) near->resize(most);
  return near;
}

Result<std::vector<Checkpoint>> ScopedReader::checkpoints() noexcept {
  if (!scope_.sees_all()) return std::vector<Checkpoint>{};
  return reader_.checkpoints();
}

}  // namespace mailtrace::portal
