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

struct Trouble {
  std::string_view counter, one, many;
};
constexpr Trouble trouble[] = {
    {"dropped_lines_total", "line dropped: the spool took no more", "lines dropped: the spool took no more"},
    {"spool_lost_lines_total", "line lost: the spool was damaged", "lines lost: the spool was damaged"},
    {"unstored_lines_total", "line received and not kept: the disk failed",
     "lines received and not kept: the disk failed"},
    {"input_lost_files_total", "log file of which lines may be missing: import its rotated files",
     "log files of which lines may be missing: import their rotated files"},
    {"input_file_errors_total", "failed try to read a log file", "failed tries to read a log file"},
    {"kept_lines_lost_total", "line that nobody understood not kept for later: the disk failed",
     "lines that nobody understood not kept for later: the disk failed"},
    {"sink_refused_counts_total", "count of lines that the database refused",
     "counts of lines that the database refused"},
    {"input_kernel_drops_total", "datagram dropped by the kernel", "datagrams dropped by the kernel"},
    {"input_rejected_datagrams_total", "datagram refused", "datagrams refused"},
    {"input_rejected_connections_total", "connection refused", "connections refused"},
    {"input_handshake_timeouts_total", "connection cut off: no greeting in time",
     "connections cut off: no greeting in time"},
    {"input_frame_timeouts_total", "connection cut off: a frame that did not end",
     "connections cut off: a frame that did not end"},
    {"input_evicted_connections_total", "idle connection closed to make room",
     "idle connections closed to make room"},
    {"input_broken_frames_total", "broken frame", "broken frames"},
    {"foreign_host_lines_total", "line of a host its sender may not speak for",
     "lines of hosts their sender may not speak for"},
    {"input_truncated_lines_total", "line cut: too long", "lines cut: too long"},
    {"relp_broken_sessions_total", "broken RELP session", "broken RELP sessions"},
    {"tls_failures_total", "failed TLS handshake", "failed TLS handshakes"},
    {"mailtrace_cache_failures_total", "failed call of the cache", "failed calls of the cache"},
    {"mailtrace_cache_too_big_total", "mail too big for the cache", "mails too big for the cache"},
    {"mailtrace_cache_wrong_total", "value of the cache that was not what was put there",
     "values of the cache that were not what was put there"},
};

const Trouble* trouble_of(std::string_view counter) {
  for (auto& each : trouble)
    if (each.counter == counter) return &each;
  return nullptr;
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
      line(fmt::format(
          "{}  {}, {}", fit(text_of(input, "input"), width), place_of(input),
          terminal_.counted(lines_of(text_of(input, "input")), "line received", "lines received")));
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
    line(fmt::format("{}, {}", terminal_.counted(number_of(*at, "segments"), "segment", "segments"),
                     human_size(number_of(*at, "bytes"))));
    line(
        terminal_.counted(number_of(*at, "backlog_lines"), "line waits to be read", "lines wait to be read"));
    if (at->value("failed", false))
      line(terminal_.paint(Colour::red, terminal_.say("failed: the disk takes nothing any more")));
    for (auto& gap : list_of(*at, "gaps"))
      line(terminal_.paint(
          Colour::red,
          fmt::format("{} {}: {} ({})", terminal_.say("damage in"), text_of(gap, "segment"),
                      terminal_.counted(number_of(gap, "bytes"), "byte", "bytes"), text_of(gap, "reason"))));
  }

  void pipeline() {
    auto at = status_.find("pipeline");
    if (at == status_.end() || !at->is_object()) return;
    title("Mails");
    line(fmt::format("{}: {}", terminal_.say("reader"), terminal_.say(text_of(*at, "state"))));
    auto until = when(*at, "visible_until", terminal_);
    if (!until.empty()) line(fmt::format("{} {}", terminal_.say("newest line read"), until));
    line(fmt::format("{}, {}",
                     terminal_.counted(number_of(*at, "open_mails"), "mail under way", "mails under way"),
                     terminal_.counted(number_of(*at, "held_lines"), "line held for its order",
                                       "lines held for their order")));
    auto cache = text_of(status_, "cache");
    if (!cache.empty()) line(fmt::format("{}: {}", terminal_.say("cache"), cache));
  }

  void sinks() {
    title("Databases");
    if (!list_of(status_, "sinks").empty())
      line(terminal_.say("checked insert: a row that is there already is merged, so a line may come twice"));
    for (auto& sink : list_of(status_, "sinks")) {
      auto error = text_of(sink, "last_error"), since = when(sink, "failing_since", terminal_);
      auto waiting = when(sink, "waiting_since", terminal_), first = text_of(sink, "waits_for");
      bool well = since.empty() && waiting.empty() && first.empty();
      line(fmt::format("{}: {}", text_of(sink, "sink"),
                       terminal_.paint(well            ? Colour::green
                                       : first.empty() ? Colour::red
                                                       : Colour::yellow,
                                       terminal_.say(text_of(sink, "state")))));
      if (!waiting.empty())
        line(terminal_.paint(Colour::red,
                             fmt::format("  {} {}", terminal_.say("waiting for an answer since"), waiting)));
      if (!first.empty())
        line(terminal_.paint(Colour::yellow, fmt::format("  {} {}", terminal_.say("waits for"), first)));
      if (!since.empty()) line(fmt::format("  {} {}: {}", terminal_.say("in trouble since"), since, error));
      auto other = text_of(sink, "other_spool");
      if (!other.empty())
        line(terminal_.paint(Colour::red,
                             fmt::format("  {} ({})",
                                         terminal_.say("another receiver has the same name: give each "
                                                       "one of its own"),
                                         other)));
      auto visible = when(sink, "visible_until", terminal_);
      if (!well)
        line(fmt::format("  {} {}", terminal_.say("lines are visible until about"),
                         visible.empty() ? terminal_.say("the time of the last start") : visible));
      auto commit = when(sink, "last_commit", terminal_);
      line(fmt::format("  {}{}", terminal_.counted(number_of(sink, "rows"), "row written", "rows written"),
                       commit.empty() ? "" : fmt::format(", {} {}", terminal_.say("last"), commit)));
      if (auto dead = number_of(sink, "dead_letters"))
        line(terminal_.paint(Colour::yellow,
                             "  " + terminal_.counted(dead, "row set aside in dead-letter.jsonl",
                                                      "rows set aside in dead-letter.jsonl")));
    }
    if (list_of(status_, "sinks").empty()) line(terminal_.say("none"));
  }

  // What a parser should know and did not, with the newest line of each program; and programs without parser.
  void unknown() {
    std::string out;
    for (auto& program : list_of(status_, "unknown")) {
      out += fmt::format("  {}: {}\n", text_of(program, "program"),
                         terminal_.counted(number_of(program, "lines"), "line", "lines"));
      out += fmt::format("    {}  {}  {}\n", when(program, "time", terminal_), text_of(program, "host"),
                         text_of(program, "text"));
    }
    for (auto& c : list_of(status_, "counters")) {
      auto program = program_without_parser(text_of(c, "label"));
      auto lines = number_of(c, "value");
      if (text_of(c, "name") == "parse_lines_total" && !program.empty() && lines)
        out += fmt::format("  {}: {}, {}\n", program, terminal_.counted(lines, "line", "lines"),
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
      auto label = text_of(c, "label");
      auto* words = trouble_of(text_of(c, "name"));
      if (auto value = number_of(c, "value"); value && words)
        out += fmt::format("  {}{}\n", terminal_.counted(value, words->one, words->many),
                           label.empty() ? "" : " (" + label + ")");
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
