// Which way a mail goes, told from the rows that are shown together.
#include "core/answer/direction.h"

#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

constexpr const char* boris = "boris@example.org";
constexpr const char* late = "2026-11-23T14:00:01Z";

Directions directions() {
  OwnHosts hosts;
  for (auto* name : {"mx1", "out1", "mx2.provider.example"}) hosts.add(name);
  return Directions(std::move(hosts));
}

std::string_view last_of(const Mail& m, const Directions& with = directions()) {
  return direction_name(with.of(m.connect, m.deliveries.empty() ? nullptr : &m.deliveries.back()));
}

DeliverRow& into_mailbox(Mail& m, const std::string& recipient = boris) {
  auto& row = add(m, late, "sent", recipient, "250 2.0.0 Saved", "mx1");
  row.transport = "lmtp";
  row.relay_addr = "private/dovecot-lmtp";
  row.folder = "INBOX";
  return row;
}

DeliverRow& to_host(Mail& m, const std::string& name, const std::string& address, const std::string& queue,
                    const std::string& recipient = boris) {
  auto& row = add(m, late, "sent", recipient, "250 2.0.0 Ok: queued as " + queue, name);
  row.relay_addr = address;
  row.next_queue_id = queue;
  return row;
}

Mail submitted(uint64_t number, const std::string& sender = "anna@example.net") {
  auto m = mail(number, "out1");
  m.connect.service = "submission/smtpd";
  m.connect.sasl_user = "anna";
  m.connect.sender = sender;
  return m;
}

