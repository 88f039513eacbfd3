// A daemon and a database in words. Main thread.
#include "core/tool/status_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace mailtrace {
namespace {

std::string text_of(const Json& json, const char* key) {
  auto at = json.find(key);
  return at != json.end() && at->is_string() ? printable(at->get<std::string>()) : "";
}

int64_t number_of(const Json& json, const char* key) {
  auto at = json.find(key);
  return at != json.end() && at->is_number() ? at->get<int64_t>() : 0;
}

const Json& list_of(const Json& json, const char* key) {
  static const Json none = Json::array();
  auto at = json.find(key);
  return at != json.end() && at->is_array() ? *at : none;
}

std::string when(const Json& json, const char* key, const Terminal& terminal) {
  Time time;
  auto text = text_of(json, key);
  return parse_time(text, time) ? terminal.date_time(time) : "";
}

constexpr std::pair<std::string_view, std::string_view> trouble[] = {
    {"dropped_lines_total", "lines dropped: the spool took no more"},
    {"spool_lost_lines_total", "lines lost: the spool was damaged"},
    {"unstored_lines_total", "lines received and not kept: the disk failed"},
    {"input_kernel_drops_total", "datagrams dropped by the kernel"},
    {"input_rejected_datagrams_total", "datagrams refused"},
    {"input_rejected_connections_total", "connections refused"},
    {"input_handshake_timeouts_total", "connections cut off: no greeting in time"},
    {"input_broken_frames_total", "broken frames"},
    {"foreign_host_lines_total", "lines of hosts their sender may not speak for"},
    {"input_truncated_lines_total", "lines cut: too long"},
    {"relp_broken_sessions_total", "broken RELP sessions"},
    {"tls_failures_total", "failed TLS handshakes"},
    {"mailtrace_cache_failures_total", "failed calls of the cache"},
    {"mailtrace_cache_too_big_total", "mails too big for the cache"},
    {"mailtrace_cache_wrong_total", "values of the cache that were not what was put there"},
};

std::string_view words_of_trouble(std::string_view counter) {
  for (auto& [name, words] : trouble)
    if (name == counter) return words;
  return "";
}

class Writer {
 public:
  Writer(const Json& status, const Terminal& terminal) : status_(status), terminal_(terminal) {}

  std::string text() {
    out_ += fmt::format("mailtraced {} {} {}, {} {}\n", text_of(status_, "version"), terminal_.say("on"),
                        text_of(status_, "name"), terminal_.say("running since"),
                        when(status_, "started", terminal_));
    inputs();
    spool();
    pipeline();
    sinks();
    unknown();
    counters();
    return std::move(out_);
  }

 private:
  void title(std::string_view text) {
    out_ += fmt::format("\n{}\n", terminal_.paint(Colour::bold, terminal_.say(text)));
  }
  void line(std::string_view text) { out_ += fmt::format("  {}\n", text); }

  void inputs() {
    title("Inputs");
    size_t width = 0;
    for (auto& input : list_of(status_, "inputs"))
      width = std::max(width, display_width(text_of(input, "input")));
    for (auto& input : list_of(status_, "inputs"))
      line(fmt::format("{}  {}, {} {}", fit(text_of(input, "input"), width), place_of(input),
                       lines_of(text_of(input, "input")), terminal_.say("lines received")));
    if (list_of(status_, "inputs").empty()) line(terminal_.say("none"));
  }

  // "127.0.0.1:2514, 3 connections": the input's own words, of which the last may be one we know.
  std::string place_of(const Json& input) {
    auto text = text_of(input, "at");
    for (std::string_view word : {"connections", "connection", "not listening"})
      if (text.ends_with(word))
        return text.substr(0, text.size() - word.size()) + std::string(terminal_.say(word));
    return text;
  }

  int64_t lines_of(const std::string& input) {
    for (auto& c : list_of(status_, "counters"))
      if (text_of(c, "name") == "input_lines_total" && text_of(c, "label") == "input=\"" + input + "\"")
        return number_of(c, "value");
    return 0;
  }

  void spool() {
    auto at = status_.find("spool");
    if (at == status_.end() || !at->is_object()) return;
    title("Spool");
    line(fmt::format("{} {}, {}", number_of(*at, "segments"),
                     terminal_.say(number_of(*at, "segments") == 1 ? "segment" : "segments"),
                     human_size(number_of(*at, "bytes"))));
    auto backlog = number_of(*at, "backlog_lines");
    line(fmt::format("{} {}", backlog,
                     terminal_.say(backlog == 1 ? "line waits to be read" : "lines wait to be read")));
    if (at->value("failed", false))
      line(terminal_.paint(Colour::red, terminal_.say("failed: the disk takes nothing any more")));
    for (auto& gap : list_of(*at, "gaps"))
      line(terminal_.paint(
          Colour::red, fmt::format("{} {}: {} {} ({})", terminal_.say("damage in"), text_of(gap, "segment"),
                                   number_of(gap, "bytes"), terminal_.say("bytes"), text_of(gap, "reason"))));
  }

