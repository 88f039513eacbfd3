// What a pasted text is taken for, in the order in which it is tried.
#include "core/answer/understand.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

std::string tried(std::string_view text) {
  std::string out;
  for (auto& q : understand(text).tries) {
    if (!out.empty()) out += " | ";
    auto show = [&](const char* name, const std::optional<std::string>& value) {
      if (value) out += std::string(name) + "=" + *value;
    };
    show("sender", q.sender);
    show("recipient", q.recipient);
    show("address", q.address);
    show("message_id", q.message_id);
    show("queue_id", q.queue_id);
    show("received_from", q.received_from);
    show("sent_to", q.sent_to);
    show("logged_by", q.logged_by);
    show("subject", q.subject);
    show("response", q.response);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(addresses_and_message_ids) {
  BOOST_TEST(tried("alice@example.org") == "address=alice@example.org | message_id=alice@example.org");
  BOOST_TEST(tried("  alice@example.org\n") == "address=alice@example.org | message_id=alice@example.org");
  BOOST_TEST(tried("@example.org") == "address=@example.org");
  BOOST_TEST(tried("<1.2@example.org>") == "message_id=1.2@example.org | address=1.2@example.org");
  BOOST_TEST(tried("Message-ID: <1.2@example.org>") ==
             "message_id=1.2@example.org | address=1.2@example.org");
  BOOST_TEST(tried("message-id=<odd>") == "message_id=odd");
  BOOST_TEST(tried("to=<bob@example.com>,") ==
             "recipient=bob@example.com | address=bob@example.com | message_id=bob@example.com");
  BOOST_TEST(tried("mailto:bob@example.com") == "address=bob@example.com | message_id=bob@example.com");
}

BOOST_AUTO_TEST_CASE(ip_addresses_and_hosts) {
  BOOST_TEST(tried("192.0.2.1") == "received_from=192.0.2.1 | sent_to=192.0.2.1");
  BOOST_TEST(tried("[2001:db8::1]") == "received_from=2001:db8::1 | sent_to=2001:db8::1");
  BOOST_TEST(tried("mx.example.org")
                 .starts_with("address=@mx.example.org | received_from=mx.example.org | "
                              "sent_to=mx.example.org | logged_by=mx.example.org"));
}

BOOST_AUTO_TEST_CASE(queue_ids) {
  BOOST_TEST(tried("3F2A1B4C5D").starts_with("queue_id=3F2A1B4C5D"));
  BOOST_TEST(tried("4dFk8Q5sN1zQp7Y").starts_with("queue_id=4dFk8Q5sN1zQp7Y"));
  BOOST_TEST(tried("1pQxyz-0001AB-CD").starts_with("queue_id=1pQxyz-0001AB-CD"));
  BOOST_TEST(!is_queue_id("facade"));  // lower case: a word
  BOOST_TEST(!is_queue_id("12345"));
}

BOOST_AUTO_TEST_CASE(words) {
  BOOST_TEST(tried("alice") == "address=*alice* | subject=*alice* | response=*alice*");
  BOOST_TEST(tried("mailbox full") == "subject=*mailbox full* | response=*mailbox full*");
  BOOST_TEST(tried("") == "");
  BOOST_TEST(tried(" \t\n") == "");
}

BOOST_AUTO_TEST_CASE(what_else_was_asked_stays) {
  Query base;
  base.status = {"bounced"};
  base.limit = 7;
  for (auto& q : understand("alice@example.org", base).tries) {
    BOOST_TEST(q.status.size() == 1u);
    BOOST_TEST(q.limit == 7);
  }
}