void came_from(Mail& m, const Mail& before, const char* kind, const char* name, const char* address) {
  m.connect.origin_id = before.connect.id;
  m.connect.origin_kind = kind;
  m.connect.client_name = name;
  m.connect.client_addr = address;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(direction)

BOOST_AUTO_TEST_CASE(one_host_alone) {
  auto in = mail(1, "mx1");
  into_mailbox(in);
  BOOST_TEST(last_of(in) == "incoming");
  auto out = submitted(2);
  add(out, late, "sent", boris);
  BOOST_TEST(last_of(out) == "outgoing");
  auto inner = submitted(3);
  into_mailbox(inner);
  BOOST_TEST(last_of(inner) == "internal");
  auto through = mail(4, "mx1");
  add(through, late, "sent", boris);
  BOOST_TEST(last_of(through) == "passing");
}

BOOST_AUTO_TEST_CASE(through_a_content_filter) {
  auto before = mail(1, "mx1"), behind = mail(2, "mx1");
  to_host(before, "127.0.0.1", "127.0.0.1", "4F2A1B4C52");
  came_from(behind, before, "filter", "localhost", "127.0.0.1");
  into_mailbox(behind);
  BOOST_TEST(last_of(before) == "incoming");
  BOOST_TEST(last_of(behind) == "incoming");
  auto sent = submitted(3), filtered = mail(4, "out1");
  to_host(sent, "127.0.0.1", "127.0.0.1", "4F2A1B4C54");
  came_from(filtered, sent, "filter", "localhost", "127.0.0.1");
  add(filtered, late, "sent", boris);
  BOOST_TEST(last_of(sent) == "outgoing");
  auto together = directions();
  for (auto* m : {&before, &behind, &sent, &filtered}) together.add(m->connect, &m->deliveries.back());
  BOOST_TEST(last_of(before, together) == "incoming");
  BOOST_TEST(last_of(behind, together) == "incoming");
  BOOST_TEST(last_of(sent, together) == "outgoing");
  BOOST_TEST(last_of(filtered, together) == "outgoing");
  auto handed_on = [](const Mail& m, const Directions& with) {
    return with.place_of(m.connect, &m.deliveries.back()).handed_on;
  };
  BOOST_TEST(handed_on(before, together));
  BOOST_TEST(handed_on(sent, together));
  BOOST_TEST(!handed_on(behind, together));
  BOOST_TEST(!handed_on(filtered, together));
  // A host of somebody else may be called like one of ours.
  BOOST_TEST(!handed_on(sent, directions()));
}

BOOST_AUTO_TEST_CASE(over_two_own_hosts) {
  auto sent = submitted(1, "anna@example.org"), taken = mail(2, "mx1");
  to_host(sent, "mx1.example.org", "198.51.100.1", "4F2A1B4C52");
  came_from(taken, sent, "relay", "out1.example.org", "198.51.100.2");
  taken.connect.sender = "anna@example.org";
  into_mailbox(taken);
  BOOST_TEST(last_of(sent) == "internal");
  BOOST_TEST(last_of(taken) == "internal");
  // Sender and recipient at different domains of ours: the other row says where it ended.
  auto other = submitted(3), there = mail(4, "mx1");
  to_host(other, "mx1.example.org", "198.51.100.1", "4F2A1B4C54");
  came_from(there, other, "relay", "out1.example.org", "198.51.100.2");
  into_mailbox(there);
  auto together = directions();
  for (auto* m : {&other, &there}) together.add(m->connect, &m->deliveries.back());
  BOOST_TEST(last_of(other, together) == "internal");
  BOOST_TEST(last_of(there, together) == "internal");
  // In by the MX, out again by an alias.
  auto came = mail(5, "mx1"), gone = mail(6, "out1");
  to_host(came, "out1.example.org", "198.51.100.2", "4F2A1B4C56").original_recipient = "info@example.org";
  came_from(gone, came, "relay", "mx1.example.org", "198.51.100.1");
  add(gone, late, "sent", boris);
  auto with_alias = directions();
  for (auto* m : {&came, &gone}) with_alias.add(m->connect, &m->deliveries.back());
  BOOST_TEST(last_of(came, with_alias) == "passing");
  BOOST_TEST(last_of(gone, with_alias) == "passing");
}

BOOST_AUTO_TEST_CASE(a_sender_from_outside_is_not_believed) {
  auto forged = mail(1, "mx1");
  forged.connect.sender = "anna@example.org";
  into_mailbox(forged);
  auto together = directions();
  together.add(forged.connect, &forged.deliveries.back());
  BOOST_TEST(last_of(forged, together) == "incoming");
  forged.connect.client_addr = "10.1.2.3";
  BOOST_TEST(last_of(forged, together) == "internal");
}

BOOST_AUTO_TEST_CASE(our_own_notices_and_refusals) {
  auto bounce = mail(1, "mx1");
  bounce.connect.origin_kind = "bounce";
  bounce.connect.client_addr.reset();
  bounce.connect.client_name.reset();
  bounce.connect.sender = "";
  add(bounce, late, "sent", boris);
  BOOST_TEST(last_of(bounce) == "outgoing");
  auto refused = mail(2, "mx1");
  refused.connect.flags = row_flag::refused;
  add(refused, late, "rejected", boris);
  BOOST_TEST(last_of(refused) == "incoming");
  refused.connect.sasl_user = "anna";
  BOOST_TEST(last_of(refused) == "outgoing");
}

BOOST_AUTO_TEST_CASE(rows_that_lead_in_a_circle_end) {
  auto a = mail(1, "mx1"), b = mail(2, "mx1");
  came_from(a, b, "filter", "localhost", "127.0.0.1");
  came_from(b, a, "filter", "localhost", "127.0.0.1");
  for (auto* m : {&a, &b}) to_host(*m, "127.0.0.1", "127.0.0.1", "4F2A1B4C51");
  auto together = directions();
  for (auto* m : {&a, &b}) together.add(m->connect, &m->deliveries.back());
  BOOST_TEST(last_of(a, together) == "incoming");
}

BOOST_AUTO_TEST_CASE(customers_are_told_two_of_them) {
  auto m = mail(1, "mx1");
  auto sent = add(m, late, "sent", boris), kept = into_mailbox(m);
  BOOST_TEST(direction_name(masked_direction(true, &sent)) == "outgoing");
  BOOST_TEST(direction_name(masked_direction(true, &kept)) == "incoming");
  BOOST_TEST(direction_name(masked_direction(false, &sent)) == "incoming");
}

BOOST_AUTO_TEST_SUITE_END()
