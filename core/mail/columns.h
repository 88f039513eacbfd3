// The columns of both public tables: one list each, in table order. SQL, merging, JSON and the documentation
// test walk these lists; a column is named nowhere else.
#pragma once
#include <utility>

#include "core/mail/rows.h"

namespace mailtrace {

// How two values of one column become one. Unknown (absent) always gives way.
enum class Merge {
  key,    // equal by definition
  least,  // the smaller (text: byte order)
  most,   // the larger
  bits    // or
};

template <class Row, class Field>
struct Column {
  const char* name;
  Field Row::*member;
  Merge merge;
};
template <class Row, class Field>
constexpr Column<Row, Field> column(const char* name, Field Row::*member, Merge merge) {
  return {name, member, merge};
}

// visit(column) for each column of ConnectRow, in table order.
template <class Visit>
void connect_columns(Visit&& visit) {
  using R = ConnectRow;
  visit(column("day", &R::day, Merge::key));
  visit(column("id", &R::id, Merge::key));
  visit(column("connect_time", &R::connect_time, Merge::least));
  visit(column("server", &R::server, Merge::least));
  visit(column("instance", &R::instance, Merge::least));
  visit(column("queue_id", &R::queue_id, Merge::least));
  visit(column("service", &R::service, Merge::least));
  visit(column("client_name", &R::client_name, Merge::least));
  visit(column("client_addr", &R::client_addr, Merge::least));
  visit(column("client_port", &R::client_port, Merge::least));
  visit(column("helo", &R::helo, Merge::least));
  visit(column("protocol", &R::protocol, Merge::least));
  visit(column("sasl_user", &R::sasl_user, Merge::least));
  visit(column("tls", &R::tls, Merge::least));
  visit(column("sender", &R::sender, Merge::least));
  visit(column("message_id", &R::message_id, Merge::least));
  visit(column("subject", &R::subject, Merge::least));
  visit(column("size", &R::size, Merge::most));
  visit(column("recipients", &R::recipients, Merge::most));
  visit(column("spam_score", &R::spam_score, Merge::most));
  visit(column("spam_action", &R::spam_action, Merge::least));
  visit(column("dkim", &R::dkim, Merge::least));
  visit(column("dmarc", &R::dmarc, Merge::least));
  visit(column("spf", &R::spf, Merge::least));
  visit(column("origin_id", &R::origin_id, Merge::least));
  visit(column("origin_kind", &R::origin_kind, Merge::least));
  visit(column("end_time", &R::end_time, Merge::most));
  visit(column("flags", &R::flags, Merge::bits));
}

// visit(column) for each column of DeliverRow, in table order.
template <class Visit>
void deliver_columns(Visit&& visit) {
  using R = DeliverRow;
  visit(column("day", &R::day, Merge::key));
  visit(column("connect_id", &R::connect_id, Merge::key));
  visit(column("id", &R::id, Merge::key));
  visit(column("connect_time", &R::connect_time, Merge::least));
  visit(column("deliver_time", &R::deliver_time, Merge::least));
  visit(column("server", &R::server, Merge::least));
  visit(column("queue_id", &R::queue_id, Merge::least));
  visit(column("transport", &R::transport, Merge::least));
  visit(column("recipient", &R::recipient, Merge::least));
  visit(column("original_recipient", &R::original_recipient, Merge::least));
  visit(column("relay_name", &R::relay_name, Merge::least));
  visit(column("relay_addr", &R::relay_addr, Merge::least));
  visit(column("relay_port", &R::relay_port, Merge::least));
  visit(column("delay", &R::delay, Merge::least));
  visit(column("delay_before", &R::delay_before, Merge::least));
  visit(column("delay_queue", &R::delay_queue, Merge::least));
  visit(column("delay_connect", &R::delay_connect, Merge::least));
  visit(column("delay_transmit", &R::delay_transmit, Merge::least));
  visit(column("smtp_code", &R::smtp_code, Merge::least));
  visit(column("dsn", &R::dsn, Merge::least));
  visit(column("status", &R::status, Merge::least));
  visit(column("response", &R::response, Merge::least));
  visit(column("next_queue_id", &R::next_queue_id, Merge::least));
  visit(column("folder", &R::folder, Merge::most));
  visit(column("tls", &R::tls, Merge::least));
  visit(column("flags", &R::flags, Merge::bits));
  visit(column("reason", &R::reason, Merge::most));
}

// `to` becomes the merge of both; their keys are equal.
void merge(ConnectRow& to, const ConnectRow& from);
void merge(DeliverRow& to, const DeliverRow& from);
void merge(LinesRow& to, const LinesRow& from);

}  // namespace mailtrace
