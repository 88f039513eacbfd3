// Longer pasted texts: what ids, addresses and answers stand in them. Any thread.
#include "core/answer/pasted_text.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "core/base/scan.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr size_t most_lines = 2000, most_ids = 12;

bool is_address_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.@").find(c) != std::string_view::npos ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty() && out.size() < most_lines) {
    auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    // Quoted in a reply.
    while (line.starts_with("> ") || line.starts_with(">>")) line.remove_prefix(1);
    out.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

// What stands behind `key` up to one of `stops`; "" if it is not there.
std::string_view behind(std::string_view text, std::string_view key, std::string_view stops) {
  auto at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find_first_of(stops));
}

class Collector {
 public:
  explicit Collector(const Query& base) : base_(base) {}

  // Each value once, the first of a name counts.
  bool add(const char* name, std::string_view value) {
    value = trimmed(value);
    if (value.empty() || value.size() > 998) return false;
    for (auto& part : out_.found)
      if (part.name == name && part.value == value) return false;
    if (has(name) >= most_ids) return false;
    out_.found.push_back({name, part_words(name), std::string(value)});
    return true;
  }
  size_t has(std::string_view name) const {
    return static_cast<size_t>(
        std::count_if(out_.found.begin(), out_.found.end(), [&](auto& part) { return part.name == name; }));
  }
  std::string first(std::string_view name) const {
    for (auto& part : out_.found)
      if (part.name == name) return part.value;
    return {};
  }
  void each(std::string_view name, std::optional<std::string> Query::*member) {
    for (auto& part : out_.found)
      if (part.name == name) {
        Query query = base_;
        query.*member = part.value;
        out_.tries.push_back(std::move(query));
      }
  }
  // Sender, recipient and a time: not before `before` hours of it, nor later than `after`.
  void envelope(hours before, hours after) {
    Query query = base_;
    auto sender = first("sender"), recipient = first("recipient");
    if (!sender.empty()) query.sender = sender;
    if (!recipient.empty()) query.recipient = recipient;
    if (sender.empty() && recipient.empty()) return;
    if (time_ && !query.connect_from && !query.connect_to) {
      Query timed = query;
      timed.connect_from = *time_ - before;
      timed.connect_to = *time_ + after;
      out_.tries.push_back(std::move(timed));
    }
    out_.tries.push_back(query);
    if (sender.empty() || recipient.empty()) return;
    query.sender.reset();
    out_.tries.push_back(std::move(query));
  }
  void time(Time time) {
    if (time_) return;
    time_ = time;
    add("time", format_time(time));
  }
  const std::vector<Query>& tries() const { return out_.tries; }
  Understood take(PasteKind kind) {
    out_.kind = kind;
    return std::move(out_);
  }

 private:
  const Query& base_;
  Understood out_;
  std::optional<Time> time_;
};

// ---- log lines

bool starts_like_a_log(std::string_view line) {
  if (line.starts_with('<')) {
    auto close = line.find('>');
    return close != std::string_view::npos && close > 1 && close <= 4 &&
           std::all_of(line.begin() + 1, line.begin() + static_cast<std::ptrdiff_t>(close),
                       [](char c) { return c >= '0' && c <= '9'; });
  }
  Time time;
  if (parse_time(line.substr(0, line.find(' ')), time) && line.find(' ') != std::string_view::npos)
    return true;
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  auto month = line.size() > 15 ? months.find(line.substr(0, 3)) : std::string_view::npos;
  return month != std::string_view::npos && month % 3 == 0 && line[3] == ' ' && line[9] == ':' &&
         line[12] == ':';
}

// "postfix/smtp[123]: text": a line whose time and host were not copied.
std::string_view behind_tag(std::string_view line) {
  auto end = line.find(": ");
  if (end == std::string_view::npos) return {};
  auto tag = line.substr(0, end);
  if (tag.find(' ') != std::string_view::npos) return {};
  if (tag.find('/') != std::string_view::npos || tag.ends_with("]")) return line.substr(end + 2);
  if (is_queue_id(tag) || tag == "NOQUEUE") return line;
  return {};
}

