// Chooses the rule that says most about an answer. Any thread.
#include "core/answer/explain.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "core/answer/outcome.h"
#include "core/answer/rule.h"
#include "core/base/text.h"

namespace mailtrace {
namespace {

namespace fs = std::filesystem;

// What a rule is compared with.
struct Case {
  std::string server, status, by, code, dsn, plain;
};

bool host_matches(const std::string& glob, const std::string& host) {
  if (glob.starts_with('*')) return host.ends_with(std::string_view(glob).substr(1));
  return host == glob;
}

// How many of the three numbers are said, plus one; 0: no match.
size_t dsn_match(std::string_view pattern, std::string_view dsn) {
  size_t exact = 1;
  for (int i = 0; i < 3; ++i) {
    auto a = pattern.substr(0, pattern.find('.')), b = dsn.substr(0, dsn.find('.'));
    if (a != "x" && a != b) return 0;
    exact += a != "x";
    pattern.remove_prefix(std::min(pattern.size(), a.size() + 1));
    dsn.remove_prefix(std::min(dsn.size(), b.size() + 1));
  }
  return exact;
}

// In the order of conf/explanations/README.md; each counts only if those before are equal.
using Rank = std::array<size_t, 8>;

bool rank_of(const Explanations::Rule& rule, const Case& of, Rank& rank) {
  rank = {};
  auto is = [](auto& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  // Rules are about trouble unless they say otherwise.
  if (rule.status.empty() ? of.status == "sent" && std::none_of(rule.dsn.begin(), rule.dsn.end(),
                                                                [](auto& dsn) { return dsn[0] == '2'; })
                          : !is(rule.status, of.status))
    return false;
  if (!rule.by.empty() && !is(rule.by, of.by)) return false;
  if (!rule.service.empty()) {
    if (std::none_of(rule.service.begin(), rule.service.end(),
                     [&](auto& glob) { return host_matches(glob, of.server); }))
      return false;
    rank[0] = 1;
  }
  for (auto& pattern : rule.reply)
    if (pattern.literal() > rank[3] && pattern.matches(of.plain)) rank[3] = pattern.literal();
  if (!rule.reply.empty()) {
    if (rank[3] == 0) return false;
    rank[1] = 1;
    rank[2] = static_cast<size_t>(rule.weight) + 1;
  }
  for (auto& dsn : rule.dsn) rank[4] = std::max(rank[4], of.dsn.empty() ? 0 : dsn_match(dsn, of.dsn));
  if (!rule.dsn.empty() && rank[4] == 0) return false;
  for (auto& code : rule.code)
    if (!of.code.empty() && of.code.starts_with(code)) rank[5] = std::max(rank[5], code.size());
  if (!rule.code.empty() && rank[5] == 0) return false;
  rank[6] = rule.by.empty() ? 0 : 1;
  rank[7] = rule.status.empty() ? 0 : 1;
  return true;
}

Case case_of(const ConnectRow& connect, const DeliverRow& deliver) {
  Case out;
  auto reply = read_reply(deliver.response.value_or(""));
  out.status = deliver.status.value_or("");
  out.by = connect.flags & row_flag::refused ? connect.service.value_or("") : deliver.transport.value_or("");
  out.code = deliver.smtp_code ? std::to_string(*deliver.smtp_code)
             : reply.code      ? std::to_string(reply.code)
                               : "";
  out.dsn = deliver.dsn.value_or(reply.dsn);
  // Postfix makes 5.0.0 and 4.0.0 up where the other side gave no such code; the plain code says more.
  if (out.dsn.ends_with(".0.0") && reply.dsn != out.dsn && !out.code.empty()) out.dsn.clear();
  out.plain = std::move(reply.plain);
  auto name = deliver.relay_name.value_or("");
  if (name.empty() || name == "none" || name == "unknown") {
    // Behind "host NAME[…] said", "connect to NAME[…]:25", "lost connection with NAME[…]": what this server
    // wrote.
    auto& text = *(deliver.response ? &*deliver.response : &name);
    for (std::string_view key : {"host ", "connect to ", "lost connection with ", "conversation with "})
      if (std::string_view(text).starts_with(key))
        name = text.substr(key.size(), text.find('[') - key.size());
  }
  out.server = lower(name);
  return out;
}

std::string url_in(std::string_view text) {
  auto at = text.find("http");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at);
  return std::string(text.substr(0, text.find_first_of(" )>\"',;")));
}

// "blocked using zen.spamhaus.org"
std::string list_in(std::string_view text) {
  auto at = text.find("blocked using ");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + 14);
  auto name = text.substr(0, text.find_first_of(" ;,)"));
  while (name.ends_with('.')) name.remove_suffix(1);
  return std::string(name);
}

std::string domain_of(const std::string& address) {
  auto at = address.rfind('@');
  return at == std::string::npos ? "" : address.substr(at + 1);
}

// Whose mail it was.
struct Envelope {
  std::string sender, recipient, sender_domain, domain;
};

Envelope envelope_of(const ConnectRow& connect, const DeliverRow& deliver) {
  auto or_unknown = [](const std::string& text, const char* word) { return text.empty() ? word : text; };
  auto recipient = deliver.recipient.value_or(""), sender = connect.sender.value_or("");
  return {or_unknown(sender, "<>"), or_unknown(recipient, "?"), or_unknown(domain_of(sender), "?"),
          or_unknown(domain_of(recipient), "?")};
}

Explanation filled(Explanation of, const Envelope& envelope, const ConnectRow& connect,
                   const DeliverRow& deliver, const Case& with) {
  auto response = deliver.response.value_or("");
  auto client = connect.client_name.value_or("unknown");
  if (client == "unknown") client = connect.client_addr.value_or("unknown");
  auto rbl = list_in(response), url = url_in(response);
  auto client_address = connect.client_addr.value_or(client);
  auto server = with.server.empty() ? deliver.server : with.server;
  if (rbl.empty()) rbl = join(lists_of(deliver));
  auto put = [&](Words& words) {
    words = fill(words, {{"recipient", envelope.recipient},
                         {"sender", envelope.sender},
                         {"server", server},
                         {"domain", envelope.domain},
                         {"sender_domain", envelope.sender_domain},
                         {"client", client},
                         {"client_address", client_address},
                         {"code", with.code},
                         {"dsn", with.dsn},
                         {"answer", response},
                         {"our_server", deliver.server},
                         {"list", rbl.empty() ? server : rbl},
                         {"url", url.empty() ? "-" : url}});
  };
  for (auto* sentence : {&of.text, &of.next}) {
    put(sentence->customer);
    put(sentence->admin);
  }
  put(of.given_up);
  return of;
}

// Nothing but the class of a code is known (RFC 3463 3.1, RFC 5321 4.2.1).
Explanation general(const Case& of) {
  Explanation out;
  out.general = true;
  out.category = "other";
  char kind = !of.dsn.empty() ? of.dsn[0] : !of.code.empty() ? of.code[0] : of.status == "sent" ? '2' : '0';
  if (kind == '0' && (of.status == "deferred" || of.status == "greylisted")) kind = '4';
  if (kind == '0' &&
      (of.status == "bounced" || of.status == "rejected" || of.status == "blocked" || of.status == "expired"))
    kind = '5';
  switch (kind) {
    case '2':
      out.rule = "general-2";
      out.text = {{"The mail was accepted.", "Die Mail wurde angenommen."},
                  {"{server} accepted the mail.", "{server} hat die Mail angenommen."}};
      return out;
    case '4':
      out.rule = "general-4";
      out.text = {{"The other side reported a temporary problem.",
                   "Die Gegenseite meldete ein vorübergehendes Problem."},
                  {"Temporary failure (4yz); the answer says more than its code.",
                   "Vorübergehender Fehler (4yz); die Antwort sagt mehr als ihr Code."}};
      out.next = {{"Please wait. If it has not arrived after a day, please ask again.",
                   "Bitte warten. Ist sie nach einem Tag nicht angekommen, bitte noch einmal melden."},
                  {"Read the answer; nothing to do unless it stays the same for hours.",
                   "Antwort lesen; nichts zu tun, solange sie nicht über Stunden gleich bleibt."}};
      return out;
    case '5':
      out.rule = "general-5";
      out.actor = out.customer_actor = Actor::sender;
      out.text = {{"The mail was refused for good; it is not tried again.",
                   "Die Mail wurde endgültig abgelehnt; sie wird nicht noch einmal versucht."},
                  {"Permanent failure (5yz); the answer says more than its code.",
                   "Endgültiger Fehler (5yz); die Antwort sagt mehr als ihr Code."}};
      out.next = {
          {"The sender should check the address and send the mail again, or reach the recipient another way.",
           "Der Absender sollte die Adresse prüfen und die Mail neu senden oder den Empfänger auf anderem "
           "Weg "
           "erreichen."},
          {"Read the answer; sending the same mail again will not help.",
           "Antwort lesen; dieselbe Mail noch einmal zu senden hilft nicht."}};
      return out;
    default:
      out.rule = "general-0";
      out.text = {{"The log does not say why.", "Das Protokoll nennt keinen Grund."},
                  {"There is no status code in the log.", "Im Log steht kein Statuscode."}};
      return out;
  }
}

}  // namespace

