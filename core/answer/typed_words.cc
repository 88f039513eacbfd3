// Each word of the line is an address, says a direction or a status, or is any other. Any thread.
#include "core/answer/typed_words.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "core/answer/pasted_text.h"
#include "core/answer/reply.h"
#include "core/answer/trouble_words.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

// Longer lines are sentences, whatever stands in them.
constexpr size_t most_words = 12, most_addresses = 4;

enum class Side { any, sender, recipient };

struct Direction {
  std::string_view word;
  Side side;
};
constexpr Direction directions[] = {
    {"from", Side::sender},         {"von", Side::sender},          {"sender", Side::sender},
    {"absender", Side::sender},     {"to", Side::recipient},        {"an", Side::recipient},
    {"für", Side::recipient},       {"for", Side::recipient},       {"nach", Side::recipient},
    {"recipient", Side::recipient}, {"empfänger", Side::recipient}, {"->", Side::recipient},
    {"→", Side::recipient},         {"=>", Side::recipient},        {">", Side::recipient}};

constexpr std::string_view fillers[] = {"mail",   "mails", "e-mail", "email", "message", "nachricht", "the",
                                        "a",      "das",   "ein",    "die",   "eine",    "der",       "and",
                                        "und",    "with",  "mit",    "is",    "ist",     "was",       "wurde",
                                        "status", "where", "wo",     "?"};

Side side_of(std::string_view low) {
  for (auto& direction : directions)
    if (direction.word == low) return direction.side;
  return Side::any;
}

bool is_filler(std::string_view low) {
  return std::find(std::begin(fillers), std::end(fillers), low) != std::end(fillers);
}

// As they are stored, and as people and the page call them.
struct StatusWord {
  std::string_view word;
  std::vector<std::string> statuses;
};
const std::vector<StatusWord>& status_words_asked() {
  static const std::vector<StatusWord> table = {{"sent", {"sent"}},
                                                {"delivered", {"sent"}},
                                                {"gesendet", {"sent"}},
                                                {"zugestellt", {"sent"}},
                                                {"versendet", {"sent"}},
                                                {"deferred", {"deferred"}},
                                                {"delayed", {"deferred"}},
                                                {"waiting", {"deferred"}},
                                                {"wartet", {"deferred"}},
                                                {"wartend", {"deferred"}},
                                                {"verzögert", {"deferred"}},
                                                {"zurückgestellt", {"deferred", "greylisted"}},
                                                {"bounced", {"bounced", "expired"}},
                                                {"bounce", {"bounced", "expired"}},
                                                {"bounces", {"bounced", "expired"}},
                                                {"undeliverable", {"bounced", "expired"}},
                                                {"unzustellbar", {"bounced", "expired"}},
                                                {"rückläufer", {"bounced", "expired"}},
                                                {"expired", {"expired"}},
                                                {"aufgegeben", {"expired"}},
                                                {"rejected", {"rejected", "blocked"}},
                                                {"refused", {"rejected", "blocked"}},
                                                {"abgelehnt", {"rejected", "blocked"}},
                                                {"abgewiesen", {"rejected", "blocked"}},
                                                {"zurückgewiesen", {"rejected", "blocked", "bounced"}},
                                                {"blocked", {"blocked"}},
                                                {"blockiert", {"blocked"}},
                                                {"gesperrt", {"blocked"}},
                                                {"greylisted", {"greylisted"}},
                                                {"greylisting", {"greylisted"}},
                                                {"discarded", {"discarded"}},
                                                {"verworfen", {"discarded"}},
                                                {"filtered", {"filtered"}},
                                                {"gefiltert", {"filtered"}},
                                                {"quarantine", {"filtered"}},
                                                {"quarantäne", {"filtered"}},
                                                {"held", {"held"}},
                                                {"angehalten", {"held"}},
                                                {"zurückgehalten", {"held"}},
                                                {"deleted", {"deleted"}},
                                                {"gelöscht", {"deleted"}}};
  return table;
}

// "[at]", " (dot) " at the begin of `text`: the sign, and how long that is.
char sign_in_brackets(std::string_view text, size_t& length) {
  constexpr std::string_view open = "([{", close = ")]}";
  size_t at = std::min(text.find_first_not_of(' '), text.size());
  auto bracket = at < text.size() ? open.find(text[at]) : std::string_view::npos;
  if (bracket == std::string_view::npos) return 0;
  auto end = text.find(close[bracket], at);
  if (end == std::string_view::npos || end > at + 10) return 0;
  auto word = lower(trimmed(text.substr(at + 1, end - at - 1)));
  length = std::min(text.find_first_not_of(' ', end + 1), text.size());
  if (word == "at" || word == "ät" || word == "@") return '@';
  if (word == "dot" || word == "punkt" || word == ".") return '.';
  return 0;
}

