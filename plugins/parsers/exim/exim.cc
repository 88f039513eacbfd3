// Reads the main log of Exim 4.80 to 4.98 as it comes by syslog (src/log.c). Pipeline thread.
#include "plugins/parsers/exim/exim.h"

#include <array>
#include <string>
#include <vector>

#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

// 1xVaST-0008FF-1L; since 4.97 1xVaST-00000000abC-12Dx
bool read_message_id(Scan& scan, std::string_view& id) {
  std::string_view text = scan.rest();
  for (size_t size : {16u, 23u}) {
    size_t second = size == 16 ? 13 : 18;
    if (text.size() <= size || text[size] != ' ' || text[6] != '-' || text[second] != '-') continue;
    bool fits = true;
    for (size_t i = 0; i < size; ++i) fits = fits && (i == 6 || i == second || is_alnum(text[i]));
    if (!fits) continue;
    id = take(scan, size);
    scan.skip(" ");
    return true;
  }
  return false;
}

// syslog_timestamp (default on): "2026-11-23 20:16:01 ", "….123 ", "… +0100 "; log_selector +pid: "[4711] ".
void skip_stamp(Scan& scan) {
  std::string_view text = scan.rest();
  static constexpr std::string_view form = "dddd-dd-dd dd:dd:dd";
  bool stamp = text.size() > form.size();
  for (size_t i = 0; stamp && i < form.size(); ++i)
    stamp = form[i] == 'd' ? is_digit(text[i]) : text[i] == form[i];
  std::string_view skipped;
  if (stamp) {
    take(scan, form.size());
    scan.until(" ", skipped);
    Scan zone = scan;
    if ((zone.skip("+") || zone.skip("-")) && zone.rest().size() > 4 && zone.rest()[4] == ' ') take(scan, 6);
  }
  Scan pid = scan;
  if (pid.skip("[") && read_word(pid, "", skipped) && pid.skip("] ")) scan = pid;
}

// "mx.example.net [192.0.2.25] Connection timed out", "[192.0.2.25]:25 …": an attempt at one host,
// before 4.92.
bool is_host_note(std::string_view text) {
  Peer host;
  std::string_view helo;
  Scan scan(text);
  std::string_view name = text.substr(0, text.find(" ["));
  return name.find(' ') == std::string_view::npos && exim::read_host(scan, host, helo) &&
         (scan.skip(" ") || scan.skip(": "));
}

// What Exim says of one message besides arrival, delivery and end.
bool is_message_note(std::string_view text) {
  static constexpr std::array<std::string_view, 33> notes = {"H=",
                                                             "no immediate delivery",
                                                             "DKIM: ",
                                                             "DMARC results: ",
                                                             "Message is frozen",
                                                             "Message frozen",
                                                             "Spool file ",
                                                             "SMTP ",
                                                             "Remote host ",
                                                             "remote host ",
                                                             "retry ",
                                                             "error ignored",
                                                             "Retry time ",
                                                             "U=",
                                                             "SA: ",
                                                             "spam acl ",
                                                             "malware acl ",
                                                             "Warning: ",
                                                             "TLS ",
                                                             "[",
                                                             "lowest numbered MX",
                                                             "failed to ",
                                                             "original recipients: ",
                                                             "modified by ",
                                                             "new sender ",
                                                             "all hosts ",
                                                             "no host",
                                                             "routed by ",
                                                             "cancelled by ",
                                                             "address <",
                                                             "PRDR ",
                                                             "DANE ",
                                                             "sender verify "};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  if (is_host_note(text)) return true;
  return text.find(" previously delivered") != std::string_view::npos ||
         text.find(": error ignored") != std::string_view::npos;
}

// What Exim says of itself and of connections.
bool is_note(std::string_view text) {
  static constexpr std::array<std::string_view, 44> notes = {"exim ",
                                                             "Start ",
                                                             "End ",
                                                             "Abandon queue run",
                                                             "Single queue run",
                                                             "SMTP ",
                                                             "H=",
                                                             "TLS ",
                                                             "no host name ",
                                                             "no IP address ",
                                                             "unexpected ",
                                                             "Connection from ",
                                                             "refused ",
                                                             "Warning: ",
                                                             "cwd=",
                                                             "daemon ",
                                                             "pid ",
                                                             "SIGHUP ",
                                                             "ident ",
                                                             "rejected ",
                                                             "DKIM: ",
                                                             "[",
                                                             "lost ",
                                                             "failed to ",
                                                             "Exim ",
                                                             "Failed to ",
                                                             "host lookup ",
                                                             "DNS ",
                                                             "DANE ",
                                                             "LOG: ",
                                                             "socket ",
                                                             "listening ",
                                                             "Log file ",
                                                             "2 ",
                                                             "Retry ",
                                                             "queue ",
                                                             "closed ",
                                                             "list matching",
                                                             "host ",
                                                             "no MAIL in ",
                                                             "unqualified ",
                                                             "too many ",
                                                             "Error or EOF ",
                                                             "U="};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  return is_host_note(text);
}

// Freezing, thawing and removing (src/exim.c, deliver.c, receive.c, queue.c). "Completed" follows "removed by
// root".
bool read_admin(std::string_view id, std::string_view text, Fact& fact) {
  AdminAction action{id, AdminKind::held};
  bool frozen = text.starts_with("frozen by ") || text.starts_with("*** Frozen") || text == "Frozen" ||
                text.starts_with("Frozen (") || text.starts_with("Frozen by the ");
  if (frozen)
    action.kind = AdminKind::held;
  else if (text.starts_with("unfrozen by ") || text.starts_with("Unfrozen by "))
    action.kind = AdminKind::released;
  else if (text.starts_with("removed by ") || text.starts_with("message removed by "))
    action.kind = AdminKind::deleted;
  else
    return false;
  fact = action;
  return true;
}

Parsed parse_message(std::string_view id, Scan scan, Fact& fact) {
  if (scan.skip("<= ")) return exim::parse_arrival(id, scan, fact);
  for (std::string_view flag : {"=>", "->", ">>", "*>", "**", "=="}) {
    Scan ahead = scan;
    if (ahead.skip(flag) && ahead.skip(" ")) return exim::parse_delivery(id, flag, ahead, fact);
  }
  std::string_view text = scan.rest();
  if (text == "Completed" || text.starts_with("Completed QT=")) {
    fact = Removed{id};
    return Parsed::fact;
  }
  if (read_admin(id, text, fact)) return Parsed::fact;
  if (text == "cancelled by timeout_frozen_after") {
    fact = Expired{id, {}};
    return Parsed::fact;
  }
  Parsed parsed = exim::parse_refusal(id, scan, fact);
  if (parsed != Parsed::unknown) return parsed;
  return is_message_note(text) ? Parsed::ignored : Parsed::unknown;
}

class Exim : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"exim", "exim4"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {
        option("names", &Config::names, "program names in the log (syslog_processname)")};
    return table;
  }
  explicit Exim(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Scan scan(line.text);
    // A line over 870 bytes comes in parts, "[1/2] ", "[2\2] ": the first tells most.
    if (scan.skip("[1/") || scan.skip("[1\\")) {
      std::string_view parts;
      scan.until("] ", parts);
    }
    skip_stamp(scan);
    std::string_view id;
    if (read_message_id(scan, id)) return parse_message(id, scan, fact);
    Parsed parsed = exim::parse_refusal({}, scan, fact);
    if (parsed != Parsed::unknown) return parsed;
    return is_note(scan.rest()) ? Parsed::ignored : Parsed::unknown;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Exim, "exim", "reads the main log of Exim 4 that comes by syslog");
