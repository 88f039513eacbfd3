// Progress and summary of an import. Main thread.
#include "core/tool/import_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/base/counters.h"
#include "core/base/text.h"
#include "core/mail/row_json.h"
#include "core/tool/import_writer.h"
#include "core/tool/texts.h"

namespace mailtrace {
namespace {

// The value of `name` in a label like `result="unknown",program="postfix"`.
std::string label_value(std::string_view label, std::string_view name) {
  auto at = label.find(fmt::format("{}=\"", name));
  if (at == std::string_view::npos) return {};
  auto rest = label.substr(at + name.size() + 2);
  return std::string(rest.substr(0, rest.find('"')));
}

struct Understood {
  uint64_t facts = 0, ignored = 0, unknown = 0, unparsed = 0;
  std::map<std::string, uint64_t> unknown_of, unparsed_of;
};

Understood understood() {
  Understood out;
  for (auto& c : all_counters()) {
    if (!c.name.ends_with("parse_lines_total")) continue;
    auto result = label_value(c.label, "result"), program = label_value(c.label, "program");
    if (result == "fact") out.facts += c.value;
    if (result == "ignored") out.ignored += c.value;
    if (result == "unknown") out.unknown += c.value, out.unknown_of[program] += c.value;
    if (result == "unparsed") out.unparsed += c.value, out.unparsed_of[program] += c.value;
  }
  return out;
}

std::string_view say(std::string_view english) { return wants_german() ? german_text(english) : english; }

// "postfix 3, dovecot 1", the most frequent first.
std::string by_program(const std::map<std::string, uint64_t>& counts) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  for (auto& [program, count] : counts)
    if (count) sorted.emplace_back(count, program);
  std::sort(sorted.rbegin(), sorted.rend());
  std::string out;
  for (size_t i = 0; i < sorted.size() && i < 10; ++i)
    out += fmt::format("{}{} {}", i ? ", " : "",
                       sorted[i].second.empty() ? std::string(say("(no tag)")) : printable(sorted[i].second),
                       sorted[i].first);
  return sorted.size() > 10 ? out + ", …" : out;
}

// "         1  mail or refusal"
void print_count(uint64_t count, std::string_view one, std::string_view many, const std::string& more = {}) {
  fmt::print("{:>10}  {}{}\n", count, say(count == 1 ? one : many), more);
}

std::string of_programs(const std::map<std::string, uint64_t>& counts) {
  auto text = by_program(counts);
  return text.empty() ? text : ": " + text;
}

size_t window_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

}  // namespace

ImportProgress::ImportProgress(uint64_t total, bool quiet)
    : total_(total), shows_(!quiet && ::isatty(STDERR_FILENO)), started_(Clock::now()), shown_(started_) {}

void ImportProgress::add_line(uint64_t bytes) {
  ++lines_;
  bytes_ = bytes;
  if (!shows_ || lines_ % 256 != 0) return;
  auto at = Clock::now();
  if (at - shown_ < std::chrono::milliseconds(150)) return;
  shown_ = at;
  show(at);
}

void ImportProgress::show(Clock::time_point at) {
  double spent = std::chrono::duration<double>(at - started_).count();
  double speed = static_cast<double>(lines_) / std::max(spent, 0.001);
  std::string text;
  if (total_ > 0) {
    double done = std::min(1.0, static_cast<double>(bytes_) / static_cast<double>(total_));
    constexpr size_t width = 24;
    auto full = static_cast<size_t>(done * width);
    std::string bar(full, '#');
    bar.resize(width, '.');
    text = fmt::format("[{}] {:3.0f} %  ", bar, done * 100);
    if (done > 0.02 && done < 1)
      text += fmt::format("{} {}  ", human_duration(spent / done - spent), say("left"));
  }
  text += fmt::format("{} {}  {:.0f} {}  {}", lines_, say(lines_ == 1 ? "line" : "lines"), speed,
                      say("lines/s"), printable(path_));
  fmt::print(stderr, "\r{}\x1b[K", cut(text, window_width() - 1));
  std::fflush(stderr);
}

void ImportProgress::clear() {
  if (shows_) fmt::print(stderr, "\r\x1b[K");
}

void ImportProgress::print_summary(ImportWriter& writer, bool json) const {
  auto u = understood();
  if (json) {
    Json out{{"lines", lines_},
             {"understood", u.facts},
             {"ignored", u.ignored},
             {"unknown", u.unknown},
             {"other_programs", u.unparsed},
             {"unknown_by_program", u.unknown_of},
             {"mails", writer.mails()},
             {"deliveries", writer.deliveries()},
             {"dead_letters", writer.dead_letters()},
             {"seconds", seconds()}};
    fmt::print("{}\n", dump_line(out));
    return;
  }
  double speed = static_cast<double>(lines_) / std::max(seconds(), 0.001);
  print_count(
      lines_, "line read", "lines read",
      fmt::format(" {} {} ({:.0f} {})", say("in"), human_duration(seconds()), speed, say("a second")));
  print_count(u.facts, "understood", "understood");
  print_count(u.ignored, "known to say nothing about a mail", "known to say nothing about a mail");
  print_count(u.unknown, "not understood", "not understood", of_programs(u.unknown_of));
  print_count(u.unparsed, "of programs without a parser", "of programs without a parser",
              of_programs(u.unparsed_of));
  print_count(writer.mails(), "mail or refusal", "mails and refusals");
  print_count(writer.deliveries(), "delivery", "deliveries");
  if (writer.dead_letters())
    print_count(writer.dead_letters(),
                "row that no database takes, see dead-letter.jsonl in the state directory",
                "rows that no database takes, see dead-letter.jsonl in the state directory");
}

}  // namespace mailtrace
