#include "tests/bench/search/traffic.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>

namespace mailtrace::bench {
namespace {

constexpr std::array first_names{
    "anna",  "boris", "carla",  "david", "elena", "felix",  "greta", "hanna",   "ivan",    "julia", "karl",
    "lena",  "maria", "nils",   "olga",  "peter", "quint",  "rosa",  "stefan",  "tanja",   "ute",   "viktor",
    "wanda", "xaver", "yvonne", "zoe",   "info",  "office", "sales", "support", "noreply", "news"};
constexpr std::array last_names{
    "becker",    "schmidt", "meyer",    "wagner",  "hoffmann", "koch",       "richter",  "klein",
    "wolf",      "neumann", "zimmer",   "braun",   "krause",   "lehmann",    "koenig",   "walter",
    "huber",     "kaiser",  "fuchs",    "peters",  "lang",     "scholz",     "moeller",  "weiss",
    "jung",      "hahn",    "vogel",    "keller",  "guenther", "frank",      "berger",   "winkler",
    "roth",      "beck",    "lorenz",   "baumann", "franke",   "albrecht",   "schuster", "simon",
    "ludwig",    "boehm",   "winter",   "kraus",   "martin",   "schumacher", "vogt",     "stein",
    "jaeger",    "otto",    "sommer",   "gross",   "seidel",   "heinrich",   "brandt",   "haas",
    "schreiber", "graf",    "dietrich", "ziegler", "kuhn",     "pohl",       "engel",    "horn"};
constexpr std::array words{"blue",  "north", "river", "stone", "cloud",  "green",  "alpha", "bright",
                           "delta", "ember", "field", "grand", "harbor", "iron",   "jade",  "kite",
                           "lake",  "maple", "noble", "ocean", "pine",   "quick",  "royal", "silver",
                           "terra", "union", "vista", "west",  "amber",  "zenith", "coral", "dawn"};
constexpr std::array things{"mail", "works", "soft", "trade", "media", "net",  "shop", "data",
                            "labs", "group", "tech", "logic", "press", "bank", "care", "design"};
constexpr std::array servers{"mx1.example.org", "mx2.example.org",  "mx3.example.org",
                             "mx4.example.org", "out1.example.org", "out2.example.org"};

uint64_t mixed(uint64_t v) { return Random(v).next(); }

template <class List>
const char* pick(const List& list, uint64_t by) {
  return list[by % list.size()];
}

std::string local_part(uint64_t seed, int64_t rank) {
  uint64_t h = mixed(seed + static_cast<uint64_t>(rank));
  const char* first = pick(first_names, h);
  const char* last = pick(last_names, h >> 8);
  switch ((h >> 16) % 4) {
    case 0:
      return fmt::format("{}.{}{}", first, last, rank);
    case 1:
      return fmt::format("{:.1}{}{}", first, last, rank);
    case 2:
      return fmt::format("{}{}", first, rank);
    default:
      return fmt::format("{}_{:.1}{}", last, first, rank);
  }
}

std::string domain_name(uint64_t seed, int64_t rank) {
  uint64_t h = mixed(seed + static_cast<uint64_t>(rank));
  return fmt::format("{}{}{}.example", pick(words, h), pick(things, h >> 8), rank);
}

// postfix.org/postconf.5.html#enable_long_queue_ids: seconds and microseconds in base 52, "z", inode in
// base 51.
std::string queue_id_of(Time birth, uint64_t inode) {
  constexpr std::string_view digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
  auto encode = [&](uint64_t value, size_t width, uint64_t base) {
    std::string out(width, '0');
    for (size_t i = width; i-- > 0; value /= base) out[i] = digits[value % base];
    return out;
  };
  auto us = static_cast<uint64_t>(to_us(birth));
  return encode(us / 1'000'000, 6, 52) + encode(us % 1'000'000, 4, 52) + "z" + encode(inode, 4, 51);
}

int64_t far_domain_of(int64_t address) {
  return Random(0xD0 + static_cast<uint64_t>(address)).rank(far_domains);
}
int64_t own_domain_of(int64_t address) {
  return Random(0xE0000000 + static_cast<uint64_t>(address)).rank(own_domains);
}

// One mail on its way into the rows.
class Writer {
 public:
  Writer(uint64_t number, Time birth, Batch& out) : random_(number), birth_(birth), out_(out) {}
  void write();

 private:
  void refused();
  void incoming(bool bounce);
  void outgoing(int64_t recipients);
  void open(const char* server);
  void client(int64_t domain);
  void attempts(const std::string& recipient, int64_t far);
  DeliverRow& attempt(const std::string& recipient, const char* status, double after);
  void answer(DeliverRow& row, int64_t code, const char* dsn, std::string response) const;

