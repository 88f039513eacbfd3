// A pasted text in words. Main thread.
#include "core/tool/reading_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/answer/json.h"
#include "core/base/text.h"
#include "core/tool/text_out.h"

namespace mailtrace {
namespace {

constexpr size_t most_parts = 8;

std::string in_words(const Words& words, const Terminal& terminal) {
  return words.in(terminal.german ? Language::german : Language::english);
}

std::string value_text(const Json& value) {
  if (value.is_array()) {
    std::string out;
    for (auto& each : value) (out += out.empty() ? "" : " ") += value_text(each);
    return out;
  }
  if (!value.is_string()) return dump_line(value);
  auto text = value.get<std::string>();
  return text.empty() ? "<>" : printable(text);
}

std::string time_or_text(const std::string& text, const Terminal& terminal) {
  Time time;
  return parse_time(text, time) ? terminal.date_time(time) : printable(text);
}

// "subject *offer*, came in from 2026-11-23 00:00:00"
std::string criteria_text(const Query& query, const Query& base, const Terminal& terminal) {
  Json known = to_json(base), asked = to_json(query);
  std::string out;
  for (auto& [name, value] : asked.items()) {
    if (auto before = known.find(name); before != known.end() && *before == value) continue;
    bool is_time = name.ends_with("_from") || name.ends_with("_to");
    auto text = is_time && name != "received_from" && name != "sent_to"
                    ? time_or_text(value.get<std::string>(), terminal)
                    : value_text(value);
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", in_words(criterion_words(name), terminal), text);
  }
  return out;
}

std::string parts_text(const Understood& understood, const Terminal& terminal) {
  std::string out;
  for (size_t i = 0; i < std::min(understood.found.size(), most_parts); ++i) {
    auto& part = understood.found[i];
    auto value = part.name == "time" ? time_or_text(part.value, terminal) : printable(part.value);
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", in_words(part.words, terminal), value);
  }
  return out;
}

}  // namespace

std::string reading_text(const Understood& understood, size_t at, const Query& base,
                         const Terminal& terminal) {
  if (understood.kind == PasteKind::nothing) return "";
  TextOut out(terminal);
  auto as = fmt::format("{} {}", terminal.say("Understood as"), in_words(understood.words, terminal));
  if (at < understood.tries.size())
    if (auto criteria = criteria_text(understood.tries[at], base, terminal); !criteria.empty())
      as += ": " + criteria;
  out.wrapped(0, as);
  bool is_long = understood.kind == PasteKind::log_line || understood.kind == PasteKind::headers ||
                 understood.kind == PasteKind::bounce;
  if (auto parts = parts_text(understood, terminal); is_long && !parts.empty())
    out.wrapped(0, fmt::format("{} {}", terminal.say("Seen in the text:"), parts));
  if (at > 0)
    out.wrapped(
        0, terminal.say("Nothing for the likeliest meaning; this is the next one that finds something."));
  return out.take();
}

}  // namespace mailtrace
