// The picture of a way: one node for each mail of ours, and what stands before and behind them. Any thread.
#include "core/answer/way.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/answer/outcome.h"
#include "core/answer/status_words.h"
#include "core/answer/verdict.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

Words words_of(WayNodeKind kind) {
  switch (kind) {
    case WayNodeKind::client:
      return {"sent by", "kommt von"};
    case WayNodeKind::host:
      return {"mail server", "Mailserver"};
    case WayNodeKind::filter:
      return {"back from the content filter", "zurück vom Inhaltsfilter"};
    case WayNodeKind::alias:
      return {"forwarded to", "weitergeleitet an"};
    case WayNodeKind::mailbox:
      return {"mailbox", "Postfach"};
    case WayNodeKind::bounce:
      return {"notice to the sender", "Meldung an den Absender"};
    case WayNodeKind::outside:
      return {"other server", "anderer Server"};
    case WayNodeKind::refusal:
      return status_words("rejected");
    case WayNodeKind::nowhere:
      return {"the end", "Ende"};
  }
  return {};
}

std::string client_text(const ConnectRow& c) {
  auto name = c.client_name.value_or("");
  if (name.empty() || name == "unknown") name = c.client_addr.value_or("");
  return name;
}

class Builder {
 public:
  // From one place to another with one outcome: one edge.
  using Edges = std::map<std::tuple<size_t, size_t, std::string>, size_t>;
  // By the address as the sender wrote it, in lower case.
  using Aliases = std::map<std::string, size_t>;

  explicit Builder(const Trace& trace) : trace_(trace) {}

  Way build() {
    for (auto& mail : trace_.mails) add_mail(mail);
    for (auto& mail : trace_.mails) {
      if (!has_parent(mail)) add_client(mail);
      Edges edges;
      Aliases aliases;
      for (auto& group : attempts_of(mail)) add_end(mail, group, edges, aliases);
    }
    for (auto& link : trace_.links) add_link(link);
    return std::move(way_);
  }

 private:
  bool has_parent(const Mail& mail) const {
    return std::any_of(trace_.links.begin(), trace_.links.end(),
                       [&](auto& link) { return link.to == mail.connect.id && nodes_.contains(link.from); });
  }

  size_t add_node(WayNodeKind kind, std::string name, std::string detail = {}) {
    WayNode node;
    node.kind = kind;
    node.name = std::move(name);
    node.detail = std::move(detail);
    node.words = words_of(kind);
    way_.nodes.push_back(std::move(node));
    return way_.nodes.size() - 1;
  }

  void add_mail(const Mail& mail) {
    auto& c = mail.connect;
    auto kind = WayNodeKind::host;
    if (c.flags & row_flag::refused) kind = WayNodeKind::refusal;
    for (auto& link : trace_.links)
      if (link.to == c.id) {
        if (link.kind == "filter") kind = WayNodeKind::filter;
        if (link.kind == "bounce") kind = WayNodeKind::bounce;
      }
    auto at = add_node(kind, c.server, c.queue_id.value_or(""));
    auto& node = way_.nodes[at];
    node.mail = c.id;
    node.from = c.connect_time;
    node.until = c.end_time;
    if (kind == WayNodeKind::refusal) {
      node.tone = Tone::bad;
      if (!mail.deliveries.empty()) node.words = status_words(row_status(c, &mail.deliveries.front()));
    }
    nodes_[c.id] = at;
  }

  void add_client(const Mail& mail) {
    auto& c = mail.connect;
    auto name = client_text(c);
    if (name.empty()) name = c.service == "pickup" ? c.server : c.sender.value_or("");
    if (name.empty()) return;
    auto at = add_node(WayNodeKind::client, name, c.sasl_user.value_or(c.client_addr.value_or("")));
    WayEdge edge;
    edge.from = at;
    edge.to = nodes_[c.id];
    edge.kind = "submit";
    edge.at = c.connect_time;
    if (c.flags & row_flag::refused) edge.tone = Tone::bad;
    way_.edges.push_back(std::move(edge));
  }

  const Trace::Link* link_for(const Mail& mail, const DeliverRow& d) const {
    const Trace::Link* by_recipient = nullptr;
    for (auto& link : trace_.links) {
      if (link.from != mail.connect.id || !goes_on(link.kind)) continue;
      auto* next = find_mail(trace_, link.to);
      if (!next) continue;
      if (d.next_queue_id && d.next_queue_id == next->connect.queue_id) return &link;
      for (auto& group : attempts_of(*next))
        if (group.key == key_of(d.recipient)) by_recipient = &link;
    }
    return by_recipient;
  }