  void pipeline() {
    auto at = status_.find("pipeline");
    if (at == status_.end() || !at->is_object()) return;
    title("Mails");
    line(fmt::format("{}: {}", terminal_.say("reader"), terminal_.say(text_of(*at, "state"))));
    auto until = when(*at, "visible_until", terminal_);
    if (!until.empty()) line(fmt::format("{} {}", terminal_.say("newest line read"), until));
    auto mails = number_of(*at, "open_mails"), lines = number_of(*at, "held_lines");
    line(fmt::format("{} {}, {} {}", mails, terminal_.say(mails == 1 ? "mail under way" : "mails under way"),
                     lines,
                     terminal_.say(lines == 1 ? "line held for its order" : "lines held for their order")));
    auto cache = text_of(status_, "cache");
    if (!cache.empty()) line(fmt::format("{}: {}", terminal_.say("cache"), cache));
  }

  void sinks() {
    title("Databases");
    if (!list_of(status_, "sinks").empty())
      line(terminal_.say("checked insert: a row that is there already is merged, so a line may come twice"));
    for (auto& sink : list_of(status_, "sinks")) {
      auto error = text_of(sink, "last_error"), since = when(sink, "failing_since", terminal_);
      line(fmt::format("{}: {}", text_of(sink, "sink"),
                       terminal_.paint(since.empty() ? Colour::green : Colour::red,
                                       terminal_.say(text_of(sink, "state")))));
      if (!since.empty()) line(fmt::format("  {} {}: {}", terminal_.say("in trouble since"), since, error));
      auto other = text_of(sink, "other_spool");
      if (!other.empty())
        line(terminal_.paint(Colour::red,
                             fmt::format("  {} ({})",
                                         terminal_.say("another receiver has the same name: give each "
                                                       "one of its own"),
                                         other)));
      auto visible = when(sink, "visible_until", terminal_);
      if (!since.empty())
        line(fmt::format("  {} {}", terminal_.say("lines are visible until about"),
                         visible.empty() ? terminal_.say("the time of the last start") : visible));
      auto commit = when(sink, "last_commit", terminal_);
      line(fmt::format("  {} {}{}", number_of(sink, "rows"), terminal_.say("rows written"),
                       commit.empty() ? "" : fmt::format(", {} {}", terminal_.say("last"), commit)));
      if (auto dead = number_of(sink, "dead_letters"))
        line(terminal_.paint(
            Colour::yellow,
            fmt::format("  {} {}", dead, terminal_.say("rows set aside in dead-letter.jsonl"))));
    }
    if (list_of(status_, "sinks").empty()) line(terminal_.say("none"));
  }

  // What a parser should know and did not, with the newest line of each program; and programs without parser.
  void unknown() {
    std::string out;
    for (auto& program : list_of(status_, "unknown")) {
      auto lines = number_of(program, "lines");
      out += fmt::format("  {}: {} {}\n", text_of(program, "program"), lines,
                         terminal_.say(lines == 1 ? "line" : "lines"));
      out += fmt::format("    {}  {}  {}\n", when(program, "time", terminal_), text_of(program, "host"),
                         text_of(program, "text"));
    }
    for (auto& c : list_of(status_, "counters")) {
      auto program = program_without_parser(text_of(c, "label"));
      auto lines = number_of(c, "value");
      if (text_of(c, "name") == "parse_lines_total" && !program.empty() && lines)
        out += fmt::format("  {}: {} {}, {}\n", program, lines, terminal_.say(lines == 1 ? "line" : "lines"),
                           terminal_.say("no parser in the configuration"));
    }
    if (out.empty()) return;
    title("Not understood");
    out_ += out;
  }

  static std::string program_without_parser(std::string_view label) {
    constexpr std::string_view start = "result=\"unparsed\",program=\"";
    if (!label.starts_with(start) || !label.ends_with('"')) return "";
    label.remove_prefix(start.size());
    label.remove_suffix(1);
    return label.empty() ? "?" : std::string(label);
  }

  // Counters that mean trouble; the others are for --json.
  void counters() {
    std::string out;
    for (auto& c : list_of(status_, "counters")) {
      auto name = text_of(c, "name"), label = text_of(c, "label");
      auto words = words_of_trouble(name);
      if (auto value = number_of(c, "value"); value && !words.empty())
        out +=
            fmt::format("  {} {}{}\n", value, terminal_.say(words), label.empty() ? "" : " (" + label + ")");
    }
    if (out.empty()) return;
    title("Look at");
    out_ += out;
  }

  const Json& status_;
  const Terminal& terminal_;
  std::string out_;
};

}  // namespace

std::string daemon_text(const Json& status, const Terminal& terminal) {
  return Writer(status, terminal).text();
}

}  // namespace mailtrace
