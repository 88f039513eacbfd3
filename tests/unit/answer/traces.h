// Small traces for the tests of answers.
#pragma once
#include <boost/test/unit_test.hpp>

#include "core/mail/query.h"

namespace mailtrace::test {

inline Time at(const std::string& text) {
  Time t;
  BOOST_REQUIRE(parse_time(text, t));
  return t;
}

inline Mail mail(uint64_t number, const std::string& server,
                 const std::string& born = "2026-11-23T14:00:00Z") {
  Mail m;
  m.connect.connect_time = at(born);
  m.connect.id = make_id(m.connect.connect_time, {number, number});
  m.connect.day = m.connect.id.day();
  m.connect.server = server;
  m.connect.queue_id = "4F2A1B4C5" + std::to_string(number);
  m.connect.service = "smtpd";
  m.connect.client_name = "client.example.net";
  m.connect.client_addr = "192.0.2.9";
  m.connect.sender = "anna@example.net";
  return m;
}

inline DeliverRow& add(Mail& m, const std::string& time, const std::string& status,
                       const std::string& recipient, const std::string& response = "",
                       const std::string& relay = "mx.example.org") {
  DeliverRow d;
  d.connect_id = m.connect.id;
  d.day = m.connect.day;
  d.connect_time = m.connect.connect_time;
  d.deliver_time = at(time);
  d.id = make_id(m.connect.connect_time, {m.deliveries.size() + 7, m.connect.id.bytes[15]});
  d.server = m.connect.server;
  d.status = status;
  d.recipient = recipient;
  d.transport = "smtp";
  d.relay_name = relay;
  d.relay_addr = "198.51.100.7";
  if (!response.empty()) d.response = response;
  m.deliveries.push_back(d);
  return m.deliveries.back();
}

}  // namespace mailtrace::test
