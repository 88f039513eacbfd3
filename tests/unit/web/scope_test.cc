// What role user gets of rows: nothing of our own hosts, whatever they are called in a row.
#include "plugins/web/portal/scope.h"

#include "core/answer/verdict.h"
#include "core/base/text.h"
#include "core/mail/row_json.h"
#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::portal;
using namespace mailtrace::test;

namespace {

// One trace; a search finds its deliveries.
class OneTrace : public Reader {
 public:
  explicit OneTrace(Trace trace) : trace_(std::move(trace)) {}
  Result<Page> search(const Query&) noexcept override {
    Page page;
    for (auto& mail : trace_.mails)
      for (auto& row : mail.deliveries) page.hits.push_back({mail.connect, row});
    return page;
  }
  Result<Trace> trace(const Id&) noexcept override { return trace_; }
  Result<std::vector<Id>> find(const std::string&) noexcept override { return std::vector<Id>{}; }
  Result<std::optional<Mail>> find_open(const std::string&, const std::string&, Time) noexcept override {
    return std::optional<Mail>{};
  }
  Result<std::vector<HostRow>> hosts(Day, Day) noexcept override {
    std::vector<HostRow> out;
    for (auto* name : {"mx1", "Out1.provider.example"}) {
      HostRow row;
      row.host = name;
      out.push_back(row);
    }
    return out;
  }
  Result<std::vector<Checkpoint>> checkpoints() noexcept override { return std::vector<Checkpoint>{}; }
  Result<std::pair<Day, Day>> days() noexcept override { return std::pair<Day, Day>{}; }

 private:
  Trace trace_;
};

accounts::User person(accounts::Role role = accounts::Role::user) {
  accounts::User out;
  out.role = role;
  out.addresses = {"anna@example.net"};
  return out;
}

DeliverRow& sent(Mail& m, const std::string& name, const std::string& address, const std::string& response) {
  auto& row = add(m, "2026-11-23T14:00:01Z", "sent", "boris@example.org", response, name);
  row.relay_addr = address;
  row.relay_port = 25;
  row.next_queue_id = "4FEDCBA98";
  return row;
}

// What a reader with these rights makes of one delivery: by a search, and as part of its way.
std::vector<DeliverRow> seen(const Trace& trace, const accounts::User& user = person()) {
  OneTrace reader(trace);
  Scope scope(user);
  ScopedReader scoped(reader, scope);
  auto page = scoped.search({});
  BOOST_REQUIRE(page);
  BOOST_REQUIRE(!page->hits.empty());
  auto way = ScopedReader(reader, scope).trace(trace.mails[0].connect.id);
  BOOST_REQUIRE(way);
  return {*page->hits[0].deliver, way->mails[0].deliveries.at(0)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scopes)

BOOST_AUTO_TEST_CASE(sockets_and_own_hosts_are_left_out) {
  struct Case {
    const char *name, *address, *response;
  };
  for (auto& one :
       {Case{"mx2.provider.example", "private/dovecot-lmtp", "250 2.0.0 Saved"},
        Case{"mx1.provider.example", "198.51.100.7", "250 ok"}, Case{"MX1", "2001:db8::7", "250 ok"},
        Case{"out1.provider.example", "198.51.100.7", "250 ok"},
        Case{"mail.provider.example", "10.1.2.3", "250 ok"},
        Case{"mx9.provider.example", "10.1.2.3",
             "host mx9.provider.example[10.1.2.3] said: 451 ask mx1.provider.example, "
             "OUT1.provider.example"}}) {
    Trace trace{{mail(1, "out1.provider.example")}, {}};
    sent(trace.mails[0], one.name, one.address, one.response);
    for (auto& row : seen(trace)) {
      auto text = lower(dump_line(to_json(row)));
      BOOST_TEST((!row.relay_name || *row.relay_name == hidden_name));
      for (auto* word : {"relay_addr", "relay_port", "provider", "mx1", "private", "10.1.2.3", "4fedcba98"})
        BOOST_TEST(text.find(word) == std::string::npos, std::string(word) + " is in " + text);
    }
    auto admin = seen(trace, person(accounts::Role::admin));
    BOOST_TEST(admin[0].relay_name.value() == one.name);
    BOOST_TEST(*admin[1].response == one.response);
  }
}

// The name goes, that there was another server stays: it was no mailbox.
BOOST_AUTO_TEST_CASE(a_hidden_server_is_no_mailbox) {
  Trace trace{{mail(1, "out1.provider.example")}, {}};
  auto& row = sent(trace.mails[0], "mx1.elsewhere.example", "198.51.100.7", "250 ok");
  row.transport = "smtp";
  for (auto& one : seen(trace))
    BOOST_TEST((verdict_of_row(trace.mails[0].connect, &one) == VerdictKind::delivered_elsewhere));
  row.transport = "lmtp";
  row.relay_addr = "private/dovecot-lmtp";
  for (auto& one : seen(trace))
    BOOST_TEST((verdict_of_row(trace.mails[0].connect, &one) == VerdictKind::delivered));
}

BOOST_AUTO_TEST_CASE(other_servers_are_shown) {
  Trace trace{{mail(1, "out1.provider.example")}, {}};
  sent(trace.mails[0], "mx.example.org", "198.51.100.7",
       "host mx.example.org[198.51.100.7] said: 250 as 4FEDCBA98");
  for (auto& row : seen(trace)) {
    BOOST_TEST(row.relay_name.value() == "mx.example.org");
    BOOST_TEST(row.relay_addr.value() == "198.51.100.7");
    BOOST_TEST(row.response.value() == trace.mails[0].deliveries[0].response.value());
  }
}

BOOST_AUTO_TEST_CASE(an_own_host_is_known_by_what_it_logged) {
  Trace trace{{mail(1, "out1.provider.example"), mail(2, "mx1")}, {}};
  auto& row =
      sent(trace.mails[0], "relay.somewhere.example", "198.51.100.7", "250 relay.somewhere.example has it");
  row.next_queue_id = trace.mails[1].connect.queue_id;
  trace.links.push_back({trace.mails[0].connect.id, trace.mails[1].connect.id, "relay"});
  for (auto& one : seen(trace)) {
    auto text = dump_line(to_json(one));
    BOOST_TEST(text.find("somewhere") == std::string::npos, text);
    BOOST_TEST(text.find("198.51.100.7") == std::string::npos, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
