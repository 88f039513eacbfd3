// Searching: every field of a query, patterns, pages, and the way from mail to mail.
#include <zstd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
namespace data = boost::unit_test::data;

namespace {

// Names of the mails (their queue ids) with the recipient of each hit, sorted.
std::string found(Reader& reader, const Query& query) {
  auto page = reader.search(query);
  BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
  std::multiset<std::string> names;
  for (const Hit& hit : page->hits) {
    std::string name = hit.connect.queue_id.value_or("-");
    if (hit.deliver) name += ":" + hit.deliver->recipient.value_or("").substr(0, 1);
    names.insert(name);
  }
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

std::string compress(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

}  // namespace

// q1: two recipients; q2: null sender, bounced, a month old; q3: no delivery yet; q4: awkward characters.
struct Mailroom {
  Database database;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Reader> reader;
  Time base = Time(today()) - hours(12);
  ConnectRow q1 = mail(base, "q1"), q2 = mail(base - days(30), "q2"), q3 = mail(base + hours(1), "q3"),
             q4 = mail(base - days(3), "q4");

  explicit Mailroom(const std::string& kind) : database(kind), sink(database.sink()) {
    must(sink->open());
    q1.sender = "Alice@Example.org";
    q1.message_id = "One@example.org";
    q1.client_name = "Client.example.net";
    q1.client_addr = "192.0.2.7";
    q1.sasl_user = "alice";
    q1.subject = "Invoice 100% paid";
    DeliverRow b = delivery(q1, "Bob@Example.com", "sent", seconds(2));
    b.relay_name = "mx.example.com";
    b.relay_addr = "198.51.100.25";
    b.response = "250 2.0.0 Ok: queued as NEXT1";
    b.next_queue_id = "NEXT1";
    DeliverRow c = delivery(q1, "carol@example.com", "deferred", days(2));
    c.original_recipient = "Sales@example.org";
    c.response = "450 4.2.0 Greylisted";
    q2.sender = "";
    q2.message_id = "two@example.org";
    q2.server = "mx2.example.org";
    q2.client_addr = "2001:db8::7";
    DeliverRow d = delivery(q2, "dave@sub.example.com", "bounced", seconds(5));
    d.response = "550-5.1.1 user_unknown";
    d.smtp_code = 550;
    d.dsn = "5.1.1";
    q3.sender = "eve@example.net";
    q4.sender = "per%cent@example.org";
    DeliverRow u = delivery(q4, "under_score@example.com", "sent");
    DeliverRow x = delivery(q4, "back\\slash!@example.com", "sent");
    DeliverRow z = delivery(q4, "z\xC3\xBCrich*star@example.com", "sent");
    u.folder = "(discarded)";
    x.folder = "(discarded), INBOX";
    must(sink->write(batch_of({q1, q2, q3, q4}, {b, c, d, u, x, z})));
    auto made = sink->open_reader();
    BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().text));
    reader = std::move(*made);
  }
  std::string find(const std::function<void(Query&)>& set) {
    Query query;
    set(query);
    return found(*reader, query);
  }
};

