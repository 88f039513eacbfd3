#include "core/answer/proof_hosts.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/answer/time_words.h"
#include "core/mail/coverage.h"

namespace mailtrace {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

// What is usual for a host is told by the time around the one asked for, too.
constexpr hours known_before(72), known_after(24);
// Without a line for longer than this a host is silent, however rarely it speaks.
constexpr hours longest_pause(2);
// Hosts that began to report within so long after another began together.
constexpr hours same_beginning(24);
// A host whose first line came so soon after the first of all was there from the beginning: it had nothing to
// say before.
constexpr std::chrono::minutes first_pause(5);

struct Heard {
  std::vector<HostRow> days;   // in order
  std::vector<HourRow> hours;  // of the time around the asked one
};

using Gap = HostProof::Gap;

// `gap` as far as it lies in the asked time, unless it is known.
void add_gap(std::vector<Gap>& to, Gap gap, Time from, Time until) {
  gap = {std::max(gap.from, from), std::min(gap.to, until)};
  if (gap.from >= gap.to) return;
  bool known = std::any_of(to.begin(), to.end(),
                           [&](const Gap& other) { return gap.from < other.to && other.from < gap.to; });
  if (!known) to.push_back(gap);
}

// Pauses of `longest_pause` and more: between hours with lines, or between days if no hours are counted.
std::vector<Gap> long_pauses(const Heard& heard) {
  std::vector<Gap> spoken;
  for (auto& row : heard.hours)
    if (row.lines() > 0) {
      Time start = Time(row.day) + hours(row.hour);
      spoken.push_back({start, start + hours(1)});
    }
  bool counts_hours = !spoken.empty();
  for (auto& row : heard.days) {
    if (counts_hours) spoken.push_back({row.first_time, row.first_time});
    spoken.push_back({counts_hours ? row.last_time : row.first_time, row.last_time});
  }
  std::sort(spoken.begin(), spoken.end(), [](const Gap& a, const Gap& b) { return a.from < b.from; });
  std::vector<Gap> out;
  Time until = spoken.empty() ? Time{} : spoken.front().to;
  for (auto& each : spoken) {
    if (each.from >= until + longest_pause) out.push_back({until, each.from});
    until = std::max(until, each.to);
  }
  return out;
}

// Unusual silences, to the minute, then what is silence for everybody, but for the time of day at which the
// host is silent as a rule.
std::vector<Gap> gaps_of(const Heard& heard, Time from, Time to, Time known_until) {
  std::vector<Gap> out;
  for (auto& host : coverage(heard.days, heard.hours, from - known_before, known_until))
    for (auto& silence : host.silences) add_gap(out, {silence.from, silence.to}, from, to);
  for (auto& pause : long_pauses(heard))
    if (!is_quiet_time(heard.hours, pause.from, pause.to)) add_gap(out, pause, from, to);
  std::sort(out.begin(), out.end(), [](const Gap& a, const Gap& b) { return a.from < b.from; });
  return out;
}

int64_t lines_of(const Heard& heard, Time from, Time to) {
  Heard asked;
  for (auto& row : heard.days)
    if (row.last_time >= from && row.first_time < to) asked.days.push_back(row);
  for (auto& row : heard.hours) {
    Time start = Time(row.day) + hours(row.hour);
    if (start < to && start + hours(1) > from) asked.hours.push_back(row);
  }
  auto found = coverage(asked.days, asked.hours, from, to);
  return found.empty() ? 0 : found.front().lines;
}

Words host_words(const HostProof& host, Time from, Time to, const ProofOptions& options) {
  auto say = [&](Language language) {
    bool german = language == Language::german;
    const char* text = german ? "{host}: Zeilen vom {first} bis zum {last}, die letzte vor {ago}"
                              : "{host}: lines from {first} to {last}, the last one {ago} ago";
    if (host.first >= to)
      text = german ? "{host}: keine Zeilen aus dieser Zeit; die erste kam am {first}"
                    : "{host}: no lines of this time; the first one came on {first}";
    else if (host.last < from)
      text = german ? "{host}: keine Zeilen aus dieser Zeit; die letzte kam am {last}, vor {ago}"
                    : "{host}: no lines of this time; the last one came on {last}, {ago} ago";
    return fill(text,
                {{"host", host.host},
                 {"first", time_text(host.first, language, options.zone)},
                 {"last", time_text(host.last, language, options.zone)},
                 {"ago", duration_text(static_cast<double>(host.silent_seconds), language, Case::dative)}});
  };
  return {say(Language::english), say(Language::german)};
}

// That nothing came does not say that something is missing.
Words quiet_words(const std::vector<Gap>& gaps, const ProofOptions& options) {
  if (gaps.empty()) return {};
  Microseconds all{};
  for (auto& gap : gaps) all += gap.to - gap.from;
  auto say = [&](Language language) {
    bool german = language == Language::german;
    const char* text =
        german ? "still vom {from} bis zum {to} ({long}); vielleicht gab es nichts zu protokollieren"
               : "quiet from {from} to {to} ({long}); perhaps there was nothing to log";
    if (gaps.size() > 1)
      text = german ? "{count}-mal still, zusammen {long}; vielleicht gab es nichts zu protokollieren"
                    : "quiet {count} times, {long} in all; perhaps there was nothing to log";
    auto length = std::chrono::duration<double>(all).count();
    return fill(text, {{"count", std::to_string(gaps.size())},
                       {"from", time_text(gaps.front().from, language, options.zone)},
                       {"to", time_text(gaps.front().to, language, options.zone)},
                       {"long", duration_text(length, language)}});
  };
  return {say(Language::english), say(Language::german)};
}

// "mx1, mx2 and 3 more"
Words names_of(const std::vector<std::string>& names) {
  constexpr size_t most = 3;
  auto say = [&](bool german) {
    std::string out;
    for (size_t i = 0; i < std::min(most, names.size()); ++i) out += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > most)
      out += fill(german ? " und {more} weitere" : " and {more} more",
                  {{"more", std::to_string(names.size() - most)}});
    return out;
  };
  return {say(false), say(true)};
}

