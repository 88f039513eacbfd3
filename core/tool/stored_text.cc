#include "core/tool/stored_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/text.h"

namespace mailtrace {
namespace {

constexpr size_t most_silences = 3, most_gaps = 10, most_samples = 200;

class Writer {
 public:
  Writer(const Stored& stored, const Terminal& terminal) : stored_(stored), terminal_(terminal) {}

  std::string text() {
    servers();
    programs();
    gaps();
    receivers();
    return std::move(out_);
  }

 private:
  void title(std::string_view text) {
    out_ += fmt::format("\n{}\n", terminal_.paint(Colour::bold, terminal_.say(text)));
  }
  std::string span(Time from, Time to) const {
    return fmt::format("{} – {}", terminal_.date_time(from), terminal_.date_time(to));
  }
  std::string counted(int64_t number, std::string_view one, std::string_view many) const {
    return fmt::format("{:>9} {}", number, terminal_.say(number == 1 ? one : many));
  }

  const HostCoverage* coverage_of(const std::string& host) const {
    for (auto& each : stored_.coverage)
      if (each.host == host) return &each;
    return nullptr;
  }

  void servers() {
    title("Servers in the database");
    size_t width = 0;
    for (auto& row : stored_.hosts) width = std::max(width, display_width(printable(row.host)));
    for (auto& row : stored_.hosts) {
      const HostCoverage* coverage = coverage_of(row.host);
      // Days from before hours were counted have their sum alone.
      int64_t lines = std::max(row.lines, coverage ? coverage->lines : 0);
      int64_t unknown = std::max(row.unknown, coverage ? coverage->unknown : 0);
      out_ += fmt::format("  {}  {}  ", fit(printable(row.host), width), span(row.first_time, row.last_time));
      out_ += lines ? counted(lines, "line", "lines") : std::string(terminal_.say("imported"));
      out_ += unknown ? fmt::format(", {} {}\n", unknown, terminal_.say("not understood")) : "\n";
      if (coverage) silences(*coverage);
    }
    if (stored_.hosts.empty()) out_ += fmt::format("  {}\n", terminal_.say("none"));
  }

  void silences(const HostCoverage& host) {
    size_t from = host.silences.size() - std::min(host.silences.size(), most_silences);
    if (from > 0)
      out_ += fmt::format(
          "    {}\n", terminal_.counted(static_cast<int64_t>(from), "earlier silence", "earlier silences"));
    for (size_t i = from; i < host.silences.size(); ++i)
      out_ += fmt::format("    {} {}\n", terminal_.paint(Colour::yellow, terminal_.say("silent")),
                          span(host.silences[i].from, host.silences[i].to));
  }

  void programs() {
    if (stored_.programs.empty()) return;
    title("Lines by program");
    size_t width = 0;
    for (auto& row : stored_.programs) width = std::max(width, display_width(name_of(row)));
    for (auto& row : stored_.programs) {
      out_ += fmt::format("  {}  {} {}, {} {}", fit(name_of(row), width), row.understood,
                          terminal_.say("understood"), row.ignored, terminal_.say("known and ignored"));
      if (row.unknown) out_ += fmt::format(", {} {}", row.unknown, terminal_.say("not understood"));
      if (row.unparsed) out_ += fmt::format(", {} {}", row.unparsed, terminal_.say("without parser"));
      out_ += '\n';
    }
  }
  static std::string name_of(const HourRow& row) {
    return row.program.empty() ? "-" : printable(row.program);
  }

  void gaps() {
    if (stored_.gaps.empty()) return;
    title("Lines lost on the way");
    size_t from = stored_.gaps.size() - std::min(stored_.gaps.size(), most_gaps);
    for (size_t i = from; i < stored_.gaps.size(); ++i) {
      auto& gap = stored_.gaps[i];
      out_ += fmt::format("  {}  {}  {}  {}\n", printable(gap.receiver), span(gap.first_time, gap.last_time),
                          terminal_.counted(gap.lines, "line", "lines"), printable(gap.reason));
    }
  }

  void receivers() {
    if (stored_.checkpoints.empty()) return;
    title("Receivers");
    for (auto& c : stored_.checkpoints)
      out_ +=
          fmt::format("  {}  {} {} ({} {})\n", printable(c.receiver), terminal_.say("stored up to record"),
                      c.sequence, terminal_.say("spool"), printable(c.spool));
  }

