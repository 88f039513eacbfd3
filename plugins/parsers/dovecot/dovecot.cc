// Reads the log of Dovecot 2.2 to 2.4 with its default mail_log_prefix, deliver_log_format and
// login_log_format. Pipeline thread.
#include "plugins/parsers/dovecot/dovecot.h"

#include <array>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace dovecot {
namespace {

// 2.3, 2.4: "(user)<pid><session>: " (mail_log_prefix). The user is the one of a mailbox that exists; a ")"
// in it is no end unless "<pid><" follows.
bool read_session(std::string_view text, Line& line) {
  for (size_t close = text.find(")<"); close != std::string_view::npos; close = text.find(")<", close + 1)) {
    Scan scan(text.substr(close + 2));
    std::string_view pid, session;
    if (!read_word(scan, "", pid) || !scan.skip("><")) continue;
    // its own base 64, ":T2:R3:P1" for further mails, recipients and proxying
    if (!scan.skip(">: ") && (!read_word(scan, "+/=:-_.", session) || !scan.skip(">: "))) continue;
    line.user = text.substr(1, close - 1);
    line.session = session;
    line.text = scan.rest();
    return true;
  }
  return false;
}

// 2.2: "(user): " or "(pid, user): ", for lmtp followed by "session: ".
bool read_user(std::string_view text, Line& line) {
  size_t close = text.find("): ");
  if (close == std::string_view::npos) return false;
  line.user = text.substr(1, close - 1);
  Scan inside(line.user), scan(text.substr(close + 3));
  std::string_view pid, session;
  if (read_word(inside, "", pid)) {
    bool number = pid.find_first_not_of("0123456789") == std::string_view::npos;
    if (inside.skip(", ")) line.user = inside.rest();
    if (number && inside.at_end()) line.user = {};  // "lmtp(20126): Connect from local"
  }
  line.text = scan.rest();
  if (line.service != "lmtp" || !read_word(scan, "+/=:", session)) return true;
  // the word took the ":" of ": " along
  if (session.size() < 20 || !session.ends_with(':') || !scan.skip(" ")) return true;
  line.session = session.substr(0, session.size() - 1);
  line.text = scan.rest();
  return true;
}

}  // namespace

bool read_line(std::string_view text, Line& line) {
  Scan scan(text);
  if (!read_word(scan, "-", line.service)) return false;
  if (scan.skip(": ")) {
    line.text = scan.rest();
    return true;
  }
  if (!scan.rest().starts_with('(')) return false;
  return read_session(scan.rest(), line) || read_user(scan.rest(), line);
}

}  // namespace dovecot

namespace {

// src/lib/failures.c; a line without one of them is information.
bool is_complaint(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kinds = {
      "Error: ", "Warning: ", "Debug: ", "Fatal: ", "Panic: "};
  for (auto kind : kinds)
    if (text.starts_with(kind)) return true;
  return false;
}

class Dovecot : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"dovecot"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {
        option("names", &Config::names, "instance names (instance_name): the tags to read")};
    return table;
  }
  explicit Dovecot(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& log, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    dovecot::Line line;
    if (!dovecot::read_line(log.text, line))
      return is_complaint(log.text) ? Parsed::ignored : Parsed::unknown;
    if (is_complaint(line.text)) return Parsed::ignored;
    if (line.service == "lmtp" || line.service == "lda" || line.service == "deliver")
      return dovecot::parse_delivery(line, fact);
    if (line.service.ends_with("-login")) return dovecot::parse_login(line, fact);
    // auth, imap, pop3, master, stats …: nothing about the way of a mail
    return Parsed::ignored;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Dovecot, "dovecot",
                 "reads deliveries, Sieve outcomes and failed logins of Dovecot 2.2 and later");