BOOST_DATA_TEST_CASE(every_field_is_searched, data::make(all_kinds)) {
  Mailroom room(sample);
  auto find = [&](auto set) { return room.find(set); };
  BOOST_TEST(find([](Query&) {}) == "q1:B q1:c q2:d q3 q4:b q4:u q4:z");
  BOOST_TEST(find([](Query& q) { q.sender = "alice@example.org"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.sender = ""; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.sender = "eve@example.net"; }) == "q3");
  BOOST_TEST(find([](Query& q) { q.recipient = "BOB@example.com"; }) == "q1:B");
  BOOST_TEST(find([](Query& q) { q.recipient = "sales@example.org"; }) == "q1:c");
  BOOST_TEST(find([](Query& q) { q.address = "alice@example.org"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.address = "carol@example.com"; }) == "q1:c");
  BOOST_TEST(find([](Query& q) { q.address = "nobody@example.com"; }) == "");
  BOOST_TEST(find([](Query& q) { q.message_id = "<one@Example.org>"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.message_id = "two@*"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.status = {"bounced", "deferred"}; }) == "q1:c q2:d");
  BOOST_TEST(find([](Query& q) { q.status = {"discarded"}; }) == "q4:u");
  BOOST_TEST(find([](Query& q) { q.status = {"sent"}; }) == "q1:B q4:b q4:z");
  BOOST_TEST(find([&](Query& q) { q.connect_from = room.q1.connect_time; }) == "q1:B q1:c q3");
  BOOST_TEST(find([&](Query& q) { q.connect_to = room.q1.connect_time; }) == "q2:d q4:b q4:u q4:z");
  BOOST_TEST(find([&](Query& q) { q.deliver_from = room.q1.connect_time + days(1); }) == "q1:c");
  BOOST_TEST(find([&](Query& q) { q.deliver_to = room.q2.connect_time + days(1); }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.response = "greylisted"; }) == "q1:c");
  BOOST_TEST(find([](Query& q) { q.response = "user_unknown"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.response = "user%unknown"; }) == "");
  BOOST_TEST(find([](Query& q) { q.response = "550 5.1.1"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.response = "5.1.1"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.response = "550"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.response = "551 5.1.1"; }) == "");
  BOOST_TEST(find([](Query& q) { q.queue_id_connect = "q1"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.queue_id_connect = "Q1"; }) == "");
  BOOST_TEST(find([](Query& q) { q.queue_id_deliver = "NEXT1"; }) == "q1:B");
  BOOST_TEST(find([](Query& q) { q.queue_id_deliver = "q2"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.queue_id = "NEXT1"; }) == "q1:B");
  BOOST_TEST(find([](Query& q) { q.queue_id = "q3"; }) == "q3");
  BOOST_TEST(find([](Query& q) { q.received_from = "client.example.net"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.received_from = "192.0.2.7"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.received_from = "192.0.2.*"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.received_from = "2001:DB8::7"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.sent_to = "mx.example.com"; }) == "q1:B");
  BOOST_TEST(find([](Query& q) { q.sent_to = "198.51.100.25"; }) == "q1:B");
  BOOST_TEST(find([](Query& q) { q.logged_by = "MX2*"; }) == "q2:d");
  BOOST_TEST(find([](Query& q) { q.sasl_user = "Alice"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.subject = "100% PAID"; }) == "q1:B q1:c");
  BOOST_TEST(find([](Query& q) { q.subject = "100_"; }) == "");
  // Together they all must hold.
  BOOST_TEST(find([](Query& q) {
               q.sender = "alice@example.org";
               q.status = {"sent"};
               q.sent_to = "mx*";
             }) == "q1:B");
  BOOST_TEST(find([](Query& q) {
               q.sender = "alice@example.org";
               q.recipient = "dave@sub.example.com";
             }) == "");
}