struct Addressee {
  std::string address;
  Side side = Side::any;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r'; }

std::vector<std::string_view> words_of_line(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    size_t length = 0;
    while (length < line.size() && !is_blank(line[length])) ++length;
    if (length > 0) out.push_back(line.substr(0, length));
    line.remove_prefix(std::min(line.size(), length + 1));
  }
  return out;
}

class Line {
 public:
  explicit Line(std::string_view line) : words_(words_of_line(line)) {
    for (auto word : words_) take(word);
  }

  size_t words() const { return words_.size(); }
  size_t others() const { return others_; }
  const std::vector<Addressee>& addresses() const { return addresses_; }
  const std::vector<std::string>& statuses() const { return statuses_; }
  bool says_direction() const {
    return std::any_of(addresses_.begin(), addresses_.end(), [](auto& a) { return a.side != Side::any; });
  }

  // Which one wrote, if a word says it of one of them: the others are the other side then.
  const Addressee* sender() const {
    for (auto& each : addresses_)
      if (each.side == Side::sender) return &each;
    if (!says_direction()) return nullptr;
    for (auto& each : addresses_)
      if (each.side == Side::any) return &each;
    return nullptr;
  }

 private:
  void take(std::string_view word) {
    auto low = lower(word);
    if (low.starts_with("message-id")) return void(++others_);
    // "from=<a@b>", "To:", "An:<a@b>"
    auto mark = low.find_first_of("=:");
    auto name = std::string_view(low).substr(0, mark);
    if (mark != std::string::npos && low != "=>")
      if (auto side = side_of(name); side != Side::any) {
        next_ = side;
        word.remove_prefix(mark + 1);
        if (word.empty()) return;
        low = lower(word);
      }
    if (auto side = side_of(low); side != Side::any) {
      next_ = side;
      return;
    }
    if (word.find('@') != std::string_view::npos) return address(word);
    while (!low.empty() && std::string_view(".?!:").find(low.back()) != std::string_view::npos)
      low.pop_back();
    if (low.empty() || is_filler(low)) return;
    for (auto& status : status_words_asked())
      if (status.word == low) return add_statuses(status.statuses);
    ++others_;
  }

  void address(std::string_view word) {
    if (word.starts_with('<') && word.ends_with('>') && word.size() > 2)
      word = word.substr(1, word.size() - 2);
    while (word.size() > 1 && std::string_view("?!.:").find(word.back()) != std::string_view::npos)
      word.remove_suffix(1);
    std::string found;
    if (word.front() == '@' || word.find('*') != std::string_view::npos)
      found = std::string(word);  // a whole domain, or a part
    else
      found = address_in(word);
    if (found.size() < 2) {
      ++others_;
      return;
    }
    auto side = next_;
    next_ = Side::any;
    for (auto& known : addresses_)
      if (known.side == side && lower(known.address) == lower(found)) return;
    addresses_.push_back({found, side});
  }

  void add_statuses(const std::vector<std::string>& more) {
    for (auto& status : more)
      if (std::find(statuses_.begin(), statuses_.end(), status) == statuses_.end())
        statuses_.push_back(status);
  }

  std::vector<std::string_view> words_;
  std::vector<Addressee> addresses_;
  std::vector<std::string> statuses_;
  size_t others_ = 0;
  Side next_ = Side::any;
};

void add_part(Understood& out, const char* name, const std::string& value) {
  out.found.push_back({name, part_words(name), value});
}

void add_statuses(Understood& out, const std::vector<std::string>& statuses) {
  for (auto& status : statuses) add_part(out, "outcome", status);
}

// Two or more addresses: mail from one to another.
Understood envelope(const Line& line, const Query& with) {
  Understood out;
  out.kind = PasteKind::envelope;
  auto add = [&](const std::string& sender, const std::string& recipient) {
    Query query = with;
    query.sender = sender;
    query.recipient = recipient;
    out.tries.push_back(std::move(query));
  };
  auto* sender = line.sender();
  auto& all = line.addresses();
  if (!sender && line.says_direction()) sender = &all.front();
  if (!sender) {
    out.words = {"two addresses: sender and recipient, in either order",
                 "zwei Adressen: Absender und Empfänger, in beliebiger Reihenfolge"};
    if (all.size() > 2)
      out.words = {"several addresses: a sender and a recipient, in any order",
                   "mehrere Adressen: ein Absender und ein Empfänger, in beliebiger Reihenfolge"};
    for (auto& from : all)
      for (auto& to : all)
        if (&from < &to) {
          add(from.address, to.address);
          add(to.address, from.address);
        }
    for (auto& each : all) add_part(out, "address", each.address);
    return out;
  }
  out.words = {"sender and recipient", "Absender und Empfänger"};
  add_part(out, "sender", sender->address);
  for (auto& each : all) {
    if (&each == sender) continue;
    add(sender->address, each.address);
    add_part(out, "recipient", each.address);
  }
  return out;
}

