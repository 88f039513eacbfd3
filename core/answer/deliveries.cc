#include "core/answer/deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace mailtrace {
namespace {

using Clock = std::chrono::steady_clock;

// A mail to more recipients is shown in parts: the attempts for a recipient may then be two rows.
constexpr size_t most_of_a_mail = 5'000;
constexpr int most_read = 1'000;
// Newer rows that came since a place was told, at most.
constexpr size_t most_passed = 3'000;
// To find the end of the last mail and a few attempts more.
constexpr int besides = 8;

// Where to go on: "PLACE~MAIL~n": behind this place of the Reader, the first n deliveries of that mail and
// all before it are known. A place alone: behind it.
struct Cursor {
  std::string place;
  Id mail{};
  size_t known = 0;

  std::string text() const { return known == 0 ? place : fmt::format("{}~{}~{}", place, mail.hex(), known); }
};

bool read_cursor(std::string_view text, Cursor& to) {
  auto end = text.find('~');
  to.place = std::string(text.substr(0, end));
  if (end == std::string_view::npos) return true;
  text.remove_prefix(end + 1);
  auto number = text.find('~');
  if (number == std::string_view::npos || !parse_id(text.substr(0, number), to.mail)) return false;
  text.remove_prefix(number + 1);
  auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), to.known);
  return failed == std::errc{} && stop == text.data() + text.size() && to.known > 0;
}

bool is_same(const Hit& a, const Hit& b) {
  return a.connect.id == b.connect.id && a.deliver && b.deliver &&
         a.deliver->recipient == b.deliver->recipient &&
         a.deliver->original_recipient == b.deliver->original_recipient;
}

class Gathering {
 public:
  Gathering(Reader& reader, const Query& query)
      : reader_(reader), query_(query), limit_(static_cast<size_t>(std::max(query.limit, 1))) {}

  Result<DeliveryPage> run() {
    if (!read_cursor(query_.after, start_))
      return Error{Fault::config, "the place to go on from is not one that a search gave"};
    if (auto done = read(start_); !done) return done.error();
    // The mail to go on with may be gone: rather the same rows twice than none.
    if (start_.known > 0 && !met_) {
      start_.known = 0;
      if (auto done = read(start_); !done) return done.error();
    }
    return page();
  }

 private:
  // One mail, as far as its rows stand together.
  struct Run {
    Id mail;
    std::string place;  // of the Reader, before the rows that held its first one
    std::vector<DeliveryHit> rows;
    size_t attempts = 0;
    size_t known = 0;  // leading rows that are not to be shown
  };

  Result<void> read(const Cursor& from) {
    auto end = Clock::now() + std::chrono::milliseconds(query_.budget_ms);
    runs_.clear();
    shown_ = 0;
    query_.after = from.place;
    int limit = static_cast<int>(limit_) + besides;
    query_.limit = std::min(from.known > 0 ? 2 * limit : limit, most_read);
    size_t passed = 0;
    while (true) {
      auto got = reader_.search(query_);
      if (!got) return got.error();
      got_ = std::move(*got);
      passed += got_.hits.size();
      for (auto& hit : got_.hits) take(std::move(hit));
      if (from.known > 0 && !met_ && passed > most_passed) return {};
      // A page that is not full ends where all of a mail was looked at.
      bool whole = got_.next.empty() || got_.hits.size() < static_cast<size_t>(query_.limit);
      if (got_.next.empty() || is_full(whole)) return {};
      if (whole && query_.budget_ms > 0 && Clock::now() >= end) return {};
      query_.after = got_.next;
      query_.limit = std::min(2 * query_.limit, most_read);
    }
  }

  bool is_full(bool whole) const {
    if (shown_ < limit_) return false;
    size_t last = runs_.back().rows.size() - std::min(runs_.back().known, runs_.back().rows.size());
    return whole || shown_ - last >= limit_;
  }

  void take(Hit hit) {
    if (runs_.empty() || runs_.back().mail != hit.connect.id || runs_.back().attempts >= most_of_a_mail) {
      Run& added = runs_.emplace_back();
      added.mail = hit.connect.id;
      added.place = query_.after;
      if (start_.known > 0 && !met_) {
        met_ = added.mail == start_.mail;
        added.known = met_ ? start_.known : most_of_a_mail;
      }
    }
    Run& run = runs_.back();
    ++run.attempts;
    if (add_attempt(run.rows, std::move(hit)) && run.rows.size() > run.known) ++shown_;
  }

  DeliveryPage page() {
    DeliveryPage out;
    Cursor last;
    for (auto& run : runs_)
      for (size_t i = run.known; i < run.rows.size() && out.rows.size() < limit_; ++i) {
        out.rows.push_back(std::move(run.rows[i]));
        last = {run.place, run.mail, i + 1};
      }
    bool cut = shown_ > limit_;
    out.next = cut ? last.text() : got_.next;
    out.complete = !cut && got_.complete;
    out.reached = cut && query_.sort == Query::Sort::time ? last.mail.birth() : got_.reached;
    return out;
  }

  Reader& reader_;
  Query query_;
  const size_t limit_;
  Cursor start_;
  bool met_ = false;  // the mail to go on with
  Page got_;
  std::vector<Run> runs_;
  size_t shown_ = 0;
};

}  // namespace

bool add_attempt(std::vector<DeliveryHit>& rows, Hit hit) {
  auto same = std::find_if(rows.begin(), rows.end(),
                           [&](const DeliveryHit& other) { return is_same(other.hit, hit); });
  bool added = same == rows.end();
  if (added) same = rows.emplace(rows.end());
  if (hit.deliver) same->attempts.push_back(hit.deliver->id);
  if (same->attempts.size() <= 1 || hit.deliver->deliver_time > same->hit.deliver->deliver_time)
    same->hit = std::move(hit);
  return added;
}

Result<DeliveryPage> search_deliveries(Reader& reader, const Query& query) {
  return Gathering(reader, query).run();
}

}  // namespace mailtrace