BOOST_DATA_TEST_CASE(stars_and_only_stars_are_patterns, data::make(all_kinds)) {
  Mailroom room(sample);
  auto recipient = [&](const std::string& text) { return room.find([&](Query& q) { q.recipient = text; }); };
  BOOST_TEST(recipient("@example.com") == "q1:B q1:c q4:b q4:u q4:z");
  BOOST_TEST(recipient("*@example.com") == "q1:B q1:c q4:b q4:u q4:z");
  BOOST_TEST(recipient("*example.com") == "q1:B q1:c q2:d q4:b q4:u q4:z");
  BOOST_TEST(recipient("BO*") == "q1:B");
  BOOST_TEST(recipient("*sub*") == "q2:d");
  BOOST_TEST(recipient("*ob@EXAM*") == "q1:B");
  BOOST_TEST(recipient("*av*sub*") == "q2:d");
  BOOST_TEST(recipient("d*@*EXAMPLE.com") == "q2:d");
  BOOST_TEST(recipient("*sub*av*") == "");
  BOOST_TEST(recipient("*u*") == "q2:d q4:u");  // too short for the dictionary
  BOOST_TEST(recipient("*ale*") == "q1:c");     // the original recipient
  BOOST_TEST(recipient("*") == "q1:B q1:c q2:d q4:b q4:u q4:z");
  BOOST_TEST(recipient("under_score@example.com") == "q4:u");
  BOOST_TEST(recipient("under_*") == "q4:u");
  BOOST_TEST(recipient("*der_sco*") == "q4:u");
  BOOST_TEST(recipient("*der%sco*") == "");
  BOOST_TEST(recipient("*d_r_sco*") == "");
  BOOST_TEST(recipient("*ck\\sl*") == "q4:b");
  BOOST_TEST(recipient("*ash!@ex*") == "q4:b");
  BOOST_TEST(recipient("back\\*") == "q4:b");
  BOOST_TEST(recipient("*%*") == "");
  BOOST_TEST(recipient("*\"*") == "");
  BOOST_TEST(recipient("*\"x\" OR 1*") == "");
  BOOST_TEST(recipient("*'; --*") == "");
  BOOST_TEST(recipient("*rich*star*") == "q4:z");
  BOOST_TEST(recipient("*z\xC3\xBCr*") == "q4:z");
  BOOST_TEST(recipient("*z\xC3*") == "");
  BOOST_TEST(recipient(std::string("*a\0b*", 5)) == "");
  auto sender = [&](const std::string& text) { return room.find([&](Query& q) { q.sender = text; }); };
  BOOST_TEST(sender("*r%ce*") == "q4:b q4:u q4:z");
  BOOST_TEST(sender("*e%e*") == "");
  BOOST_TEST(sender("@example.net") == "q3");
  auto address = [&](const std::string& text) { return room.find([&](Query& q) { q.address = text; }); };
  BOOST_TEST(address("@example.org") == "q1:B q1:c q4:b q4:u q4:z");
  BOOST_TEST(address("*alice*") == "q1:B q1:c");
}

BOOST_DATA_TEST_CASE(users_see_their_own_only, data::make(all_kinds)) {
  Mailroom room(sample);
  auto own = [&](std::vector<std::string> addresses, auto set) {
    return room.find([&](Query& q) {
      q.only_addresses = addresses;
      set(q);
    });
  };
  auto all = [](Query&) {};
  BOOST_TEST(own({"bob@example.com"}, all) == "q1:B");
  BOOST_TEST(own({"ALICE@example.org"}, all) == "q1:B q1:c");
  BOOST_TEST(own({"sales@example.org", "eve@example.net"}, all) == "q1:c q3");
  BOOST_TEST(own({"nobody@example.com"}, all) == "");
  BOOST_TEST(own({"%"}, all) == "");
  BOOST_TEST(own({}, all) == "");
  BOOST_TEST(own({}, [](Query& q) { q.queue_id = "q1"; }) == "");
  BOOST_TEST(own({"@example.net"}, all) == "q3");
  BOOST_TEST(own({"@EXAMPLE.net", "bob@example.com"}, all) == "q1:B q3");
  BOOST_TEST(own({"@example.com"}, all) == "q1:B q1:c q4:b q4:u q4:z");
  BOOST_TEST(own({"@sub.example.com", "eve@example.net"}, all) == "q2:d q3");
  BOOST_TEST(own({"@nowhere.example", "carol@example.com"}, all) == "q1:c");
  BOOST_TEST(own({"@nowhere.example"}, all) == "");
  BOOST_TEST(own({"@example.com"}, [](Query& q) { q.recipient = "*ob@*"; }) == "q1:B");
  BOOST_TEST(own({"@sub.example.com"}, [](Query& q) { q.recipient = "*ob@*"; }) == "");
  BOOST_TEST(own({"@example.com"}, [](Query& q) { q.received_from = "192.0.2.7"; }) == "q1:B q1:c");
  BOOST_TEST(own({"@example.com"}, [](Query& q) { q.status = {"bounced"}; }) == "");
  BOOST_TEST(own({"@"}, all) == "");
  BOOST_TEST(own({"@*"}, all) == "");
  BOOST_TEST(own({"@example.net"}, [](Query& q) { q.recipient = "bob@example.com"; }) == "");
  BOOST_TEST(own({"bob@example.com"}, [](Query& q) { q.queue_id = "q1"; }) == "q1:B");
  BOOST_TEST(own({"bob@example.com"}, [](Query& q) { q.address = "*"; }) == "q1:B");
  BOOST_TEST(own({"bob@example.com"}, [](Query& q) { q.recipient = "carol@example.com"; }) == "");
  BOOST_TEST(own({"bob@example.com"}, [](Query& q) { q.message_id = "two@example.org"; }) == "");
}