void read_log_text(std::string_view text, Collector& found) {
  auto id = text.substr(0, text.find_first_of(": "));
  if (id != "NOQUEUE" && is_queue_id(id)) found.add("queue_id", id);
  // The other side's words may hold anything: fields are read before them.
  auto answer = text.find(" (");
  auto status = text.find(" status=");
  auto fields = status != std::string_view::npos && answer > status ? text.substr(0, answer) : text;
  found.add("message_id", behind(fields, "message-id=<", ">"));
  found.add("sender", behind(fields, "from=<", ">"));
  auto recipient = behind(fields, " to=<", ">");
  if (recipient.empty()) recipient = behind(fields, "rcpt=<", ">");
  found.add("recipient", recipient);
  found.add("recipient", behind(fields, "orig_to=<", ">"));
  for (std::string_view key : {"client=", "RCPT from ", "connect from ", "CONNECT from "}) {
    auto peer = behind(fields, key, "]");
    auto open = peer.find('[');
    if (open != std::string_view::npos && is_ip_address(peer.substr(open + 1)))
      found.add("ip_address", peer.substr(open + 1));
  }
  if (status != std::string_view::npos && answer != std::string_view::npos && answer > status) {
    auto said = text.substr(answer + 2);
    if (said.ends_with(')')) said.remove_suffix(1);
    found.add("answer", said);
  }
}

std::optional<Understood> read_log(const std::vector<std::string_view>& lines, const Query& base,
                                   const HeaderOptions& options) {
  Collector found(base);
  bool any = false;
  for (auto line : lines) {
    line = trimmed(line);
    if (line.empty()) continue;
    if (starts_like_a_log(line)) {
      Record record;
      record.received = now();
      record.bytes = line;
      HeaderOptions import = options;
      import.import = true;
      LogLine header;
      parse_header(record, import, header);
      if (header.app_name.empty()) return std::nullopt;
      any = true;
      found.time(header.time);
      found.add("server", header.hostname);
      read_log_text(header.text, found);
      continue;
    }
    auto text = behind_tag(line);
    if (text.empty()) {
      if (any) continue;  // a wrapped line
      return std::nullopt;
    }
    any = true;
    read_log_text(text, found);
  }
  if (!any) return std::nullopt;
  found.each("queue_id", &Query::queue_id);
  found.each("message_id", &Query::message_id);
  found.envelope(days(1), days(1));
  found.each("ip_address", &Query::received_from);
  return found.take(PasteKind::log_line);
}

// ---- headers and notices

struct Field {
  std::string name, value;  // name in lower case, value unfolded
  size_t line = 0;
};

std::vector<Field> fields_of(const std::vector<std::string_view>& lines) {
  std::vector<Field> out;
  bool open = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto line = lines[i];
    if (open && !line.empty() && (line[0] == ' ' || line[0] == '\t') && out.back().value.size() < 4096) {
      (out.back().value += ' ') += trimmed(line);
      continue;
    }
    open = false;
    line = trimmed(line);
    auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 40) continue;
    auto name = line.substr(0, colon);
    if (!std::all_of(name.begin(), name.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-'; }))
      continue;
    out.push_back({lower(name), std::string(trimmed(line.substr(colon + 1))), i});
    open = true;
  }
  return out;
}

// "rfc822; boris@example.org", "smtp; 550 5.1.1 …", "dns; mx.example.org" (RFC 3464 2.1.2)
std::string_view behind_type(std::string_view value) {
  auto semicolon = value.find(';');
  return semicolon == std::string_view::npos || semicolon > 20 ? value : trimmed(value.substr(semicolon + 1));
}

// "by mx1.example.org (Postfix) with ESMTPS id 4jYHD for <boris@example.org>; date"
void read_received(std::string_view value, Collector& found) {
  for (std::string_view key : {" id ", "(Postfix) id "}) {
    auto id = behind(value, key, " ;)");
    if (is_queue_id(id)) found.add("queue_id", id);
  }
  found.add("recipient", behind(value, " for <", ">"));
}

void add_message_id(std::string_view value, Collector& found) {
  auto id = behind(value, "<", ">");
  found.add("message_id", id.empty() ? value.substr(0, value.find(' ')) : id);
}

void read_head(const std::vector<Field>& fields, size_t from, Collector& found) {
  for (auto& field : fields) {
    if (field.line < from) continue;
    if (field.name == "message-id") add_message_id(field.value, found);
    if (field.name == "received") read_received(field.value, found);
    if (field.name == "from" || field.name == "return-path") found.add("sender", address_in(field.value));
    if (field.name == "to" || field.name == "delivered-to" || field.name == "x-original-to")
      found.add("recipient", address_in(field.value));
    if (field.name == "subject") found.add("subject", field.value);
    Time time;
    if (field.name == "date" && parse_mail_date(field.value, time)) found.time(time);
  }
}

