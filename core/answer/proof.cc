// Why nothing was found, and what comes near. The Reader's thread.
#include "core/answer/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/answer/outcome.h"
#include "core/answer/proof_hosts.h"
#include "core/answer/reply.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int most_counted = 25;

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
  // What is left of the time: a search over all days must not hold up the proof itself.
  int budget() const {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
    return static_cast<int>(std::max<int64_t>(1, left.count()));
  }

  const Page* ask(Query q) {
    if (late() || error_) return nullptr;
    q.limit = std::min(q.limit, most_counted);
    q.budget_ms = budget();
    auto page = reader_.search(q);
    if (!page) {
      error_ = page.error();
      return nullptr;
    }
    page_ = std::move(*page);
    return page_.hits.empty() ? nullptr : &page_;
  }

  bool try_query(NearMissKind kind, const std::string& value, Query q) {
    q.limit = most_counted;
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
        base = {"at another time: {count}, the newest {time}", "zu anderer Zeit: {count}, zuletzt {time}"};
        break;
      case NearMissKind::other_recipient:
        base = {"from this sender to other recipients: {count}, the newest {time}",
                "von diesem Absender an andere Empfänger: {count}, zuletzt {time}"};
        break;
      case NearMissKind::other_status:
        base = {"with another status: {count}, the newest {time}",
                "mit anderem Status: {count}, zuletzt {time}"};
        break;
    }
    return {fill(base.en, {{"value", miss.value},
                           {"count", many},
                           {"time", time_words(Language::english, options_).on(miss.newest)}}),
            fill(base.de, {{"value", miss.value},
                           {"count", many},
                           {"time", time_words(Language::german, options_).on(miss.newest)}})};
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
    q.budget_ms = budget();
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

}  // namespace

std::string_view near_miss_name(NearMissKind kind) {
  constexpr std::string_view names[] = {"similar_address", "other_time", "other_recipient", "other_status",
                                        "same_local_part"};
  return names[static_cast<size_t>(kind)];
}

TimeWords time_words(Language language, const ProofOptions& options) {
  return {language, options.zone, options.read_now ? std::optional(options.now) : std::nullopt};
}

Result<Proof> prove_nothing(Reader& reader, const Query& query, const ProofOptions& options) {
  Proof out;
  auto asked = query.connect_from ? query.connect_from : query.deliver_from;
  auto to = std::min(query.connect_to.value_or(options.now), options.now);
  if (auto done = prove_hosts(options.hosts ? *options.hosts : reader, asked, to, options, out); !done)
    return done.error();
  if (!options.with_hosts) {
    out.hosts.clear();
    out.losses.clear();
    if (out.only_quiet)
      out.sentence = {
          " Some of our servers logged unusually little in that time, perhaps because there was nothing to "
          "log; it may have been here all the same.",
          " Einige unserer Server haben in dieser Zeit ungewöhnlich wenig protokolliert, vielleicht weil es "
          "nichts zu protokollieren gab; sie kann trotzdem hier gewesen sein."};
    else
      out.sentence = {
          " Our logs are not complete for that time, so it may have been here all the same.",
          " Unsere Protokolle sind für diese Zeit nicht vollständig; sie kann trotzdem hier gewesen "
          "sein."};
  }
  if (!asked) {
    auto kept = reader.days();
    if (!kept) return kept.error();
    asked = kept->first;
  }
  Time from = *asked;
  auto say = [&](Language language, const char* text) {
    return fill(text, {{"between", time_words(language, options).between(from, to)}});
  };
  if (out.complete && !options.with_hosts)
    out.sentence = {
        say(Language::english, "No such mail came by {between}; our logs are complete for that time."),
        say(Language::german,
            "Es kam {between} keine solche Mail vorbei; unsere Protokolle sind für diese Zeit "
            "vollständig.")};
  else if (out.complete)
    out.sentence = {say(Language::english,
                        "No server that reports here saw such a mail {between}; their logs are "
                        "complete for that time."),
                    say(Language::german,
                        "Kein Server, der hierher meldet, hat {between} eine solche Mail "
                        "gesehen; deren Logs sind für diese Zeit vollständig.")};
  else
    out.sentence = {
        say(Language::english, "No such mail was found {between}.") + out.sentence.en,
        say(Language::german, "Es wurde {between} keine solche Mail gefunden.") + out.sentence.de};
  auto near = Search(reader, query, options).run();
  if (!near) return near.error();
  out.near = std::move(*near);
  return out;
}

