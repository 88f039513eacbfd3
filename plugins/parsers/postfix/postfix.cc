// Parser of Postfix 2.10 to 3.11: finds program and service in the tag and hands the line to its grammar.
// Pipeline thread.
#include "plugins/parsers/postfix/postfix.h"

#include <array>

#include "core/plugin/plugin.h"
#include "plugins/parsers/postfix/grammar.h"

namespace mailtrace {
namespace {

using namespace postfix;

struct Name {
  std::string_view name;
  Program program;
};
constexpr std::array<Name, 48> names = {{{"smtpd", Program::smtpd},
                                         {"smtp", Program::delivery},
                                         {"lmtp", Program::delivery},
                                         {"qmgr", Program::qmgr},
                                         {"cleanup", Program::cleanup},
                                         {"local", Program::delivery},
                                         {"pickup", Program::pickup},
                                         {"bounce", Program::bounce},
                                         {"virtual", Program::delivery},
                                         {"pipe", Program::delivery},
                                         {"error", Program::delivery},
                                         {"discard", Program::delivery},
                                         {"oqmgr", Program::qmgr},
                                         {"nqmgr", Program::qmgr},
                                         {"qmqpd", Program::smtpd},
                                         {"postscreen", Program::postscreen},
                                         {"dnsblog", Program::dnsblog},
                                         {"postsuper", Program::postsuper},
                                         {"master", Program::master},
                                         {"anvil", Program::quiet},
                                         {"scache", Program::quiet},
                                         {"verify", Program::quiet},
                                         {"tlsproxy", Program::quiet},
                                         {"tlsmgr", Program::quiet},
                                         {"trivial-rewrite", Program::quiet},
                                         {"proxymap", Program::quiet},
                                         {"proxywrite", Program::quiet},
                                         {"flush", Program::quiet},
                                         {"showq", Program::quiet},
                                         {"spawn", Program::quiet},
                                         {"postlogd", Program::quiet},
                                         {"postdrop", Program::quiet},
                                         {"sendmail", Program::quiet},
                                         {"postqueue", Program::quiet},
                                         {"postmap", Program::quiet},
                                         {"postalias", Program::quiet},
                                         {"postcat", Program::quiet},
                                         {"postconf", Program::quiet},
                                         {"postkick", Program::quiet},
                                         {"postlock", Program::quiet},
                                         {"postlog", Program::quiet},
                                         {"postmulti", Program::quiet},
                                         {"postfix-script", Program::quiet},
                                         {"post-install", Program::quiet},
                                         {"postfix", Program::quiet},
                                         {"postfix-wrapper", Program::quiet},
                                         {"posttls-finger", Program::quiet},
                                         {"nbdb_reindexd", Program::quiet}}};

// rsyslog's forward formats send at most 32 characters of the tag, pid included.
constexpr size_t cut_tag = 32;

bool read_program(std::string_view service, Line& line) {
  std::string_view program = service.substr(service.rfind('/') + 1);
  for (auto& name : names) {
    if (name.name != program) continue;
    line.service = service;
    line.program = name.program;
    return true;
  }
  return false;
}

// rsyslog ends a tag at its first colon: of "postfix/127.0.0.1:10025/smtpd"
// (syslog_name=postfix/$service_name) the address is left. A host name has a dot; what the programs of others
// are called has none.
bool is_cut_at_colon(std::string_view tag) {
  std::string_view last = tag.substr(tag.rfind('/') + 1);
  return last.empty() || last == "localhost" || last.find('.') != std::string_view::npos;
}

// What rsyslog then leaves in front of the text, if it took the line from the network: "10025/smtpd[654]: ".
bool read_rest_of_tag(Line& line) {
  Scan scan(line.text);
  std::string_view port, program, pid;
  scan.skip(":");
  if (!scan.until("/", port) || port.empty() ||
      port.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  if (!scan.until("[", program) || !scan.until("]: ", pid) ||
      pid.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  if (!read_program(program, line)) return false;
  line.text = scan.rest();
  return true;
}

// False: a program that is none of Postfix's, such as a policy server under spawn(8), or logger(1) under the
// bare tag: Postfix never writes a line without its pid.
bool read_tag(const LogLine& log, Line& line) {
  std::string_view tag = log.app_name;
  size_t slash = tag.find('/');
  if (tag.size() >= cut_tag && log.proc_id.empty()) return true;
  if (slash == std::string_view::npos) return !log.proc_id.empty();
  if (read_program(tag.substr(slash + 1), line)) return true;
  return is_cut_at_colon(tag) && (read_rest_of_tag(line) || !log.proc_id.empty());
}

Parsed parse_queued(const Line& line, std::string_view id, std::string_view text, Fact& fact) {
  switch (line.program) {
    case Program::smtpd:
      return parse_smtpd(line, id, text, fact);
    case Program::cleanup:
      return parse_cleanup(line, id, text, fact);
    case Program::qmgr:
      return parse_qmgr(line, id, text, fact);
    case Program::delivery:
      return parse_delivery(line, id, text, fact);
    case Program::pickup:
      return parse_pickup(id, text, line, fact);
    case Program::bounce:
      return text.starts_with("to=") ? parse_delivery(line, id, text, fact) : parse_bounce(id, text, fact);
    case Program::postsuper:
      return parse_postsuper(id, text, fact);
    case Program::any:
      break;
    default:
      return Parsed::unknown;
  }
  // Without a program the line's shape decides; no two of these share a first word, except "removed", which
  // is taken for qmgr's.
  Parsed parsed = parse_qmgr(line, id, text, fact);
  if (parsed == Parsed::unknown) parsed = parse_smtpd(line, id, text, fact);
  if (parsed == Parsed::unknown) parsed = parse_cleanup(line, id, text, fact);
  if (parsed == Parsed::unknown) parsed = parse_bounce(id, text, fact);
  if (parsed == Parsed::unknown) parsed = parse_pickup(id, text, line, fact);
  if (parsed == Parsed::unknown) parsed = parse_postsuper(id, text, fact);
  return parsed == Parsed::unknown ? parse_delivery(line, id, text, fact) : parsed;
}

// What any program may say, and lines of programs without a grammar when the tag does not tell that they are
// theirs.
bool is_noise(std::string_view text) {
  static constexpr std::array<std::string_view, 15> notes = {"Deleted: ",
                                                             "Requeued: ",
                                                             "Placed on hold: ",
                                                             "Released from hold: ",
                                                             "Force-expired: ",
                                                             "Renamed to match ",
                                                             "Expired: ",
                                                             "refreshing the Postfix",
                                                             "starting the Postfix",
                                                             "stopping the Postfix",
                                                             "waiting for the Postfix",
                                                             "aborting the Postfix",
                                                             "the Postfix mail system is",
                                                             "defer transport ",
                                                             "defer site "};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  return is_library_note(text);
}

Parsed parse_plain(const Line& line, Fact& fact) {
  switch (line.program) {
    case Program::smtpd:
      return parse_smtpd_session(line, fact);
    case Program::delivery:
      return parse_delivery_session(line.text);
    case Program::postscreen:
      return parse_postscreen(line, fact);
    case Program::dnsblog:
      return parse_dnsblog(line.text, fact);
    case Program::master: {
      Parsed parsed = parse_master(line.text, fact);
      return parsed == Parsed::fact ? parsed : Parsed::ignored;
    }
    case Program::any:
      break;
    case Program::quiet:
    case Program::postsuper:
      return Parsed::ignored;
    default:
      return Parsed::unknown;
  }
  Parsed parsed = parse_smtpd_session(line, fact);
  if (parsed == Parsed::unknown) parsed = parse_delivery_session(line.text);
  if (parsed == Parsed::unknown) parsed = parse_postscreen(line, fact);
  if (parsed == Parsed::unknown) parsed = parse_dnsblog(line.text, fact);
  if (parsed == Parsed::unknown) parsed = parse_master(line.text, fact);
  return parsed;
}

Parsed parse_line(const Line& line, Fact& fact) {
  if (line.program == Program::quiet) return Parsed::ignored;
  Scan scan(line.text);
  std::string_view id;
  if (read_queue_id(scan, id)) return parse_queued(line, id, scan.rest(), fact);
  if (Parsed warning = parse_warning(line.text, fact); warning != Parsed::unknown) return warning;
  bool postscreen = line.program == Program::postscreen;
  if (!postscreen && scan.skip("NOQUEUE: ")) return parse_smtpd(line, {}, scan.rest(), fact);
  Parsed parsed = parse_plain(line, fact);
  return parsed == Parsed::unknown && is_noise(line.text) ? Parsed::ignored : parsed;
}

}  // namespace

PostfixParser::PostfixParser(Config config)
    : tags_(std::move(config.names)), external_(config.address_format == "external") {}

std::span<const Option> PostfixParser::options() {
  static const std::vector<Option> table = {
      option(
          "names", &Config::names,
          "what syslog_name is set to, without \"-INSTANCE\": the tags to read are NAME, NAME/… and NAME-…"),
      one_of("address_format", &Config::address_format, {"external", "internal"},
             "info_log_address_format of the senders; Postfix before 3.5 writes internal, where a crafted "
             "address "
             "can look like another line: such lines are counted as unknown")};
  return table;
}

Parsed PostfixParser::parse(const LogLine& log, Fact& fact) noexcept {
  fact.emplace<std::monostate>();
  Line line;
  line.text = log.text;
  line.form = external_ ? AddressForm::external : AddressForm::internal;
  if (!read_tag(log, line)) return Parsed::ignored;
  Parsed parsed = parse_line(line, fact);
  if (parsed != Parsed::fact) fact.emplace<std::monostate>();
  return parsed;
}

std::string_view PostfixParser::doubt(const LogLine& log) const noexcept {
  if (size_t slash = log.app_name.find('/'); slash != std::string_view::npos) {
    Line line;
    line.text = log.text;
    if (read_program(log.app_name.substr(slash + 1), line) || !is_cut_at_colon(log.app_name) ||
        read_rest_of_tag(line))
      return {};
    return "a colon in the tag, as in postfix/127.0.0.1:10025/smtpd, hides the name of the daemon: what the "
           "line means "
           "is guessed; set syslog_name in master.cf without one";
  }
  return "the tag does not name the daemon, as in postfix/smtpd: what the line means is guessed; in rsyslog "
         "set "
         "global(parser.permitSlashInProgramname=\"on\")";
}

}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::PostfixParser, "postfix", "reads the log of Postfix 2.10 and later");
