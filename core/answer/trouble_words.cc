// What callers call a trouble, and what stands in the log then. Any thread.
#include "core/answer/trouble_words.h"

#include <algorithm>
#include <string>

#include "core/answer/status_words.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

std::string plain(std::string_view word) {
  auto low = lower(word);
  while (!low.empty() && std::string_view(".,?!:\"").find(low.back()) != std::string_view::npos)
    low.pop_back();
  while (low.starts_with('"')) low.erase(0, 1);
  return low;
}

std::vector<std::string_view> split(std::string_view phrase) {
  std::vector<std::string_view> out;
  while (!phrase.empty()) {
    auto blank = phrase.find(' ');
    out.push_back(phrase.substr(0, blank));
    phrase.remove_prefix(blank == std::string_view::npos ? phrase.size() : blank + 1);
  }
  return out;
}

}  // namespace

std::span<const Trouble> troubles() {
  static const std::vector<Trouble> table = {
      {"a full mailbox",
       "volles Postfach",
       {"postfach voll", "volles postfach", "mailbox voll", "postfach überfüllt", "quota",
        "quota überschritten", "speicher voll", "mailbox full", "full mailbox", "inbox full", "over quota",
        "quota exceeded"},
       {"bounced", "deferred", "expired", "rejected"},
       {"*mail*box*full*", "*quota*", "*storage*"}},
      {"an unknown address",
       "unbekannte Adresse",
       {"adresse unbekannt", "unbekannte adresse", "empfänger unbekannt", "unbekannter empfänger",
        "benutzer unbekannt", "adresse nicht gefunden", "adresse falsch", "falsche adresse",
        "empfänger existiert nicht", "adresse existiert nicht", "address unknown", "unknown address",
        "recipient unknown", "unknown recipient", "user unknown", "unknown user", "address not found",
        "no such user", "does not exist"},
       {"bounced", "rejected"},
       {"*5.1.1*", "*unknown*", "*does not exist*", "*no such*"}},
      {"a block list",
       "Sperrliste",
       {"blockliste", "blocklist", "block list", "blacklist", "sperrliste", "auf blockliste", "auf blacklist",
        "geblockt", "geblacklistet", "gelistet", "blacklisted", "blocklisted", "spamhaus"},
       {"blocked", "rejected", "bounced", "deferred"},
       {"*blocked using*", "*block*list*", "*black*list*", "*listed*", "*blocked*"}},
      {"spam",
       "Spam",
       {"spam", "als spam", "als spam erkannt", "als spam abgelehnt", "spamverdacht", "spamfilter", "as spam",
        "marked as spam", "spam filter", "junk"},
       {"blocked", "rejected", "bounced", "filtered", "discarded", "deferred"},
       {"*spam*", "*unsolicited*", "*junk*"}},
      {"a virus",
       "Virus",
       {"virus", "viren", "virus gefunden", "virenscanner", "infiziert", "schadsoftware", "virus found",
        "infected", "malware"},
       {"blocked", "rejected", "bounced", "filtered", "discarded"},
       {"*virus*", "*infected*", "*malware*"}},
      {"a mail that is too large",
       "zu große Mail",
       {"zu groß", "zu gross", "anhang zu groß", "anhang zu gross", "größe überschritten", "too large",
        "too big", "attachment too large", "attachment too big", "size exceeded", "size limit"},
       {"bounced", "rejected", "blocked"},
       {"*size*", "*too big*", "*too large*"}},
      {"no answer in time",
       "Zeitüberschreitung",
       {"zeitüberschreitung", "timeout", "time-out", "timed out", "keine antwort", "nicht erreichbar",
        "server nicht erreichbar", "no answer", "unreachable", "server unreachable"},
       {"deferred", "expired", "bounced"},
       {"*timed out*", "*timeout*", "*unreachable*"}},
      {"a connection refused",
       "abgelehnte Verbindung",
       {"verbindung abgelehnt", "verbindung verweigert", "connection refused"},
       {"deferred", "expired", "bounced"},
       {"*connection refused*"}},
      {"a domain that is not found",
       "nicht gefundene Domain",
       {"dns", "dns fehler", "dns-fehler", "domain nicht gefunden", "domain unbekannt", "unbekannte domain",
        "domain existiert nicht", "server nicht gefunden", "host nicht gefunden", "dns error",
        "domain not found", "unknown domain", "domain unknown", "host not found", "server not found"},
       {"bounced", "deferred", "expired", "rejected"},
       {"*not found*", "*name service error*", "*dns*"}},
      {"too many mails",
       "zu viele Mails",
       {"zu viele mails", "zu viele", "zu viele verbindungen", "ratelimit", "rate limit", "zu schnell",
        "too many mails", "too many", "too many connections"},
       {"deferred", "rejected", "bounced", "expired"},
       {"*too many*", "*rate*limit*", "*too fast*"}},
      {"a mail that may not be relayed",
       "nicht erlaubtes Weiterleiten",
       {"relay verweigert", "relay abgelehnt", "relaying denied", "relay denied", "relay access denied"},
       {"rejected", "bounced"},
       {"*relay*"}},
      {"a missing proof of origin",
       "fehlender Herkunftsnachweis",
       {"spf", "dkim", "dmarc", "spf fehler", "dkim fehler", "dmarc fehler", "spf fail", "dkim fail",
        "dmarc fail"},
       {"rejected", "blocked", "bounced", "deferred"},
       {"*dmarc*", "*spf*", "*dkim*", "*authentica*"}},
      {"a certificate or encryption",
       "Zertifikat oder Verschlüsselung",
       {"tls", "zertifikat", "verschlüsselung", "tls fehler", "zertifikat ungültig", "certificate",
        "encryption", "tls error"},
       {"deferred", "expired", "bounced", "rejected"},
       {"*tls*", "*certificate*"}}};
  return table;
}

const Trouble* take_trouble(std::vector<std::string_view>& words) {
  std::vector<std::string> low;
  low.reserve(words.size());
  for (auto word : words) low.push_back(plain(word));
  const Trouble* best = nullptr;
  size_t best_at = 0, best_length = 0;
  for (auto& trouble : troubles())
    for (auto phrase : trouble.phrases) {
      auto of = split(phrase);
      auto at = std::search(low.begin(), low.end(), of.begin(), of.end());
      if (at == low.end() || of.size() <= best_length) continue;
      best = &trouble;
      best_at = static_cast<size_t>(at - low.begin());
      best_length = of.size();
    }
  if (!best) return nullptr;
  auto first = words.begin() + static_cast<std::ptrdiff_t>(best_at);
  words.erase(first, first + static_cast<std::ptrdiff_t>(best_length));
  return best;
}

Words trouble_words(const Trouble& trouble, std::span<const std::string> statuses) {
  Words out{std::string(trouble.en) + ": ", std::string(trouble.de) + ": "};
  for (size_t i = 0; i < statuses.size(); ++i) {
    bool last = i + 1 == statuses.size();
    auto status = status_words(statuses[i]);
    out.en += (i == 0 ? "" : last ? " or " : ", ") + status.en;
    out.de += (i == 0 ? "" : last ? " oder " : ", ") + status.de;
  }
  out.en += ", and the server's answer says so";
  out.de += ", und die Antwort des Servers nennt es";
  return out;
}

}  // namespace mailtrace
