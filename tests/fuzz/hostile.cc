// Hostile text in log lines: scenarios of hostile.txt, once with harmless values in every field an outsider
// controls and once with pieces of log syntax in them. Both go through header, parsers and tracker; the rows
// must be the same but for the fields themselves. `hostile --lines 1000000 [--seed N] [--scenario NAME]`
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "core/base/text.h"
#include "core/mail/columns.h"
#include "core/mail/row_json.h"
#include "tests/traces/replay.h"

using namespace mailtrace;

namespace {

struct Scenario {
  std::string name;
  std::vector<std::string> lines;
};

// Values of one run of a scenario: those of the harmless lines, and of the hostile ones.
struct Instance {
  const Scenario* scenario = nullptr;
  int number = 0;
  std::map<std::string, std::string> common, harmless, hostile;
};

using Random = std::mt19937_64;

std::vector<Scenario> read_scenarios(const std::string& file, const std::string& only) {
  std::ifstream in(file);
  std::vector<Scenario> out(1);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    if (line.empty())
      out.emplace_back();
    else if (out.back().name.empty())
      out.back().name = line;
    else
      out.back().lines.push_back(line);
  }
  std::erase_if(out, [&](const Scenario& s) { return s.lines.empty() || (!only.empty() && s.name != only); });
  return out;
}

constexpr const char* pieces[] = {
    "status=sent (250 2.0.0 ok)",
    ", status=bounced (",
    "status=deferred",
    "to=<victim@example.org>",
    ", to=<",
    "from=<ceo@bank.example>",
    ", relay=evil[192.0.2.66]:25",
    ", relay=none",
    ", delay=0",
    ", delays=0/0/0/0",
    ", dsn=2.0.0",
    "dsn=5.0.0, ",
    "queued as {q2}",
    "queued as 4jYGwZ6wl4z1cvvZ",
    "forwarded as {q2}",
    "<>",
    "<",
    ">",
    "\"",
    "\\",
    "'",
    "[",
    "]",
    "(",
    ")",
    ",",
    ";",
    ": ",
    "; from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<x>",
    " from localhost[127.0.0.1]",
    " from localhost[127.0.0.1]; from=<x@y.example> to=<z@y.example> proto=SMTP helo=<l>",
    "message-id=<x@y.example>",
    "removed",
    "NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 550 5.1.1",
    "blocked using zen.example",
    "Client host [192.0.2.9] blocked using zen.example",
    "Greylisted",
    "Greylisting in effect",
    "{q}: ",
    "{q2}: client=localhost[127.0.0.1]",
    "Passed CLEAN {RelayedInbound}",
    "Blocked SPAM {DiscardedInbound}",
    "Queue-ID: {q2}",
    "Message-ID: <m@evil.example>",
    "queued_as: {q2}",
    "Hits: 99",
    "stored mail into mailbox 'INBOX'",
    "saved mail to Trash",
    "sieve: msgid=<x>: ",
    "sasl_username=admin",
    "sasl_method=PLAIN, ",
    "client=localhost[127.0.0.1]",
    " -> <victim@example.org>",
    " => ",
    " == x@y.example ",
    "action=greylist, reason=new",
    ", reason=new",
    ", recipient=victim@example.org",
    ", client_address=127.0.0.1",
    ", sender=a@b.example",
    "prepend Received-SPF: Pass",
    "; receiver=x",
    "client-ip=127.0.0.1",
    "said: 550 5.1.1 no",
    " (in reply to RCPT TO command)",
    "host mx.evil.example[192.0.2.66] said: ",
    "#012Nov 23 20:00:00 mx1 postfix/smtp[1]: {q}: to=<victim@example.org>, relay=x, status=sent (250 ok)",
    "#015#012",
    "#033[2J",
    "qid: <{q2}>",
    "id: <m@evil.example>",
    "(default: F (no action): [0.00/15.00]",
    "rcpts: <victim@example.org>",
    "DKIM verification successful",
    "pass",
    "mid=<m@evil.example>",
    "result: . -1 - ",
    "autolearn=no",
    "S=1",
    "id=evil@x",
    "C=\"250 ok\"",
    "R=dn T=smtp",
    "Completed",
    "stat=Sent",
    "msgid=<x>",
    "relay=[127.0.0.1]",
    "\" result=\"Ok\" stat=\"250 x",
    "smtp message msgid={o} size=1 nrcpt=1",
    "relay: Expire for {o}918f7e7b: ",
    "rcpt=<victim@example.org>",
    " removed by root",
    "*** Frozen",
    " PRDR K S=9",
    ": retry timeout exceeded",
    "DSN: Cannot send message for 5 days",
    "orig_to=<victim@example.org>",
    "orig_queue_id={q2}",
    "proto=ESMTP",
    "helo=<localhost>",
    "double-bounce@example.org",
    "milter-reject: END-OF-MESSAGE",
    "header Subject: ",
    "info: header ",
    "5.7.1 ",
    "250 ",
    "%s%n",
    "$(id)",
    "\xC3\xBC",
    "\xE2\x80\xAE",
    "  ",
    "=",
    "@",
    "||"};

