// Trace: everything about one mail, and the way to the mails before and after it. The reader's thread.
#include <zstd.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "core/base/text.h"
#include "plugins/sinks/sql/pattern.h"
#include "plugins/sinks/sql/reader.h"

namespace mailtrace::sql {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr size_t most_mails = 100;
constexpr size_t most_line_bytes = 16u << 20;
// No queue keeps a mail for longer.
constexpr days longest_way(60);

// Lines of one stored chunk. What cannot be read is left out: it is evidence, not a row.
void unpack(const std::string& data, std::vector<std::string>& lines) {
  unsigned long long size = ZSTD_getFrameContentSize(data.data(), data.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > most_line_bytes) return;
  std::string text(size, '\0');
  size_t got = ZSTD_decompress(text.data(), text.size(), data.data(), data.size());
  if (ZSTD_isError(got) != 0) return;
  text.resize(got);
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

// A key that sorts raw lines of one mail by their stamp, RFC 3339 or RFC 3164, without knowing the zone.
std::string stamp_key(std::string_view line) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (line.starts_with('<')) line.remove_prefix(std::min(line.size(), line.find('>') + 1));
  if (line.starts_with("1 ")) line.remove_prefix(2);
  Time time;
  std::string_view word = line.substr(0, line.find(' '));
  if (parse_time(word, time)) return format_time(time);
  if (line.size() < 15) return {};
  size_t month = months.find(line.substr(0, 3));
  if (month == std::string_view::npos || month % 3 != 0) return {};
  return std::string(1, static_cast<char>('a' + month / 3)) + std::string(line.substr(4, 11));
}

Result<std::vector<std::string>> load_lines(Connection& connection, std::span<const Cell> key) {
  auto rows = connection.query(
      "SELECT l.data FROM \"lines\" l WHERE l.day = ? AND l.connect_id = ? ORDER BY l.id LIMIT 1000", key);
  if (!rows) return rows.error();
  std::vector<std::string> all, out;
  for (size_t i = 0; i < rows->size(); ++i) unpack(rows->row(i)->text, all);
  std::unordered_set<std::string_view> seen;
  std::vector<std::pair<std::string, std::string_view>> sorted;
  for (const std::string& line : all) {
    if (seen.insert(line).second) sorted.emplace_back(stamp_key(line), line);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [stamp, line] : sorted) out.emplace_back(line);
  return out;
}

std::string_view first_label(std::string_view host) { return host.substr(0, host.find('.')); }

// Loopback, RFC 1918, link local, RFC 4193.
bool is_private(std::string_view address) {
  if (address == "::1" || address.starts_with("127.") || address.starts_with("10.") ||
      address.starts_with("192.168.") || address.starts_with("169.254."))
    return true;
  std::string low = lower(address.substr(0, 4));
  if (address.find(':') != std::string_view::npos)
    return low.starts_with("fc") || low.starts_with("fd") || low == "fe80";
  if (!address.starts_with("172.")) return false;
  int second = 0;
  for (char c : address.substr(4, 3)) {
    if (c < '0' || c > '9') break;
    second = second * 10 + (c - '0');
  }
  return second >= 16 && second <= 31;
}

// A "queued as" is what the other side claims. It is taken for a hop only if the other mail is the one it
// could be: born in time, on the server the relay was, and from a client this host can be.
bool is_hop(const Mail& parent, const DeliverRow& delivery, const ConnectRow& child) {
  if (!delivery.next_queue_id || child.queue_id != delivery.next_queue_id) return false;
  if (child.origin_id && *child.origin_id != parent.connect.id) return false;
  if (child.connect_time < parent.connect.connect_time ||
      child.connect_time > delivery.deliver_time + seconds(10))
    return false;
  if (child.id == parent.connect.id) return false;
  bool own_networks = delivery.relay_addr && is_private(*delivery.relay_addr) && child.client_addr &&
                      is_private(*child.client_addr);
  bool same_host = child.server == parent.connect.server;
  bool named = delivery.relay_name && !first_label(*delivery.relay_name).empty() &&
               lower(first_label(*delivery.relay_name)) == lower(first_label(child.server));
  if (same_host) return own_networks || (!delivery.relay_addr && !delivery.relay_name);
  bool from_parent = child.client_name &&
                     lower(first_label(*child.client_name)) == lower(first_label(parent.connect.server));
  return (named && (from_parent || own_networks)) || own_networks;
}

class Tracer {
 public:
  explicit Tracer(Connection& connection) : connection_(connection) {}
  Result<Trace> run(const Id& start);

 private:
  Result<void> visit(const Id& id);
  Result<void> parents(const Mail& mail);
  Result<void> children(const Mail& mail);
  Result<Rows> mails(const std::string& condition, std::vector<Cell> parameters) {
    return connection_.query("SELECT " + column_list(connect_table(), "c.", connect_width()) +
                                 " FROM connectlog c WHERE " + condition + " ORDER BY c.day, c.id LIMIT 100",
                             parameters);
  }
  void link(const Id& from, const Id& to, std::string kind) {
    links_[{from, to}] = std::move(kind);
    for (const Id& id : {from, to}) {
      if (!mails_.contains(id)) waiting_.push_back(id);
    }
  }
  static Cell day(Day day) { return Cell(day_value(day)); }

