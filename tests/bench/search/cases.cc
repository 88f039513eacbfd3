#include "tests/bench/search/cases.h"

#include <fmt/format.h>

namespace mailtrace::bench {
namespace {

constexpr double exact = 15, inside = 50;

struct Maker {
  const Traffic& traffic;
  Day last;
  std::vector<Case> cases;

  void add(const char* name, double goal, std::function<void(Query&, Random&)> fill) {
    cases.push_back({name, goal, [fill](Random& random) {
                       Query query;
                       fill(query, random);
                       return query;
                     }});
  }
  void exact_values();
  void beginnings_and_domains();
  void substrings();
  void windows_and_words();
  void roles_and_sorting();
};

// Half of them as frequent as in the log, half of them any address: most are rare.
int64_t any_rank(Random& random, int64_t count) {
  return random.chance(0.5) ? random.rank(count) : random.below(count);
}

Batch mail_of(const Traffic& traffic, Random& random) {
  Batch batch;
  while (batch.deliveries.empty() || !batch.connects.back().queue_id) {
    batch = {};
    traffic.add(random.below(traffic.mails()), batch);
  }
  return batch;
}

std::string part(const std::string& text, size_t from, size_t length) { return text.substr(from, length); }
std::string local_of(const std::string& address) { return address.substr(0, address.find('@')); }

void Maker::exact_values() {
  const Traffic* t = &traffic;
  add("sender", exact, [](Query& q, Random& r) { q.sender = far_address(any_rank(r, far_addresses)); });
  add("recipient", exact, [](Query& q, Random& r) { q.recipient = own_address(any_rank(r, own_addresses)); });
  add("sender or recipient", exact,
      [](Query& q, Random& r) { q.address = own_address(any_rank(r, own_addresses)); });
  add("sender and recipient", exact, [t](Query& q, Random& r) {
    Batch mail = mail_of(*t, r);
    q.sender = mail.connects.back().sender;
    q.recipient = mail.deliveries.back().recipient;
  });
  add("sender, recipient: never met", exact, [](Query& q, Random& r) {
    q.sender = far_address(r.rank(far_addresses));
    q.recipient = own_address(r.rank(own_addresses));
  });
  add("null sender", exact, [](Query& q, Random&) { q.sender = ""; });
  add("address nobody has", exact,
      [](Query& q, Random& r) { q.address = fmt::format("nobody{}@nowhere.example", r.below(1'000'000)); });
  add("message id", exact,
      [t](Query& q, Random& r) { q.message_id = mail_of(*t, r).connects.back().message_id; });
  add("queue id", exact, [t](Query& q, Random& r) { q.queue_id = mail_of(*t, r).connects.back().queue_id; });
  add("queue id of the next server", exact, [t](Query& q, Random& r) {
    Batch mail = mail_of(*t, r);
    while (!mail.deliveries.back().next_queue_id) mail = mail_of(*t, r);
    q.queue_id = mail.deliveries.back().next_queue_id;
  });
  add("client address", exact,
      [](Query& q, Random& r) { q.received_from = client_address(any_rank(r, far_domains), r.below(3)); });
}

void Maker::beginnings_and_domains() {
  add("sender begins", exact, [](Query& q, Random& r) {
    std::string address = far_address(any_rank(r, far_addresses));
    q.sender = part(address, 0, 5 + static_cast<size_t>(r.below(4))) + "*";
  });
  add("recipient begins", exact, [](Query& q, Random& r) {
    std::string address = own_address(any_rank(r, own_addresses));
    q.recipient = part(address, 0, 5 + static_cast<size_t>(r.below(4))) + "*";
  });
  add("recipient's local part", exact,
      [](Query& q, Random& r) { q.recipient = local_of(own_address(any_rank(r, own_addresses))) + "@*"; });
  add("client network", 0, [](Query& q, Random& r) {
    std::string address = client_address(r.rank(far_domains), 0);
    q.received_from = part(address, 0, address.rfind('.') + 1) + "*";
  });
  add("recipient domain, frequent", exact,
      [](Query& q, Random& r) { q.recipient = "@" + own_domain(r.below(20)); });
  add("recipient domain, any own", exact,
      [](Query& q, Random& r) { q.recipient = "@" + own_domain(r.below(own_domains)); });
  add("sender domain, frequent", exact,
      [](Query& q, Random& r) { q.sender = "@" + far_domain(r.below(20)); });
  add("sender domain, middle", exact,
      [](Query& q, Random& r) { q.sender = "@" + far_domain(20 + r.below(500)); });
  add("sender domain, rare", exact,
      [](Query& q, Random& r) { q.sender = "@" + far_domain(500 + r.below(far_domains - 500)); });
  add("domain on either side", exact, [](Query& q, Random& r) {
    q.address = "@" + (r.chance(0.5) ? own_domain(r.rank(own_domains)) : far_domain(r.rank(far_domains)));
  });
  add("domain nobody has", exact,
      [](Query& q, Random& r) { q.address = fmt::format("@nowhere{}.example", r.below(1'000'000)); });
}

void Maker::substrings() {
  auto pieces =
      std::vector<std::string>{"becker", "schmidt", "meyer", "anna", "support", "trade", "bank", "wolf"};
  add("substring, frequent", inside, [pieces](Query& q, Random& r) {
    q.address = "*" + pieces[static_cast<size_t>(r.below(static_cast<int64_t>(pieces.size())))] + "*";
  });
  add("substring, middle", inside, [pieces](Query& q, Random& r) {
    // A name and two digits: tens to hundreds of addresses.
    q.address = fmt::format("*{}{}*", pieces[static_cast<size_t>(r.below(4))], 10 + r.below(90));
  });
  add("substring, rare", inside, [](Query& q, Random& r) {
    std::string address = far_address(any_rank(r, far_addresses));
    q.address = "*" + part(address, 2, 9) + "*";
  });
  add("substring of the recipient", inside, [](Query& q, Random& r) {
    std::string address = own_address(any_rank(r, own_addresses));
    q.recipient = "*" + part(address, 3, 7) + "*";
  });
  add("substring, none found", inside,
      [](Query& q, Random& r) { q.address = fmt::format("*qx{}xq*", r.below(1'000'000)); });
  add("substring of two letters", 0, [](Query& q, Random& r) {
    q.recipient =
        fmt::format("*{:c}{:c}*", static_cast<char>('a' + r.below(26)), static_cast<char>('a' + r.below(26)));
  });
}

void Maker::windows_and_words() {
  auto hour = [day = last](Random& r, int64_t back) {
    return Time(day - std::chrono::days(r.below(back))) + std::chrono::hours(r.below(23));
  };
  add("newest", exact, [](Query&, Random&) {});
  add("one hour", exact, [hour](Query& q, Random& r) {
    q.connect_from = hour(r, 14);
    q.connect_to = *q.connect_from + std::chrono::hours(1);
  });
  add("delivered in one hour", 0, [hour](Query& q, Random& r) {
    q.deliver_from = hour(r, 14);
    q.deliver_to = *q.deliver_from + std::chrono::hours(1);
  });
  add("recipient in one day", exact, [hour](Query& q, Random& r) {
    q.recipient = own_address(any_rank(r, own_addresses));
    q.connect_from = hour(r, 14);
    q.connect_to = *q.connect_from + std::chrono::days(1);
  });
  add("substring in one day", inside,
      [hour, pieces = std::vector<std::string>{"becker", "meyer1", "wolf22"}](Query& q, Random& r) {
        q.recipient = "*" + pieces[static_cast<size_t>(r.below(3))] + "*";
        q.connect_from = hour(r, 14);
        q.connect_to = *q.connect_from + std::chrono::days(1);
      });
  add("status bounced", 0, [](Query& q, Random&) { q.status = {"bounced"}; });
  add("status discarded", 0, [](Query& q, Random&) { q.status = {"discarded"}; });
  add("status held: none", 0, [](Query& q, Random&) { q.status = {"held"}; });
  add("deferred in one hour", 0, [hour](Query& q, Random& r) {
    q.status = {"deferred"};
    q.connect_from = hour(r, 14);
    q.connect_to = *q.connect_from + std::chrono::hours(1);
  });
  add("bounced of a frequent domain", 0, [](Query& q, Random& r) {
    q.status = {"bounced"};
    q.recipient = "@" + own_domain(r.below(20));
  });
  add("bounced of a sender", exact, [](Query& q, Random& r) {
    q.status = {"bounced"};
    q.sender = far_address(any_rank(r, far_addresses));
  });
  add("response, frequent", 0, [](Query& q, Random&) { q.response = "mailbox is full"; });
  add("response, rare", 0, [](Query& q, Random& r) { q.response = far_address(r.below(far_addresses)); });
  add("response, none found", 0,
      [](Query& q, Random& r) { q.response = fmt::format("no such words {}", r.below(1'000'000)); });
  add("logged by a host", 0,
      [](Query& q, Random& r) { q.logged_by = fmt::format("mx{}.example.org", 1 + r.below(4)); });
  add("login", 0, [](Query& q, Random& r) { q.sasl_user = own_address(r.rank(own_addresses)); });
  add("relay, frequent", 0, [](Query& q, Random& r) { q.sent_to = "mx." + far_domain(r.below(20)); });
}

void Maker::roles_and_sorting() {
  auto own = [](Query& q, Random& r) {
    q.only_addresses = std::vector{own_address(any_rank(r, own_addresses))};
  };
  add("user: everything own", exact, own);
  add("user: a sender", exact, [own](Query& q, Random& r) {
    own(q, r);
    q.sender = far_address(r.rank(far_addresses));
  });
  add("user: a domain", exact, [own](Query& q, Random& r) {
    own(q, r);
    q.sender = "@" + far_domain(r.rank(far_domains));
  });
  add("user: substring", inside, [own](Query& q, Random& r) {
    own(q, r);
    q.sender = "*becker*";
  });
  add("user: response", 0, [own](Query& q, Random& r) {
    own(q, r);
    q.response = "full";
  });
  add("helpdesk: a domain", exact,
      [](Query& q, Random& r) { q.only_addresses = std::vector{"@" + own_domain(r.below(own_domains))}; });
  add("helpdesk: response of a domain", 0, [](Query& q, Random& r) {
    q.only_addresses = std::vector{"@" + own_domain(r.below(own_domains))};
    q.response = "full";
  });
  add("recipient, oldest first", exact, [](Query& q, Random& r) {
    q.recipient = own_address(any_rank(r, own_addresses));
    q.ascending = true;
  });
  add("domain, oldest first", exact, [](Query& q, Random& r) {
    q.recipient = "@" + own_domain(r.below(20));
    q.ascending = true;
  });
  add("recipient, by sender", 0, [](Query& q, Random& r) {
    q.recipient = own_address(any_rank(r, own_addresses));
    q.sort = Query::Sort::sender;
    q.ascending = true;
  });
  add("domain of a day, by recipient", 0, [day = last](Query& q, Random& r) {
    q.recipient = "@" + own_domain(r.below(20));
    q.connect_from = Time(day - std::chrono::days(r.below(14)));
    q.connect_to = *q.connect_from + std::chrono::days(1);
    q.sort = Query::Sort::recipient;
    q.ascending = true;
  });
  add("everything, by status", 0, [](Query& q, Random&) { q.sort = Query::Sort::status; });
}

}  // namespace

std::vector<Case> search_cases(const Traffic& traffic, Day last) {
  Maker maker{traffic, last, {}};
  maker.exact_values();
  maker.beginnings_and_domains();
  maker.substrings();
  maker.windows_and_words();
  maker.roles_and_sorting();
  return std::move(maker.cases);
}

}  // namespace mailtrace::bench
