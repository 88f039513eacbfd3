// Why nothing was found, and what comes near. The Reader's thread.
#include "core/answer/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/answer/outcome.h"
#include "core/answer/reply.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::days;
using std::chrono::seconds;

constexpr int counted = 25;

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string local_part(const std::string& address) { return address.substr(0, address.find('@')); }
std::string domain_part(const std::string& address) {
  auto at = address.find('@');
  return at == std::string::npos ? "" : address.substr(at + 1);
}

bool has_times(const Query& q) { return q.connect_from || q.connect_to || q.deliver_from || q.deliver_to; }

Query without_times(Query q) {
  q.connect_from.reset();
  q.connect_to.reset();
  q.deliver_from.reset();
  q.deliver_to.reset();
  q.after.clear();
  q.ascending = false;
  q.sort = Query::Sort::time;
  return q;
}

class Search {
 public:
  Search(Reader& reader, const Query& query, const ProofOptions& options)
      : reader_(reader), query_(query), options_(options), end_(Clock::now() + options.limit) {}

  Result<std::vector<NearMiss>> run() {
    if (has_times(query_)) try_query(NearMissKind::other_time, "", without_times(query_));
    if (!query_.status.empty()) {
      auto q = without_times(query_);
      q.connect_from = query_.connect_from;
      q.connect_to = query_.connect_to;
      q.status.clear();
      try_query(NearMissKind::other_status, "", q);
    }
    if (query_.sender && query_.recipient) {
      auto q = query_;
      q.after.clear();
      q.recipient.reset();
      try_query(NearMissKind::other_recipient, *query_.sender, q);
    }
    for (auto member : {&Query::address, &Query::recipient, &Query::sender}) similar(member);
    if (error_) return *error_;
    return std::move(out_);
  }

 private:
  bool late() const { return Clock::now() >= end_; }

  const Page* ask(Query q) {
    if (late() || error_) return nullptr;
    q.limit = std::min(q.limit, counted);
    auto page = reader_.search(q);
    if (!page) {
      error_ = page.error();
      return nullptr;
    }
    page_ = std::move(*page);
    return page_.hits.empty() ? nullptr : &page_;
  }

  bool try_query(NearMissKind kind, const std::string& value, Query q) {
    q.limit = counted;
    auto* page = ask(q);
    if (!page) return false;
    NearMiss miss;
    miss.kind = kind;
    miss.value = value;
    miss.count = static_cast<int64_t>(page->hits.size());
    miss.more = !page->next.empty();
    miss.newest = page->hits.front().connect.connect_time;
    miss.query = std::move(q);
    miss.words = words(miss);
    out_.push_back(std::move(miss));
    return true;
  }

  Words words(const NearMiss& miss) const {
    auto many = fmt::format("{}{}", miss.count, miss.more ? "+" : "");
    Words base;
    switch (miss.kind) {
      case NearMissKind::similar_address:
        base = {"similar address: {value} ({count})", "ähnliche Adresse: {value} ({count})"};
        break;
      case NearMissKind::same_local_part:
        base = {"the same name at another domain: {value} ({count})",
                "derselbe Name bei anderer Domain: {value} ({count})"};
        break;
      case NearMissKind::other_time:
        base = {"at another time: {count}, the newest on {time}",
                "zu anderer Zeit: {count}, zuletzt am {time}"};
        break;
      case NearMissKind::other_recipient:
        base = {"from this sender to other recipients: {count}, the newest on {time}",
                "von diesem Absender an andere Empfänger: {count}, zuletzt am {time}"};
        break;
      case NearMissKind::other_status:
        base = {"with another status: {count}, the newest on {time}",
                "mit anderem Status: {count}, zuletzt am {time}"};
        break;
    }
    return {fill(base.en, {{"value", miss.value},
                           {"count", many},
                           {"time", time_text(miss.newest, Language::english, options_.zone)}}),
            fill(base.de, {{"value", miss.value},
                           {"count", many},
                           {"time", time_text(miss.newest, Language::german, options_.zone)}})};
  }