  Connection& connection_;
  std::map<Id, Mail> mails_;
  std::vector<Id> waiting_;
  std::map<std::pair<Id, Id>, std::string> links_;
};

Result<void> Tracer::visit(const Id& id) {
  auto loaded = load_mail(connection_, id.day(), id, true);
  if (!loaded) return loaded.error();
  if (!*loaded) return {};
  const Mail& mail = mails_.emplace(id, std::move(**loaded)).first->second;
  if (auto done = parents(mail); !done) return done;
  return children(mail);
}

Result<void> Tracer::parents(const Mail& mail) {
  const ConnectRow& own = mail.connect;
  if (own.origin_id) link(*own.origin_id, own.id, own.origin_kind.value_or("relay"));
  if (!own.queue_id || own.origin_id) return {};
  auto rows = connection_.query(
      "SELECT d.day, d.connect_id FROM deliverlog d WHERE d.next_queue_id = ? AND d.day BETWEEN ? AND ? "
      "LIMIT 20",
      std::vector<Cell>{Cell(text_value(*own.queue_id)), day(own.day - longest_way), day(own.day + days(1))});
  if (!rows) return rows.error();
  for (size_t i = 0; i < rows->size(); ++i) {
    auto parent =
        load_mail(connection_, day_of_cell(rows->row(i)[0]), id_of(rows->row(i)[1]).value_or(Id{}), false);
    if (!parent) return parent.error();
    if (!*parent) continue;
    for (const DeliverRow& delivery : (*parent)->deliveries) {
      if (is_hop(**parent, delivery, own)) link((*parent)->connect.id, own.id, "relay");
    }
  }
  return {};
}

Result<void> Tracer::children(const Mail& mail) {
  const ConnectRow& own = mail.connect;
  auto born = mails("c.origin_id = ? AND c.day BETWEEN ? AND ?",
                    {Cell(id_value(own.id)), day(own.day - days(1)), day(own.day + longest_way)});
  if (!born) return born.error();
  for (size_t i = 0; i < born->size(); ++i) {
    ConnectRow child;
    read_row(born->row(i), child);
    link(own.id, child.id, child.origin_kind.value_or("relay"));
  }
  for (const DeliverRow& delivery : mail.deliveries) {
    if (!delivery.next_queue_id) continue;
    auto next = mails("c.queue_id = ? AND c.day BETWEEN ? AND ?",
                      {Cell(text_value(*delivery.next_queue_id)), day(own.day),
                       day(day_of(delivery.deliver_time) + days(1))});
    if (!next) return next.error();
    for (size_t i = 0; i < next->size(); ++i) {
      ConnectRow child;
      read_row(next->row(i), child);
      if (is_hop(mail, delivery, child) && !links_.contains({own.id, child.id}))
        link(own.id, child.id, "relay");
    }
  }
  return {};
}

Result<Trace> Tracer::run(const Id& start) {
  waiting_.push_back(start);
  while (!waiting_.empty() && mails_.size() < most_mails) {
    Id id = waiting_.back();
    waiting_.pop_back();
    if (mails_.contains(id)) continue;
    if (auto done = visit(id); !done) return done.error();
  }
  Trace out;
  for (auto& [id, mail] : mails_) out.mails.push_back(std::move(mail));
  std::sort(out.mails.begin(), out.mails.end(), [](const Mail& a, const Mail& b) {
    return std::tie(a.connect.connect_time, a.connect.id) < std::tie(b.connect.connect_time, b.connect.id);
  });
  for (auto& [ends, kind] : links_) {
    if (mails_.contains(ends.first) && mails_.contains(ends.second))
      out.links.push_back({ends.first, ends.second, kind});
  }
  return out;
}

}  // namespace

Result<std::optional<Mail>> load_mail(Connection& connection, Day day, const Id& id, bool with_lines) {
  std::vector<Cell> key{Cell(day_value(day)), Cell(id_value(id))};
  auto connects = connection.query("SELECT " + column_list(connect_table(), "c.", connect_width()) +
                                       " FROM connectlog c WHERE c.day = ? AND c.id = ?",
                                   key);
  if (!connects) return connects.error();
  auto delivers = connection.query("SELECT " + column_list(deliver_table(), "d.", deliver_width()) +
                                       " FROM deliverlog d WHERE d.day = ? AND d.connect_id = ? "
                                       "ORDER BY d.deliver_time, d.id LIMIT 10000",
                                   key);
  if (!delivers) return delivers.error();
  if (connects->empty() && delivers->empty()) return std::optional<Mail>();
  Mail mail;
  for (size_t i = 0; i < delivers->size(); ++i) read_row(delivers->row(i), mail.deliveries.emplace_back());
  if (!connects->empty()) {
    read_row(connects->row(0), mail.connect);
  } else {
    // The delivery was stored before its mail.
    const DeliverRow& known = mail.deliveries.front();
    mail.connect.day = day;
    mail.connect.id = id;
    mail.connect.connect_time = known.connect_time;
    mail.connect.server = known.server;
    mail.connect.queue_id = known.queue_id;
  }
  if (with_lines) {
    auto lines = load_lines(connection, key);
    if (!lines) return lines.error();
    mail.lines = std::move(*lines);
  }
  return std::optional<Mail>(std::move(mail));
}

Result<Trace> trace_mails(Connection& connection, const Id& connect_id) {
  return Tracer(connection).run(connect_id);
}

}  // namespace mailtrace::sql
