// Reads the log of amavis (amavisd-new 2.6 to amavis 2.13) with the default $log_templ, which stands behind
// __DATA__ in Amavis.pm. Pipeline thread.
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

constexpr auto npos = std::string_view::npos;

// " (what the scanner or the sender called it) {BouncedInbound,Quarantined}", both optional.
bool read_category(Scan& scan, Verdict& verdict) {
  std::string_view start = scan.rest();
  if (scan.skip(" (")) {
    // A banned name is the sender's and may read like the rest of the line: then nothing is believed.
    std::string_view end = scan.rest().find(") {") == npos ? "), " : ") {";
    size_t at = find_only(scan.rest(), end);
    if (at == npos) return false;
    take(scan, at + 1);
  }
  if (scan.skip(" {")) {
    std::string_view actions;
    if (!read_word(scan, ",-", actions) || !scan.skip("}")) return false;
  }
  size_t length = start.size() - scan.rest().size();
  if (length) verdict.text = start.substr(1, length - 1);
  return true;
}

// "PRE/LOCAL [192.0.2.1]:4711 [192.0.2.2] ": policy banks, who connected, who the header says it came from.
bool read_client(Scan& scan, Verdict& verdict) {
  std::string_view text = scan.rest();
  size_t end = text.find('<');
  if (end == npos) return false;
  Scan before(take(scan, end));
  std::string_view word, addr;
  while (!before.at_end()) {
    if (before.skip(" ") || before.skip(":")) continue;
    if (before.skip("[")) {
      before.skip("IPv6:");
      if (!before.until("]", addr)) return false;
      if (!verdict.client.addr.empty() || !looks_like_ip(addr)) continue;
      verdict.client.addr = addr;
      if (before.skip(":")) before.number(verdict.client.port);
      continue;
    }
    if (!read_word(before, "/_-.", word)) return false;
  }
  return true;
}

bool read_recipients(Scan& scan, Verdict& verdict) {
  std::string_view start = scan.rest(), address;
  if (start.starts_with(',')) return true;  // "-> , Hits: -"
  for (int count = 1;; ++count) {
    if (!read_path(scan, address)) {
      verdict.recipient = {};
      return false;
    }
    verdict.recipient = count == 1 ? address : start.substr(0, start.size() - scan.rest().size());
    if (!scan.rest().starts_with(",<")) return true;
    scan.skip(",");
  }
}

// "1.2, size: 3, queued_as: Y"; where, in the default template, nothing of the sender's comes behind, `only`.
bool read_figures(Scan scan, Verdict& verdict, bool only) {
  double score = 0;
  bool scored = scan.number(score);
  std::string_view skipped, queue_id;
  if (only && !scored && !scan.skip("-")) return false;
  if (!scan.until(", size: ", skipped) || (only && !skipped.empty()) || !read_word(scan, "", skipped))
    return false;
  if (scan.skip(", pt: ")) read_word(scan, "-_", skipped);
  if (scan.skip(", queued_as: ")) read_word(scan, "/", queue_id);
  if (only && (!scan.rest().starts_with(", ") || scan.rest().find_first_of("\"<>") != npos)) return false;
  if (scored) verdict.score = score;
  verdict.inner_queue_id = queue_id;
  return true;
}

// ", b: HASH", the body's, which templates have between mail_id and Hits.
bool is_digest(Scan scan) {
  std::string_view digest;
  return scan.skip(", b: ") && read_word(scan, "-_+/=", digest) && scan.at_end();
}

// "…, 121 ms", and whatever a template of one's own has behind it.
bool tells_time(std::string_view text) {
  size_t at = text.rfind(" ms");
  if (at == npos || !at || !is_digit(text[at - 1])) return false;
  std::string_view rest = text.substr(at + 3);
  if (!rest.empty() && rest[0] != ',' && rest[0] != ' ') return false;
  return text.substr(0, at).find_last_not_of("0123456789.") != npos;
}

// ", Message-ID: <…>, mail_id: X, Hits: 1.2, size: 3, queued_as: Y": the first is the sender's and may read
// like the others, so the last figures count. Templates that say more of the sender behind them, a subject,
// have to say ", Hits: " once.
void read_rest(Scan scan, Verdict& verdict) {
  bool named = scan.skip(", Message-ID: ");
  std::string_view text = scan.rest();
  size_t hits = text.rfind(", Hits: ");
  if (hits == npos) return;
  if (!read_figures(Scan(text.substr(hits + 8)), verdict, true)) {
    hits = find_only(text, ", Hits: ");
    if (hits == npos) return;
    read_figures(Scan(text.substr(hits + 8)), verdict, false);
  }
  std::string_view id = text.substr(0, hits);
  if (size_t at = id.rfind(", mail_id: "); at != npos) {
    Scan word(id.substr(at + 11));
    std::string_view mail_id;
    if (read_word(word, "-_+", mail_id) && (word.at_end() || is_digest(word))) verdict.mail_id = mail_id;
    id = id.substr(0, at);
  }
  if (size_t at = id.find(", Resent-Message-ID: "); at != npos) id = id.substr(0, at);
  if (id.size() > 2 && id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
  if (named) verdict.message_id = id;
}

// Behind "Passed CLEAN". False: not in the form of the template.
bool read_verdict(Scan scan, Verdict& verdict) {
  std::string_view sender;
  if (!read_category(scan, verdict) || !scan.skip(", ") || !read_client(scan, verdict)) return false;
  if (!read_path(scan, sender) || !scan.skip(" -> ")) return false;
  verdict.sender = sender;
  if (!read_recipients(scan, verdict)) return false;
  if (scan.skip(", quarantine: ")) take(scan, scan.rest().find(", "));
  if (scan.skip(", Queue-ID: ")) read_word(scan, "-", verdict.queue_id);
  read_rest(scan, verdict);
  return true;
}

class Amavis : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"amavis", "amavisd"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {
        option("names", &Config::names, "program names in the log ($syslog_ident)")};
    return table;
  }
  explicit Amavis(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Scan scan(line.text);
    std::string_view task;
    // "(19906-02-3) "; what has no task is about amavis itself
    if (!scan.skip("(") || !read_word(scan, "-", task) || !scan.skip(") ")) return Parsed::ignored;
    std::string_view action = scan.rest();
    if (!scan.skip("Passed ") && !scan.skip("Blocked ")) return Parsed::ignored;
    std::string_view category;
    if (!read_word(scan, "-", category)) return Parsed::unknown;
    // Lines longer than 980 bytes go on in another one: what is there counts.
    bool cut = action.ends_with("...");
    // $log_recip_templ (log level 2) says it again for each recipient and ends with "…, kill=0, L/0/0/0".
    if (!cut && !tells_time(action))
      return action.find(", kill=") != npos ? Parsed::ignored : Parsed::unknown;
    Verdict verdict;
    verdict.program = "amavis";
    verdict.action = action.substr(0, action.size() - scan.rest().size());
    if (!read_verdict(scan, verdict) && !cut) return Parsed::unknown;
    fact = verdict;
    return Parsed::fact;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Amavis, "amavis",
                 "reads the verdicts of amavis, with the queue ids before and behind it");