std::optional<Understood> read_headers(const std::vector<Field>& fields, const Query& base) {
  static constexpr std::string_view known[] = {"received",     "message-id", "from",        "to",
                                               "date",         "subject",    "return-path", "delivered-to",
                                               "mime-version", "cc"};
  size_t seen = 0;
  for (auto name : known)
    seen += std::any_of(fields.begin(), fields.end(), [&](auto& field) { return field.name == name; });
  if (seen < 2) return std::nullopt;
  Collector found(base);
  read_head(fields, 0, found);
  found.each("message_id", &Query::message_id);
  found.each("queue_id", &Query::queue_id);
  // The Date header is the writer's clock.
  found.envelope(days(1), days(3));
  return found.take(PasteKind::headers);
}

bool is_answer(std::string_view text) {
  return text.size() > 4 && (text[0] == '4' || text[0] == '5') &&
         std::isdigit(static_cast<unsigned char>(text[1])) &&
         std::isdigit(static_cast<unsigned char>(text[2])) && (text[3] == ' ' || text[3] == '-');
}

// The sentences of mail servers, which people copy more often than the machine's part.
void read_notice_words(const std::vector<std::string_view>& lines, Collector& found) {
  for (auto raw : lines) {
    auto line = trimmed(raw);
    // Postfix: "<boris@example.org>: host mx.example.org[192.0.2.1] said: 550 …"
    if (line.starts_with('<') && line.find(">: ") != std::string_view::npos)
      found.add("recipient", address_in(line.substr(0, line.find(">: "))));
    if (auto said = line.find(" said: "); said != std::string_view::npos) {
      if (auto host = behind(line.substr(0, said + 1), "host ", " ["); !host.empty())
        found.add("remote_server", host);
      found.add("answer", line.substr(said + 7));
    }
    // Exchange: "Remote Server returned '550 …'"; qmail: "Remote host said: 550 …"; Google: "The response …"
    for (std::string_view key : {"emote server returned '", "emote server returned ",
                                 "emote Server returned '", "emote Server returned ", "emote host said: ",
                                 "remote server was:", "SMTP error from remote mail server after "}) {
      auto said = behind(line, key, "\n");
      if (said.ends_with('\'')) said.remove_suffix(1);
      if (auto code = said.find(">: "); code != std::string_view::npos) said.remove_prefix(code + 3);
      found.add("answer", said);
    }
    if (line.starts_with("Generating server: ")) found.add("reporting_server", line.substr(19));
    if (is_answer(line)) found.add("answer", line);
    // Exim and Exchange: the address on a line of its own.
    if (line.find(' ') == std::string_view::npos && line.find('@') != std::string_view::npos &&
        line.find(':') == std::string_view::npos)
      found.add("recipient", address_in(line));
    for (std::string_view key :
         {"delivered to ", "zugestellt werden: ", "an folgende Empfänger", "wurde nicht an "})
      if (auto at = line.find(key); at != std::string_view::npos)
        found.add("recipient", address_in(line.substr(at)));
  }
}

// A notice in words that are not known: the first address in it that is not the notice's own sender.
void add_whom_it_names(const std::vector<std::string_view>& lines, Collector& found) {
  for (auto line : lines) {
    auto named = address_in(line);
    auto who = lower(named.substr(0, named.find('@')));
    if (named.empty() || who == "mailer-daemon" || who == "postmaster") continue;
    if (lower(line).starts_with("message-id:")) continue;
    found.add("recipient", named);
    return;
  }
}

