// Header parser: one pass from left to right, no copies. Called by the pipeline, the import and the spool
// dump.
#include "core/parse/header.h"

#include <cstdint>

#include "core/base/scan.h"
#include "core/parse/stamp.h"

namespace mailtrace {
namespace {

std::string_view strip_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == '\0'))
    text.remove_suffix(1);
  return text;
}

std::string_view strip_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

// "<22>"
void read_pri(Scan& scan, LogLine& line) {
  Scan at = scan;
  int value;
  if (!at.skip("<") || !at.number(value) || value < 0 || value > 191 || !at.skip(">")) return;
  line.facility = value >> 3;
  line.severity = value & 7;
  scan = at;
}

bool read_word(Scan& scan, std::string_view& out) { return scan.until(" ", out) && !out.empty(); }

std::string_view nil_is_empty(std::string_view word) { return word == "-" ? std::string_view() : word; }

// "postfix/smtpd[20108]:", "exim[31696]", "postfix/smtpd[2010" (cut: its pid cannot be trusted and is
// dropped)
void split_tag(std::string_view tag, LogLine& line) {
  if (tag.ends_with(':')) tag.remove_suffix(1);
  size_t bracket = tag.rfind('[');
  // "postfix/[::1]:10025/smtpd": no pid, but part of the name.
  if (bracket != std::string_view::npos && tag.find('/', bracket) != std::string_view::npos)
    bracket = std::string_view::npos;
  line.app_name = tag.substr(0, bracket);
  if (bracket == std::string_view::npos) return;
  std::string_view pid = tag.substr(bracket + 1);
  if (pid.ends_with(']')) line.proc_id = pid.substr(0, pid.size() - 1);
}

// RFC 5424 6.3: "-" or [id name="value" …] with \" \\ \] inside values. False if it never ends.
bool read_structured_data(Scan& scan, std::string_view& out) {
  std::string_view text = scan.rest();
  if (scan.skip("-")) return scan.at_end() || scan.rest().front() == ' ';
  size_t at = 0;
  while (at < text.size() && text[at] == '[') {
    bool quoted = false;
    for (++at; at < text.size(); ++at) {
      if (quoted && text[at] == '\\') {
        ++at;
      } else if (text[at] == '"') {
        quoted = !quoted;
      } else if (!quoted && text[at] == ']') {
        break;
      }
    }
    if (at >= text.size()) return false;
    ++at;
  }
  if (at == 0 || (at < text.size() && text[at] != ' ')) return false;
  out = text.substr(0, at);
  scan.skip(out);
  return true;
}

// The value of `u` in the element whose id starts with "mt@"; as sent, escapes kept.
std::string_view find_uuid(std::string_view data) {
  if (data.find("[mt@") == std::string_view::npos) return {};
  while (!data.empty() && data.front() == '[') {
    bool ours = data.starts_with("[mt@");
    data.remove_prefix(std::min(data.find_first_of(" ]"), data.size()));
    while (!data.empty() && data.front() == ' ') {
      data.remove_prefix(1);
      size_t equal = data.find("=\"");
      if (equal == std::string_view::npos) return {};
      std::string_view name = data.substr(0, equal);
      data.remove_prefix(equal + 2);
      size_t end = 0;
      while (end < data.size() && data[end] != '"') end += data[end] == '\\' ? 2 : 1;
      if (end >= data.size()) return {};
      if (ours && name == "u") return data.substr(0, end);
      data.remove_prefix(end + 1);
    }
    if (data.empty() || data.front() != ']') return {};
    data.remove_prefix(1);
  }
  return {};
}

// Behind PRI and version: STAMP HOST APP-NAME PROCID MSGID SD [MSG].
bool read_rfc5424(Scan scan, Time received, const HeaderOptions& options, LogLine& line, Stamp& stamp) {
  stamp = {received, true, true};
  if (!scan.skip("- ")) {
    if (!read_rfc3339(scan, received, options, stamp) || !scan.skip(" ")) return false;
  }
  std::string_view host, app, pid, id, data;
  if (!read_word(scan, host) || !read_word(scan, app) || !read_word(scan, pid) || !read_word(scan, id))
    return false;
  if (!read_structured_data(scan, data)) return false;
  line.time = stamp.time;
  line.whole_seconds = stamp.whole_seconds;
  line.hostname = nil_is_empty(host);
  split_tag(nil_is_empty(app), line);
  if (std::string_view own = nil_is_empty(pid); !own.empty()) line.proc_id = own;
  line.msg_id = nil_is_empty(id);
  line.structured_data = data;
  line.text = strip_blanks(scan.rest());
  if (line.text.starts_with("\xEF\xBB\xBF")) line.text = strip_blanks(line.text.substr(3));
  return true;
}

// A word that can only be a tag: the host name is missing.
bool is_tag(std::string_view word) {
  return word.ends_with(':') || (word.find('[') != 0 && word.find('[') != std::string_view::npos);
}

