// Reads the log of Sendmail 8.12 to 8.18 at LogLevel 9 to 14 (sendmail/envelope.c, deliver.c, savemail.c).
// Pipeline thread.
#include "plugins/parsers/sendmail/sendmail.h"

#include <array>
#include <string>
#include <vector>

#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace sendmail {

Peer read_relay(std::string_view text) {
  Peer peer;
  size_t open = text.find('[');
  peer.name = text.substr(0, open);
  while (peer.name.ends_with(' ') || peer.name.ends_with('.')) peer.name.remove_suffix(1);
  // "[192.0.2.1] [192.0.2.1]": a name in brackets is an address
  for (; open != std::string_view::npos; open = text.find('[', open + 1)) {
    std::string_view addr = text.substr(open + 1);
    size_t close = addr.find(']');
    if (close == std::string_view::npos) break;
    addr = addr.substr(0, close);
    if (addr.starts_with("IPv6:")) addr.remove_prefix(5);
    if (looks_like_ip(addr)) peer.addr = addr;
  }
  return peer;
}

}  // namespace sendmail

namespace {

constexpr auto npos = std::string_view::npos;

// "6ANKGx7h032455: ": letters and digits, the process at the end.
bool read_queue_id(Scan& scan, std::string_view& id) {
  Scan ahead = scan;
  if (!read_id(ahead, "", id) || id.size() < 8) return false;
  for (size_t i = id.size() - 3; i < id.size(); ++i)
    if (!is_digit(id[i])) return false;
  scan = ahead;
  return true;
}

// Behind "from=": "<…>, size=207, class=0, nrcpts=1, msgid=<…>, proto=ESMTP, daemon=MTA, relay=…". Sender and
// Message-ID are the client's: the sender is quoted, the rest is read from the right.
Parsed parse_arrival(std::string_view id, Scan scan, Fact& fact) {
  Opened opened;
  opened.queue_id = id;
  opened.service = "sendmail";
  std::string_view sender;
  if (!read_path(scan, sender) && !scan.until(", size=", sender)) return Parsed::unknown;
  scan.skip(", size=");
  opened.sender = sender;
  int64_t size = 0;
  if (!scan.number(size)) return Parsed::unknown;
  opened.size = size;
  std::string_view text = scan.rest();
  size_t relay = text.rfind(", relay=");
  if (relay != npos) {
    opened.client = sendmail::read_relay(text.substr(relay + 8));
    if (opened.client.addr.empty()) {
      opened.uid = opened.client.name.substr(0, opened.client.name.find('@'));
      opened.client = {};
    }
    text = text.substr(0, relay);
  }
  if (size_t proto = text.rfind(", proto="); proto != npos) {
    Scan value(text.substr(proto + 8));
    read_word(value, "", opened.protocol);
    text = text.substr(0, proto);
  }
  size_t msgid = text.find(", msgid=");
  if (msgid != npos) {
    std::string_view value = text.substr(msgid + 8);
    if (size_t body = value.rfind(", bodytype="); body != npos) value = value.substr(0, body);
    if (value.size() > 2 && value.starts_with('<') && value.ends_with('>'))
      value = value.substr(1, value.size() - 2);
    opened.message_id = value;
  }
  fact = opened;
  return Parsed::fact;
}

// "CHILD: DSN: User unknown": a mail about this one.
bool read_notification(std::string_view id, Scan scan, Fact& fact) {
  Notification note{id, {}, NotificationKind::bounce};
  if (!read_queue_id(scan, note.child_queue_id)) return false;
  bool dsn = scan.skip("DSN: ");
  if (!dsn && scan.skip("postmaster notify: "))
    note.kind = NotificationKind::postmaster;
  else if (!dsn && !scan.skip("return to sender: ") && !scan.skip("sender notify: "))
    return false;
  if (scan.rest().starts_with("Return receipt")) note.kind = NotificationKind::success;
  if (scan.rest().starts_with("Warning: ")) note.kind = NotificationKind::delay;
  fact = note;
  return true;
}

// What it says of itself, of connections and of single steps, with and without a queue id.
bool is_note(std::string_view text) {
  static constexpr std::array<std::string_view, 44> notes = {"STARTTLS=",
                                                             "STARTTLS: ",
                                                             "AUTH=",
                                                             "AUTH ",
                                                             "starting daemon",
                                                             "restarting ",
                                                             "lost input",
                                                             "timeout ",
                                                             "collect: ",
                                                             "alias",
                                                             "Losing ",
                                                             "SYSERR(",
                                                             "Milter",
                                                             "grew WorkList",
                                                             "rejecting ",
                                                             "runqueue",
                                                             "makeconnection",
                                                             "unable to ",
                                                             "Authentication-Warning: ",
                                                             "tls_",
                                                             "NOQUEUE: ",
                                                             "connect from ",
                                                             "SMTP ",
                                                             "--- ",
                                                             "<-- ",
                                                             "getrequests",
                                                             "problem ",
                                                             "stopping daemon",
                                                             "error connecting",
                                                             "clone: ",
                                                             "locked",
                                                             "unlock",
                                                             "discarded",
                                                             "forward ",
                                                             "dropenvelope",
                                                             "enqueue ",
                                                             "mailstats",
                                                             "WorkList ",
                                                             "started as: ",
                                                             "gethostbyaddr(",
                                                             "Warning: ",
                                                             "headers too large",
                                                             "My unqualified host name ",
                                                             "Fixed MIME "};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  for (std::string_view words :
       {" did not issue MAIL/EXPN/VRFY/ETRN during connection to ", ": possible SMTP attack: ", ": locked",
        ": clone: owner=", ": pri=", " marked unsafe", " aliases, longest "})
    if (text.find(words) != npos) return true;
  return false;
}

Parsed parse_queued(std::string_view id, Scan scan, Fact& fact) {
  if (scan.skip("from=")) return parse_arrival(id, scan, fact);
  if (scan.skip("to=")) return sendmail::parse_attempt(id, scan, fact);
  if (scan.rest() == "done" || scan.rest().starts_with("done; ")) {
    fact = Removed{id};
    return Parsed::fact;
  }
  if (read_notification(id, scan, fact)) return Parsed::fact;
  return sendmail::parse_refusal(id, scan, fact);
}

class Sendmail : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"sendmail", "sm-mta", "sm-msp-queue"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log (-L)")};
    return table;
  }
  explicit Sendmail(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Scan scan(line.text);
    std::string_view id;
    bool queued = read_queue_id(scan, id);
    Parsed parsed = queued ? parse_queued(id, scan, fact) : sendmail::parse_refusal({}, scan, fact);
    if (parsed != Parsed::unknown) return parsed;
    fact.emplace<std::monostate>();
    return is_note(scan.rest()) ? Parsed::ignored : Parsed::unknown;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Sendmail, "sendmail", "reads the log of Sendmail 8");