// Why the logs prove nothing: what is known to be missing before what only may be.
Words reason_of(const Proof& proof, bool losses_known, Time from, Time to, const ProofOptions& options) {
  std::vector<std::string> late, ended, quiet;
  for (auto& host : proof.hosts) {
    if (host.since > from)
      late.push_back(host.host);
    else if (host.last + options.quiet < to)
      ended.push_back(host.host);
    else if (!host.gaps.empty())
      quiet.push_back(host.host);
  }
  Words out;
  auto add = [&](const Words& more, const std::vector<std::string>& hosts = {}) {
    auto names = names_of(hosts);
    out.en += (out.en.empty() ? " It may have been here all the same: " : "; ") +
              fill(more.en, {{"hosts", names.en}});
    out.de += (out.de.empty() ? " Sie kann trotzdem hier gewesen sein: " : "; ") +
              fill(more.de, {{"hosts", names.de}});
  };
  if (!proof.losses.empty())
    add({"log lines of this time were lost on their way",
         "Log-Zeilen dieser Zeit gingen unterwegs verloren"});
  if (!losses_known)
    add({"whether log lines were lost on their way is not recorded in this database",
         "ob Log-Zeilen unterwegs verloren gingen, steht nicht in dieser Datenbank"});
  if (!ended.empty())
    add({"no more lines came from {hosts} until the end of this time",
         "bis zum Ende dieser Zeit kamen keine Zeilen mehr von {hosts}"},
        ended);
  if (!late.empty())
    add({"the first lines of {hosts} came later", "die ersten Zeilen von {hosts} kamen später"}, late);
  if (!quiet.empty())
    add({"unusually little came from {hosts}, perhaps because there was nothing to log",
         "von {hosts} kam ungewöhnlich wenig, vielleicht weil es nichts zu protokollieren gab"},
        quiet);
  if (!out.empty()) {
    out.en += '.';
    out.de += '.';
  }
  return out;
}

