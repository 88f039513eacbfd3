// The way of a mail as stations: where one recipient becomes several.
#include "core/answer/way.h"

#include "tests/unit/answer/traces.h"

using namespace mailtrace;
using namespace mailtrace::test;

namespace {

std::string drawn(const Trace& trace) {
  Way way = way_of(trace);
  std::string out;
  for (auto& edge : way.edges) {
    auto name = [&](size_t at) {
      auto& node = way.nodes[at];
      return std::string(way_node_name(node.kind)) + " " + node.name;
    };
    out += name(edge.from) + " -> " + name(edge.to) + "\n";
  }
  return out;
}

DeliverRow& to_mailbox(Mail& mail, const std::string& recipient, const std::string& written) {
  DeliverRow& row = add(mail, "2026-11-23T14:00:02Z", "sent", recipient, "250 2.0.0 Saved", "mx1");
  row.transport = "lmtp";
  row.folder = "INBOX";
  if (!written.empty()) row.original_recipient = written;
  return row;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(way)

BOOST_AUTO_TEST_CASE(an_alias_is_a_station) {
  Trace trace;
  trace.mails.push_back(mail(1, "mx1"));
  Mail& m = trace.mails.front();
  to_mailbox(m, "anna@example.org", "Sales@example.org");
  to_mailbox(m, "boris@example.org", "sales@example.org");
  to_mailbox(m, "carl@example.org", "");
  BOOST_TEST(drawn(trace) ==
             "client client.example.net -> host mx1\n"
             "host mx1 -> alias Sales@example.org\n"
             "alias Sales@example.org -> mailbox anna@example.org\n"
             "alias Sales@example.org -> mailbox boris@example.org\n"
             "host mx1 -> mailbox carl@example.org\n");
}

// local(8) completes a bare name, and Exim names a mailbox by its local part; that is none.
BOOST_AUTO_TEST_CASE(a_completed_name_is_no_alias) {
  Trace trace;
  trace.mails.push_back(mail(1, "mx1"));
  to_mailbox(trace.mails.front(), "root@mx1.example.org", "root");
  to_mailbox(trace.mails.front(), "anna@example.org", "Anna@Example.org");
  to_mailbox(trace.mails.front(), "boris", "boris@example.org");
  BOOST_TEST(drawn(trace) ==
             "client client.example.net -> host mx1\n"
             "host mx1 -> mailbox root@mx1.example.org\n"
             "host mx1 -> mailbox anna@example.org\n"
             "host mx1 -> mailbox boris\n");
}

BOOST_AUTO_TEST_SUITE_END()
