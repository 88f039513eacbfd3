// Facts made by hand into a tracker and its rows into maps.
#pragma once
#include <string>
#include <vector>

#include "core/track/tracker.h"
#include "tests/traces/replay.h"

namespace mailtrace {

struct TrackerFixture {
  TrackerConfig config;
  StoredRows rows;
  MapCache cache;
  std::unique_ptr<Tracker> tracker = make();
  uint64_t sequence = 0;
  Time received = time_from_us(1'795'464'000'000'000);
  std::string host = "mx1", program = "postfix/smtpd", pid = "11";
  bool whole_seconds = false, imported = false;

  std::unique_ptr<Tracker> make(Cache* with = nullptr) {
    return Tracker::make(config, with,
                         [this](const std::string& server, const std::string& queue_id, Time at) {
                           ++asked;
                           return rows.find_open(server, queue_id, at);
                         });
  }
  int asked = 0;

  static Time at(double seconds) {
    return time_from_us(1'795'464'000'000'000 + static_cast<int64_t>(seconds * 1e6));
  }

  // A line logged `seconds` after the start. Equal text, time and pid: the same line.
  void apply(double seconds, const Fact& fact, const std::string& more = {}) {
    std::string text = format_fact(fact) + more;
    LogLine line;
    line.time = at(seconds);
    line.whole_seconds = whole_seconds;
    if (line.time > received) received = line.time;
    line.received = received;
    line.hostname = host;
    line.app_name = program;
    line.proc_id = pid;
    line.text = line.raw =
        std::holds_alternative<std::monostate>(fact) ? std::string_view(more) : std::string_view(text);
    line.imported = imported;
    line.sequence = ++sequence;
    line.identity = hash_fields({host, std::to_string(to_us(line.time)), program, pid, text});
    tracker->apply(line, fact);
  }
  void collect(bool all = true) {
    for (bool more = true; more;) {
      Batch batch;
      more = tracker->collect(received, all, 1000, batch);
      rows.take(batch);
    }
  }
  void pass(double seconds) {
    received += Microseconds(static_cast<int64_t>(seconds * 1e6));
    collect(false);
  }
  // As after a crash: nothing but the rows is left.
  void restart(Cache* with = nullptr) { tracker = make(with); }

  const ConnectRow* mail(const std::string& queue_id, const std::string& server = "mx1") const {
    const ConnectRow* found = nullptr;
    for (auto& [id, row] : rows.connects)
      if (row.queue_id == queue_id && row.server == server) found = &row;
    return found;
  }
  std::vector<DeliverRow> deliveries(const std::string& queue_id) const {
    std::vector<DeliverRow> out;
    for (auto& [id, row] : rows.deliveries)
      if (row.queue_id == queue_id) out.push_back(row);
    std::sort(out.begin(), out.end(), [](auto& a, auto& b) {
      return std::pair(a.deliver_time, a.recipient) < std::pair(b.deliver_time, b.recipient);
    });
    return out;
  }
  // "sent:a@example.org expired:b@example.org"
  std::string ends(const std::string& queue_id) const {
    std::string out;
    for (auto& row : deliveries(queue_id))
      out += (out.empty() ? "" : " ") + row.status.value_or("?") + ":" + row.recipient.value_or("-");
    return out;
  }
};

inline Opened opened(std::string_view queue_id, std::string_view addr = "192.0.2.7") {
  Opened fact;
  fact.queue_id = queue_id;
  fact.service = "smtpd";
  fact.client = {"client.example.org", addr, 0};
  return fact;
}
inline Opened picked_up(std::string_view queue_id) {
  Opened fact;
  fact.queue_id = queue_id;
  fact.service = "pickup";
  fact.uid = "1000";
  return fact;
}
inline MessageId message_id(std::string_view queue_id, std::string_view id) { return {queue_id, id, false}; }
inline Queued queued(std::string_view queue_id, std::string_view sender = "s@example.org") {
  return {queue_id, sender, 1000, 1};
}
inline Attempt attempt(std::string_view queue_id, std::string_view recipient,
                       Outcome outcome = Outcome::sent) {
  Attempt fact;
  fact.queue_id = queue_id;
  fact.transport = "smtp";
  fact.recipient = recipient;
  fact.relay = {"mx.example.net", "198.51.100.1", 25};
  fact.dsn = outcome == Outcome::sent ? "2.0.0" : "4.0.0";
  fact.outcome = outcome;
  fact.response = "250 ok";
  return fact;
}
inline Attempt handed_to(std::string_view queue_id, std::string_view next, std::string_view addr) {
  Attempt fact = attempt(queue_id, "r@example.net");
  fact.relay = {"next.example.org", addr, 25};
  fact.next_queue_id = next;
  return fact;
}
inline Removed removed(std::string_view queue_id) { return {queue_id}; }

}  // namespace mailtrace
