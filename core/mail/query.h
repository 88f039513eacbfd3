// Query and answers: what may be asked of a database (mission row 12). Plain data.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/mail/rows.h"

namespace mailtrace {

// A text criterion. Compared in lower case (addresses, names); `*` at its start and/or end makes it a suffix,
// prefix or substring search; in an address it may stand anywhere. "@example.org" means the domain.
struct Query {
  std::optional<std::string> address;     // sender or recipient (also original recipient)
  std::optional<std::string> sender;      // "" is the null sender
  std::optional<std::string> recipient;   // or original recipient
  std::optional<std::string> message_id;  // with or without <>
  std::vector<std::string> status;        // any of
  std::optional<Time> connect_from, connect_to, deliver_from, deliver_to;  // from <= t < to
  std::optional<std::string> response;                                     // SMTP log message
  std::optional<std::string> queue_id_connect, queue_id_deliver;
  std::optional<std::string> queue_id;       // either
  std::optional<std::string> received_from;  // client name or address
  std::optional<std::string> sent_to;        // relay name or address
  std::optional<std::string> logged_by;      // server
  std::optional<std::string> sasl_user, subject;

  // By anything but time: the newest `most_sorted` matches of the range are put in order, no more.
  enum class Sort { time, sender, recipient, status } sort = Sort::time;
  static constexpr int most_sorted = 10'000;
  bool ascending = false;  // default: newest first
  int limit = 25;          // 1..1000
  // How long one call may look, about; what was found until then is the answer, `Page::next` goes on there.
  // 0: until the page is full or all days are read.
  int budget_ms = 0;
  // Continue behind this row (Page::next). Opaque to callers.
  std::string after;
  // Every row must also have one of these as sender, recipient or original recipient; "@example.org" is every
  // address of that domain. An empty list: no row at all. Absent: no limit.
  std::optional<std::vector<std::string>> only_addresses;
};

// One result: a delivery with its mail; a mail without deliveries yet has no `deliver`.
struct Hit {
  ConnectRow connect;
  std::optional<DeliverRow> deliver;
};

struct Page {
  std::vector<Hit> hits;
  std::string next;      // for Query::after; empty: no more
  bool complete = true;  // nothing more behind these hits
  // Not complete: everything born between here and the start of the walk (newest first: the end of the range)
  // has been looked at. With a sort other than time: the oldest moment that took part in it.
  Time reached{};
};

// How many others got the same answer, from the same server.
struct AlikeQuery {
  std::optional<std::string> relay;     // name or address of the server that answered; `*` as in Query
  std::optional<std::string> response;  // phrase or pattern
  std::vector<std::string> status;      // any of; empty: all
  Time since{}, until{};                // zero: now
  int budget_ms = 0;
};
struct Alike {
  int64_t deliveries = 0, recipients = 0, senders = 0;  // distinct addresses; 10000 means that many or more
  Time first{}, last{};                                 // of these deliveries
  bool complete = true;                                 // false: the budget ended at `reached`
  Time reached{};
};

// What an overview page shows. Counts are of deliveries by the time of their mail.
struct OverviewQuery {
  Time from{}, to{};  // from <= t < to
  int top = 20;       // entries of each list
  int budget_ms = 0;
};
struct Overview {
  struct Hour {
    Time start{};
    int64_t mails = 0;
    std::map<std::string, int64_t> deliveries;  // by status
  };
  struct Reason {
    std::string status, dsn, text;  // text: addresses and numbers taken out
    int64_t count = 0;
  };
  // Upper bounds of the classes in which delays are counted, in seconds; the last class has none.
  static constexpr std::array<double, 9> delay_bounds = {0.1, 0.3, 1, 3, 10, 60, 600, 3600, 86400};
  struct Destination {
    std::string name;  // server, or the transport for what stays here
    int64_t sent = 0, deferred = 0, bounced = 0;
    std::array<int64_t, 10> delays{};  // of the sent ones
    double median_delay() const;       // about; the upper bound of its class
  };
  struct Address {
    std::string address;
    int64_t count = 0;
  };
  std::vector<Hour> hours;
  std::vector<Reason> reasons;            // of refusals, most frequent first
  std::vector<Destination> destinations;  // most deferred and bounced first
  std::vector<Address> senders, recipients;
  bool complete = true;
  Time reached{};
  // Adds another stretch of time. Lists of tops become about right: what was in no list is not known.
  void add(const Overview& other, int top);
};

// Everything stored about one mail on one host.
struct Mail {
  ConnectRow connect;
  std::vector<DeliverRow> deliveries;  // by deliver_time, then id
  std::vector<std::string> lines;      // raw, in order of time, no line twice
};

// One mail's way: all mails joined to the asked one, by birth.
struct Trace {
  std::vector<Mail> mails;
  struct Link {
    Id from, to;
    std::string kind;
  };  // kind: as origin_kind
  std::vector<Link> links;
};

}  // namespace mailtrace
