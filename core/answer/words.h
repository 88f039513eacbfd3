// Words: a text in both languages, and for both audiences. What every answer to "where is my mail?" is made
// of: used by the command line, the web plugin and the ticket text. Any thread.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/time.h"

namespace date {
class time_zone;
}

namespace mailtrace {

enum class Language { english, german };
enum class Audience { customer, admin };

struct Words {
  std::string en, de;
  const std::string& in(Language language) const { return language == Language::german ? de : en; }
  bool empty() const { return en.empty() && de.empty(); }
};

// One statement, said twice: without jargon for somebody on the phone, exact for somebody with a shell.
struct Sentence {
  Words customer, admin;
  const Words& to(Audience audience) const { return audience == Audience::admin ? admin : customer; }
};

// Who must act so that the mail arrives (or a next one does).
enum class Actor { nobody, sender, recipient, customer_admin, our_admin, other_side };
// "nobody", "sender", "recipient", "customer_admin", "our_admin", "other_side"
std::string_view actor_name(Actor actor);
bool actor_of(std::string_view name, Actor& out);
Words actor_words(Actor actor);

// How it looks: green, yellow, red, grey.
enum class Tone { good, waiting, bad, neutral };
std::string_view tone_name(Tone tone);

using Placeholders = std::initializer_list<std::pair<std::string_view, std::string_view>>;
// `{name}` becomes the value with that name; values are not looked into again, unknown names stay.
std::string fill(std::string_view text, Placeholders values);
Words fill(const Words& text, Placeholders values);

// What German wants behind "vor", "nach", "innerhalb von": "5 Tagen"; else "5 Tage".
enum class Case { other, dative };
// "4 minutes", "2 hours 10 minutes", "5 days".
std::string duration_text(double seconds, Language language, Case german_case = Case::other);
// "1 attempt", "2 attempts", "0 attempts"
Words counted(int64_t count, const Words& one, const Words& many);

}  // namespace mailtrace