BOOST_DATA_TEST_CASE(pages_have_no_gaps_and_no_doubles, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  std::vector<ConnectRow> mails;
  std::vector<DeliverRow> deliveries;
  std::set<std::string> all;
  for (int i = 0; i < 230; ++i) {
    // Several mails in the same millisecond, days apart, some without delivery, one with many.
    ConnectRow row = mail(Time(today()) - hours((i / 3) * 7) + seconds(1), "p" + std::to_string(i));
    row.sender = i % 5 == 0 ? std::string() : "s" + std::to_string(i % 4) + "@example.org";
    mails.push_back(row);
    int count = i == 100 ? 40 : i % 3;
    for (int k = 0; k < count; ++k) {
      deliveries.push_back(
          delivery(row, std::string(1, static_cast<char>('a' + k % 20)) + std::to_string(k) + "@example.com",
                   k % 2 == 0 ? "sent" : "deferred"));
      all.insert(row.id.hex() + deliveries.back().id.hex());
    }
    if (count == 0) all.insert(row.id.hex());
  }
  must(sink->write(batch_of(mails, deliveries)));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  auto walk = [&](Query query) {
    std::multiset<std::string> seen;
    std::vector<Hit> hits;
    for (int pages = 0; pages < 1000; ++pages) {
      auto page = (*reader)->search(query);
      BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
      for (const Hit& hit : page->hits) {
        seen.insert(hit.connect.id.hex() + (hit.deliver ? hit.deliver->id.hex() : ""));
        hits.push_back(hit);
      }
      if (page->next.empty()) break;
      query.after = page->next;
    }
    BOOST_TEST(seen.size() == all.size());
    BOOST_TEST((std::set<std::string>(seen.begin(), seen.end()) == all));
    return hits;
  };
  for (auto sort : {Query::Sort::time, Query::Sort::sender, Query::Sort::recipient, Query::Sort::status}) {
    for (bool ascending : {false, true}) {
      for (int limit : {7, 100}) {
        Query query;
        query.sort = sort;
        query.ascending = ascending;
        query.limit = limit;
        auto hits = walk(query);
        for (size_t i = 1; i < hits.size() && sort == Query::Sort::time; ++i) {
          if (ascending)
            BOOST_REQUIRE((hits[i - 1].connect.id <= hits[i].connect.id));
          else
            BOOST_REQUIRE((hits[i - 1].connect.id >= hits[i].connect.id));
        }
        for (size_t i = 1; i < hits.size() && sort == Query::Sort::status; ++i) {
          auto status = [](const Hit& h) { return h.deliver ? h.deliver->status.value_or("") : ""; };
          if (ascending)
            BOOST_REQUIRE(status(hits[i - 1]) <= status(hits[i]));
          else
            BOOST_REQUIRE(status(hits[i - 1]) >= status(hits[i]));
        }
      }
    }
  }
  // A budget cuts the walk into calls and changes nothing else.
  for (bool ascending : {false, true}) {
    Query query;
    query.ascending = ascending;
    query.limit = 7;
    query.budget_ms = 1;
    auto hits = walk(query);
    for (size_t i = 1; i < hits.size(); ++i) {
      bool in_order = ascending ? hits[i - 1].connect.id <= hits[i].connect.id
                                : hits[i - 1].connect.id >= hits[i].connect.id;
      BOOST_REQUIRE(in_order);
    }
  }
  Query query;
  query.address = "*";
  query.limit = 9;
  std::erase_if(all, [&](const std::string&) { return false; });
  query.after = "nonsense";
  auto refused = (*reader)->search(query);
  BOOST_TEST(!refused);
  query.after = "99999999999999.0.0.0";
  BOOST_TEST(!(*reader)->search(query));
}

