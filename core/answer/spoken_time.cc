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
// A bare number behind one of these is an hour.
constexpr std::string_view hour_words[] = {"um", "at", "gegen", "around"};
enum class Edge {
  since,       // until now, whatever day
  from,        // "ab", of a day: until its end
  before,      // without what is named
  until,       // with it
  range_begin  // "zwischen"
};
constexpr Word<Edge> edge_words[] = {{"seit", Edge::since},
                                     {"since", Edge::since},
                                     {"ab", Edge::from},
                                     {"after", Edge::from},
                                     {"nach", Edge::from},
                                     {"from", Edge::from},
                                     {"von", Edge::from},
                                     {"vor", Edge::before},
                                     {"before", Edge::before},
                                     {"bis", Edge::until},
                                     {"until", Edge::until},
                                     {"till", Edge::until},
                                     {"zwischen", Edge::range_begin},
                                     {"between", Edge::range_begin}};
// Between the two ends of a range, where "bis" may stand too.
constexpr std::string_view range_marks[] = {"-", "–", "bis", "to", "until", "till"};
constexpr std::string_view range_ands[] = {"und", "and"};
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

// "14", "14:30", "9am", as the ends of "14-16" are.
bool looks_like_hour(std::string_view text) {
  auto digits = text.find_first_not_of("0123456789:.");
  auto rest = digits == std::string_view::npos ? "" : text.substr(digits);
  return !text.empty() && text.size() <= 7 && digits != 0 && (rest.empty() || rest == "am" || rest == "pm");
}

// What is said of one moment.
struct Point {
  std::optional<date::local_days> day;
  std::optional<Hours> part;
  std::optional<int> minute;  // of the day, 1440 at its end
  bool no_half = false;       // "9" of "9-11 pm"

  bool empty() const { return !day && !part && !minute; }
  bool has_hour() const { return part || minute; }
};

