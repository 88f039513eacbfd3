// Reads the log of postfix-policyd-spf-python 1.3 to 2.9 and spf-engine 2.9 to 3.1 (policyd_spf.py,
// spf_engine/__init__.py) at debugLevel 1 and 2. Pipeline thread.
#include <array>
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view perl_ident = "/policy-spf";

// "Softfail" or "softfail" as RFC 8601 has it; empty if it is none.
std::string_view result_of(std::string_view word) {
  static constexpr std::array<std::string_view, 7> results = {"pass", "fail",      "softfail", "neutral",
                                                              "none", "temperror", "permerror"};
  for (auto result : results) {
    bool same = word.size() == result.size();
    for (size_t i = 0; same && i < word.size(); ++i) same = (word[i] | 0x20) == result[i];
    if (same) return result;
  }
  return {};
}

// "client-ip=192.0.2.1; helo=…; envelope-from=…; receiver=…": the address first, the rest is the client's and
// may read like the next key.
bool read_keys(Scan scan, Verdict& verdict) {
  if (!scan.skip("client-ip=") || !scan.until("; helo=", verdict.client.addr)) return false;
  if (!looks_like_ip(verdict.client.addr)) return false;
  std::string_view text = scan.rest();
  size_t from = find_only(text, "; envelope-from="), receiver = find_only(text, "; receiver=");
  if (from == npos || receiver == npos || receiver < from) return true;
  std::string_view sender = text.substr(from + 16, receiver - from - 16);
  verdict.sender = sender == "<>" ? std::string_view() : sender;
  std::string_view recipient = text.substr(receiver + 11);
  while (recipient.ends_with(' ') || recipient.ends_with(')')) recipient.remove_suffix(1);
  if (recipient != "<UNKNOWN>") verdict.recipient = recipient;
  return true;
}

// A header field: "Received-SPF: Pass (mailfrom) identity=mailfrom; …" or "Authentication-Results: HOST;
// spf=pass (…) smtp.mailfrom=… (client-ip=…)".
bool read_header(Scan scan, Verdict& verdict) {
  std::string_view word, skipped;
  verdict.text = scan.rest();
  if (scan.skip("Received-SPF: ")) {
    if (!read_word(scan, "", word)) return false;
    verdict.spf = result_of(word);
    if (verdict.spf.empty() || !scan.skip(" (") || !scan.until(") identity=", skipped)) return false;
    return scan.until("; ", skipped) && read_keys(scan, verdict);
  }
  if (!scan.skip("Authentication-Results: ") || !scan.until("; spf=", skipped) || !read_word(scan, "", word))
    return false;
  verdict.spf = result_of(word);
  if (verdict.spf.empty()) return false;
  // smtp.helo= is the client's
  size_t at = find_only(scan.rest(), "(client-ip=");
  if (at == npos) return true;
  take(scan, at + 1);
  read_keys(scan, verdict);
  return true;
}

// "Message rejected due to: …. Please see http://…/Why?s=mfrom;id=SENDER;ip=192.0.2.1;r=RECIPIENT"
void read_reason(Scan scan, Verdict& verdict) {
  verdict.text = scan.rest();
  std::string_view identity, value;
  // Only the default Reason_Message: the explanation within another one is that of the sender's domain.
  if (!verdict.text.starts_with("Message rejected due to: ") &&
      !verdict.text.starts_with("Message deferred due to: "))
    return;
  size_t at = find_only(scan.rest(), "/Why?s=");
  if (at == npos) return;
  take(scan, at + 7);
  if (!read_word(scan, "", identity) || !scan.skip(";id=")) return;
  size_t ip = find_only(scan.rest(), ";ip="), recipient = find_only(scan.rest(), ";r=");
  if (ip == npos || recipient == npos || recipient < ip) return;
  std::string_view text = scan.rest();
  if (identity == "mfrom") verdict.sender = text.substr(0, ip);
  value = text.substr(ip + 4, recipient - ip - 4);
  if (looks_like_ip(value)) verdict.client.addr = value;
  verdict.recipient = text.substr(recipient + 3);
  if (verdict.recipient == "<UNKNOWN>") verdict.recipient = {};
}