// A search that reads everything: what one call may take is kept, and all calls together find all.
BOOST_DATA_TEST_CASE(a_broad_search_is_bounded, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  constexpr int mails = 20'000;
  Batch batch;
  for (int i = 0; i < mails; ++i) {
    batch.connects.push_back(mail(Time(today()) - seconds(i * 2), "b" + std::to_string(i)));
    batch.deliveries.push_back(delivery(batch.connects.back(), "x@example.com", "sent"));
    batch.deliveries.back().response = std::string(300, 'a') + (i == mails - 1 ? "needle" : "straw");
    if (batch.connects.size() < 5000) continue;
    must(sink->write(batch));
    batch = {};
  }
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  Query query;
  query.response = "needle";
  auto all = (*reader)->search(query);  // no budget: one call to the end
  BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().text));
  BOOST_TEST(all->hits.size() == 1u);
  BOOST_TEST(all->complete);
  query.budget_ms = 3;
  size_t calls = 0, hits = 0;
  Time reached = Time(today()) + days(10);
  for (bool complete = false; !complete; ++calls) {
    BOOST_REQUIRE(calls < 10'000);
    auto page = (*reader)->search(query);
    BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
    hits += page->hits.size();
    complete = page->complete;
    BOOST_TEST(complete == page->next.empty());
    BOOST_TEST((page->reached < reached));
    reached = page->reached;
    query.after = page->next;
  }
  BOOST_TEST(hits == 1u);
  BOOST_TEST(calls > 1u);
}

// The shortest stretch that a search looks at has more mails than can be read in the time that is allowed:
// the database stops it, and the reader can be asked again.
BOOST_DATA_TEST_CASE(a_search_that_takes_too_long_is_stopped, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Batch batch;
  for (int i = 0; i < 30'000; ++i) {
    batch.connects.push_back(
        mail(Time(today()) - std::chrono::microseconds(300 * i), "t" + std::to_string(i)));
    batch.deliveries.push_back(delivery(batch.connects.back(), "x@example.com", "sent"));
    batch.deliveries.back().response = std::string(1000, 'a');
  }
  must(sink->write(batch));
  // On a busy machine even its first question may take too long.
  auto impatient = database.sink("read_timeout: 10ms\n");
  auto hasty = impatient->open_reader();
  for (int attempt = 0; !hasty && attempt < 1000; ++attempt) hasty = impatient->open_reader();
  BOOST_REQUIRE_MESSAGE(hasty, (hasty ? "" : hasty.error().text));
  for (int budget_ms : {0, 50}) {
    Query query;
    query.response = "needle";
    query.budget_ms = budget_ms;
    auto page = (*hasty)->search(query);
    // A budget may end before that stretch is reached.
    while (page && !page->next.empty()) {
      query.after = page->next;
      page = (*hasty)->search(query);
    }
    BOOST_REQUIRE(!page);
    BOOST_TEST((page.error().fault == Fault::slow), page.error().text);
    BOOST_TEST(page.error().text.find("took longer than the allowed 10 ms") != std::string::npos,
               page.error().text);
  }
}

// Sorted by anything but time the newest matches take part, no more, and the page says down to where.
BOOST_DATA_TEST_CASE(sorting_is_bounded, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Batch batch;
  for (int i = 0; i < Query::most_sorted + 500; ++i) {
    batch.connects.push_back(mail(Time(today()) - seconds(i), "s" + std::to_string(i)));
    batch.connects.back().sender = i == Query::most_sorted + 100 ? "a@example.org" : "b@example.org";
    if (i == 77) batch.connects.back().sender = "ab@example.org";
  }
  must(sink->write(batch));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  Query query;
  query.sort = Query::Sort::sender;
  query.ascending = true;
  query.limit = 10;
  auto page = (*reader)->search(query);
  BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
  BOOST_REQUIRE_EQUAL(page->hits.size(), 10u);
  BOOST_TEST(page->hits.front().connect.queue_id.value() == "s77");
  BOOST_TEST(!page->complete);
  BOOST_TEST(to_us(page->reached) == to_us(Time(today()) - seconds(Query::most_sorted - 1)));
}