std::optional<Understood> read_bounce(const std::vector<std::string_view>& lines,
                                      const std::vector<Field>& fields, std::string_view text,
                                      const Query& base) {
  auto has = [&](std::string_view name) {
    return std::any_of(fields.begin(), fields.end(), [&](auto& field) { return field.name == name; });
  };
  bool report = has("final-recipient") || has("reporting-mta") || has("diagnostic-code");
  static constexpr std::string_view signs[] = {"this is the mail system at host",
                                               "undelivered mail returned",
                                               "delivery status notification",
                                               "could not be delivered",
                                               "wasn't delivered",
                                               "delivery has failed",
                                               "undeliverable:",
                                               "qmail-send program",
                                               "mail delivery failed",
                                               "unzustellbar",
                                               "konnte nicht zugestellt",
                                               "generating server:",
                                               "remote server returned",
                                               " said: 5",
                                               " said: 4",
                                               "mail delivery system",
                                               "returned mail:",
                                               "fehler bei der nachrichtenzustellung",
                                               "empfänger nicht erreicht",
                                               "nicht erreicht werden",
                                               "nachricht nicht zugestellt",
                                               "nicht zugestellt werden",
                                               "zustellung fehlgeschlagen",
                                               "did not reach the following recipient",
                                               "did not reach some or all",
                                               "message not delivered",
                                               "address not found"};
  auto low = lower(text.substr(0, 16384));
  bool words = std::any_of(std::begin(signs), std::end(signs),
                           [&](auto sign) { return low.find(sign) != std::string::npos; });
  if (!report && !words) return std::nullopt;
  Collector found(base);
  for (auto& field : fields) {
    if (field.name == "x-postfix-queue-id") found.add("queue_id", field.value);
    if (field.name == "x-postfix-sender") found.add("sender", address_in(behind_type(field.value)));
    if (field.name == "final-recipient" || field.name == "original-recipient")
      found.add("recipient", address_in(behind_type(field.value)));
    if (field.name == "diagnostic-code") found.add("answer", behind_type(field.value));
    if (field.name == "reporting-mta") found.add("reporting_server", behind_type(field.value));
    if (field.name == "remote-mta") found.add("remote_server", behind_type(field.value));
    if (field.name == "status") found.add("status", field.value);
    Time time;
    if (field.name == "arrival-date" && parse_mail_date(field.value, time)) found.time(time);
  }
  read_notice_words(lines, found);
  if (!report && !found.has("recipient")) add_whom_it_names(lines, found);
  // Behind the report stands the head of the mail it is about; before it, that of the notice itself.
  size_t behind_report = 0;
  for (auto& field : fields)
    if (field.name == "final-recipient" || field.name == "diagnostic-code" || field.name == "action")
      behind_report = field.line + 1;
  for (size_t i = 0; i < lines.size(); ++i)
    if (lower(lines[i].substr(0, 80)).find("original message headers") != std::string::npos)
      behind_report = i + 1;
  read_head(fields, behind_report, found);
  if (!found.has("message_id"))
    for (auto& field : fields)
      if (field.name == "message-id" || field.name == "in-reply-to" || field.name == "references")
        add_message_id(field.value, found);
  found.each("queue_id", &Query::queue_id);
  found.each("message_id", &Query::message_id);
  found.envelope(days(6), days(1));
  if (found.tries().empty()) found.each("answer", &Query::response);
  return found.take(PasteKind::bounce);
}

}  // namespace

std::string address_in(std::string_view text) {
  for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    size_t from = at, to = at + 1;
    while (from > 0 && is_address_char(text[from - 1]) && text[from - 1] != '@') --from;
    while (to < text.size() && is_address_char(text[to]) && text[to] != '@') ++to;
    while (to > at + 1 && std::string_view(".'?!").find(text[to - 1]) != std::string_view::npos) --to;
    while (from < at && text[from] == '\'') ++from;
    if (from < at && to > at + 1) return std::string(text.substr(from, to - from));
  }
  return {};
}

bool parse_mail_date(std::string_view text, Time& out) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (auto comma = text.find(','); comma < 5) text = trimmed(text.substr(comma + 1));
  Scan scan(trimmed(text));
  unsigned day = 0;
  int year = 0, hour = 0, minute = 0, second = 0, zone = 0;
  if (!scan.number(day) || !scan.skip(" ")) return false;
  auto month = months.find(scan.rest().substr(0, 3));
  if (month == std::string_view::npos || month % 3 != 0 || scan.rest().size() < 4) return false;
  scan.skip(scan.rest().substr(0, 3));
  if (!scan.skip(" ") || !scan.number(year) || !scan.skip(" ") || !scan.number(hour) || !scan.skip(":") ||
      !scan.number(minute))
    return false;
  if (scan.skip(":") && !scan.number(second)) return false;
  scan.skip(" ");
  bool behind = scan.skip("-");
  if (behind || scan.skip("+")) scan.number(zone);
  using namespace std::chrono;
  year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                      std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  auto offset = minutes(zone / 100 * 60 + zone % 100);
  out = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - (behind ? -offset : offset);
  return true;
}

std::optional<Understood> read_pasted_text(std::string_view text, const Query& base,
                                           const HeaderOptions& options) {
  auto lines = lines_of(text);
  if (auto log = read_log(lines, base, options)) return log;
  bool one_line = lines.size() == 1;
  if (one_line && text.find(" said: ") == std::string_view::npos) return std::nullopt;
  auto fields = fields_of(lines);
  if (auto bounce = read_bounce(lines, fields, text, base)) return bounce;
  return read_headers(fields, base);
}

}  // namespace mailtrace
