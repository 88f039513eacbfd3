// Reads the log of rspamd 1.9 to 3.x with the default log_format (conf/logging.inc): one line per mail; all
// others tell how it came about. Pipeline thread.
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

constexpr auto npos = std::string_view::npos;

// "id: <…>, qid: <…>, ip: …, user: …, from: <…>,": Message-ID, user and sender are written by others. False
// if one of them reads like the next key.
bool read_head(std::string_view text, Verdict& verdict) {
  Scan scan(text);
  std::string_view id, value;
  if (!scan.skip("id: <") || !text.ends_with(',')) return false;
  size_t end = find_only(scan.rest(), ">, qid: <");
  if (end != npos) {
    id = take(scan, end);
    take(scan, 9);
    if (!scan.until(">,", verdict.queue_id)) return false;
  } else if (scan.rest().find(">, qid: <") != npos || !scan.until(">,", id) || id.find('>') != npos ||
             scan.rest().find(">,") != scan.rest().rfind(">,")) {
    return false;
  }
  if (id != "undef") verdict.message_id = id;
  if (scan.skip(" ip: ")) {
    if (!scan.until(",", value)) return false;
    if (looks_like_ip(value)) verdict.client.addr = value;
  }
  if (scan.skip(" user: ")) {
    size_t from = scan.rest().find(", from: <");
    if (from != scan.rest().rfind(", from: <")) return false;
    take(scan, from == npos ? npos : from + 1);
  }
  if (scan.skip(" from: <") && scan.rest().ends_with(">,"))
    verdict.sender = scan.rest().substr(0, scan.rest().size() - 2);
  return true;
}

// "T (greylist): [4.90/15.00] [SYMBOL(3.00){…},…]), len: …, rcpts: <…>": the options of the symbols hold what
// the mail holds.
bool read_tail(std::string_view text, Verdict& verdict) {
  Scan scan(text);
  std::string_view flag;
  double score = 0;
  if (!scan.until(" (", flag) || flag.size() > 2 || !scan.until("): [", verdict.action)) return false;
  if (verdict.action.size() > 20 || verdict.action.find('(') != npos) return false;
  if (scan.number(score)) verdict.score = score;
  std::string_view limit;
  if (!scan.until("] [", limit)) return true;
  size_t end = find_only(scan.rest(), "]), len: ");
  if (end == npos) return true;
  verdict.text = take(scan, end);
  size_t at = find_only(scan.rest(), ", rcpts: <");
  if (at == npos) return true;
  std::string_view list = scan.rest().substr(at + 9);
  size_t close = list.find('>');
  if (close == npos) return true;
  bool several = list.substr(0, close).find(',') != npos;
  verdict.recipient = several ? list.substr(0, close + 1) : list.substr(1, close - 1);
  return true;
}

// "T (greylist): [4.90/15.00]", and the end or the symbols behind it.
bool is_result(std::string_view text) {
  Scan scan(text);
  std::string_view flag, action, score, limit;
  if (!scan.until(" (", flag) || flag.size() > 2 || !scan.until("): [", action) || action.size() > 20)
    return false;
  if (!scan.until("/", score) || !scan.until("]", limit)) return false;
  for (auto number : {score, limit})
    if (number.empty() || number.find_first_not_of("0123456789.-nai") != npos) return false;
  return scan.rest().empty() || scan.rest().starts_with(" [") || scan.rest().starts_with(")");
}

constexpr std::string_view divider = " (default: ";

// Where the head ends. The Message-ID or the sender may hold that too: npos if two of them look right,
// because then nobody can tell.
size_t find_middle(std::string_view text) {
  size_t found = npos;
  for (size_t at = text.find(divider); at != npos; at = text.find(divider, at + 1)) {
    if (!is_result(text.substr(at + divider.size()))) continue;
    if (found != npos) return npos;
    found = at;
  }
  return found;
}

void skip_process(Scan& scan) {
  Scan ahead = scan;
  std::string_view name;
  int pid = 0;
  if (ahead.skip("#") && !ahead.number(pid)) return;
  if (ahead.skip("(") && read_word(ahead, "_-", name) && ahead.skip(") ")) scan = ahead;
}

class Rspamd : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"rspamd"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log")};
    return table;
  }
  explicit Rspamd(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    // "<5e6907>; proxy; rspamd_task_write_log: …" (src/libserver/logger); where the console's or the file's
    // form is sent to syslog, "(rspamd_proxy) " or "#4711(normal) " in front says which process speaks.
    Scan scan(line.text);
    skip_process(scan);
    std::string_view tag, module, function;
    if (!scan.skip("<") || !scan.until(">; ", tag) || !scan.until("; ", module)) return Parsed::unknown;
    if (!scan.until(": ", function) || function != "rspamd_task_write_log") return Parsed::ignored;
    std::string_view text = scan.rest();
    Verdict verdict;
    verdict.program = "rspamd";
    size_t middle = find_middle(text);
    if (middle == npos || !read_head(text.substr(0, middle), verdict) ||
        !read_tail(text.substr(middle + divider.size()), verdict))
      return Parsed::unknown;
    fact = verdict;
    return Parsed::fact;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Rspamd, "rspamd", "reads what rspamd decided about each mail");