  // Addresses that exist and are spelled nearly the same: of the same domain, then of any.
  void similar(std::optional<std::string> Query::*member) {
    auto& asked = query_.*member;
    if (!asked || asked->find('*') != std::string::npos || asked->size() < 4) return;
    auto wanted = lower(*asked);
    auto local = local_part(wanted), domain = domain_part(wanted);
    if (domain.empty()) return;
    std::set<std::string> found;
    if (auto stored = reader_.near_addresses(wanted, 10); stored && !query_.only_addresses) {
      // The dictionary finds slips in long names; short ones and other domains are looked for below.
      found.insert(stored->begin(), stored->end());
      if (local.empty()) {
        propose(member, wanted, found, false);
        return;
      }
    }
    if (local.empty()) {
      // "@exampel.org": domains that begin or end alike.
      collect(member, "*@" + domain.substr(0, std::max<size_t>(2, domain.size() / 2)) + "*", found);
      propose(member, wanted, found, true);
      return;
    }
    collect(member, "@" + domain, found);
    collect(member, local + "@*", found);
    if (local.size() >= 4) collect(member, local.substr(0, local.size() / 2) + "*", found);
    propose(member, wanted, found, false);
  }

  void collect(std::optional<std::string> Query::*member, const std::string& pattern,
               std::set<std::string>& found) {
    Query q;
    q.only_addresses = query_.only_addresses;
    q.*member = pattern;
    q.limit = 200;
    if (late() || error_) return;
    auto page = reader_.search(q);
    if (!page) {
      error_ = page.error();
      return;
    }
    for (auto& hit : page->hits) {
      if (member != &Query::recipient && hit.connect.sender) found.insert(lower(*hit.connect.sender));
      if (member == &Query::sender || !hit.deliver) continue;
      found.insert(key_of(hit.deliver->recipient));
      found.insert(key_of(hit.deliver->original_recipient));
    }
  }

  void propose(std::optional<std::string> Query::*member, const std::string& wanted,
               const std::set<std::string>& found, bool domains) {
    std::vector<std::pair<size_t, std::string>> near;
    std::set<std::string> seen{wanted};
    for (auto& address : found) {
      auto candidate = domains ? "@" + domain_part(address) : address;
      if (candidate.size() < 3 || !seen.insert(candidate).second) continue;
      auto far = distance(wanted, candidate);
      bool same_name = !domains && local_part(candidate) == local_part(wanted);
      if (far <= std::max<size_t>(2, wanted.size() / 8))
        near.emplace_back(far, candidate);
      else if (same_name)
        near.emplace_back(100 + far, candidate);
    }
    std::sort(near.begin(), near.end());
    size_t proposed = 0;
    for (auto& [far, candidate] : near) {
      if (proposed == 3) break;
      auto q = without_times(query_);
      q.*member = candidate;
      proposed +=
          try_query(far >= 100 ? NearMissKind::same_local_part : NearMissKind::similar_address, candidate, q);
    }
  }

  Reader& reader_;
  const Query& query_;
  const ProofOptions& options_;
  const Clock::time_point end_;
  Page page_;
  std::optional<Error> error_;
  std::vector<NearMiss> out_;
};

Words host_words(const HostProof& host, const ProofOptions& options) {
  auto say = [&](Language language) {
    bool german = language == Language::german;
    std::string text = fill(german ? "{host}: Zeilen von {first} bis {last}, die letzte vor {ago}"
                                   : "{host}: lines from {first} to {last}, the last one {ago} ago",
                            {{"host", host.host},
                             {"first", time_text(host.first, language, options.zone)},
                             {"last", time_text(host.last, language, options.zone)},
                             {"ago", duration_text(static_cast<double>(host.silent_seconds), language)}});
    for (auto& gap : host.gaps)
      text += fill(german ? "; keine Zeilen von {from} bis {to}" : "; no lines from {from} to {to}",
                   {{"from", time_text(gap.from, language, options.zone)},
                    {"to", time_text(gap.to, language, options.zone)}});
    return text;
  };
  return {say(Language::english), say(Language::german)};
}

