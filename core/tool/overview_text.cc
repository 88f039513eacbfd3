// Bars of characters, told apart by their shape as well as by their colour. Main thread.
#include "core/tool/overview_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "core/base/text.h"
#include "core/tool/result_table.h"
#include "core/tool/text_out.h"

namespace mailtrace {
namespace {

constexpr size_t usual_width = 80, widest_bar = 60;
constexpr size_t most_silences = 3;  // of each host
constexpr double slow_seconds = 60;

// In the order in which they are stacked.
constexpr std::array<const char*, 11> statuses{"sent",     "deferred",  "greylisted", "held",
                                               "bounced",  "expired",   "rejected",   "blocked",
                                               "filtered", "discarded", "deleted"};

// Statuses of one colour share a shape: what arrived, what waits, what failed, what was taken out.
struct Shape {
  Colour colour;
  std::string_view mark;
};
constexpr std::array shapes{Shape{Colour::green, "█"}, Shape{Colour::yellow, "▒"}, Shape{Colour::red, "×"},
                            Shape{Colour::magenta, "·"}};

const Shape& shape_of(Colour colour) {
  auto at = std::find_if(shapes.begin(), shapes.end(), [&](auto& shape) { return shape.colour == colour; });
  return at == shapes.end() ? shapes.back() : *at;
}

std::string repeated(std::string_view mark, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += mark;
  return out;
}

std::string text_of(const Json& entry, const char* key) { return printable(entry.value(key, "")); }
int64_t number_of(const Json& entry, const char* key) { return entry.value(key, int64_t{0}); }

Time time_of(const Json& entry, const char* key) {
  Time time{};
  parse_time(entry.value(key, ""), time);
  return time;
}

// A word for a shell that reads it as it stands; safe to print.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain = "@%+=:,./_-";
  auto is_plain = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           plain.find(c) != plain.npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string out = "'";
  for (char c : printable(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// What of the criteria is not the time of the whole overview.
std::vector<std::string> options_of(const Json& criteria) {
  std::vector<std::string> out;
  auto add = [&](const char* name, const std::string& value) {
    // A value that looks like an option is none behind "=".
    out.push_back(fmt::format("{}{}{}", name, value.starts_with('-') ? "=" : " ", shell_word(value)));
  };
  if (auto at = criteria.find("sent_to"); at != criteria.end()) add("--sent-to", *at);
  if (auto at = criteria.find("status"); at != criteria.end())
    add("--status", fmt::format("{}", fmt::join(at->get<std::vector<std::string>>(), ",")));
  if (auto at = criteria.find("response"); at != criteria.end()) add("--response", *at);
  return out;
}

int64_t troubled(const Json& there) { return number_of(there, "deferred") + number_of(there, "bounced"); }

class OverviewWriter {
 public:
  OverviewWriter(const Json& overview, const Terminal& terminal)
      : overview_(overview),
        terminal_(terminal),
        width_(terminal.width ? terminal.width : usual_width),
        to_(time_of(overview, "to")),
        out_(terminal) {
    // What was not looked at is not empty: it is left out.
    from_ = time_of(overview, "from");
    auto reached = time_of(overview, "reached");
    partly_ = !overview.value("complete", true) && reached > from_ && reached < to_;
    if (partly_) from_ = reached;
  }

  std::string text() {
    out_.line(0, fmt::format("{} – {} {}", terminal_.date_time(from_), terminal_.date_time(to_),
                             terminal_.zone(to_)));
    partly();
    if (counts_anything(overview_)) {
      totals();
      columns();
      reasons();
      destinations();
      addresses("Top senders", "--from", "senders");
      addresses("Top recipients", "--to", "recipients");
      hosts();
      further();
    } else {
      if (overview_.value("complete", true)) out_.line(0, terminal_.say("nothing found"));
      hosts();
    }
    return out_.take();
  }

 private:
  const Json& list(const char* key) const { return overview_.at(key); }
  void none() { out_.line(2, terminal_.say("none")); }

  void partly() {
    if (overview_.value("complete", true)) return;
    auto text = partly_
                    ? fmt::format("{} {}. {}", terminal_.say("Counted back to"), terminal_.date_time(from_),
                                  terminal_.say("Counting took too long: what is older is not in these "
                                                "numbers; --seconds 0 counts to the end."))
                    : std::string(terminal_.say("Counting took too long: these numbers are not complete; "
                                                "--seconds 0 counts to the end."));
    out_.wrapped(0, text);
  }

  size_t room(size_t used) const {
    return std::clamp<size_t>(width_ > used ? width_ - used : 0, 8, widest_bar);
  }
  std::string bar(double share, size_t room, const Shape& shape) const {
    if (share <= 0) return "";
    auto length = static_cast<size_t>(std::lround(std::min(share, 1.0) * static_cast<double>(room)));
    return terminal_.paint(shape.colour, repeated(shape.mark, std::max<size_t>(1, length)));
  }
  static double part(int64_t of, int64_t most) {
    return most > 0 ? static_cast<double>(of) / static_cast<double>(most) : 0;
  }
  static size_t digits(int64_t number) { return fmt::formatted_size("{}", number); }

  void totals() {
    out_.title("Deliveries by status");
    std::vector<std::pair<std::string, int64_t>> sums;
    size_t words = 0;
    int64_t most = 0;
    for (std::string status : statuses) {
      int64_t sum = 0;
      for (auto& column : list("columns")) sum += number_of(column.at("counts"), status.c_str());
      if (sum == 0) continue;
      words = std::max(words, display_width(status_word(status, terminal_)));
      most = std::max(most, sum);
      sums.emplace_back(status, sum);
    }
    for (auto& [status, sum] : sums)
      out_.line(
          2,
          fmt::format("{}  {:>{}}  {}", fit(status_word(status, terminal_), words), sum, digits(most),
                      bar(part(sum, most), room(words + digits(most) + 6), shape_of(status_colour(status)))));
  }

  // One for each step, also those without a delivery.
  std::map<Time, const Json*> all_columns() const {
    std::map<Time, const Json*> out;
    const std::chrono::seconds step(number_of(overview_, "step"));
    // Steps begin at multiples of their length since 1970.
    for (Time at = from_ - (from_ - Time{}) % step; at < to_; at += step) out[at] = nullptr;
    for (auto& column : list("columns")) {
      auto at = time_of(column, "time");
      if (at + step > from_) out[at] = &column.at("counts");
    }
    return out;
  }

  using Stack = std::array<int64_t, shapes.size()>;
  static Stack stack_of(const Json* counts) {
    Stack out{};
    for (std::string status : statuses)
      if (counts)
        out[static_cast<size_t>(&shape_of(status_colour(status)) - shapes.data())] +=
            number_of(*counts, status.c_str());
    return out;
  }
  static int64_t sum_of(const Stack& stack) {
    int64_t sum = 0;
    for (auto count : stack) sum += count;
    return sum;
  }

  void columns() {
    out_.title("Deliveries by time");
    auto all = all_columns();
    int64_t most = 0;
    for (auto& [at, counts] : all) most = std::max(most, sum_of(stack_of(counts)));
    std::string day;
    for (auto& [at, counts] : all) {
      auto stack = stack_of(counts);
      auto date = terminal_.date(at), clock = terminal_.clock_time(at).substr(0, 5);
      out_.line(2, fmt::format("{:10} {}  {:>{}}  {}", date == day ? "" : date, clock, sum_of(stack),
                               digits(most), stacked(stack, most, room(22 + digits(most)))));
      day = date;
    }
  }

  // The least of them is still seen; then the longest gives way.
  std::string stacked(const Stack& stack, int64_t most, size_t room) const {
    std::array<size_t, shapes.size()> lengths{};
    size_t sum = 0;
    for (size_t i = 0; i < stack.size(); ++i) {
      if (stack[i] == 0) continue;
      auto length = std::lround(part(stack[i], most) * static_cast<double>(room));
      sum += lengths[i] = static_cast<size_t>(std::max(1l, length));
    }
    for (; sum > room; --sum) --*std::max_element(lengths.begin(), lengths.end());
    std::string out;
    for (size_t i = 0; i < lengths.size(); ++i)
      if (lengths[i]) out += terminal_.paint(shapes[i].colour, repeated(shapes[i].mark, lengths[i]));
    return out;
  }

  std::string said(const Json& entry) const {
    auto text = entry.find("text");
    if (text == entry.end()) return text_of(entry, "name");
    return printable(text->value(terminal_.german ? "de" : "en", ""));
  }

  // Each option on a line of its own if they do not fit: none is broken.
  void options(size_t indent, const std::vector<std::string>& words) {
    auto line = fmt::format("{}", fmt::join(words, " "));
    if (indent + display_width(line) <= width_) return out_.line(indent, terminal_.paint(Colour::dim, line));
    for (auto& word : words) out_.line(indent, terminal_.paint(Colour::dim, word));
  }

  void reasons() {
    out_.title("Why mails were refused or undeliverable");
    auto& all = list("reasons");
    if (all.empty()) return none();
    int64_t most = 0;
    for (auto& reason : all) most = std::max(most, number_of(reason, "count"));
    size_t indent = digits(most) + 4;
    for (auto& reason : all) {
      auto count = number_of(reason, "count");
      out_.line(2, fmt::format("{:>{}}  {}", count, digits(most),
                               bar(part(count, most), room(indent), shape_of(Colour::red))));
      out_.wrapped(indent, said(reason));
      options(indent, options_of(reason.at("criteria")));
    }
  }

  // Those that fail or are slow, the worst first.
  std::vector<const Json*> in_trouble() const {
    std::vector<const Json*> out;
    for (auto& there : list("destinations"))
      if (troubled(there) > 0 || there.value("delay", 0.0) >= slow_seconds) out.push_back(&there);
    std::stable_sort(out.begin(), out.end(), [](const Json* a, const Json* b) {
      return std::pair(troubled(*a), a->value("delay", 0.0)) >
             std::pair(troubled(*b), b->value("delay", 0.0));
    });
    return out;
  }

  std::string percent(double share) const {
    auto text = share > 0 && share < 0.01 ? "<1" : fmt::format("{:.0f}", 100 * share);
    return text + (terminal_.german ? " %" : "%");
  }

  void destinations() {
    out_.title("Slow or failing destinations");
    auto all = in_trouble();
    if (all.empty()) return none();
    constexpr size_t indent = 9;
    for (auto* there : all) {
      double share = part(troubled(*there), number_of(*there, "count"));
      auto name = text_of(*there, "name");
      out_.line(2,
                fmt::format("{:>5}  {}", percent(share), bar(share, room(indent), shape_of(Colour::yellow))));
      out_.wrapped(indent, name == "none" ? terminal_.say("no server reached") : std::string_view(name));
      out_.wrapped(indent, note(*there));
      options(indent, options_of(there->at("criteria")));
    }
  }

  std::string note(const Json& there) const {
    std::vector<std::string> out;
    if (auto waiting = number_of(there, "deferred"))
      out.push_back(terminal_.counted(waiting, "is waiting", "are waiting"));
    if (auto bounced = number_of(there, "bounced"))
      out.push_back(fmt::format("{} {}", bounced, terminal_.say("undeliverable")));
    out.push_back(terminal_.german ? fmt::format("von insgesamt {}", number_of(there, "count"))
                                   : fmt::format("of {} in all", number_of(there, "count")));
    if (auto delay = there.value("delay", 0.0); delay > 0)
      out.push_back(fmt::format("{} {}", terminal_.say("usually within"), human_duration(delay)));
    return fmt::format("{}", fmt::join(out, ", "));
  }

  // What searches for one stands in the title.
  void addresses(std::string_view title, std::string_view option, const char* key) {
    out_.title(fmt::format("{} ({})", terminal_.say(title), option));
    auto& all = list(key);
    if (all.empty()) return none();
    int64_t most = 0;
    size_t names = 0;
    for (auto& entry : all) {
      most = std::max(most, number_of(entry, "count"));
      names = std::max(names, display_width(address_text(entry.value("name", ""))));
    }
    names = std::min(names, width_ / 2);
    for (auto& entry : all) {
      auto count = number_of(entry, "count");
      out_.line(2,
                fmt::format("{:>{}}  {}  {}", count, digits(most),
                            fit(address_text(entry.value("name", "")), names),
                            bar(part(count, most), room(names + digits(most) + 6), shape_of(Colour::green))));
    }
  }

  void hosts() {
    out_.title(fmt::format("{} (--logged-by)", terminal_.say("Servers and gaps")));
    auto& all = list("hosts");
    if (all.empty()) return none();
    size_t names = 0, notes = 0;
    for (auto& host : all) {
      names = std::max(names, display_width(text_of(host, "host")));
      notes = std::max(notes, display_width(lines_of(host)));
    }
    names = std::min(names, width_ / 3);
    size_t length = std::min(room(names + notes + 6), widest_bar / 2);
    for (auto& host : all) {
      out_.line(2, fmt::format("{}  {}  {}", fit(text_of(host, "host"), names), strip(host, length),
                               lines_of(host)));
      silences(host.at("gaps"));
    }
  }

  std::string lines_of(const Json& host) const {
    auto out = terminal_.counted(number_of(host, "lines"), "line", "lines");
    if (auto unknown = number_of(host, "unknown"))
      out += fmt::format(", {} {}", unknown, terminal_.say("not understood"));
    return out;
  }

  // The time of the overview from left to right: where the host was heard. A silence is seen however short.
  std::string strip(const Json& host, size_t length) const {
    auto first = time_of(host, "first_time"), last = time_of(host, "last_time");
    std::string out;
    for (size_t i = 0; i < length; ++i) {
      auto edge = [&](size_t at) {
        return from_ + (to_ - from_) * static_cast<int64_t>(at) / static_cast<int64_t>(length);
      };
      Time begin = edge(i), end = edge(i + 1);
      auto& gaps = host.at("gaps");
      bool silent = std::any_of(gaps.begin(), gaps.end(), [&](const Json& gap) {
        return time_of(gap, "from") < end && time_of(gap, "to") > begin;
      });
      if (silent)
        out += terminal_.paint(Colour::yellow, "░");
      else
        out += first < end && last >= begin ? terminal_.paint(Colour::green, "█") : " ";
    }
    return out;
  }

  void silences(const Json& gaps) {
    size_t from = gaps.size() - std::min(gaps.size(), most_silences);
    if (from > 0)
      out_.line(4, terminal_.counted(static_cast<int64_t>(from), "earlier silence", "earlier silences"));
    for (size_t i = from; i < gaps.size(); ++i)
      out_.line(
          4, fmt::format("{} {} – {}", terminal_.say("silent"), terminal_.date_time(time_of(gaps[i], "from")),
                         terminal_.date_time(time_of(gaps[i], "to"))));
  }

  void further() {
    out_.title("The mails behind a line");
    // In whole seconds: read back, it is the same time.
    out_.line(2, fmt::format("mailtrace search --since \"{}\" --until \"{}\"{} …", terminal_.date_time(from_),
                             terminal_.date_time(to_), terminal_.utc ? " --utc" : ""));
    out_.wrapped(2, terminal_.say("with the options that stand below the line or beside its title"));
  }

  const Json& overview_;
  const Terminal& terminal_;
  const size_t width_;
  Time from_{};
  const Time to_;
  bool partly_ = false;
  TextOut out_;
};

}  // namespace

std::string overview_text(const Json& overview, const Terminal& terminal) {
  return OverviewWriter(overview, terminal).text();
}

bool counts_anything(const Json& overview) { return !overview.at("columns").empty(); }

}  // namespace mailtrace