HostProof proof_of(const std::string& name, const Heard& heard, Time first_of_all, Time from, Time to,
                   Time known_until, const ProofOptions& options) {
  HostProof out;
  out.host = name;
  out.first = heard.days.front().first_time;
  out.last = heard.days.front().last_time;
  for (auto& row : heard.days) {
    out.first = std::min(out.first, row.first_time);
    out.last = std::max(out.last, row.last_time);
  }
  out.since = out.first <= first_of_all + first_pause ? first_of_all : out.first;
  out.lines = lines_of(heard, from, to);
  if (out.first < to && out.last >= from) out.gaps = gaps_of(heard, from, to, known_until);
  out.silent_seconds =
      std::max<int64_t>(0, std::chrono::duration_cast<seconds>(options.now - out.last).count());
  out.complete = out.gaps.empty() && out.since <= from && out.last + options.quiet >= to;
  out.sentence = host_words(out, from, to, options);
  out.quiet = quiet_words(out.gaps, options);
  return out;
}

std::vector<Proof::Loss> losses_of(const std::vector<GapRow>& rows, const ProofOptions& options) {
  std::vector<Proof::Loss> out;
  for (auto& row : rows) {
    Proof::Loss loss{row.first_time, row.last_time, row.lines, row.receiver, row.reason, {}};
    auto lines = row.lines > 0 ? counted(row.lines, {"log line", "Log-Zeile"}, {"log lines", "Log-Zeilen"})
                               : Words{"log lines", "Log-Zeilen"};
    auto say = [&](Language language, const char* text) {
      return fill(text, {{"lines", lines.in(language)},
                         {"receiver", row.receiver},
                         {"from", time_text(row.first_time, language, options.zone)},
                         {"to", time_text(row.last_time, language, options.zone)}});
    };
    loss.words = {say(Language::english, "{receiver} lost {lines} between {from} and {to}"),
                  say(Language::german, "{receiver} verlor {lines} zwischen dem {from} und dem {to}")};
    out.push_back(std::move(loss));
  }
  return out;
}

Time first_of(const std::map<std::string, Heard>& hosts) {
  Time first = Time::max();
  for (auto& [name, heard] : hosts) first = std::min(first, heard.days.front().first_time);
  return first;
}

// Since when all of them reported, if they began together; else when the first one began.
Time beginning(const std::map<std::string, Heard>& hosts) {
  Time first = first_of(hosts), last{};
  for (auto& [name, heard] : hosts) last = std::max(last, heard.days.front().first_time);
  return last - first <= same_beginning ? last : first;
}

}  // namespace

Result<void> prove_hosts(Reader& reader, std::optional<Time>& from, Time to, const ProofOptions& options,
                         Proof& out) {
  auto rows = reader.hosts(Day{}, day_of(std::max(to, options.now)) + days(1));
  if (!rows) return rows.error();
  std::map<std::string, Heard> hosts;
  std::sort(rows->begin(), rows->end(), [](auto& a, auto& b) { return a.day < b.day; });
  for (auto& row : *rows) hosts[row.host].days.push_back(std::move(row));
  if (hosts.empty()) {
    out.sentence = {" No server has sent log lines here.", " Kein Server hat Log-Zeilen hierher geschickt."};
    return {};
  }
  if (!from) from = std::min(beginning(hosts), to);
  Time known_until = std::max(to, std::min<Time>(to + known_after, options.now));
  auto per_hour = reader.hours(*from - known_before, known_until);
  if (!per_hour && per_hour.error().fault != Fault::config) return per_hour.error();
  if (!per_hour) per_hour = std::vector<HourRow>{};  // a database that counts days
  for (auto& row : *per_hour)
    if (auto host = hosts.find(row.host); host != hosts.end()) host->second.hours.push_back(std::move(row));
  auto gaps = reader.gaps(*from, to);
  if (!gaps && gaps.error().fault != Fault::config) return gaps.error();
  if (gaps) out.losses = losses_of(*gaps, options);
  out.complete = out.only_quiet = gaps && out.losses.empty();
  for (auto& [name, heard] : hosts) {
    auto& host =
        out.hosts.emplace_back(proof_of(name, heard, first_of(hosts), *from, to, known_until, options));
    if (!host.complete) out.complete = false;
    if (host.since > *from || host.last + options.quiet < to) out.only_quiet = false;
  }
  if (out.complete) out.only_quiet = false;
  if (!out.complete) out.sentence = reason_of(out, static_cast<bool>(gaps), *from, to, options);
  return {};
}

}  // namespace mailtrace