Understood one_address(const Line& line, const Query& with) {
  Understood out;
  out.kind = PasteKind::address;
  auto& only = line.addresses().front();
  Query query = with;
  const char* part = "address";
  if (only.side == Side::sender) {
    query.sender = only.address;
    out.words = {"a sender", "ein Absender"};
    part = "sender";
  } else if (only.side == Side::recipient) {
    query.recipient = only.address;
    out.words = {"a recipient", "ein Empfänger"};
    part = "recipient";
  } else {
    query.address = only.address;
    out.words = {"an address", "eine Adresse"};
  }
  add_part(out, part, only.address);
  out.tries.push_back(std::move(query));
  if (only.side == Side::any) return out;
  out.tries.push_back(with);
  out.tries.back().address = only.address;
  return out;
}

bool is_name_part(std::string_view word) {
  auto low = lower(word);
  return word.size() >= 2 && !is_filler(low) && side_of(low) == Side::any &&
         std::all_of(word.begin(), word.end(), [](char c) {
           auto byte = static_cast<unsigned char>(c);
           return std::isalpha(byte) || byte >= 0x80 || c == '-' || c == '\'';
         });
}

// "Jörg Müller" has the address joerg.mueller@….
std::string as_in_addresses(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> letters[] = {
      {"ä", "ae"}, {"ö", "oe"}, {"ü", "ue"}, {"ß", "ss"}, {"Ä", "ae"}, {"Ö", "oe"}, {"Ü", "ue"}};
  auto out = lower(word);
  for (auto& [letter, written] : letters)
    for (auto at = out.find(letter); at != std::string::npos; at = out.find(letter, at))
      out.replace(at, letter.size(), written);
  return out;
}

// "Anna Berger", "Berger, Anna": what her address may look like.
std::optional<Understood> name(std::string_view line, const Query& base) {
  auto words = words_of_line(line);
  if (words.size() < 2 || words.size() > 3) return std::nullopt;
  if (!std::all_of(words.begin(), words.end(), is_name_part)) return std::nullopt;
  Understood out;
  out.kind = PasteKind::name;
  out.words = {"a name in an address, or words of a subject or an answer",
               "ein Name in einer Adresse oder Wörter aus einem Betreff oder einer Antwort"};
  auto add = [&](std::string pattern) {
    Query query = base;
    query.address = std::move(pattern);
    out.tries.push_back(std::move(query));
  };
  auto pattern = [](auto from, auto to) {
    std::string text = "*";
    for (; from != to; ++from) (text += as_in_addresses(*from)) += '*';
    return text;
  };
  add(pattern(words.begin(), words.end()));
  add(pattern(words.rbegin(), words.rend()));
  // a.berger@…
  auto initial = as_in_addresses(words.front()), last = as_in_addresses(words.back());
  if (static_cast<unsigned char>(initial.front()) < 0x80) add(initial.substr(0, 1) + "." + last + "@*");
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "552 5.2.2", "5.1.1", "550-5.7.1 Blocked …", "550": what a server said.
std::optional<Understood> answer(std::string_view line, const Query& base) {
  auto first = line.substr(0, line.find_first_of(" -"));
  bool code = first.size() == 3 && (first[0] == '4' || first[0] == '5') && is_number(first) && first[1] < '6';
  auto rest = code ? trimmed(line.substr(std::min(line.size(), first.size() + 1))) : line;
  auto second = rest.substr(0, rest.find(' '));
  bool enhanced = is_enhanced_code(second) && second[0] != '2';
  if (!code && !enhanced) return std::nullopt;
  std::string codes = code ? std::string(first) : "";
  if (enhanced) (codes += code ? " " : "") += second;
  auto said = enhanced ? trimmed(rest.substr(second.size())) : rest;
  Understood out;
  out.kind = PasteKind::answer;
  out.words = said.empty() ? Words{"the code of a server's answer", "der Code einer Serverantwort"}
                           : Words{"a server's answer", "die Antwort eines Servers"};
  auto add = [&](const std::string& text) {
    Query query = base;
    query.response = text;
    out.tries.push_back(std::move(query));
  };
  if (!said.empty()) {
    add("*" + std::string(line) + "*");
    if (auto phrase = longest_phrase(said); !phrase.empty()) add("*" + phrase + "*");
  }
  // "500 Euro" is an amount in a subject rather.
  if (said.empty() || enhanced) add(codes);
  add_part(out, "answer", std::string(line));
  return out;
}

// "Postfach voll", "anna@example.org Spam": a status, and one of the answers that servers give then.
std::optional<Understood> trouble(std::string_view text, const Query& base) {
  auto words = words_of_line(text);
  if (words.size() > most_words) return std::nullopt;
  std::erase_if(words, [](auto word) { return is_filler(lower(word)); });
  auto* named = take_trouble(words);
  if (!named) return std::nullopt;
  std::string rest;
  for (auto word : words) (rest += rest.empty() ? "" : " ") += word;
  Line line(rest);
  if (line.others() > 0 || line.addresses().size() > most_addresses) return std::nullopt;
  auto statuses = line.statuses();
  if (statuses.empty()) statuses.assign(named->statuses.begin(), named->statuses.end());
  std::optional<Understood> out;
  for (auto reply : named->replies) {
    Query with = base;
    with.status = statuses;
    with.response = std::string(reply);
    Understood each{PasteKind::status, {}, {with}, {}, {}};
    if (line.addresses().size() > 1)
      each = envelope(line, with);
    else if (!line.addresses().empty())
      each = one_address(line, with);
    if (out)
      out->tries.insert(out->tries.end(), each.tries.begin(), each.tries.end());
    else
      out = std::move(each);
  }
  if (!out) return std::nullopt;
  auto said = trouble_words(*named, statuses);
  if (out->kind == PasteKind::status) {
    out->words = std::move(said);
  } else {
    out->words.en += ", with " + said.en;
    out->words.de += "; " + said.de;
  }
  add_statuses(*out, statuses);
  add_part(*out, "answer", std::string(named->replies.front()));
  return out;
}

}  // namespace