std::vector<HostProof::Gap> longest_gaps(const HostProof& host, size_t most) {
  auto out = host.gaps;
  std::stable_sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.to - a.from > b.to - b.from; });
  if (out.size() > most) out.resize(most);
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.from < b.from; });
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
  query.budget_ms = static_cast<int>(options.limit.count());
  // Without an address nobody answered: the name stands in the text alone.
  if (!name.empty() && name != "none")
    query.sent_to = name;
  else
    query.response = "*" + out.server + "[*";
  if (query.response && query.response->find('*', 1) + 1 < query.response->size())
    query.response = "*" + out.server + "*";
  auto page = reader.search(query);
  if (!page) return page.error();
  out.query = query;
  if (auto phrase = longest_phrase(deliver.response.value_or("")); !query.response && !phrase.empty())
    out.query.response = "*" + phrase + "*";
  auto same = plain_reply(deliver.response.value_or(""));
  std::set<std::string> senders;
  std::set<std::pair<Id, std::string>> others;  // however often each was tried
  for (auto& hit : page->hits) {
    if (!hit.deliver || hit.deliver->id == deliver.id || hit.connect.id == deliver.connect_id) continue;
    bool code = hit.deliver->dsn == deliver.dsn && hit.deliver->smtp_code == deliver.smtp_code;
    if (!code || plain_reply(hit.deliver->response.value_or("")).substr(0, 40) != same.substr(0, 40))
      continue;
    others.insert({hit.connect.id, key_of(hit.deliver->recipient)});
    senders.insert(key_of(hit.connect.sender));
    if (!out.since || hit.deliver->deliver_time < *out.since) out.since = hit.deliver->deliver_time;
  }
  out.others = static_cast<int64_t>(others.size());
  out.senders = static_cast<int64_t>(senders.size());
  out.at_least = !page->next.empty();
  if (out.others == 0) return out;
  auto other_deliveries = counted(out.others, {"other delivery", "andere Zustellung"},
                                  {"other deliveries", "andere Zustellungen"});
  auto of_senders = counted(out.senders, {"sender", "Absender"}, {"senders", "Absendern"});
  auto say = [&](Language language, const char* text) {
    return fill(
        text, {{"others", other_deliveries.in(language)},
               {"senders", of_senders.in(language)},
               {"since", time_words(language, options).since(*out.since)},
               {"server", out.server},
               {"least", out.at_least ? (language == Language::german ? "mindestens " : "at least ") : ""}});
  };
  out.sentence = {
      say(Language::english, "The same answer from {server} for {least}{others} of {senders} {since}."),
      say(Language::german, "Dieselbe Antwort von {server} für {least}{others} von {senders} {since}.")};
  return out;
}

std::vector<Company> companies(Reader& reader, const Trace& trace, const std::vector<MailVerdict>& verdicts,
                               const ProofOptions& options) {
  constexpr size_t most = 5;
  std::map<Id, const DeliverRow*> rows;
  for (auto& mail : trace.mails)
    for (auto& row : mail.deliveries) rows[row.id] = &row;
  std::vector<Company> out(verdicts.size());
  std::set<std::string> asked;
  for (size_t i = 0; i < verdicts.size() && asked.size() < most; ++i) {
    auto& v = verdicts[i];
    if (v.tone == Tone::good || v.deliveries.empty()) continue;
    auto row = rows.find(v.deliveries.back());
    if (row == rows.end()) continue;
    if (!asked.insert(v.answered_by + "\n" + plain_reply(v.answer)).second) continue;
    if (auto company = not_alone(reader, *row->second, options)) out[i] = std::move(*company);
  }
  return out;
}

}  // namespace mailtrace