// The tag ends at its colon, at "]" or at a blank, whichever comes first: a relay of RFC 5424 writes no
// colon. A name with a colon of its own, "postfix/127.0.0.1:10025/smtpd[654]:", is told by a whole word that
// ends as tags do.
std::string_view read_tag(std::string_view& rest) {
  size_t end = rest.find_first_of(" :[");
  std::string_view word = rest.substr(0, rest.find(' '));
  if (size_t pid = word.rfind('['); word.ends_with("]:") && pid != std::string_view::npos &&
                                    word.rfind('/', pid) > end &&
                                    word.rfind('/', pid) != std::string_view::npos)
    end = pid;
  if (end != std::string_view::npos && rest[end] == '[') {
    size_t close = rest.find_first_of(" ]", end);
    end = close == std::string_view::npos || rest[close] == ' ' ? close : close + 1;
  }
  if (end == std::string_view::npos) end = rest.size();
  std::string_view tag = rest.substr(0, end);
  rest.remove_prefix(end);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  return tag;
}

// STAMP [HOST] TAG[:] MSG, the stamp in any form.
bool read_traditional(Scan scan, Time received, const HeaderOptions& options, LogLine& line, Stamp& stamp) {
  stamp = {};
  if (!read_rfc3339(scan, received, options, stamp) && !read_rfc3164(scan, received, options, stamp) &&
      !read_unix(scan, stamp))
    return false;
  std::string_view rest = scan.rest();
  line.time = stamp.time;
  line.whole_seconds = stamp.whole_seconds;
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  size_t blank = rest.find(' ');
  std::string_view word = rest.substr(0, blank);
  if (blank != std::string_view::npos && !is_tag(word)) {
    std::string_view behind = rest.substr(blank + 1);
    // A slash is no host's either, except in the chains "host/relay" of syslog-ng, which a real tag follows.
    bool chain = word.find('/') != std::string_view::npos;
    if (!chain || is_tag(behind.substr(0, behind.find(' ')))) {
      line.hostname = nil_is_empty(word);
      rest = behind;
    }
  }
  split_tag(read_tag(rest), line);
  line.text = strip_blanks(rest);
  return true;
}

// Stamps in microseconds tell lines apart; the pid then only harms (rsyslog cuts it off with long tags) and
// so does the uuid (a file has none, and an import must meet the rows that came over the network).
// Milliseconds need the pid, whole seconds both.
Hash128 line_identity(const Record& record, const LogLine& line, bool coarse) {
  if (line.whole_seconds) {
    std::string_view uuid = find_uuid(line.structured_data);
    if (!uuid.empty()) return hash_fields({uuid});
  }
  uint64_t us = static_cast<uint64_t>(to_us(line.time));
  char stamp[8];
  for (int i = 0; i < 8; ++i) stamp[i] = static_cast<char>(us >> (56 - 8 * i));
  std::string_view host = line.hostname.empty() ? record.peer : line.hostname;
  std::string_view program = line.app_name.substr(0, line.app_name.find('/'));
  return hash_fields({host, std::string_view(stamp, sizeof stamp), program,
                      coarse ? line.proc_id : std::string_view(), line.text});
}

// rsyslog with $RepeatedMsgReduction: "message repeated 3 times: [ NOQUEUE: reject: …]", with the stamp of
// the last time and the text cut at 800 bytes.
void unwrap_repeated(LogLine& line) {
  constexpr size_t most_kept = 800;
  Scan scan(line.text);
  int times;
  if (!scan.skip("message repeated ") || !scan.number(times) || !scan.skip(" times: [")) return;
  std::string_view text = scan.rest();
  if (!text.ends_with(']')) return;
  text.remove_suffix(1);
  if (text.size() >= most_kept) line.truncated = true;
  line.text = strip_blanks(text);
}

bool read_stamped(Scan scan, Time received, const HeaderOptions& options, LogLine& line, Stamp& stamp) {
  if (Scan version = scan; line.facility >= 0 && version.skip("1 "))
    if (read_rfc5424(version, received, options, line, stamp)) return true;
  return read_traditional(scan, received, options, line, stamp);
}

}  // namespace

void parse_header(const Record& record, const HeaderOptions& options, LogLine& line) {
  line = LogLine{};
  line.raw = record.bytes;
  line.received = record.received;
  line.sequence = record.sequence;
  line.imported = options.import;
  line.truncated = record.flags & record_flag::truncated;
  Scan scan(strip_end(record.bytes));
  read_pri(scan, line);
  Stamp stamp;
  // What is read out of a file may be as old there as in an import, and is to become the same row.
  HeaderOptions own = options;
  own.import |= record.transport == Transport::file;
  bool read = read_stamped(scan, record.received, own, line, stamp);
  // The stamp stands before the host: it is read again if the host has a zone of its own.
  if (const auto* zone = read && options.hosts ? options.hosts->zone_of(line.hostname) : nullptr;
      zone && zone != options.zone) {
    own.zone = zone;
    read_stamped(scan, record.received, own, line, stamp);
  }
  if (!read) {
    line.time = record.received;
    line.whole_seconds = stamp.coarse = true;
    line.text = strip_blanks(scan.rest());
  }
  unwrap_repeated(line);
  auto away = line.time - record.received;
  // A file that is followed is written now: nothing in it is from the future.
  line.time_suspect =
      !options.import && (away > std::chrono::hours(36) || (!own.import && away < -std::chrono::hours(36)));
  // An empty name stays empty: it claims nothing.
  if (options.hosts && (record.flags & record_flag::tls) && !line.hostname.empty() &&
      !options.hosts->may_speak(record.peer, line.hostname)) {
    line.host_foreign = true;
    line.hostname = record.peer;
  }
  line.identity = line_identity(record, line, stamp.coarse);
}

}  // namespace mailtrace