// Whole hours without a line between the first and the last one.
void add_gaps(HostProof& host, const std::set<int64_t>& hours) {
  int64_t before = -1;
  for (int64_t hour : hours) {
    if (before >= 0 && hour > before + 2)
      host.gaps.push_back({time_from_us((before + 1) * 3'600'000'000), time_from_us(hour * 3'600'000'000)});
    before = hour;
  }
}

std::vector<HostProof> hosts_of(std::vector<HostRow> rows, const std::vector<HourRow>& hours,
                                const ProofOptions& options) {
  std::sort(rows.begin(), rows.end(),
            [](auto& a, auto& b) { return std::tie(a.host, a.day) < std::tie(b.host, b.day); });
  std::map<std::string, std::set<int64_t>> heard;
  for (auto& row : hours)
    if (row.lines() > 0) heard[row.host].insert(to_us(Time(row.day)) / 3'600'000'000 + row.hour);
  std::vector<HostProof> out;
  for (auto& row : rows) {
    if (out.empty() || out.back().host != row.host) {
      HostProof& added = out.emplace_back();
      added.host = row.host;
      added.first = row.first_time;
      added.last = row.last_time;
    }
    auto& host = out.back();
    if (!heard.contains(row.host) && row.first_time > host.last + days(1))
      host.gaps.push_back({host.last, row.first_time});
    host.last = std::max(host.last, row.last_time);
    host.lines += row.lines;
  }
  for (auto& host : out) {
    if (auto found = heard.find(host.host); found != heard.end()) add_gaps(host, found->second);
    host.silent_seconds =
        std::max<int64_t>(0, std::chrono::duration_cast<seconds>(options.now - host.last).count());
    host.sentence = host_words(host, options);
  }
  return out;
}

std::vector<Proof::Loss> losses_of(const std::vector<GapRow>& rows, const ProofOptions& options) {
  std::vector<Proof::Loss> out;
  for (auto& row : rows) {
    Proof::Loss loss{row.first_time, row.last_time, row.lines, row.receiver, row.reason, {}};
    auto say = [&](Language language, const char* counted_lines, const char* unknown) {
      return fill(row.lines > 0 ? counted_lines : unknown,
                  {{"count", std::to_string(row.lines)},
                   {"receiver", row.receiver},
                   {"from", time_text(row.first_time, language, options.zone)},
                   {"to", time_text(row.last_time, language, options.zone)}});
    };
    loss.words = {
        say(Language::english, "{count} log lines were lost by {receiver} between {from} and {to}",
            "log lines were lost by {receiver} between {from} and {to}"),
        say(Language::german, "{count} Log-Zeilen gingen bei {receiver} zwischen {from} und {to} verloren",
            "bei {receiver} gingen zwischen {from} und {to} Log-Zeilen verloren")};
    out.push_back(std::move(loss));
  }
  return out;
}

// Hosts, and what was lost of their lines. Databases that count no hours tell days.
Result<void> add_hosts(Reader& reader, Time from, Time to, const ProofOptions& options, Proof& out) {
  auto rows = reader.hosts(day_of(from), day_of(to) + days(1));
  if (!rows) return rows.error();
  auto hours = reader.hours(from, to);
  auto gaps = reader.gaps(from, to);
  out.hosts = hosts_of(std::move(*rows), hours ? *hours : std::vector<HourRow>{}, options);
  if (gaps) out.losses = losses_of(*gaps, options);
  out.complete = !out.hosts.empty() && out.losses.empty();
  for (auto& host : out.hosts)
    if (!host.gaps.empty() || host.last + options.quiet < to || host.first > from + days(1))
      out.complete = false;
  return {};
}

}  // namespace

std::string_view near_miss_name(NearMissKind kind) {
  constexpr std::string_view names[] = {"similar_address", "other_time", "other_recipient", "other_status",
                                        "same_local_part"};
  return names[static_cast<size_t>(kind)];
}