std::string with_values(std::string text, const std::map<std::string, std::string>& values) {
  for (size_t at = 0; (at = text.find('{', at)) != std::string::npos;) {
    size_t end = text.find('}', at);
    auto found = end == std::string::npos ? values.end() : values.find(text.substr(at + 1, end - at - 1));
    if (found == values.end()) {
      ++at;
      continue;
    }
    text.replace(at, end + 1 - at, found->second);
    at += found->second.size();
  }
  return text;
}

std::string anything(Random& random, const Instance& one) {
  std::string out;
  size_t count = 1 + random() % 5;
  for (size_t i = 0; i < count; ++i) {
    if (random() % 6 == 0)
      for (size_t k = random() % 8; k > 0; --k) out += static_cast<char>(' ' + random() % 95);
    else
      out += with_values(pieces[random() % std::size(pieces)], one.common);
    if (random() % 3 == 0) out += ' ';
  }
  return out;
}

// A field without blanks at its ends, as every program logs it.
std::string trimmed(std::string text) {
  while (text.starts_with(' ')) text.erase(0, 1);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string only(std::string text, std::string_view allowed) {
  for (char& c : text)
    if (allowed.find(c) == std::string_view::npos) c = '-';
  return text;
}

constexpr std::string_view host_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

// What the programs let through in each field; `n` keeps values of different runs apart.
std::string hostile_value(const std::string& slot, Random& random, const Instance& one) {
  std::string text = anything(random, one), n = std::to_string(one.number);
  if (slot == "sender" || slot == "recipient" || slot == "recipient2")
    return "\"" + escaped(text) + "\"@h" + n + slot.back() + ".example";
  // smtpd.c neuters these in the name a client gives itself.
  if (slot == "helo") {
    for (char& c : text)
      if (std::string_view(" <>()\\\";@").find(c) != std::string_view::npos) c = '?';
    return text + "." + n;
  }
  // What is no host name is logged as unknown.
  if (slot == "name") {
    std::string name = only(text.substr(0, 40), host_characters);
    return "h" + name + "." + n + ".example";
  }
  if (slot == "domain") return only(text.substr(0, 40), host_characters).insert(0, "d") + n + ".example";
  if (slot == "mid") return trimmed(text) + n + "@m";
  if (slot == "quoted") return escaped(trimmed(text) + n);
  return trimmed(trimmed(text) + " " + n);
}

std::string harmless_value(const std::string& slot, int number) {
  std::string n = std::to_string(number) + "z";
  if (slot == "sender" || slot == "recipient" || slot == "recipient2") return "z" + slot + n + "@z.example";
  if (slot == "helo" || slot == "name" || slot == "domain") return "z" + slot + n + ".example";
  return "z" + slot + n;
}

Instance make_instance(const Scenario& scenario, int number, Random& random) {
  Instance one;
  one.scenario = &scenario;
  one.number = number;
  one.common["q"] = fmt::format("{:011X}", 0x4F000000000ull + static_cast<unsigned>(number) * 2u);
  one.common["q2"] = fmt::format("{:011X}", 0x4F000000001ull + static_cast<unsigned>(number) * 2u);
  one.common["x"] = fmt::format("1x{:04d}-{:06d}-1L", number / 1'000'000, number % 1'000'000);
  one.common["s"] = fmt::format("6ANKGx7h{:06d}", number % 1'000'000);
  one.common["o"] = fmt::format("{:08x}", 0x4f000000u + static_cast<unsigned>(number));
  one.common["pid"] = std::to_string(1000 + number % 30'000);
  one.common["ip"] = fmt::format("198.51.{}.{}", number / 250 % 250, 1 + number % 250);
  one.common["session"] = fmt::format("AIKyOSSeBGu{:08d}AzdzOrQ", number);
  for (auto slot : {"sender", "recipient", "recipient2", "helo", "name", "subject", "mid", "reply", "sasl",
                    "text", "domain", "quoted"}) {
    one.harmless[slot] = harmless_value(slot, number);
    one.hostile[slot] = random() % 3 == 0 ? one.harmless[slot] : hostile_value(slot, random, one);
  }
  return one;
}

void add_lines(const Instance& one, bool hostile, std::vector<std::string>& lines) {
  auto values = hostile ? one.hostile : one.harmless;
  values.insert(one.common.begin(), one.common.end());
  Time at = time_from_us(1'795'464'000'000'000) + std::chrono::seconds(one.number * 3);
  for (auto& line : one.scenario->lines) {
    at += std::chrono::milliseconds(10);
    lines.push_back(format_time(at) + " " + with_values(line, values));
  }
}

// Rows without the ids that follow from the text of lines, ordered; in harmless ones the values of the
// hostile run stand in their places.
class Comparable {
 public:
  Comparable(const StoredRows& rows, const std::vector<Instance>& instances, bool hostile)
      : instances_(instances), hostile_(hostile) {
    for (auto& [id, row] : rows.connects)
      labels_[id] = row.server + " " + row.queue_id.value_or("") + " " + format_time(row.connect_time);
    for (auto& [id, row] : rows.connects) add(row);
    for (auto& [id, row] : rows.deliveries) add(row);
    std::sort(out_.begin(), out_.end());
  }
  const std::vector<std::string>& rows() const { return out_; }

 private:
  const Instance* instance_at(Time time) const {
    auto number = (to_us(time) - 1'795'464'000'000'000) / 3'000'000;
    for (auto& one : instances_)
      if (one.number == number) return &one;
    return nullptr;
  }
  template <class Row>
  void put_values(Row& row, const Instance& one) {
    auto put = [&](std::string& text) {
      for (auto& [slot, value] : one.harmless)
        for (size_t at = 0; (at = text.find(value, at)) != std::string::npos;) {
          text.replace(at, value.size(), one.hostile.at(slot));
          at += one.hostile.at(slot).size();
        }
    };
    auto visit = [&](const auto& c) {
      auto& field = row.*c.member;
      using Field = std::decay_t<decltype(field)>;
      if constexpr (std::is_same_v<Field, std::string>) put(field);
      if constexpr (std::is_same_v<Field, std::optional<std::string>>)
        if (field) put(*field);
    };
    if constexpr (std::is_same_v<Row, ConnectRow>)
      connect_columns(visit);
    else
      deliver_columns(visit);
  }
  std::string label(const std::optional<Id>& id) const {
    if (!id) return "";
    auto found = labels_.find(*id);
    return found == labels_.end() ? "elsewhere" : found->second;
  }
  // Exim does not quote a Message-ID: one with a blank, or that begins like a quoted value, has no end that
  // can be told. It may be left out or be cut, and the subject behind it be left out or be a part of it;
  // nothing else may change.
  static void forgive_message_id(ConnectRow& row, const std::map<std::string, std::string>& values) {
    auto& mid = values.at("mid");
    if (mid.find(' ') == std::string::npos && !mid.starts_with('<') && !mid.starts_with('"')) return;
    bool part = row.message_id && mid.find(*row.message_id) != std::string::npos;
    if (part) row.message_id.reset();
    part =
        row.subject && (*row.subject == values.at("quoted") || mid.find(*row.subject) != std::string::npos);
    if (part) row.subject.reset();
  }
  void add(ConnectRow row) {
    if (const Instance* one = instance_at(row.connect_time); one && !hostile_) put_values(row, *one);
    if (row.service == "exim") forgive_message_id(row, instance_at(row.connect_time)->hostile);
    std::string origin = label(row.origin_id);
    row.origin_id.reset();
    row.id = {};
    out_.push_back("connect " + dump_line(to_json(row)) + " origin " + origin);
  }
  void add(DeliverRow row) {
    if (const Instance* one = instance_at(row.deliver_time); one && !hostile_) put_values(row, *one);
    // What another server says it calls the mail is a claim of its own words: it must stand in them.
    if (row.relay_addr && row.relay_addr->starts_with("198.51.100.") && row.next_queue_id && row.response &&
        row.response->find(*row.next_queue_id) != std::string::npos)
      row.next_queue_id.reset();
    std::string mail = label(row.connect_id);
    row.id = row.connect_id = {};
    out_.push_back("deliver " + dump_line(to_json(row)) + " of " + mail);
  }

  const std::vector<Instance>& instances_;
  bool hostile_;
  std::map<Id, std::string> labels_;
  std::vector<std::string> out_;
};

// The rows that only one of the two has; empty: equal.
std::vector<std::string> difference(Replay& replay, const std::vector<Instance>& instances, size_t& lines) {
  std::vector<std::string> harmless, hostile, out;
  for (auto& one : instances) {
    add_lines(one, false, harmless);
    add_lines(one, true, hostile);
  }
  lines += hostile.size();
  auto expected = Comparable(replay.run(harmless), instances, false).rows();
  auto found = Comparable(replay.run(hostile), instances, true).rows();
  for (auto& row : expected)
    if (!std::binary_search(found.begin(), found.end(), row)) out.push_back("expected " + row);
  for (auto& row : found)
    if (!std::binary_search(expected.begin(), expected.end(), row)) out.push_back("found    " + row);
  if (out.empty() && expected.size() != found.size()) out.push_back("a row came twice");
  return out;
}

void report(const Instance& one, const std::vector<std::string>& rows) {
  std::vector<std::string> lines;
  add_lines(one, true, lines);
  std::cout << "\n" << one.scenario->name << ", number " << one.number << "\n";
  for (auto& line : lines) std::cout << "  " << printable(line) << "\n";
  for (auto& row : rows) std::cout << "  " << printable(row) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  size_t wanted = 20'000;
  uint64_t seed = 1;
  std::string scenario;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--lines") wanted = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::string_view(argv[i]) == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::string_view(argv[i]) == "--scenario") scenario = argv[i + 1];
  }
  auto scenarios = read_scenarios(MAILTRACE_SOURCE "/tests/fuzz/hostile.txt", scenario);
  if (scenarios.empty()) {
    std::cerr << "no scenario of that name\n";
    return 2;
  }
  Replay replay;
  Random random(seed);
  size_t lines = 0, runs = 0, shown = 0;
  std::map<std::string, size_t> wrong;
  for (int number = 1; lines < wanted;) {
    std::vector<Instance> instances;
    // Together, so that one may do harm to another.
    for (int i = 0; i < 40; ++i, ++number)
      instances.push_back(make_instance(scenarios[random() % scenarios.size()], number, random));
    runs += instances.size();
    if (difference(replay, instances, lines).empty()) continue;
    bool alone = false;
    for (auto& one : instances) {
      size_t again = 0;
      auto rows = difference(replay, {one}, again);
      if (rows.empty()) continue;
      alone = true;
      if (wrong[one.scenario->name]++ < 2 && shown++ < 20) report(one, rows);
    }
    if (!alone && wrong["together"]++ < 2) {
      size_t again = 0;
      for (auto& row : difference(replay, instances, again)) std::cout << "  " << printable(row) << "\n";
    }
  }
  size_t failures = 0;
  for (auto& [name, count] : wrong) {
    std::cout << name << ": " << count << " wrong\n";
    failures += count;
  }
  std::cout << lines << " hostile lines in " << runs << " runs of " << scenarios.size() << " scenarios, "
            << failures << " wrong (seed " << seed << ")\n";
  return failures ? 1 : 0;
}
