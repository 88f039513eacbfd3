#include "core/answer/spoken_time.h"

#include <date/tz.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/base/text.h"

namespace mailtrace {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

template <class Value>
struct Word {
  std::string_view text;
  Value value;
};

struct Hours {
  int from, to;  // of the day; beyond 24: of the next one
};

constexpr Word<int> days_ago[] = {{"heute", 0},     {"today", 0},      {"gestern", 1},
                                  {"yesterday", 1}, {"vorgestern", 2}, {"heut", 0}};
constexpr Word<Hours> parts_of_day[] = {
    {"früh", {5, 10}},         {"morgens", {5, 11}},    {"morgen", {5, 11}},     {"morning", {5, 12}},
    {"vormittag", {8, 12}},    {"vormittags", {8, 12}}, {"mittag", {11, 14}},    {"mittags", {11, 14}},
    {"noon", {11, 14}},        {"midday", {11, 14}},    {"lunchtime", {11, 14}}, {"nachmittag", {12, 18}},
    {"nachmittags", {12, 18}}, {"afternoon", {12, 18}}, {"abend", {17, 24}},     {"abends", {17, 24}},
    {"evening", {17, 24}},     {"nacht", {20, 30}},     {"nachts", {20, 30}},    {"night", {20, 30}}};
// Sunday is 0 (C++20 weekday::c_encoding).
constexpr Word<unsigned> weekdays[] = {{"sonntag", 0},    {"montag", 1},  {"dienstag", 2}, {"mittwoch", 3},
                                       {"donnerstag", 4}, {"freitag", 5}, {"samstag", 6},  {"sonnabend", 6},
                                       {"sunday", 0},     {"monday", 1},  {"tuesday", 2},  {"wednesday", 3},
                                       {"thursday", 4},   {"friday", 5},  {"saturday", 6}};
constexpr Word<int64_t> units[] = {{"minute", 60},   {"minuten", 60},   {"minutes", 60},   {"min", 60},
                                   {"stunde", 3600}, {"stunden", 3600}, {"hour", 3600},    {"hours", 3600},
                                   {"std", 3600},    {"tag", 86400},    {"tage", 86400},   {"tagen", 86400},
                                   {"day", 86400},   {"days", 86400},   {"woche", 604800}, {"wochen", 604800},
                                   {"week", 604800}, {"weeks", 604800}};
constexpr Word<int> counts[] = {{"einer", 1}, {"einem", 1}, {"ein", 1},  {"eine", 1}, {"a", 1},
                                {"an", 1},    {"one", 1},   {"zwei", 2}, {"two", 2},  {"drei", 3},
                                {"three", 3}, {"vier", 4},  {"four", 4}, {"fünf", 5}, {"five", 5}};
constexpr std::string_view fillers[] = {
    "um",       "gegen",         "am",     "im",    "in",   "the",  "at",
    "around",   "about",         "ca",     "circa", "etwa", "so",   "on",
    "of",       "from",          "von",    "der",   "den",  "this", "diesen",
    "ungefähr", "approximately", "during", "zu"};
constexpr std::string_view last_words[] = {"last",    "past",    "letzte",     "letzten",
                                           "letzter", "letztes", "vergangene", "vergangenen"};

template <class Value, size_t n>
const Value* found(const Word<Value> (&table)[n], std::string_view text) {
  for (auto& word : table)
    if (word.text == text) return &word.value;
  return nullptr;
}
template <size_t n>
bool among(const std::string_view (&table)[n], std::string_view text) {
  return std::find(std::begin(table), std::end(table), text) != std::end(table);
}

bool number(std::string_view text, int least, int most, int& out) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.size() > 4 || error != std::errc() || end != text.data() + text.size())
    return false;
  if (value < least || value > most) return false;
  out = value;
  return true;
}

// "14:30", "14.30"
bool clock(std::string_view text, char mark, int& minute_of_day) {
  auto at = text.find(mark);
  int hour = 0, minute = 0;
  if (at == std::string_view::npos || text.size() - at != 3 || !number(text.substr(0, at), 0, 23, hour) ||
      !number(text.substr(at + 1), 0, 59, minute))
    return false;
  minute_of_day = hour * 60 + minute;
  return true;
}

