// What a pasted text may be: single words and ids here, longer texts in pasted_text.cc. Any thread.
#include "core/answer/understand.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "core/answer/pasted_text.h"
#include "core/answer/spoken_time.h"
#include "core/answer/typed_words.h"
#include "core/base/text.h"
#include "core/mail/queue_id.h"

namespace mailtrace {
namespace {

constexpr size_t most_bytes = 256u << 10;

bool all_of(std::string_view text, int (*is)(int)) {
  return std::all_of(text.begin(), text.end(),
                     [is](char c) { return is(static_cast<unsigned char>(c)) != 0; });
}

// "Message-ID: <…>", "message-id=<…>", "to=<…>," and "mailto:…" as they are copied out of headers and logs.
std::string_view without_label(std::string_view text, bool& names_id, std::string& side) {
  auto low = lower(text.substr(0, 16));
  struct Label {
    std::string_view text, side;
  };
  for (auto& label : {Label{"message-id:", "id"}, Label{"message-id=", "id"}, Label{"mailto:", ""},
                      Label{"from=", "sender"}, Label{"to=", "recipient"}, Label{"orig_to=", "recipient"},
                      Label{"from:", "sender"}, Label{"to:", "recipient"}, Label{"von:", "sender"},
                      Label{"an:", "recipient"}, Label{"queue-id:", ""}, Label{"queue id:", ""},
                      Label{"relay=", ""}, Label{"client=", ""}}) {
    if (!low.starts_with(label.text)) continue;
    names_id = label.side == "id";
    if (!names_id) side = label.side;
    return trimmed(text.substr(label.text.size()));
  }
  return text;
}

bool is_hex_id(std::string_view text) {
  Id id;
  return text.size() == 32 && parse_id(lower(text), id);
}

// An id of ours: alone, "id …" as `show` prints it, or at the end of a link or in its fragment.
std::optional<Id> own_id(std::string_view text) {
  Id id;
  if (text.starts_with("id ")) text = trimmed(text.substr(3));
  if (is_hex_id(text) && parse_id(lower(text), id)) return id;
  auto low = lower(text.substr(0, 8));
  if (!low.starts_with("http://") && !low.starts_with("https://") && !text.starts_with("/"))
    return std::nullopt;
  for (auto rest = text; !rest.empty();) {
    auto end = rest.find_first_of("/?#&=");
    auto word = rest.substr(0, end);
    if (is_hex_id(word) && parse_id(lower(word), id)) return id;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

Words words_of(PasteKind kind) {
  switch (kind) {
    case PasteKind::nothing:
      return {"nothing", "nichts"};
    case PasteKind::address:
      return {"an address", "eine Adresse"};
    case PasteKind::domain:
      return {"a domain or host", "eine Domain oder ein Server"};
    case PasteKind::part:
      return {"a part of an address or subject", "ein Teil einer Adresse oder eines Betreffs"};
    case PasteKind::message_id:
      return {"a Message-ID", "eine Message-ID"};
    case PasteKind::queue_id:
      return {"a queue id", "eine Queue-ID"};
    case PasteKind::ip_address:
      return {"an IP address", "eine IP-Adresse"};
    case PasteKind::log_line:
      return {"a log line", "eine Log-Zeile"};
    case PasteKind::headers:
      return {"the headers of a mail", "die Kopfzeilen einer Mail"};
    case PasteKind::bounce:
      return {"a non-delivery notice", "eine Unzustellbarkeitsmeldung"};
    case PasteKind::own_link:
      return {"a link to a mail", "ein Link auf eine Mail"};
    case PasteKind::time:
      return {"a time", "eine Zeitangabe"};
    case PasteKind::envelope:
    case PasteKind::name:
    case PasteKind::status:
    case PasteKind::answer:
      return {};  // said by read_typed_words()
    case PasteKind::text:
      return {"words of a subject or an answer", "Worte aus einem Betreff oder einer Antwort"};
  }
  return {};
}

class Guess {
 public:
  Guess(const Query& base, Understood& out) : base_(base), out_(out) {}

  template <class Member>
  void add(Member member, const std::string& value) {
    Query query = base_;
    query.*member = value;
    out_.tries.push_back(std::move(query));
  }
  void part(const char* name, const std::string& value) {
    out_.found.push_back({name, part_words(name), value});
  }

  PasteKind address(const std::string& plain, bool id_first, const std::string& side) {
    if (id_first) add(&Query::message_id, plain);
    if (side == "sender")
      add(&Query::sender, plain);
    else if (side == "recipient")
      add(&Query::recipient, plain);
    add(&Query::address, plain);
    if (id_first) {
      part("message_id", plain);
      return PasteKind::message_id;
    }
    if (plain.front() == '@') return PasteKind::domain;
    add(&Query::message_id, plain);
    part(side.empty() ? "address" : side == "sender" ? "sender" : "recipient", plain);
    return PasteKind::address;
  }

  PasteKind word(const std::string& plain) {
    auto kind = PasteKind::part;
    if (is_queue_id(plain)) {
      add(&Query::queue_id, plain);
      part("queue_id", plain);
      kind = PasteKind::queue_id;
    }
    bool has_blank = plain.find(' ') != std::string::npos, wild = plain.find('*') != std::string::npos;
    if (has_blank) {
      kind = PasteKind::text;
    } else if (wild) {
      add(&Query::address, plain);
      add(&Query::subject, plain);
      add(&Query::response, plain);
      return kind;
    } else if (plain.find('.') != std::string::npos) {
      add(&Query::address, "@" + plain);
      add(&Query::received_from, plain);
      add(&Query::sent_to, plain);
      add(&Query::logged_by, plain);
      kind = PasteKind::domain;
    }
    if (!has_blank) add(&Query::address, "*" + plain + "*");
    add(&Query::subject, "*" + plain + "*");
    add(&Query::response, "*" + plain + "*");
    return kind;
  }

 private:
  const Query& base_;
  Understood& out_;
};

// What stands around a word in a sentence: quotes, parentheses, its end.
std::string_view without_marks(std::string_view text) {
  static constexpr std::string_view around[] = {"\"",     "'",      "`",      "(",      ")",
                                                "\u201e", "\u201c", "\u201d", "\u201a", "\u2018",
                                                "\u2019", "\u00ab", "\u00bb", "\u2039", "\u203a"};
  if (is_ip_address(text)) return text;                         // "::" ends with colons
  if (text.find("\"@") != std::string_view::npos) return text;  // a quoted local part, RFC 5321 4.1.2
  for (size_t length = 0; length != text.size();) {
    length = text.size();
    text = trimmed(text);
    for (auto mark : around) {
      if (text.starts_with(mark)) text.remove_prefix(mark.size());
      if (text.ends_with(mark)) text.remove_suffix(mark.size());
    }
    while (!text.empty() && std::string_view(",;.:!?").find(text.back()) != std::string_view::npos)
      text.remove_suffix(1);
  }
  return text;
}

// "mx.example.org[192.0.2.1]:25": the port is one that mail is sent to.
PasteKind peer(const Peer& of, Guess& guess) {
  if (of.has_port) guess.add(&Query::sent_to, of.address);
  guess.add(&Query::received_from, of.address);
  if (!of.has_port) guess.add(&Query::sent_to, of.address);
  guess.part("ip_address", of.address);
  if (of.name.empty()) return PasteKind::ip_address;
  guess.add(&Query::sent_to, of.name);
  guess.add(&Query::received_from, of.name);
  guess.part("server", of.name);
  return PasteKind::ip_address;
}

PasteKind single(std::string_view text, const Query& base, Understood& out) {
  Guess guess(base, out);
  if (auto typed = read_typed_words(text, base)) {
    auto kind = typed->kind;
    out = std::move(*typed);
    // What is none of these is a subject.
    if (kind == PasteKind::name || kind == PasteKind::status || kind == PasteKind::answer)
      guess.word(std::string(text));
    return kind;
  }
  bool names_id = false;
  std::string side;
  text = without_label(text, names_id, side);
  text = without_marks(text);
  if (text.empty()) return PasteKind::nothing;
  if (auto of = read_peer(text)) {
    if (!of->address.empty()) return peer(*of, guess);
    return guess.word(of->name);
  }
  std::string plain(text);
  bool bracketed = text.size() > 2 && text.front() == '<' && text.back() == '>';
  if (bracketed || (text.size() > 2 && text.front() == '[' && text.back() == ']'))
    plain = std::string(text.substr(1, text.size() - 2));
  if (lower(plain).starts_with("mailto:")) {
    plain = plain.substr(7, plain.find('?') - 7);  // RFC 6068
    bracketed = false;
  }
  if (is_ip_address(plain)) {
    guess.add(&Query::received_from, plain);
    guess.add(&Query::sent_to, plain);
    guess.part("ip_address", plain);
    return PasteKind::ip_address;
  }
  // "Boris <boris@example.org>", as it is copied out of a mail program.
  if (auto named = address_in(plain);
      !bracketed && plain.find('<') != std::string::npos && !named.empty() && !names_id)
    return guess.address(named, false, side);
  if (plain.find('@') != std::string::npos && plain.find(' ') == std::string::npos) {
    // Both have the same form; brackets stand around Message-IDs more often than around addresses.
    if (plain.front() == '*' || plain.back() == '*') return guess.word(plain);
    return guess.address(plain, names_id || (bracketed && side.empty()), side);
  }
  if (names_id) {
    guess.add(&Query::message_id, plain);
    guess.part("message_id", plain);
    return PasteKind::message_id;
  }
  // A sentence that names one address: rather that than these words.
  bool is_sentence = plain.find(' ') != std::string::npos, names_one = plain.find('@') == plain.rfind('@');
  if (auto named = address_in(plain); !named.empty() && is_sentence && names_one) {
    auto kind = guess.address(named, false, side);
    guess.word(plain);
    return kind;
  }
  return guess.word(plain);
}

// "gestern mittag", "anna@example.org yesterday around noon". Words that are neither are a subject, whatever
// day it names.
bool timed(std::string_view line, const Query& base, const HeaderOptions& options, Time at, Understood& out) {
  auto spoken = read_spoken_time(line, at, options.zone);
  if (!spoken) return false;
  bool only = spoken->rest.empty();
  auto typed = only ? std::nullopt : read_typed_words(spoken->rest, base);
  if (!only && (!typed || typed->kind == PasteKind::name) && address_in(spoken->rest).empty() &&
      (spoken->rest.find(' ') != std::string::npos || spoken->rest.find_first_of("@.*") == std::string::npos))
    return false;
  Query within = base;
  within.connect_from = spoken->from;
  within.connect_to = spoken->to;
  if (only) {
    out.kind = PasteKind::time;
    out.tries.push_back(std::move(within));
    Guess(base, out).word(std::string(line));  // "Freitag" may be a name
  } else {
    out.kind = single(spoken->rest, within, out);
  }
  out.found.push_back({"time", part_words("time"), format_time(spoken->from.value_or(spoken->to))});
  return true;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string_view paste_kind_name(PasteKind kind) {
  constexpr std::string_view names[] = {"nothing",  "address",    "domain",   "part",    "message_id",
                                        "queue_id", "ip_address", "log_line", "headers", "bounce",
                                        "own_link", "time",       "envelope", "name",    "status",
                                        "answer",   "text"};
  return names[static_cast<size_t>(kind)];
}

namespace {

struct Named {
  std::string_view name, en, de;
};

Words words_named(std::string_view name, std::span<const Named> table) {
  for (auto& entry : table)
    if (entry.name == name) return {std::string(entry.en), std::string(entry.de)};
  return {std::string(name), std::string(name)};
}

}  // namespace

Words part_words(std::string_view name) {
  static constexpr Named table[] = {{"queue_id", "queue id", "Queue-ID"},
                                    {"message_id", "Message-ID", "Message-ID"},
                                    {"sender", "sender", "Absender"},
                                    {"recipient", "recipient", "Empfänger"},
                                    {"address", "address", "Adresse"},
                                    {"ip_address", "IP address", "IP-Adresse"},
                                    {"server", "server", "Server"},
                                    {"time", "time", "Zeit"},
                                    {"answer", "answer", "Antwort"},
                                    {"status", "status code", "Statuscode"},
                                    {"reporting_server", "reported by", "gemeldet von"},
                                    {"remote_server", "answered by", "Antwort von"},
                                    {"subject", "subject", "Betreff"},
                                    {"outcome", "status", "Status"}};
  return words_named(name, table);
}

Words criterion_words(std::string_view name) {
  static constexpr Named table[] = {{"address", "sender or recipient", "Absender oder Empfänger"},
                                    {"sender", "sender", "Absender"},
                                    {"recipient", "recipient", "Empfänger"},
                                    {"message_id", "Message-ID", "Message-ID"},
                                    {"status", "status", "Status"},
                                    {"response", "server's answer", "Antwort des Servers"},
                                    {"queue_id", "queue id", "Queue-ID"},
                                    {"queue_id_connect", "queue id (in)", "Queue-ID (Eingang)"},
                                    {"queue_id_deliver", "queue id (out)", "Queue-ID (Ausgang)"},
                                    {"received_from", "received from server", "empfangen von Server"},
                                    {"sent_to", "sent to server", "gesendet an Server"},
                                    {"logged_by", "logged by server", "protokolliert von Server"},
                                    {"sasl_user", "logged in as", "angemeldet als"},
                                    {"subject", "subject", "Betreff"},
                                    {"connect_from", "came in from", "Eingang ab"},
                                    {"connect_to", "came in before", "Eingang vor"},
                                    {"deliver_from", "delivery from", "Zustellung ab"},
                                    {"deliver_to", "delivery before", "Zustellung vor"}};
  return words_named(name, table);
}

bool is_ip_address(std::string_view text) {
  unsigned char bytes[16];
  std::string copy(text);
  return ::inet_pton(AF_INET, copy.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, copy.c_str(), bytes) == 1;
}

bool is_queue_id(std::string_view text) {
  if (is_postfix_queue_id(text)) return true;
  // Exim: 1pQxyz-0001AB-CD, since 4.97 1pQxyz-00000001ABC-2DEF
  bool dashes = (text.size() == 16 && text[6] == '-' && text[13] == '-') ||
                (text.size() == 23 && text[6] == '-' && text[18] == '-');
  return dashes && all_of(text, [](int c) { return c == '-' ? 1 : std::isalnum(c); });
}

namespace {

// Blanks of all widths become plain ones, and what nobody sees goes: mail programs and web pages put both
// around an address that is copied out of them.
std::string with_plain_blanks(std::string_view text) {
  static constexpr std::string_view blanks[] = {"\u00a0", "\u2002", "\u2003", "\u2009", "\u202f"},
                                    unseen[] = {"\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"};
  std::string out;
  auto follows = [&text](auto& signs) -> size_t {
    for (auto sign : signs)
      if (text.starts_with(sign)) return sign.size();
    return 0;
  };
  while (!text.empty()) {
    if (size_t skipped = follows(unseen)) {
      text.remove_prefix(skipped);
    } else if (size_t blank = follows(blanks)) {
      out += ' ';
      text.remove_prefix(blank);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

Understood understand(std::string_view pasted, const Query& base, const HeaderOptions& options, Time at) {
  Understood out;
  std::string plain = with_plain_blanks(pasted.substr(0, most_bytes));
  auto text = trimmed(plain);
  if (text.empty()) {
    out.words = words_of(out.kind);
    return out;
  }
  if (auto id = own_id(text)) {
    out.kind = PasteKind::own_link;
    out.id = id;
  } else if (auto longer = read_pasted_text(text, base, options)) {
    out = std::move(*longer);
  } else {
    // Several lines that are nothing else: whom they name, or the first one that is not blank.
    auto first = trimmed(text.substr(0, text.find('\n')));
    std::string line = with_address_signs(first.substr(0, 998));
    auto named = address_in(line).empty() ? address_in(text.substr(first.size())) : "";
    if (!named.empty())
      out.kind = Guess(base, out).address(named, false, "");
    else if (!timed(line, base, options, at, out))
      out.kind = single(line, base, out);
  }
  if (out.words.empty()) out.words = words_of(out.kind);
  return out;
}

}  // namespace mailtrace