  // The station that made other recipients out of the one the sender wrote; else the mail itself.
  size_t alias_of(const Mail& mail, const DeliverRow& d, Aliases& aliases) {
    size_t host = nodes_[mail.connect.id];
    auto written = lower(d.original_recipient.value_or("")), recipient = lower(d.recipient.value_or(""));
    // "root" for "root@mx1.example.org", or the local part of the address in Exim's lines: the same mailbox.
    auto completes = [](const std::string& whole, const std::string& part) {
      return whole == part || (part.find('@') == std::string::npos && whole.starts_with(part + '@'));
    };
    if (written.empty() || recipient.empty()) return host;
    if (completes(recipient, written) || completes(written, recipient)) return host;
    auto [known, added] = aliases.try_emplace(written);
    if (!added) return known->second;
    known->second = add_node(WayNodeKind::alias, *d.original_recipient);
    way_.nodes.back().words = {"alias", "Alias"};
    WayEdge edge;
    edge.from = host;
    edge.to = known->second;
    edge.kind = "forward";
    way_.edges.push_back(std::move(edge));
    return known->second;
  }

  // Where the attempts for one recipient went: to the next mail of the trace, or to a place of its own.
  void add_end(const Mail& mail, const Attempts& group, Edges& edges, Aliases& aliases) {
    auto* last = group.last();
    if (!last) return;
    auto status = last->status.value_or("");
    auto* link = status == "sent" || status == "filtered" ? link_for(mail, *last) : nullptr;
    size_t from = alias_of(mail, *last, aliases);
    size_t to = link ? nodes_[link->to] : place_of(mail, *last, group);
    auto [at, added] = edges.try_emplace({from, to, status}, way_.edges.size());
    if (added) {
      WayEdge edge;
      edge.from = from;
      edge.to = to;
      edge.kind = link ? link->kind : "deliver";
      edge.at = last->deliver_time;
      edge.seconds = std::chrono::duration<double>(last->deliver_time - mail.connect.connect_time).count();
      edge.status = status;
      edge.tone = link ? Tone::neutral : tone_of(verdict_of_row(mail.connect, last));
      edge.answer = last->response.value_or("");
      edge.attempts = 0;
      way_.edges.push_back(std::move(edge));
      if (link)
        linked_.insert({link->from, link->to});
      else if (way_.nodes[to].tone == Tone::neutral)
        way_.nodes[to].tone = way_.edges.back().tone;
    }
    auto& edge = way_.edges[at->second];
    if (last->recipient) edge.recipients.push_back(*last->recipient);
    auto tries = std::count_if(group.rows.begin(), group.rows.end(), [](auto* d) { return is_attempt(*d); });
    edge.attempts = std::max<int64_t>(edge.attempts, tries);
  }

  size_t place_of(const Mail& mail, const DeliverRow& d, const Attempts& group) {
    auto recipient = d.recipient.value_or(group.key);
    auto kind = verdict_of_row(mail.connect, &d);
    std::string name, detail;
    auto node = WayNodeKind::nowhere;
    switch (kind) {
      case VerdictKind::delivered:
        node = WayNodeKind::mailbox;
        name = recipient;
        detail = join(mailbox_outcome(d.folder.value_or("")).saved);
        break;
      case VerdictKind::delivered_elsewhere:
      case VerdictKind::waiting:
        node = WayNodeKind::outside;
        name = answered_by(d);
        if (name.empty()) name = recipient;
        break;
      case VerdictKind::bounced:
        node = answered_by(d).empty() ? WayNodeKind::nowhere : WayNodeKind::outside;
        name = answered_by(d);
        break;
      case VerdictKind::forwarded:
        node = WayNodeKind::alias;
        name = join(mailbox_outcome(d.folder.value_or("")).redirected);
        break;
      default:
        name = verdict_words(kind).en;
    }
    for (size_t i = 0; i < way_.nodes.size(); ++i) {
      auto& other = way_.nodes[i];
      if (!other.mail && other.kind == node && other.name == name && other.detail == detail &&
          node != WayNodeKind::nowhere)
        return i;
    }
    auto at = add_node(node, name, detail);
    if (node == WayNodeKind::nowhere) way_.nodes[at].words = status_words(row_status(mail.connect, &d));
    way_.nodes[at].from = d.deliver_time;
    return at;
  }

  void add_link(const Trace::Link& link) {
    if (linked_.contains({link.from, link.to}) || !nodes_.contains(link.from) || !nodes_.contains(link.to))
      return;
    WayEdge edge;
    edge.from = nodes_[link.from];
    edge.to = nodes_[link.to];
    edge.kind = link.kind;
    auto& child = way_.nodes[edge.to];
    auto& parent = way_.nodes[edge.from];
    edge.at = child.from;
    if (child.from && parent.from)
      edge.seconds = std::chrono::duration<double>(*child.from - *parent.from).count();
    way_.edges.push_back(std::move(edge));
  }

  const Trace& trace_;
  Way way_;
  std::map<Id, size_t> nodes_;
  std::set<std::pair<Id, Id>> linked_;
};

}  // namespace

std::string_view way_node_name(WayNodeKind kind) {
  constexpr std::string_view names[] = {"client", "host",    "filter",  "alias",  "mailbox",
                                        "bounce", "outside", "refusal", "nowhere"};
  return names[static_cast<size_t>(kind)];
}

Way way_of(const Trace& trace) { return Builder(trace).build(); }

}  // namespace mailtrace