class Reader {
 public:
  Reader(std::string_view text, Time now, const date::time_zone* zone) : now_(now), zone_(zone) {
    auto local = zone ? zone->to_local(now) : date::local_time<Microseconds>(now.time_since_epoch());
    today_ = date::floor<date::days>(local);
    while (!text.empty()) {
      auto end = text.find_first_of(" \t\n,;");
      if (auto word = text.substr(0, end); !word.empty()) add(word);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  std::optional<SpokenTime> read() {
    size_t fillers_seen = 0;
    for (at_ = 0; at_ < words_.size();) {
      auto low = lowered(at_);
      auto& point = ended_ ? last_ : first_;
      if (span() > 0 || edge() > 0 || mark() > 0) continue;
      if (day(point) > 0 || part(point) > 0 || hour(point, after_word_) > 0) {
        after_word_ = false;
        continue;
      }
      bool names_side = (low == "from" || low == "von") && at_ + 1 < words_.size() &&
                        words_[at_ + 1].find('@') != std::string_view::npos;
      if (among(fillers, low) && !names_side) {
        ++fillers_seen;
        after_word_ = after_word_ || among(hour_words, low);
      } else {
        if (!out_.rest.empty()) out_.rest += ' ';
        out_.rest += words_[at_];
        after_word_ = false;
      }
      ++at_;
    }
    // "noon" alone may be a name, "10-12" anything; "gegen Mittag" is neither.
    bool is_day = first_.day || last_.day, is_part = first_.part || last_.part;
    bool sure = ago_ || is_day || sure_hour_ || (is_part && (fillers_seen > 0 || edged_));
    if (!sure || (begun_ && !ended_)) return std::nullopt;
    if (!ago_ && !(ended_ ? range() : edged_ ? open_end() : window())) return std::nullopt;
    return std::move(out_);
  }

 private:
  std::string lowered(size_t at) const {
    if (at >= words_.size()) return "";
    auto text = lower(words_[at]);
    while (text.ends_with(".") || text.ends_with("?") || text.ends_with("!")) text.pop_back();
    return text;
  }
  // "14-16" is three words; "2026-11-26" is one.
  void add(std::string_view word) {
    for (std::string_view dash : {"-", "–"}) {
      auto at = word.find(dash);
      if (at == std::string_view::npos) continue;
      auto end = word.substr(at + dash.size());
      if (!looks_like_hour(word.substr(0, at)) || !looks_like_hour(end)) continue;
      words_.insert(words_.end(), {word.substr(0, at), word.substr(at, dash.size()), end});
      return;
    }
    words_.push_back(word);
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

  // Whether a time is said there, and whether it begins with its day.
  bool ahead(size_t at, bool& with_day) {
    auto stay = at_;
    for (at_ = at; among(fillers, lowered(at_));) ++at_;
    Point probe;
    with_day = day(probe) > 0;
    bool sure = sure_hour_, is_time = with_day || part(probe) > 0 || hour(probe, true) > 0;
    sure_hour_ = sure;
    at_ = stay;
    return is_time;
  }

  // "ab 14 Uhr", "since yesterday", "vor 9", "zwischen 12 …"
  size_t edge() {
    auto low = lowered(at_);
    auto* found_edge = found(edge_words, low);
    bool with_day = false;
    if (!found_edge || edged_ || ended_ || !ahead(at_ + 1, with_day)) return 0;
    bool mail_from = low == "from" || low == "von" || low == "after" || low == "nach";
    if (mail_from && with_day) return 0;  // "the mail from yesterday"
    after_word_ = edged_ = true;
    alone_ = !first_.empty();
    edge_ = *found_edge;
    if (edge_ == Edge::range_begin) begun_ = true;
    if (edge_ == Edge::before || edge_ == Edge::until) ended_ = true;
    if (edge_ == Edge::from && with_day) edge_ = Edge::since;
    return take(1);
  }

  // The second time of a range.
  size_t mark() {
    auto low = lowered(at_);
    bool with_day = false;
    if (ended_ || first_.empty() || !(among(range_marks, low) || (begun_ && among(range_ands, low))))
      return 0;
    if (!ahead(at_ + 1, with_day)) return 0;
    alone_ = !edged_;
    edge_ = Edge::until;
    edged_ = ended_ = after_word_ = true;
    return take(1);
  }

  size_t day(Point& point) {
    auto low = lowered(at_);
    if (low == "day" && lowered(at_ + 1) == "before" && lowered(at_ + 2) == "yesterday") {
      point.day = today_ - date::days(2);
      return take(3);
    }
    auto last = among(last_words, low);
    if (auto* ago = found(days_ago, low)) {
      point.day = today_ - date::days(*ago);
      return take(1);
    }
    auto name = last ? lowered(at_ + 1) : low;
    if (auto* weekday = found(weekdays, name)) {
      auto back = (date::weekday(today_) - date::weekday(*weekday)).count();
      point.day = today_ - date::days(last && back == 0 ? 7 : back);
      return take(last ? 2 : 1);
    }
    if (last && (name == "nacht" || name == "night")) {
      point.day = today_ - date::days(1);
      point.part = Hours{20, 30};
      return take(2);
    }
    return written_day(point, low);
  }

  // "2026-11-26", "26.11.", "26.11.2026" (lowered() took the last dot).
  size_t written_day(Point& point, const std::string& low) {
    Time time;
    if (low.size() == 10 && low[4] == '-' && parse_time(low, time)) {
      point.day = date::local_days(date::floor<date::days>(time.time_since_epoch()));
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
    point.day = date::local_days(date);
    if (!with_year && *point.day > today_)
      point.day = date::local_days(date::year(year - 1) / month / in_month);
    return take(1);
  }

  size_t part(Point& point) {
    auto* hours_of = found(parts_of_day, lowered(at_));
    if (!hours_of) return 0;
    point.part = *hours_of;
    return take(1);
  }

  // "14 Uhr", "14:30", "14.30 Uhr", "2 pm", "2pm"; "14" behind a word that makes it one, or before a range's.
  size_t hour(Point& point, bool bare) {
    auto low = lowered(at_), next = lowered(at_ + 1);
    int value = 0;
    bool uhr = next == "uhr";
    if (clock(low, ':', value) || (uhr && clock(low, '.', value)))
      return take_hour(point, value, uhr ? 2 : 1);
    if (uhr && number(low, 0, 24, value)) return take_hour(point, value * 60, 2);
    bool apart = next == "am" || next == "pm";
    auto half = apart ? next : low.size() > 2 ? low.substr(low.size() - 2) : "";
    if (half == "am" || half == "pm") {
      if (!number(apart ? low : low.substr(0, low.size() - 2), 1, 12, value)) return 0;
      value = (value % 12 + (half == "pm" ? 12 : 0)) * 60;
      // "2-4 pm": both are, unless that were backwards.
      if (&point == &last_ && first_.no_half && *first_.minute < 720 && half == "pm" &&
          *first_.minute + 720 < value)
        *first_.minute += 720;
      return take_hour(point, value, apart ? 2 : 1);
    }
    bool in_range = !ended_ && among(range_marks, next);
    if (!(bare || in_range) || low.size() > 2 || !number(low, 0, 24, value)) return 0;
    // "12-14" alone may be anything.
    auto sure = sure_hour_ || (bare && !(alone_ && ended_));
    take_hour(point, value * 60, 1);
    sure_hour_ = sure;
    point.no_half = true;
    return 1;
  }
  size_t take_hour(Point& point, int minute, size_t words) {
    point.minute = minute;
    sure_hour_ = true;
    return take(words);
  }

  Time moment(date::local_days day, minutes after, date::choose which = date::choose::earliest) const {
    date::local_time<Microseconds> local = day + after;
    if (!zone_) return Time(local.time_since_epoch());
    return std::chrono::time_point_cast<Microseconds>(zone_->to_sys(local, which));
  }

  static minutes begin_of(const Point& point) {
    if (point.minute) return minutes(*point.minute);
    return point.part ? minutes(hours(point.part->from)) : minutes(0);
  }
  static minutes end_of(const Point& point) {
    if (point.minute) return minutes(*point.minute);
    return point.part ? hours(point.part->to) : hours(24);
  }
  void set(date::local_days from_day, minutes from, date::local_days to_day, minutes to) {
    out_.from = moment(from_day, from);
    out_.to = moment(to_day, to, date::choose::latest);
    // Clocks that were put forward have no such hour: what stands for it.
    if (out_.to <= *out_.from) out_.to = *out_.from + (to_day + to - (from_day + from));
  }

  // A day, a part of one, or some time around an hour.
  bool window() {
    auto day = first_.day.value_or(today_);
    auto from = begin_of(first_), to = end_of(first_);
    if (first_.minute) {
      from -= minutes(45);
      to += minutes(45);
    } else if (first_.part && first_.part->to > 24 && day == today_ && moment(day, from) > now_) {
      day -= date::days(1);  // "heute Nacht" is over when it is asked about
    }
    if (!first_.day && moment(day, from) > now_) day -= date::days(1);
    set(day, from, day, to);
    return true;
  }

  // "ab 14 Uhr", "seit gestern"
  bool open_end() {
    auto day = first_.day.value_or(today_);
    auto from = begin_of(first_);
    bool overnight = first_.part && first_.part->to > 24 && day == today_;
    if ((!first_.day || overnight) && moment(day, from) > now_) day -= date::days(1);
    set(day, from, day, std::max(minutes(hours(24)), from + hours(1)));
    if ((edge_ == Edge::since || !first_.day) && now_ > *out_.from) out_.to = now_;
    return true;
  }

  // "zwischen 12 und 14 Uhr", "vor 9", "Montag bis Mittwoch"
  bool range() {
    auto to = edge_ == Edge::before ? begin_of(last_) : end_of(last_);
    if (first_.empty() && !last_.has_hour()) {
      out_.to = moment(*last_.day, to, date::choose::latest);
      return true;
    }
    bool day_known = first_.day || last_.day;
    auto from_day = first_.day.value_or(last_.day.value_or(today_));
    auto to_day = first_.day && last_.day ? *last_.day : from_day;
    auto from = begin_of(first_);
    if (to_day + to <= from_day + from) {
      if (first_.day && last_.day) return false;
      to_day += date::days(1);  // over midnight
    }
    if (!day_known && moment(from_day, from) > now_) {
      from_day -= date::days(1);
      to_day -= date::days(1);
    }
    set(from_day, from, to_day, to);
    return true;
  }

  Time now_;
  const date::time_zone* zone_;
  date::local_days today_;
  std::vector<std::string_view> words_;
  size_t at_ = 0;
  bool ago_ = false;
  Point first_, last_;
  Edge edge_ = Edge::since;
  bool edged_ = false, begun_ = false, ended_ = false;  // a word said an edge, "between", the last point
  bool after_word_ = false, sure_hour_ = false;
  bool alone_ = false;  // no word before the range says that it is one
  SpokenTime out_{};
};

}  // namespace

std::optional<SpokenTime> read_spoken_time(std::string_view text, Time now, const date::time_zone* zone) {
  if (text.size() > 200) return std::nullopt;
  return Reader(text, now, zone).read();
}

}  // namespace mailtrace
