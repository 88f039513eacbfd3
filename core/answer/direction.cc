#include "core/answer/direction.h"

#include <algorithm>

#include "core/answer/outcome.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

// A loop that the log tells of ends here, too.
constexpr int most_hops = 8;

std::string domain_of(const std::optional<std::string>& address) {
  auto text = lower(address.value_or(""));
  auto at = text.rfind('@');
  return at == std::string::npos ? "" : text.substr(at + 1);
}

bool same_domain(const ConnectRow& connect, const DeliverRow* deliver) {
  auto domain = domain_of(connect.sender);
  return deliver && !domain.empty() && domain == domain_of(deliver->recipient);
}

// Who logged in, or had it sent by a program of the host itself.
bool is_submission(const ConnectRow& connect) {
  auto service = connect.service.value_or("");
  for (std::string_view name : {"submission", "submissions", "smtps"})
    if (service == name || service.starts_with(std::string(name) + "/")) return true;
  bool no_client = !connect.client_addr && !connect.client_name && !connect.origin_kind;
  return connect.sasl_user || service.starts_with("pickup") ||
         (no_client && (connect.flags & row_flag::opened));
}

bool is_readdressed(const DeliverRow* deliver) {
  return deliver && deliver->original_recipient &&
         key_of(deliver->original_recipient) != key_of(deliver->recipient);
}

bool stays_here(const DeliverRow& deliver) { return deliver.folder || is_local_delivery(deliver); }

}  // namespace

std::string_view direction_name(Direction direction) {
  constexpr std::string_view names[] = {"incoming", "outgoing", "internal", "passing"};
  return names[static_cast<size_t>(direction)];
}

void Directions::add(const ConnectRow& connect, const DeliverRow* deliver) {
  rows_.push_back({&connect, deliver});
  auto add_domain = [this](std::string domain) {
    if (domain.find('.') != std::string::npos) domains_.insert(std::move(domain));
  };
  auto add_host = [&](const std::string& name) { add_domain(lower(name).substr(name.find('.') + 1)); };
  if (connect.server.find('.') != std::string::npos) add_host(connect.server);
  if (connect.client_name && hosts_.contains(*connect.client_name)) add_host(*connect.client_name);
  if (deliver && deliver->status == "sent" && stays_here(*deliver)) add_domain(domain_of(deliver->recipient));
}

void Directions::add(const Trace& trace) {
  for (auto& mail : trace.mails) {
    if (mail.deliveries.empty()) add(mail.connect, nullptr);
    for (auto& row : mail.deliveries) add(mail.connect, &row);
  }
}

bool Directions::is_ours(const std::optional<std::string>& address) const {
  auto domain = domain_of(address);
  return !domain.empty() &&
         (domains_.contains(domain) || domains_.contains(domain.substr(domain.find('.') + 1)));
}

// From another host of ours, or back from a content filter.
bool Directions::is_hop(const ConnectRow& connect) const {
  return connect.origin_kind == "relay" || connect.origin_kind == "filter" ||
         (connect.client_name && hosts_.contains(*connect.client_name));
}

Directions::Side Directions::client_side(const Row& row) const {
  auto& connect = *row.connect;
  auto kind = connect.origin_kind.value_or("");
  // The notices and automatic replies are our own mails.
  if (is_submission(connect) || kind == "bounce" || kind == "vacation") return Side::inside;
  if (is_hop(connect))
    return is_ours(connect.sender) || same_domain(connect, row.deliver) ? Side::inside : Side::outside;
  auto address = connect.client_addr.value_or("");
  if (is_loopback(address)) return Side::inside;
  // A load balancer has such an address, too, but what it brings goes on to others only by an alias.
  if (is_private(address) && !is_readdressed(row.deliver)) {
    bool taken = row.deliver && !(connect.flags & row_flag::refused);
    bool goes_out = taken && !stays_here(*row.deliver) && went_to(row) == Side::outside;
    if (goes_out || is_ours(connect.sender) || (taken && same_domain(connect, row.deliver)))
      return Side::inside;
  }
  return Side::outside;
}