Result<Proof> prove_nothing(Reader& reader, const Query& query, const ProofOptions& options) {
  Proof out;
  auto from = query.connect_from ? *query.connect_from : query.deliver_from ? *query.deliver_from : Time{};
  auto to = std::min(query.connect_to.value_or(options.now), options.now);
  if (from == Time{}) {
    auto kept = reader.days();
    if (!kept) return kept.error();
    from = kept->first;
  }
  if (options.with_hosts) {
    if (auto done = add_hosts(reader, from, to, options, out); !done) return done.error();
  }
  auto say = [&](Language language, const char* text) {
    return fill(text, {{"from", time_text(from, language, options.zone)},
                       {"to", time_text(to, language, options.zone)}});
  };
  if (out.complete)
    out.sentence = {say(Language::english,
                        "No server that reports here saw such a mail between {from} and {to}; their logs are "
                        "complete for that time."),
                    say(Language::german,
                        "Kein Server, der hierher meldet, hat zwischen {from} und {to} eine solche Mail "
                        "gesehen; deren Logs sind für diese Zeit vollständig.")};
  else
    out.sentence = {say(Language::english, "No such mail was found between {from} and {to}."),
                    say(Language::german, "Zwischen {from} und {to} wurde keine solche Mail gefunden.")};
  auto near = Search(reader, query, options).run();
  if (!near) return near.error();
  out.near = std::move(*near);
  return out;
}

Result<Company> not_alone(Reader& reader, const DeliverRow& deliver, const ProofOptions& options,
                          std::chrono::hours window) {
  Company out;
  auto name = deliver.relay_name.value_or(""), address = deliver.relay_addr.value_or("");
  auto by = answered_by(deliver);
  out.server = name.empty() || name == "none" ? by.substr(0, by.find(" [")) : name;
  if (!deliver.status || deliver.status == "sent" || out.server.empty()) return out;
  Query query;
  query.status = {*deliver.status};
  query.deliver_from = options.now - window;
  query.limit = 1000;
  // Without an address nobody answered: the name stands in the text alone.
  if (!name.empty() && name != "none")
    query.sent_to = name;
  else
    query.response = "*" + out.server + "[*";
  if (query.response && query.response->find('*', 1) + 1 < query.response->size())
    query.response = "*" + out.server + "*";
  auto page = reader.search(query);
  if (!page) return page.error();
  auto same = plain_reply(deliver.response.value_or(""));
  std::set<std::string> senders;
  for (auto& hit : page->hits) {
    if (!hit.deliver || hit.deliver->id == deliver.id || hit.connect.id == deliver.connect_id) continue;
    bool code = hit.deliver->dsn == deliver.dsn && hit.deliver->smtp_code == deliver.smtp_code;
    if (!code || plain_reply(hit.deliver->response.value_or("")).substr(0, 40) != same.substr(0, 40))
      continue;
    ++out.others;
    senders.insert(key_of(hit.connect.sender));
    if (!out.since || hit.deliver->deliver_time < *out.since) out.since = hit.deliver->deliver_time;
  }
  out.senders = static_cast<int64_t>(senders.size());
  out.at_least = !page->next.empty();
  if (out.others == 0) return out;
  auto say = [&](Language language, const char* text) {
    return fill(
        text, {{"others", std::to_string(out.others)},
               {"senders", std::to_string(out.senders)},
               {"since", time_text(*out.since, language, options.zone)},
               {"server", out.server},
               {"least", out.at_least ? (language == Language::german ? "mindestens " : "at least ") : ""}});
  };
  out.sentence = {
      say(Language::english,
          "The same answer from {server} for {least}{others} other deliveries of {senders} senders "
          "since {since}."),
      say(Language::german,
          "Dieselbe Antwort von {server} für {least}{others} andere Zustellungen von {senders} "
          "Absendern seit {since}.")};
  return out;
}

}  // namespace mailtrace
