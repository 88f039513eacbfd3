#include "core/track/fill.h"

#include "core/base/text.h"

namespace mailtrace {
namespace {

template <class T>
void put_least(std::optional<T>& column, const T& value) {
  if (!column || value < *column) column = value;
}
template <class T>
void put_most(std::optional<T>& column, const T& value) {
  if (!column || *column < value) column = value;
}
// For columns where "" is a value.
void put_value(std::optional<std::string>& column, const std::optional<std::string_view>& text) {
  if (text) put_least(column, stored_text(*text));
}

std::string_view outcome_status(Outcome outcome) {
  switch (outcome) {
    case Outcome::sent:
      return "sent";
    case Outcome::deferred:
      return "deferred";
    case Outcome::bounced:
      return "bounced";
    case Outcome::expired:
      return "expired";
    case Outcome::discarded:
      return "discarded";
    case Outcome::filtered:
      return "filtered";
    case Outcome::deliverable:
    case Outcome::undeliverable:
      break;
  }
  return "";
}

void fill_client(const Peer& client, ConnectRow& row) {
  put_text(row.client_name, client.name);
  put_text(row.client_addr, client.addr);
  if (client.port) put_least<int64_t>(row.client_port, client.port);
}

}  // namespace

std::string stored_text(std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) return storable(text);
  return std::string(text.substr(0, 65535));
}

void put_text(std::optional<std::string>& column, std::string_view text) {
  if (!text.empty()) put_least(column, stored_text(text));
}

std::string tls_text(const Tls& tls) {
  std::string out;
  for (auto part : {tls.protocol, tls.cipher}) {
    if (part.empty()) continue;
    if (!out.empty()) out += ' ';
    out += part;
  }
  if (!tls.trust.empty()) out.append(out.empty() ? "(" : " (").append(tls.trust).append(")");
  return out;
}

Microseconds transmit_time(const DeliverRow& row) {
  return Microseconds(
      static_cast<int64_t>((row.delay_connect.value_or(0) + row.delay_transmit.value_or(0)) * 1e6));
}

std::string_view instance_of(std::string_view app_name) {
  auto name = app_name.substr(0, app_name.find('/'));
  return name == "postfix" || name.starts_with("postfix-") ? name : std::string_view{};
}

void fill_opened(const Opened& opened, ConnectRow& row) {
  put_text(row.service, opened.service);
  fill_client(opened.client, row);
  put_text(row.helo, opened.helo);
  put_text(row.protocol, opened.protocol);
  put_text(row.sasl_user, opened.sasl_username);
  put_text(row.tls, tls_text(opened.tls));
  put_value(row.sender, opened.sender);
  put_text(row.message_id, opened.message_id);
  put_text(row.subject, opened.subject);
  if (opened.size) put_most(row.size, *opened.size);
  if (opened.recipients) put_most(row.recipients, *opened.recipients);
}

void fill_message_id(const MessageId& fact, ConnectRow& row) {
  if (fact.resent) row.flags |= row_flag::resent_id;
  put_least(row.message_id, stored_text(fact.message_id));
}

void fill_queued(const Queued& fact, ConnectRow& row) {
  put_value(row.sender, fact.sender);
  if (fact.size) put_most(row.size, *fact.size);
  if (fact.recipients) put_most(row.recipients, *fact.recipients);
}

void fill_verdict(const Verdict& fact, ConnectRow& row) {
  if (fact.score) put_most(row.spam_score, *fact.score);
  // What a greylisting or DKIM program did is no spam filter's verdict.
  if (fact.program == "amavis" || fact.program == "rspamd" || fact.program == "spamd")
    put_text(row.spam_action, fact.action);
  put_text(row.dkim, fact.dkim);
  put_text(row.dmarc, fact.dmarc);
  put_text(row.spf, fact.spf);
}

void fill_session(const Policy& fact, ConnectRow& row) {
  put_text(row.helo, fact.helo);
  put_text(row.protocol, fact.protocol);
  put_text(row.sasl_user, fact.sasl_username);
  fill_client(fact.client, row);
  put_value(row.sender, fact.sender);
  if (fact.milter) row.flags |= row_flag::milter;
}

DeliverRow attempt_row(const Attempt& fact, Time time) {
  DeliverRow row;
  row.deliver_time = time;
  put_text(row.transport, fact.transport);
  row.recipient = stored_text(fact.recipient);
  put_text(row.original_recipient, fact.original_recipient);
  put_text(row.relay_name, fact.relay.name);
  put_text(row.relay_addr, fact.relay.addr);
  if (fact.relay.port) row.relay_port = fact.relay.port;
  row.delay = fact.delay;
  row.delay_before = fact.delay_before;
  row.delay_queue = fact.delay_queue;
  row.delay_connect = fact.delay_connect;
  row.delay_transmit = fact.delay_transmit;
  if (fact.smtp_code) row.smtp_code = fact.smtp_code;
  put_text(row.dsn, fact.dsn);
  put_text(row.status, outcome_status(fact.outcome));
  put_text(row.response, fact.response);
  put_text(row.next_queue_id, fact.next_queue_id);
  put_text(row.tls, fact.tls);
  return row;
}

DeliverRow refusal_row(const Policy& fact, Time time) {
  DeliverRow row;
  row.deliver_time = time;
  put_text(row.recipient, fact.recipient);
  if (fact.smtp_code) row.smtp_code = fact.smtp_code;
  put_text(row.dsn, fact.dsn);
  put_text(row.status, refusal_status(fact));
  put_text(row.response, fact.text);
  if (fact.milter) row.flags |= row_flag::milter;
  return row;
}

std::string_view refusal_status(const Policy& fact) {
  switch (fact.action) {
    case PolicyAction::reject:
    case PolicyAction::defer:
    case PolicyAction::hangup:
      if (fact.greylisted) return "greylisted";
      return fact.blocked ? "blocked" : "rejected";
    case PolicyAction::discard:
      return "discarded";
    case PolicyAction::hold:
      return "held";
    default:
      return "";
  }
}

}  // namespace mailtrace