std::string with_address_signs(std::string_view line) {
  std::string out;
  bool changed = false;
  for (size_t at = 0; at < line.size();) {
    size_t length = 0;
    char sign = sign_in_brackets(line.substr(at), length);
    bool between = at > 0 && at + length < line.size() && line[at - 1] != ' ';
    if (!sign || !between) {
      out += line[at++];
      continue;
    }
    out += sign;
    at += length;
    changed = changed || sign == '@';
  }
  // "logged in (at) home" names nobody.
  auto named = changed ? address_in(out) : "";
  return named.find('.', std::min(named.find('@'), named.size())) == std::string::npos ? std::string(line)
                                                                                       : out;
}

std::optional<Understood> read_typed_words(std::string_view text, const Query& base) {
  if (auto said = answer(text, base)) return said;
  if (auto known = trouble(text, base)) return known;
  Line line(text);
  if (line.words() > most_words || line.addresses().size() > most_addresses) return std::nullopt;
  Query with = base;
  if (!line.statuses().empty()) with.status = line.statuses();
  std::optional<Understood> out;
  if (line.addresses().size() > 1)
    out = envelope(line, with);
  else if (line.others() > 0)
    return name(text, base);
  else if (line.addresses().size() == 1 && line.words() > 1)
    out = one_address(line, with);
  else if (line.addresses().empty() && !line.statuses().empty())
    out = Understood{PasteKind::status, {"a status", "ein Status"}, {with}, {}, {}};
  if (!out) return std::nullopt;
  if (out->kind != PasteKind::status && !line.statuses().empty()) {
    out->words.en += ", with a status";
    out->words.de += ", mit einem Status";
  }
  add_statuses(*out, line.statuses());
  return out;
}

std::optional<Peer> read_peer(std::string_view text) {
  Peer out;
  auto rest = text;
  if (auto open = text.find('['); open != std::string_view::npos) {
    auto close = text.find(']', open);
    if (close == std::string_view::npos || !is_ip_address(text.substr(open + 1, close - open - 1)))
      return std::nullopt;
    out.name = std::string(text.substr(0, open));
    out.address = std::string(text.substr(open + 1, close - open - 1));
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
  } else {
    auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    if (is_ip_address(host))
      out.address = std::string(host);
    else if (host.find('.') != std::string_view::npos)
      out.name = std::string(host);
    else
      return std::nullopt;
    rest = text.substr(colon);
  }
  auto is_host_char = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  };
  if (!std::all_of(out.name.begin(), out.name.end(), is_host_char)) return std::nullopt;
  if (out.name == "unknown") out.name.clear();
  if (!rest.empty()) {
    if (rest.size() > 6 || !is_number(rest.substr(1))) return std::nullopt;
    out.has_port = true;
  }
  return out;
}

}  // namespace mailtrace