  const Stored& stored_;
  const Terminal& terminal_;
  std::string out_;
};

Json hour_json(const HourCount& hour) {
  return {{"start", format_time(hour.start)}, {"lines", hour.lines}, {"unknown", hour.unknown}};
}

Json host_json(const HostRow& row, const HostCoverage* coverage) {
  Json out{{"host", row.host},
           {"first_time", format_time(row.first_time)},
           {"last_time", format_time(row.last_time)},
           {"lines", std::max(row.lines, coverage ? coverage->lines : 0)},
           {"unknown", std::max(row.unknown, coverage ? coverage->unknown : 0)},
           {"hours", Json::array()},
           {"silences", Json::array()}};
  if (!coverage) return out;
  for (auto& hour : coverage->hours) out["hours"].push_back(hour_json(hour));
  for (auto& silence : coverage->silences)
    out["silences"].push_back({{"from", format_time(silence.from)},
                               {"to", format_time(silence.to)},
                               {"usual_seconds", silence.usual.count() / 1'000'000},
                               {"ended", silence.ended}});
  return out;
}

}  // namespace

Result<Stored> read_stored(Reader& reader, int days, bool with_unknown) {
  auto span = reader.days();
  if (!span) return span.error();
  Day today = day_of(now()), newest = span->second == Day{} ? today : span->second;
  Day from = newest - std::chrono::days(days - 1), to = std::max(newest, today);
  Stored out;
  auto hosts = reader.hosts(from, to);
  if (!hosts) return hosts.error();
  out.hosts = joined_hosts(*hosts);
  Time start(from), end = std::min<Time>(Time(to + std::chrono::days(1)), now());
  auto hours = reader.hours(start, end);
  if (!hours) return hours.error();
  out.coverage = coverage(*hosts, *hours, start, end);
  out.programs = by_program(*hours);
  auto gaps = reader.gaps(start, end);
  if (!gaps) return gaps.error();
  out.gaps = std::move(*gaps);
  auto checkpoints = reader.checkpoints();
  if (!checkpoints) return checkpoints.error();
  out.checkpoints = std::move(*checkpoints);
  if (!with_unknown) return out;
  auto unknown = reader.unknown(from, to);
  if (!unknown) return unknown.error();
  out.unknown = joined_unknown(*unknown);
  return out;
}

std::vector<HostRow> joined_hosts(const std::vector<HostRow>& days) {
  std::map<std::string, HostRow> joined;
  for (auto& row : days) {
    auto [at, is_new] = joined.try_emplace(row.host, row);
    if (is_new) continue;
    auto& to = at->second;
    to.first_time = std::min(to.first_time, row.first_time);
    to.last_time = std::max(to.last_time, row.last_time);
    to.lines += row.lines;
    to.unknown += row.unknown;
  }
  std::vector<HostRow> out;
  out.reserve(joined.size());
  for (auto& [host, row] : joined) out.push_back(row);
  return out;
}

std::vector<UnknownRow> joined_unknown(const std::vector<UnknownRow>& rows) {
  struct Joined {
    UnknownRow newest;
    int64_t received = 0, imported = 0;  // two views of the same lines: the larger counts
  };
  std::map<std::pair<std::string, Id>, Joined> joined;
  for (auto& row : rows) {
    auto [at, is_new] = joined.try_emplace({row.program, row.shape}, Joined{row});
    auto& to = at->second.newest;
    (row.source.empty() ? at->second.imported : at->second.received) += row.lines;
    Time first = std::min(to.first_time, row.first_time);
    if (row.last_time > to.last_time) to = row;
    to.first_time = first;
  }
  std::vector<UnknownRow> out;
  out.reserve(joined.size());
  for (auto& [key, each] : joined) {
    each.newest.lines = std::max(each.received, each.imported);
    out.push_back(std::move(each.newest));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const UnknownRow& a, const UnknownRow& b) { return a.lines > b.lines; });
  return out;
}

std::string stored_text(const Stored& stored, const Terminal& terminal) {
  return Writer(stored, terminal).text();
}

std::string unknown_text(const std::vector<UnknownRow>& unknown, const Terminal& terminal) {
  std::string out =
      fmt::format("\n{}\n", terminal.paint(Colour::bold, terminal.say("Lines that no parser understood")));
  for (size_t i = 0; i < std::min(unknown.size(), most_samples); ++i) {
    auto& row = unknown[i];
    out += fmt::format("  {}: {}, {} {}, {}\n    {}\n", printable(row.program),
                       terminal.counted(row.lines, "line", "lines"), terminal.say("last"),
                       terminal.date_time(row.last_time), printable(row.host), printable(row.text));
  }
  if (unknown.empty()) out += fmt::format("  {}\n", terminal.say("none"));
  return out;
}

Json stored_json(const Stored& stored) {
  Json out{{"hosts", Json::array()}, {"programs", Json::array()}, {"gaps", Json::array()}};
  for (auto& row : stored.hosts) {
    auto at = std::find_if(stored.coverage.begin(), stored.coverage.end(),
                           [&](const HostCoverage& each) { return each.host == row.host; });
    out["hosts"].push_back(host_json(row, at == stored.coverage.end() ? nullptr : &*at));
  }
  for (auto& row : stored.programs)
    out["programs"].push_back({{"program", row.program},
                               {"understood", row.understood},
                               {"ignored", row.ignored},
                               {"unknown", row.unknown},
                               {"unparsed", row.unparsed}});
  for (auto& gap : stored.gaps)
    out["gaps"].push_back({{"receiver", gap.receiver},
                           {"kind", gap.kind},
                           {"first_time", format_time(gap.first_time)},
                           {"last_time", format_time(gap.last_time)},
                           {"lines", gap.lines},
                           {"reason", gap.reason}});
  out["unknown"] = Json::array();
  for (auto& row : stored.unknown)
    out["unknown"].push_back({{"program", row.program},
                              {"lines", row.lines},
                              {"first_time", format_time(row.first_time)},
                              {"last_time", format_time(row.last_time)},
                              {"host", row.host},
                              {"text", row.text}});
  out["checkpoints"] = Json::array();
  for (auto& c : stored.checkpoints)
    out["checkpoints"].push_back({{"receiver", c.receiver}, {"spool", c.spool}, {"sequence", c.sequence}});
  return out;
}

std::string expiry_text(const std::optional<ExpiryRecord>& expiry, const Terminal& terminal) {
  auto out = fmt::format("\n{}\n", terminal.paint(Colour::bold, terminal.say("Retention")));
  if (!expiry) return out + fmt::format("  {}\n", terminal.say("mailtrace expire has not run on this host"));
  out += fmt::format("  {} {}: {}\n", terminal.say("last run"), terminal.date_time(expiry->ended),
                     terminal.counted(expiry->max_age_days, "day is kept", "days are kept"));
  for (auto& each : expiry->refused)
    out += fmt::format("  {}\n", terminal.paint(Colour::red, fmt::format("{}: {}: {}", printable(each.what),
                                                                         terminal.say("did not finish"),
                                                                         printable(each.error))));
  return out;
}

}  // namespace mailtrace
