// Spans of time in which lines came, and the results in them. Main thread.
#include "core/tool/news.h"

#include <algorithm>
#include <tuple>

namespace mailtrace {
namespace {

using std::chrono::days;
using std::chrono::seconds;

// A mail is stored at the latest ten seconds after its first line (core/track/tracker.h); with a margin for
// slow databases.
constexpr seconds stored_within(30);
// So far behind the newest line of its host may the time of a result lie that is stored after it.
constexpr seconds disorder(60);
// The birth of a mail, as its queue id tells it, is a little before its first line.
constexpr seconds birth(2);
// A host that said nothing for so long has no result that is yet to be stored.
constexpr seconds busy(120);
constexpr days looked_back(30);
// Spans that are nearer to each other are read together.
constexpr std::chrono::minutes apart(10);
constexpr Microseconds tick(1);

Time time_of(const Hit& hit) { return hit.deliver ? hit.deliver->deliver_time : hit.connect.connect_time; }

std::pair<Id, Id> key_of(const Hit& hit) { return {hit.connect.id, hit.deliver ? hit.deliver->id : Id{}}; }

template <class Spans>
bool covers(const Spans& spans, const std::string& host, Time at) {
  return std::any_of(spans.begin(), spans.end(), [&](auto& span) {
    return span.from <= at && at <= span.to && (span.host == host || span.host == "(other)");
  });
}

// The stretches of time that spans cover together, oldest first.
template <class Spans>
std::vector<std::pair<Time, Time>> stretches(const Spans& spans) {
  std::vector<std::pair<Time, Time>> all, out;
  for (auto& span : spans) all.emplace_back(span.from, span.to);
  std::sort(all.begin(), all.end());
  for (auto& [from, to] : all) {
    if (out.empty() || from > out.back().second + apart)
      out.emplace_back(from, to);
    else
      out.back().second = std::max(out.back().second, to);
  }
  return out;
}

std::optional<Time> later(const std::optional<Time>& a, Time b) { return a ? std::max(*a, b) : b; }
std::optional<Time> earlier(const std::optional<Time>& a, Time b) { return a ? std::min(*a, b) : b; }

Query as_walk(Query query) {
  query.sort = Query::Sort::time;
  query.ascending = false;
  query.limit = 1000;
  query.budget_ms = 0;
  query.after.clear();
  return query;
}

}  // namespace

News::News(Reader& reader, const Query& query, std::chrono::milliseconds budget)
    : reader_(reader), query_(as_walk(query)), budget_(budget) {}

Result<std::vector<HostRow>> News::read_hosts(Time today) {
  return reader_.hosts(oldest_, day_of(today) + days(1));
}

Result<void> News::start(Time today) {
  auto stored = reader_.days();
  if (!stored) return stored.error();
  oldest_ = (stored->second == Day{} ? day_of(today) : std::min(stored->second, day_of(today))) - looked_back;
  auto rows = read_hosts(today);
  if (!rows) return rows.error();
  Spans recent;
  for (auto& row : *rows) {
    bool is_busy = row.last_time + busy >= today;
    Time floor = is_busy ? row.last_time - disorder : row.last_time + tick;
    known_[{row.host, row.day}] = {row.first_time, row.last_time, floor, row.lines};
    if (is_busy) recent.push_back({row.host, floor, row.last_time + disorder, {}});
  }
  std::vector<Hit> there;
  return read_new_mails(recent, there);
}

void News::told(const std::vector<Hit>& hits) {
  for (auto& hit : hits) told_[key_of(hit)] = {hit.connect.server, time_of(hit)};
}

void News::compare(const std::vector<HostRow>& rows, Clock::time_point now) {
  auto add = [&](const std::string& host, Time from, Time to) { spans_.push_back({host, from, to, now}); };
  for (auto& row : rows) {
    auto [at, is_new] = known_.try_emplace({row.host, row.day});
    auto& known = at->second;
    if (is_new) {
      known = {row.first_time, row.last_time, row.first_time - birth, row.lines};
      add(row.host, known.floor, row.last_time + disorder);
      continue;
    }
    if (row.last_time > known.last || row.lines > known.lines)
      add(row.host, std::max(known.floor, known.last - disorder), row.last_time + disorder);
    if (row.first_time < known.first) add(row.host, row.first_time - birth, known.first - tick);
    known.first = std::min(known.first, row.first_time);
    known.last = std::max(known.last, row.last_time);
    known.lines = row.lines;
  }
}

void News::take(std::vector<Hit>& hits, const Spans& spans, std::vector<Hit>& out) {
  for (auto& hit : hits) {
    auto at = time_of(hit);
    if (!covers(spans, hit.connect.server, at)) continue;
    if (told_.try_emplace(key_of(hit), hit.connect.server, at).second) out.push_back(std::move(hit));
  }
}

Result<void> News::read_new_mails(const Spans& spans, std::vector<Hit>& out) {
  for (auto& [from, to] : stretches(spans)) {
    Query query = query_;
    query.connect_from = later(query_.connect_from, from);
    query.connect_to = earlier(query_.connect_to, to + tick);
    if (*query.connect_from >= *query.connect_to) continue;
    do {
      auto page = reader_.search(query);
      if (!page) return page.error();
      take(page->hits, spans, out);
      query.after = page->next;
    } while (!query.after.empty());
  }
  return {};
}

// False: there is nothing to walk for.
bool News::begin_walk() {
  walked_ = spans_;
  std::erase_if(spans_, [](const Span& span) { return span.settled; });
  auto times = stretches(walked_);
  if (times.empty()) return false;
  walk_ = query_;
  walk_.deliver_from = later(query_.deliver_from, times.front().first);
  walk_.deliver_to = earlier(query_.deliver_to, times.back().second + tick);
  // Younger mails were read.
  walk_.connect_to = earlier(query_.connect_to, times.back().first);
  return *walk_.deliver_from < *walk_.deliver_to;
}

Result<void> News::read_old_mails(std::vector<Hit>& out) {
  if (!walking_) walking_ = begin_walk();
  if (!walking_) return {};
  auto end = Clock::now() + budget_;
  do {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    walk_.budget_ms = static_cast<int>(std::max<int64_t>(1, left.count()));
    auto page = reader_.search(walk_);
    if (!page) return page.error();
    take(page->hits, walked_, out);
    walk_.after = page->next;
    walking_ = !walk_.after.empty();
  } while (walking_ && Clock::now() < end);
  return {};
}

// What no span can come to any more.
void News::forget() {
  if (told_.size() < forget_at_) return;
  std::erase_if(told_, [&](const auto& entry) {
    auto& [host, at] = entry.second;
    auto known = known_.find({host, day_of(at)});
    return known != known_.end() && at < known->second.last - disorder - birth && !covers(spans_, host, at) &&
           !covers(walked_, host, at);
  });
  forget_at_ = std::max<size_t>(10'000, told_.size() * 2);
}

Result<std::vector<Hit>> News::look(Time today, Clock::time_point now) {
  auto rows = read_hosts(today);
  if (!rows) return rows.error();
  compare(*rows, now);
  std::vector<Hit> out;
  // What an error cuts short was taken as told: it is given with what the next look finds.
  out.swap(kept_);
  Spans young;
  std::copy_if(spans_.begin(), spans_.end(), std::back_inserter(young),
               [](const Span& span) { return !span.settled; });
  auto done = read_new_mails(young, out);
  if (done) {
    for (auto& span : spans_) span.settled = span.settled || now - span.seen >= stored_within;
    done = read_old_mails(out);
  }
  if (!done) {
    kept_.swap(out);
    return done.error();
  }
  forget();
  std::sort(out.begin(), out.end(), [](const Hit& a, const Hit& b) {
    return std::tuple(time_of(a), key_of(a)) < std::tuple(time_of(b), key_of(b));
  });
  return out;
}

}  // namespace mailtrace
