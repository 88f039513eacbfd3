// Query and answers: what may be asked of a database (mission row 12). Plain data.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/mail/rows.h"

namespace mailtrace {

// A text criterion. Compared in lower case (addresses, names); `*` at the start and/or end of the text makes
// it a suffix, prefix or substring search. "@example.org" means the domain.
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

  enum class Sort { time, sender, recipient, status } sort = Sort::time;
  bool ascending = false;  // default: newest first
  int limit = 25;          // 1..1000
  // Continue behind this row (Page::next). Opaque to callers.
  std::string after;
  // Every row must also have one of these as sender, recipient or original recipient (role user). Empty: no
  // limit.
  std::vector<std::string> only_addresses;
};

// One result: a delivery with its mail; a mail without deliveries yet has no `deliver`.
struct Hit {
  ConnectRow connect;
  std::optional<DeliverRow> deliver;
};

struct Page {
  std::vector<Hit> hits;
  std::string next;  // for Query::after; empty: no more
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