Directions::Side Directions::came_from(const Row& row, int hops) const {
  auto& origin = row.connect->origin_id;
  auto kind = row.connect->origin_kind.value_or("");
  if (origin && goes_on(kind) && hops < most_hops)
    for (auto& before : rows_)
      if (before.connect->id == *origin) return came_from(before, hops + 1);
  return client_side(row);
}

// Unknown: to another host of ours or a content filter, or to nobody; the mail goes on, or ends there.
Directions::Side Directions::relay_side(const DeliverRow& deliver) const {
  auto name = deliver.relay_name.value_or(""), address = deliver.relay_addr.value_or("");
  auto transport = deliver.transport.value_or("");
  if (stays_here(deliver)) return Side::inside;
  if (is_loopback(address) || hosts_.contains(name)) return Side::unknown;
  // An inner server that no MX names.
  if (is_private(address) && name == address) return Side::unknown;
  if (transport.empty() && name.empty() && address.empty()) return Side::unknown;
  for (std::string_view none : {"discard", "error", "retry"})
    if (transport == none) return Side::unknown;
  return Side::outside;
}

// The best one of the mail that this one became; null: none is there.
const Directions::Row* Directions::next_of(const Row& row) const {
  const Row* best = nullptr;
  for (auto& next : rows_) {
    if (next.connect->origin_id != row.connect->id || !goes_on(next.connect->origin_kind.value_or("")))
      continue;
    bool same_recipient = next.deliver && key_of(next.deliver->recipient) == key_of(row.deliver->recipient);
    bool same_queue = row.deliver->next_queue_id && row.deliver->next_queue_id == next.connect->queue_id;
    if (same_recipient || same_queue) best = &next;
    if (same_recipient) break;
  }
  return best;
}

Directions::Side Directions::went_to(const Row& row, int hops) const {
  if (!row.deliver) return Side::unknown;
  auto* best = next_of(row);
  auto side = best && hops < most_hops ? went_to(*best, hops + 1) : Side::unknown;
  if (side == Side::unknown) side = relay_side(*row.deliver);
  if (side == Side::unknown && is_ours(row.deliver->recipient)) return Side::inside;
  return side;
}

Direction Directions::of(const ConnectRow& connect, const DeliverRow* deliver) const {
  Row row{&connect, deliver};
  bool ours = came_from(row) == Side::inside;
  if (connect.flags & row_flag::refused) {
    if (!ours) return Direction::incoming;
    bool to_us = deliver && (is_ours(deliver->recipient) || same_domain(connect, deliver));
    return to_us ? Direction::internal : Direction::outgoing;
  }
  auto side = went_to(row);
  if (side == Side::unknown) side = ours && !same_domain(connect, deliver) ? Side::outside : Side::inside;
  if (side == Side::inside) return ours ? Direction::internal : Direction::incoming;
  return ours ? Direction::outgoing : Direction::passing;
}

RowPlace Directions::place_of(const ConnectRow& connect, const DeliverRow* deliver) const {
  bool sent = deliver && deliver->status == "sent" && !stays_here(*deliver);
  return {of(connect, deliver), sent && (next_of({&connect, deliver}) || is_queued_as({&connect, deliver}))};
}

// Lines that were imported host by host tell of no origin.
bool Directions::is_queued_as(const Row& row) const {
  if (!row.deliver->next_queue_id || relay_side(*row.deliver) != Side::unknown) return false;
  return std::any_of(rows_.begin(), rows_.end(), [&](const Row& next) {
    return next.connect->queue_id == row.deliver->next_queue_id && row.connect->message_id &&
           next.connect->message_id == row.connect->message_id;
  });
}

Direction masked_direction(bool own_sender, const DeliverRow* deliver) {
  return own_sender && !(deliver && stays_here(*deliver)) ? Direction::outgoing : Direction::incoming;
}

}  // namespace mailtrace