// More addresses than are looked up one by one: the answer is complete all the same.
BOOST_DATA_TEST_CASE(broad_patterns_are_complete, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Batch batch;
  for (int i = 0; i < 700; ++i) {
    batch.connects.push_back(mail(Time(today()) - hours(i), "m" + std::to_string(i)));
    batch.deliveries.push_back(
        delivery(batch.connects.back(), "user" + std::to_string(i) + "@broad.example.com", "sent"));
  }
  must(sink->write(batch));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  Query query;
  query.limit = 1000;
  for (const char* text : {"@broad.example.com", "*broad*", "user*"}) {
    query.recipient = text;
    BOOST_TEST((*reader)->search(query)->hits.size() == 700u, text);
  }
  query.recipient = "*ser69*";
  BOOST_TEST((*reader)->search(query)->hits.size() == 11u);
  query.recipient.reset();
  query.only_addresses = {"@broad.example.com"};
  BOOST_TEST((*reader)->search(query)->hits.size() == 700u);
}

// They go to the database as one value there, so what ends a value must not end it early.
BOOST_DATA_TEST_CASE(hostile_addresses_are_looked_up_as_they_are, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  std::vector<std::string> names{"\"a\\\"b\"@odd.example", "x{,}y@odd.example",    "null@odd.example",
                                 "a'b@odd.example",        "\xc3\xa4@odd.example", "%_!@odd.example",
                                 "\"@\"@odd.example"};
  Batch batch;
  for (size_t i = 0; i < names.size(); ++i) {
    batch.connects.push_back(mail(Time(today()) - hours(i), "o" + std::to_string(i)));
    batch.deliveries.push_back(delivery(batch.connects.back(), names[i], "sent"));
  }
  must(sink->write(batch));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  Query query;
  for (const char* text : {"@odd.example", "*odd*", "*@odd.exam*"}) {
    query.recipient = text;
    BOOST_TEST((*reader)->search(query)->hits.size() == names.size(), text);
  }
  for (const std::string& name : names) {
    query.recipient = name;
    BOOST_TEST((*reader)->search(query)->hits.size() == 1u, name);
  }
  query.recipient = "x{*";
  BOOST_TEST((*reader)->search(query)->hits.size() == 1u);
}

// A reader that was asked before must see days that were not there then, younger and older ones.
BOOST_DATA_TEST_CASE(new_days_are_seen_at_once, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  size_t stored = 0;
  for (int day : {-3, -1, -6, 0, 1, -9}) {
    ConnectRow row = mail(Time(today()) + days(day) + hours(1), "d" + std::to_string(day));
    must(sink->write(batch_of({row}, {delivery(row, "bob@example.com", "sent")})));
    ++stored;
    for (bool ascending : {false, true}) {
      Query query;
      query.recipient = "bob@example.com";
      query.ascending = ascending;
      BOOST_TEST((*reader)->search(query)->hits.size() == stored);
      query.recipient.reset();
      BOOST_TEST((*reader)->search(query)->hits.size() == stored);
    }
  }
}

