// Reads the log of OpenDMARC 1.3 and 1.4 (opendmarc/opendmarc.c, mlfi_eom). Pipeline thread.
#include <array>
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

// The last word of a line if it is a result of RFC 8601; empty if not.
std::string_view result_of(std::string_view text) {
  static constexpr std::array<std::string_view, 7> results = {"pass", "fail",      "softfail", "neutral",
                                                              "none", "temperror", "permerror"};
  std::string_view word = last_word(text);
  if (word.size() == text.size()) return {};
  for (auto result : results)
    if (word == result) return word;
  return {};
}

std::string_view without(std::string_view text, std::string_view last) {
  return text.substr(0, text.size() - last.size() - 1);
}

// "SPF(mailfrom): DOMAIN pass", "DOMAIN none": what stands before the result is the sender's.
Parsed read_result(std::string_view text, Verdict& verdict) {
  Scan scan(text);
  if (scan.skip("SPF(")) {
    std::string_view identity;
    if (!read_word(scan, "", identity) || !scan.skip("): ")) return Parsed::unknown;
    verdict.spf = result_of(scan.rest());
    if (verdict.spf.empty()) return Parsed::unknown;
    verdict.text = without(scan.rest(), verdict.spf);
    return Parsed::fact;
  }
  static constexpr std::array<std::string_view, 18> notes = {"ignoring ",
                                                             "RFC5322 requirement error: ",
                                                             "multi-valued From field detected",
                                                             "unable to ",
                                                             "can't ",
                                                             "opendmarc_policy_",
                                                             "ARC ",
                                                             "popen(): ",
                                                             "pclose() ",
                                                             "smfi_",
                                                             "malloc(): ",
                                                             "error ",
                                                             "failed to ",
                                                             "Authentication-Results header add failed",
                                                             "Received-SPF header add failed",
                                                             "DMARC context initialization failed",
                                                             "read/parse error",
                                                             "The RejectString "};
  for (auto note : notes)
    if (text.starts_with(note)) return Parsed::ignored;
  verdict.dmarc = result_of(text);
  if (verdict.dmarc.empty()) return Parsed::unknown;
  verdict.text = without(text, verdict.dmarc);
  return verdict.text.find(' ') == std::string_view::npos ? Parsed::fact : Parsed::unknown;
}

class OpenDmarc : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"opendmarc"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log")};
    return table;
  }
  explicit OpenDmarc(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Verdict verdict;
    verdict.program = "opendmarc";
    Scan scan(line.text);
    // What has no queue id is about the filter itself, or names the mail without a colon: "QID ignoring …".
    if (!read_id(scan, "", verdict.queue_id)) return Parsed::ignored;
    Parsed parsed = read_result(scan.rest(), verdict);
    if (parsed == Parsed::fact) fact = verdict;
    return parsed;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::OpenDmarc, "opendmarc", "reads the SPF and DMARC results of OpenDMARC");