class Reader {
 public:
  Reader(std::string_view text, Time now, const date::time_zone* zone) : now_(now), zone_(zone) {
    auto local = zone ? zone->to_local(now) : date::local_time<Microseconds>(now.time_since_epoch());
    today_ = date::floor<date::days>(local);
    while (!text.empty()) {
      auto end = text.find_first_of(" \t\n,;");
      if (auto word = text.substr(0, end); !word.empty()) words_.push_back(word);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  std::optional<SpokenTime> read() {
    size_t fillers_seen = 0;
    for (at_ = 0; at_ < words_.size();) {
      auto low = lowered(at_);
      if (size_t taken = span() + day() + part() + hour(); taken > 0) {
        continue;
      } else if (among(fillers, low)) {
        ++fillers_seen;
      } else {
        if (!out_.rest.empty()) out_.rest += ' ';
        out_.rest += words_[at_];
      }
      ++at_;
    }
    // "noon" alone may be a name; "gegen Mittag" is none.
    bool sure = ago_ || day_ || minute_ || (part_ && fillers_seen > 0);
    if (!sure) return std::nullopt;
    if (!ago_) window();
    return std::move(out_);
  }

 private:
  std::string lowered(size_t at) const {
    if (at >= words_.size()) return "";
    auto text = lower(words_[at]);
    while (text.ends_with(".") || text.ends_with("?") || text.ends_with("!")) text.pop_back();
    return text;
  }
  size_t take(size_t count) {
    at_ += count;
    return count;
  }

  // "letzte 2 Stunden", "the last hour", "vor 2 Stunden", "2 hours ago"
  size_t span() {
    bool last = among(last_words, lowered(at_)), before = lowered(at_) == "vor";
    size_t at = at_ + (last || before ? 1 : 0);
    int count = 1;
    auto* spelled = found(counts, lowered(at));
    bool counted = spelled || number(lowered(at), 1, 999, count);
    if (spelled) count = *spelled;
    auto* unit = found(units, lowered(at + (counted ? 1 : 0)));
    if (!unit) return 0;
    size_t end = at + (counted ? 2 : 1);
    bool ago = lowered(end) == "ago";
    if (!last && !((before || ago) && counted)) return 0;
    auto length = std::chrono::seconds(count * *unit);
    // "Two hours ago" is a guess: half of it more or less.
    out_.from = now_ - (last ? length : length * 3 / 2);
    out_.to = last ? now_ : now_ - length / 2;
    ago_ = true;
    return take(end + (ago ? 1 : 0) - at_);
  }

  size_t day() {
    auto low = lowered(at_);
    auto last = among(last_words, low);
    if (auto* ago = found(days_ago, low)) {
      day_ = today_ - date::days(*ago);
      return take(1);
    }
    auto name = last ? lowered(at_ + 1) : low;
    if (auto* weekday = found(weekdays, name)) {
      auto back = (date::weekday(today_) - date::weekday(*weekday)).count();
      day_ = today_ - date::days(last && back == 0 ? 7 : back);
      return take(last ? 2 : 1);
    }
    if (last && (name == "nacht" || name == "night")) {
      day_ = today_ - date::days(1);
      part_ = Hours{20, 30};
      return take(2);
    }
    return written_day(low);
  }

  // "2026-11-26", "26.11.", "26.11.2026" (lowered() took the last dot).
  size_t written_day(const std::string& low) {
    Time time;
    if (low.size() == 10 && low[4] == '-' && parse_time(low, time)) {
      day_ = date::local_days(date::floor<date::days>(time.time_since_epoch()));
      return take(1);
    }
    auto first = low.find('.');
    if (first == std::string::npos || low.find_first_not_of("0123456789.") != std::string::npos) return 0;
    auto second = low.find('.', first + 1);
    int in_month = 0, month = 0, year = static_cast<int>(date::year_month_day(today_).year());
    if (!number(low.substr(0, first), 1, 31, in_month) ||
        !number(low.substr(first + 1, second - first - 1), 1, 12, month))
      return 0;
    bool with_year = second != std::string::npos;
    if (!with_year && words_[at_].back() != '.') return 0;  // "14.30" is an hour
    if (with_year && !number(low.substr(second + 1), 1970, 2999, year)) return 0;
    auto date = date::year(year) / month / in_month;
    if (!date.ok()) return 0;
    day_ = date::local_days(date);
    if (!with_year && *day_ > today_) day_ = date::local_days(date::year(year - 1) / month / in_month);
    return take(1);
  }

  size_t part() {
    auto* hours_of = found(parts_of_day, lowered(at_));
    if (!hours_of) return 0;
    part_ = *hours_of;
    return take(1);
  }

  // "14 Uhr", "14:30", "14.30 Uhr", "2 pm", "2pm"
  size_t hour() {
    auto low = lowered(at_), next = lowered(at_ + 1);
    int value = 0;
    if (clock(low, ':', value) || (next == "uhr" && clock(low, '.', value))) {
      minute_ = value;
      return take(next == "uhr" ? 2 : 1);
    }
    if (next == "uhr" && number(low, 0, 24, value)) {
      minute_ = value % 24 * 60;
      return take(2);
    }
    bool apart = next == "am" || next == "pm";
    auto half = apart ? next : low.size() > 2 ? low.substr(low.size() - 2) : "";
    if (half != "am" && half != "pm") return 0;
    if (!number(apart ? low : low.substr(0, low.size() - 2), 1, 12, value)) return 0;
    minute_ = (value % 12 + (half == "pm" ? 12 : 0)) * 60;
    return take(apart ? 2 : 1);
  }

  Time moment(date::local_days day, minutes after) const {
    date::local_time<Microseconds> local = day + after;
    if (!zone_) return Time(local.time_since_epoch());
    return std::chrono::time_point_cast<Microseconds>(zone_->to_sys(local, date::choose::earliest));
  }

  void window() {
    auto day = day_.value_or(today_);
    minutes from = hours(0), to = hours(24);
    if (minute_) {
      from = minutes(*minute_) - minutes(45);
      to = minutes(*minute_) + minutes(45);
    } else if (part_) {
      from = hours(part_->from);
      to = hours(part_->to);
      // "Heute Nacht" is over when it is asked about.
      if (part_->to > 24 && day == today_ && moment(day, from) > now_) day -= date::days(1);
    }
    if (!day_ && moment(day, from) > now_) day -= date::days(1);
    out_.from = moment(day, from);
    out_.to = moment(day, to);
  }

  Time now_;
  const date::time_zone* zone_;
  date::local_days today_;
  std::vector<std::string_view> words_;
  size_t at_ = 0;
  bool ago_ = false;
  std::optional<date::local_days> day_;
  std::optional<Hours> part_;
  std::optional<int> minute_;
  SpokenTime out_{};
};

}  // namespace

std::optional<SpokenTime> read_spoken_time(std::string_view text, Time now, const date::time_zone* zone) {
  if (text.size() > 200) return std::nullopt;
  return Reader(text, now, zone).read();
}

}  // namespace mailtrace
