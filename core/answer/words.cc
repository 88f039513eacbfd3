// Placeholders and durations in words. Any thread.
#include "core/answer/words.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "core/base/plural.h"

namespace mailtrace {
namespace {

constexpr std::string_view actor_names[] = {"nobody",         "sender",    "recipient",
                                            "customer_admin", "our_admin", "other_side"};

std::string_view value_of(std::string_view name, Placeholders values, bool& found) {
  for (auto& [key, value] : values)
    if (key == name) {
      found = true;
      return value;
    }
  found = false;
  return {};
}

struct Unit {
  int64_t seconds;
  const char *en, *en_many, *de, *de_many, *de_dative;
};
constexpr Unit units[] = {{86400, "day", "days", "Tag", "Tage", "Tagen"},
                          {3600, "hour", "hours", "Stunde", "Stunden", "Stunden"},
                          {60, "minute", "minutes", "Minute", "Minuten", "Minuten"},
                          {1, "second", "seconds", "Sekunde", "Sekunden", "Sekunden"}};

std::string amount(int64_t count, const Unit& unit, bool german, Case german_case) {
  const char* one = german ? unit.de : unit.en;
  const char* many = !german ? unit.en_many : german_case == Case::dative ? unit.de_dative : unit.de_many;
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::string_view actor_name(Actor actor) { return actor_names[static_cast<size_t>(actor)]; }

bool actor_of(std::string_view name, Actor& out) {
  for (size_t i = 0; i < std::size(actor_names); ++i)
    if (actor_names[i] == name) {
      out = static_cast<Actor>(i);
      return true;
    }
  return false;
}

Words actor_words(Actor actor) {
  switch (actor) {
    case Actor::nobody:
      return {"nobody", "niemand"};
    case Actor::sender:
      return {"the sender", "der Absender"};
    case Actor::recipient:
      return {"the recipient", "der Empfänger"};
    case Actor::customer_admin:
      return {"whoever runs the sender's mail server or domain",
              "wer Mailserver oder Domain des Absenders betreibt"};
    case Actor::our_admin:
      return {"our mail administrators", "unsere Mail-Administration"};
    case Actor::other_side:
      return {"whoever runs the other mail server", "wer den anderen Mailserver betreibt"};
  }
  return {};
}

std::string_view tone_name(Tone tone) {
  constexpr std::string_view names[] = {"good", "waiting", "bad", "neutral"};
  return names[static_cast<size_t>(tone)];
}

std::string fill(std::string_view text, Placeholders values) {
  std::string out;
  while (!text.empty()) {
    auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    text.remove_prefix(open);
    auto close = text.find('}');
    bool found = false;
    auto value = close == std::string_view::npos ? std::string_view{}
                                                 : value_of(text.substr(1, close - 1), values, found);
    if (found) {
      out += value;
      text.remove_prefix(close + 1);
    } else {
      out += '{';
      text.remove_prefix(1);
    }
  }
  return out;
}

Words fill(const Words& text, Placeholders values) { return {fill(text.en, values), fill(text.de, values)}; }

std::string duration_text(double seconds, Language language, Case german_case) {
  bool german = language == Language::german;
  if (seconds < 1) {
    if (!german) return "less than a second";
    return german_case == Case::dative ? "weniger als einer Sekunde" : "weniger als eine Sekunde";
  }
  auto rest = static_cast<int64_t>(std::llround(seconds));
  for (size_t i = 0; i + 1 < std::size(units); ++i) {
    if (rest < units[i].seconds) continue;
    auto count = rest / units[i].seconds, more = rest % units[i].seconds / units[i + 1].seconds;
    auto text = amount(count, units[i], german, german_case);
    return more == 0 || count >= 10 ? text : text + " " + amount(more, units[i + 1], german, german_case);
  }
  return amount(rest, units[3], german, german_case);
}

Words counted(int64_t count, const Words& one, const Words& many) {
  return {counted(count, one.en, many.en), counted(count, one.de, many.de)};
}

}  // namespace mailtrace