  Random random_;
  Time birth_;
  Batch& out_;
  ConnectRow mail_;
  int tried_ = 0;
};

void Writer::write() {
  double kind = random_.unit();
  if (kind < 0.14)
    refused();
  else if (kind < 0.70)
    incoming(kind < 0.17);
  else
    outgoing(kind < 0.975 ? 1 + (kind < 0.76 ? random_.below(3) : 0) : 5 + random_.below(20));
  out_.connects.push_back(std::move(mail_));
}

void Writer::open(const char* server) {
  mail_.server = server;
  uint64_t inode = random_.next() % 5'000'000;
  mail_.queue_id = queue_id_of(birth_, inode);
  mail_.id = make_id(birth_, hash_fields({mail_.server, *mail_.queue_id}));
  mail_.day = mail_.id.day();
  mail_.connect_time = birth_;
  mail_.instance = "postfix";
  mail_.service = "smtpd";
  mail_.protocol = "ESMTP";
  mail_.size = 900 + random_.below(60'000);
  mail_.end_time = birth_ + std::chrono::seconds(2);
  mail_.flags = row_flag::opened | row_flag::removed;
  if (random_.chance(0.8)) mail_.tls = "TLSv1.3 TLS_AES_256_GCM_SHA384 (Anonymous)";
}

void Writer::client(int64_t domain) {
  mail_.client_name = "mail." + far_domain(domain);
  mail_.client_addr = client_address(domain, random_.below(3));
}

void Writer::refused() {
  int64_t far = random_.rank(far_addresses);
  open(servers[static_cast<size_t>(random_.below(4))]);
  mail_.queue_id.reset();
  mail_.message_id.reset();
  mail_.size.reset();
  mail_.end_time.reset();
  mail_.flags = row_flag::opened | row_flag::refused;
  mail_.sender = far_address(far);
  client(far_domain_of(far));
  std::string recipient = own_address(random_.rank(own_addresses));
  double why = random_.unit();
  if (why < 0.4) {
    answer(attempt(recipient, "blocked", 0.2), 554, "5.7.1",
           fmt::format("554 5.7.1 Service unavailable; Client host [{}] blocked using blocklist.example",
                       *mail_.client_addr));
  } else if (why < 0.7) {
    answer(attempt(recipient, "greylisted", 0.2), 450, "4.2.0",
           fmt::format("450 4.2.0 <{}>: Recipient address rejected: Greylisted", recipient));
  } else {
    answer(attempt(recipient, "rejected", 0.2), 550, "5.1.1",
           fmt::format("550 5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table",
                       recipient));
  }
}

void Writer::incoming(bool bounce) {
  int64_t far = random_.rank(far_addresses);
  open(servers[static_cast<size_t>(random_.below(4))]);
  mail_.sender = bounce ? "" : far_address(far);
  client(far_domain_of(far));
  mail_.message_id = fmt::format("{:016x}.{:x}@{}", random_.next(), to_us(birth_) / 1'000'000,
                                 far_domain(far_domain_of(far)));
  if (random_.chance(0.5)) {
    mail_.dkim = "pass";
    mail_.spam_score = static_cast<double>(random_.below(120)) / 10 - 4;
  }
  mail_.recipients = random_.chance(0.9) ? 1 : 2 + random_.below(3);
  for (int64_t i = 0; i < *mail_.recipients; ++i) attempts(own_address(random_.rank(own_addresses)), -1);
}

void Writer::outgoing(int64_t recipients) {
  open(servers[static_cast<size_t>(4 + random_.below(2))]);
  int64_t own = random_.rank(own_addresses);
  mail_.sender = own_address(own);
  mail_.sasl_user = mail_.sender;
  mail_.service = "submission/smtpd";
  mail_.client_name = "unknown";
  mail_.client_addr = client_address(own % 1000, 3 + random_.below(60));
  mail_.message_id = fmt::format("{:016x}.{:x}@{}", random_.next(), to_us(birth_) / 1'000'000,
                                 own_domain(own_domain_of(own)));
  mail_.recipients = recipients;
  for (int64_t i = 0; i < recipients; ++i) {
    int64_t far = random_.rank(far_addresses);
    attempts(far_address(far), far);
  }
}

DeliverRow& Writer::attempt(const std::string& recipient, const char* status, double after) {
  DeliverRow& row = out_.deliveries.emplace_back();
  row.day = mail_.day;
  row.connect_id = mail_.id;
  row.id = make_id(birth_, hash_fields({mail_.id.hex(), recipient, std::to_string(++tried_)}));
  row.connect_time = birth_;
  row.deliver_time = birth_ + Microseconds(static_cast<int64_t>(after * 1e6));
  row.server = mail_.server;
  row.queue_id = mail_.queue_id;
  row.recipient = recipient;
  row.status = status;
  row.delay = after;
  row.flags = mail_.flags & row_flag::refused;
  return row;
}

void Writer::answer(DeliverRow& row, int64_t code, const char* dsn, std::string response) const {
  row.smtp_code = code;
  row.dsn = dsn;
  row.response = std::move(response);
}

// All attempts for one recipient; `far`: its rank, or -1 for an own mailbox.
void Writer::attempts(const std::string& recipient, int64_t far) {
  int64_t domain = far < 0 ? 0 : far_domain_of(far);
  double after = 0.1 + random_.unit() * 3;
  auto route = [&](DeliverRow& row) {
    row.transport = far < 0 ? "lmtp" : "smtp";
    row.relay_name = far < 0 ? "mailbox.example.org" : "mx." + far_domain(domain);
    row.relay_addr = far < 0 ? "private/dovecot-lmtp" : client_address(domain, 0);
    if (far >= 0) row.relay_port = 25;
    row.delay_before = 0.05;
    row.delay_queue = 0.01;
    row.delay_connect = 0.02;
    row.delay_transmit = after;
    if (far < 0 && random_.chance(0.08)) row.original_recipient = "alias-" + recipient;
  };
  bool arrives = true;
  if (random_.chance(0.03)) {
    for (int64_t i = 1 + random_.below(4); i > 0; --i, after = after * 2 + 300) {
      DeliverRow& row = attempt(recipient, "deferred", after);
      route(row);
      if (random_.chance(0.5))
        answer(row, 452, "4.2.2", "452 4.2.2 <" + recipient + "> Mailbox is full / Quota exceeded");
      else
        answer(row, 450, "4.4.1", fmt::format("connect to {}:25: Connection timed out", *row.relay_name));
    }
    arrives = random_.chance(0.9);
  }
  double end = random_.unit();
  DeliverRow& row = attempt(recipient,
                            !arrives      ? "expired"
                            : end < 0.02  ? "bounced"
                            : end < 0.023 ? "discarded"
                                          : "sent",
                            after);
  route(row);
  if (*row.status == "bounced") {
    answer(row, 550, "5.1.1", "550 5.1.1 <" + recipient + ">: user does not exist");
  } else if (*row.status == "sent") {
    std::string next = queue_id_of(row.deliver_time, random_.next() % 5'000'000);
    answer(row, 250, "2.0.0",
           (far < 0 ? "250 2.0.0 <" + recipient + "> Saved " : "250 2.0.0 Ok: queued as ") + next);
    if (far >= 0) row.next_queue_id = next;
  }
}

}  // namespace

uint64_t Random::next() {
  // splitmix64, public domain, prng.di.unimi.it
  uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

int64_t Random::rank(int64_t count) {
  constexpr double s = 0.8;
  double area = std::pow(static_cast<double>(count + 1), 1 - s) - 1;
  auto value = static_cast<int64_t>(std::pow(1 + unit() * area, 1 / (1 - s))) - 1;
  return std::min(value, count - 1);
}

std::string own_domain(int64_t rank) { return domain_name(0xB0000, rank); }
std::string far_domain(int64_t rank) { return domain_name(0xC00000, rank); }
std::string own_address(int64_t rank) {
  return local_part(0x10000000, rank) + "@" + own_domain(own_domain_of(rank));
}
std::string far_address(int64_t rank) {
  return local_part(0x20000000, rank) + "@" + far_domain(far_domain_of(rank));
}

// RFC 2544: 198.18.0.0/15 is for benchmarks.
std::string client_address(int64_t domain, int64_t number) {
  uint64_t h = mixed(0x77000000 + static_cast<uint64_t>(domain)) % (1u << 17);
  h = (h + static_cast<uint64_t>(number)) % (1u << 17);
  return fmt::format("198.{}.{}.{}", 18 + (h >> 16), (h >> 8) & 255, h & 255);
}

Traffic::Traffic(int64_t deliveries, Day last, int days)
    : first_(last - std::chrono::days(days - 1)), days_(days) {
  // How many deliveries a mail has is known from some of them.
  constexpr int64_t some = 50'000;
  Batch batch;
  mails_ = some;
  for (int64_t i = 0; i < some; ++i) add(i, batch);
  double each = static_cast<double>(batch.deliveries.size()) / static_cast<double>(some);
  mails_ = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(deliveries) / each));
}

// More at noon than at midnight.
Time Traffic::birth(int64_t number) const {
  double share = static_cast<double>(number) / static_cast<double>(mails_) * days_;
  double whole = std::floor(share), part = share - whole;
  part += 0.1 * std::sin(2 * std::numbers::pi * part);
  return Time(first_) + Microseconds(static_cast<int64_t>((whole + part) * 86'400e6));
}

void Traffic::add(int64_t number, Batch& out) const {
  Writer(static_cast<uint64_t>(number), birth(number), out).write();
}

}  // namespace mailtrace::bench