BOOST_DATA_TEST_CASE(a_trace_follows_only_what_is_confirmed, data::make(all_kinds)) {
  Database database(sample);
  auto sink = database.sink();
  must(sink->open());
  Time base = Time(today()) - hours(3);
  ConnectRow in = mail(base, "IN1");
  in.server = "mx1.example.org";
  ConnectRow store = mail(base + seconds(3), "STORE1");
  store.server = "store.example.org";
  store.client_name = "mx1.example.org";
  store.client_addr = "192.0.2.1";
  DeliverRow hop = delivery(in, "bob@example.com", "sent", seconds(3));
  hop.relay_name = "store.example.org";
  hop.relay_addr = "192.0.2.2";
  hop.next_queue_id = "STORE1";
  DeliverRow end = delivery(store, "bob@example.com", "sent", seconds(1));
  end.next_queue_id = "ELSEWHERE";
  // The same queue id on another own server, from a stranger: no link.
  ConnectRow stranger = mail(base + seconds(2), "STORE1");
  stranger.id = make_id(base + seconds(2), hash_fields({"stranger"}));
  stranger.server = "other.example.org";
  stranger.client_name = "evil.example.net";
  stranger.client_addr = "203.0.113.6";
  // An outside relay claims a queue id that exists here.
  ConnectRow lie = mail(base - seconds(60), "LIE");
  DeliverRow claim = delivery(lie, "x@example.net", "sent", days(1));
  claim.relay_name = "evil.example.net";
  claim.relay_addr = "203.0.113.6";
  claim.next_queue_id = "IN1";
  // A bounce knows where it came from.
  ConnectRow bounce = mail(base + seconds(5), "BOUNCE");
  bounce.origin_id = store.id;
  bounce.origin_kind = "bounce";
  Batch batch = batch_of({in, store, stranger, lie, bounce}, {hop, end, claim});
  batch.lines = {{in.day, in.id, make_id(base, hash_fields({"l2"})),
                  compress("2026-11-23T10:00:03+00:00 mx1 b\n2026-11-23T10:00:01+00:00 mx1 a\n")},
                 {in.day, in.id, make_id(base, hash_fields({"l1"})),
                  compress("2026-11-23T10:00:01+00:00 mx1 a\n2026-11-23T10:00:02+00:00 mx1 c\n")},
                 {in.day, in.id, make_id(base, hash_fields({"l3"})), "damaged"}};
  must(sink->write(batch));
  auto reader = sink->open_reader();
  BOOST_REQUIRE(reader);
  for (const Id& start : {in.id, store.id, bounce.id}) {
    auto trace = (*reader)->trace(start);
    BOOST_REQUIRE_MESSAGE(trace, (trace ? "" : trace.error().text));
    BOOST_REQUIRE_EQUAL(trace->mails.size(), 3u);
    BOOST_TEST((trace->mails[0].connect.id == in.id));
    BOOST_TEST((trace->mails[1].connect.id == store.id));
    BOOST_TEST((trace->mails[2].connect.id == bounce.id));
    BOOST_REQUIRE_EQUAL(trace->links.size(), 2u);
    std::set<std::string> kinds{trace->links[0].kind, trace->links[1].kind};
    BOOST_TEST((kinds == std::set<std::string>{"relay", "bounce"}));
    auto& lines = trace->mails[0].lines;
    BOOST_REQUIRE_EQUAL(lines.size(), 3u);
    BOOST_TEST(lines[0].ends_with("a"));
    BOOST_TEST(lines[1].ends_with("c"));
    BOOST_TEST(lines[2].ends_with("b"));
  }
  BOOST_TEST((*reader)->trace(lie.id)->mails.size() == 1u);
  BOOST_TEST((*reader)->trace(make_id(base, hash_fields({"none"})))->mails.empty());

  auto ids = (*reader)->find("STORE1");
  BOOST_REQUIRE(ids);
  BOOST_TEST((*ids == std::vector<Id>{store.id, stranger.id}));
  BOOST_TEST((*reader)->find(in.id.hex())->size() == 1u);
  BOOST_TEST((*reader)->find("' OR 1=1 --")->empty());
  auto open = (*reader)->find_open("other.example.org", "STORE1", base + seconds(2));
  BOOST_REQUIRE(open && *open);
  BOOST_TEST(((**open).connect.id == stranger.id));
  BOOST_TEST(!*(*reader)->find_open("other.example.org", "STORE1", base + seconds(1)));
  BOOST_TEST(!*(*reader)->find_open("nowhere.example.org", "STORE1", base + days(1)));
}
