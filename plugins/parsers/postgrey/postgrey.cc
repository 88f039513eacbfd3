// Reads the log of postgrey 1.33 to 1.37: mylog_action() writes one line per recipient asked about. Pipeline
// thread.
#include <array>
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

// What it says of itself, of its database and through Net::Server.
bool is_note(std::string_view text) {
  static constexpr std::array<std::string_view, 22> notes = {"cleaning up old ",
                                                             "cleaning main database finished",
                                                             "cleaning clients database finished",
                                                             "rm ",
                                                             "correcting date for first seen",
                                                             "whitelisted: ",
                                                             "Exiting!",
                                                             "HUP received: ",
                                                             "unrecognized request type: ",
                                                             "ignoring garbage: ",
                                                             "WARNING: ",
                                                             "FATAL: ",
                                                             "Process Backgrounded",
                                                             "postgrey ",
                                                             "Resolved [",
                                                             "Binding ",
                                                             "Setting ",
                                                             "Group Not Defined",
                                                             "User Not Defined",
                                                             "Server closing!",
                                                             "Couldn't ",
                                                             "Pid_file "};
  for (auto note : notes)
    if (text.starts_with(note)) return true;
  return text.find(" postgrey (type Net::Server") != std::string_view::npos;
}

// "192.0.2.1", and with a mask, "192.0.2.1/32": NetAddr::IP prints one where a patched postgrey logs its
// object.
bool read_client(std::string_view text, Verdict& verdict) {
  std::string_view addr = text.substr(0, text.find('/'));
  int bits = 0;
  Scan mask(text.substr(addr.size()));
  if (mask.skip("/") && (!mask.number(bits) || !mask.at_end())) return false;
  verdict.client.addr = addr;
  return looks_like_ip(addr);
}

bool read_action(Scan scan, Verdict& verdict) {
  if (!scan.skip("action=") || !read_word(scan, "", verdict.action) || !scan.skip(", reason=")) return false;
  if (!scan.until(", client_name=", verdict.text)) return false;
  std::string_view name;
  if (!scan.until(", client_address=", name)) return false;
  verdict.client.name = name;
  std::string_view client, rest = scan.rest();
  if (!scan.until(", ", client)) return read_client(rest, verdict);
  if (!read_client(client, verdict)) return false;
  // Postfix sends addresses unquoted: one may read like the next key. A null sender is left out.
  if (scan.skip("recipient=")) {
    verdict.sender = "";
    verdict.recipient = scan.rest();
    return true;
  }
  if (!scan.skip("sender=")) return false;
  size_t at = find_only(scan.rest(), ", recipient=");
  if (at == std::string_view::npos) return true;
  verdict.sender = scan.rest().substr(0, at);
  verdict.recipient = scan.rest().substr(at + 12);
  return true;
}

class Postgrey : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"postgrey"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {
        option("names", &Config::names, "program names in the log (--syslog-ident)")};
    return table;
  }
  explicit Postgrey(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Verdict verdict;
    verdict.program = "postgrey";
    Scan scan(line.text);
    read_id(scan, "", verdict.queue_id);
    if (!read_action(scan, verdict)) return is_note(line.text) ? Parsed::ignored : Parsed::unknown;
    fact = verdict;
    return Parsed::fact;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Postgrey, "postgrey", "reads what postgrey delayed and let pass");