std::string explanations_directory() {
  if (const char* given = std::getenv("MAILTRACE_EXPLANATIONS"); given && *given) return given;
  Dl_info library;
  if (dladdr(reinterpret_cast<const void*>(&explanations_directory), &library) == 0 || !library.dli_fname)
    return {};
  std::error_code failed;
  auto at = fs::weakly_canonical(library.dli_fname, failed);
  for (int i = 0; i < 4 && at.has_parent_path() && at != at.root_path(); ++i) {
    at = at.parent_path();
    auto directory = at / "share" / "mailtrace" / "explanations";
    if (fs::is_directory(directory, failed)) return directory.string();
  }
  return {};
}

Explanations::Explanations() : rules_(std::make_shared<const std::vector<Rule>>()) {}

Result<Explanations> Explanations::load(const std::string& directory) {
  auto folder = directory.empty() ? explanations_directory() : directory;
  if (folder.empty())
    return Error{Fault::config,
                 "no explanations found: looked for share/mailtrace/explanations above the library; set "
                 "MAILTRACE_EXPLANATIONS to their folder"};
  auto rules = load_rules(folder);
  if (!rules) return rules.error();
  Explanations out;
  out.rules_ = std::make_shared<const std::vector<Rule>>(std::move(*rules));
  return out;
}

namespace {

Explanation unfilled(const std::vector<Explanations::Rule>& rules, const Case& of) {
  const Explanations::Rule* best = nullptr;
  Rank best_rank{};
  for (auto& rule : rules) {
    Rank rank;
    if (!rank_of(rule, of, rank)) continue;
    if (best && rank <= best_rank) continue;
    best = &rule;
    best_rank = rank;
  }
  return best ? best->explanation : general(of);
}

}  // namespace

Explanation Explanations::explain(const ConnectRow& connect, const DeliverRow& deliver) const {
  auto of = case_of(connect, deliver);
  return filled(unfilled(*rules_, of), envelope_of(connect, deliver), connect, deliver, of);
}

Explanation Explanations::explain(const AlikeAnswers& answers) const {
  DeliverRow row;
  row.status = answers.status;
  if (!answers.dsn.empty()) row.dsn = answers.dsn;
  row.response = answers.text;
  auto of = case_of({}, row);
  return filled(unfilled(*rules_, of), {"…", "…", "…", "…"}, {}, row, of);
}

const std::vector<Explanations::Rule>& Explanations::rules() const { return *rules_; }

}  // namespace mailtrace