bool is_note(std::string_view text) {
  static constexpr std::array<std::string_view, 16> notes = {"spfcheck: ",
                                                             "Ouch, caught exc: ",
                                                             "ERROR: ",
                                                             "WARNING: ",
                                                             "Configuration File parsing error",
                                                             "Read line: ",
                                                             "Found the end of entry",
                                                             "Starting",
                                                             "Normal exit",
                                                             "Config: ",
                                                             "Action: ",
                                                             "Per user configuration",
                                                             "Cached data",
                                                             "Pyspf Cached",
                                                             "Header_Type includes",
                                                             "skip_"};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  return false;
}

Parsed read_line(Scan scan, Verdict& verdict) {
  if (scan.skip("prepend ")) {
    // "SPF skipped for whitelisted relay - client-ip=…", "SPF not applicable to localhost connection - …"
    if (scan.rest().starts_with("X-Comment: SPF ")) return Parsed::ignored;
    verdict.action = "prepend";
    return read_header(scan, verdict) ? Parsed::fact : Parsed::unknown;
  }
  if (scan.skip("Header field not prepended: ")) {
    verdict.action = "none";
    return read_header(scan, verdict) ? Parsed::fact : Parsed::unknown;
  }
  // TempError_Defer: "defer_if_permit 4.7.24 …"; before 2.9 "451 4.7.24 …"
  bool defer = scan.skip("defer_if_permit ") || scan.skip("451 ");
  if (defer || scan.skip("550 ")) {
    verdict.action = defer ? "defer" : "reject";
    read_enhanced_code(scan);
    read_reason(scan, verdict);
    return Parsed::fact;
  }
  if (scan.skip("result_only ")) {
    verdict.action = "result_only";
    verdict.text = scan.rest();
    return Parsed::fact;
  }
  // debugLevel 2 says before what is done: "Pass; identity=mailfrom; …"
  std::string_view word;
  if (read_word(scan, "", word) && !result_of(word).empty() && scan.skip("; identity="))
    return Parsed::ignored;
  return Parsed::unknown;
}

// postfix-policyd-spf-perl: "Policy action=550 Please see http://www.openspf.net/Why?s=mfrom;id=…;ip=…;r=…",
// the explanation of the sender's domain if it has one; "…=PREPEND Received-SPF: …", "…=DEFER_IF_PERMIT
// SPF-Result=…", "…=DUNNO". All else it says is at VERBOSE, or garbage from its client.
Parsed read_perl(std::string_view text, Fact& fact) {
  Scan scan(text);
  if (!scan.skip("Policy action=")) return Parsed::ignored;
  Verdict verdict;
  verdict.program = "policy-spf";
  if (scan.skip("550 "))
    verdict.action = "reject";
  else if (scan.skip("DEFER_IF_PERMIT "))
    verdict.action = "defer";
  else
    return Parsed::ignored;
  verdict.text = scan.rest();
  std::string_view addr;
  size_t ip = find_only(verdict.text, ";ip=");
  if (ip != npos && Scan(verdict.text.substr(ip + 4)).until(";r=", addr) && looks_like_ip(addr))
    verdict.client.addr = addr;
  fact = verdict;
  return Parsed::fact;
}

class PolicydSpf : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"policyd-spf", "postfix/policy-spf"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log")};
    return table;
  }
  explicit PolicydSpf(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    if (is_note(line.text)) return Parsed::ignored;
    Verdict verdict;
    verdict.program = "policyd-spf";
    Scan scan(line.text);
    if (line.app_name.ends_with(perl_ident)) return read_perl(line.text, fact);
    // QueueID = Yes: "QID: ", and ": " while the mail has none
    if (!scan.skip(": ")) read_id(scan, "", verdict.queue_id);
    Parsed parsed = read_line(scan, verdict);
    if (parsed == Parsed::fact) fact = verdict;
    return parsed;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::PolicydSpf, "policyd_spf", "reads what policyd-spf found and did");
