// Reads the log of OpenDKIM 2.10 and 2.11 (opendkim/opendkim.c, dkimf_log and mlfi_eom). Pipeline thread.
#include <array>
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

struct Words {
  std::string_view words, action, dkim;  // no action: known, and nothing about the mail
};
// Behind "QID: "; results in the words of RFC 8601 2.7.1.
constexpr std::array<Words, 7> results = {{{"DKIM-Signature field added (", "signed", ""},
                                           {"DKIM verification successful", "verified", "pass"},
                                           {"bad signature data", "verified", "fail"},
                                           {"no signature data", "verified", "none"},
                                           {"key retrieval failed", "verified", "temperror"},
                                           {"key revoked (", "verified", "permerror"},
                                           {"signature processing failed: ", "verified", "permerror"}}};

// Why a mail is or is not signed, one signature of several, complaints about headers and macros.
constexpr std::array<std::string_view, 35> notes = {"not authenticated",
                                                    "no signing domain match for ",
                                                    "no signing subdomain match for ",
                                                    "no signing table match for ",
                                                    "no MTA name match (",
                                                    "no macros match",
                                                    "s=",
                                                    "SSL ",
                                                    "signature=",
                                                    "ignoring ",
                                                    "skipping signing of mail to ",
                                                    "can't ",
                                                    "syntax error: ",
                                                    "overflow parsing ",
                                                    "failed to ",
                                                    "error ",
                                                    "domain '",
                                                    "external host ",
                                                    "signing table references unknown key ",
                                                    "signature generation error: ",
                                                    "RFC5322 header requirement error: ",
                                                    "BodyLengthDB matched ",
                                                    "dkim",
                                                    "smfi_",
                                                    "odkim.",
                                                    "malloc(): ",
                                                    "strdup(): ",
                                                    "internal error from libopendkim",
                                                    "resource unavailable: ",
                                                    "message not signed",
                                                    "message has signatures from ",
                                                    "Authentication-Results header add failed",
                                                    "DKIM-Signature header add failed",
                                                    "VBR-Info field added",
                                                    "mlfi_"};

Parsed read_result(std::string_view text, Verdict& verdict) {
  for (auto& [words, action, dkim] : results) {
    if (!text.starts_with(words)) continue;
    verdict.action = action;
    verdict.dkim = dkim;
    std::string_view rest = text.substr(words.size());
    if (words.ends_with('(') && rest.ends_with(')')) rest.remove_suffix(1);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    verdict.text = rest;
    return Parsed::fact;
  }
  for (auto note : notes)
    if (text.starts_with(note)) return Parsed::ignored;
  // "mail.example.org [192.0.2.1] not internal"
  return text.ends_with("] not internal") ? Parsed::ignored : Parsed::unknown;
}

class OpenDkim : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"opendkim"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log")};
    return table;
  }
  explicit OpenDkim(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Verdict verdict;
    verdict.program = "opendkim";
    Scan scan(line.text);
    // What has no queue id is about the filter itself: "OpenDKIM Filter v2.11.0 starting", "cache: …".
    if (line.text.starts_with("cache: ") || !read_id(scan, "", verdict.queue_id)) return Parsed::ignored;
    Parsed parsed = read_result(scan.rest(), verdict);
    if (parsed == Parsed::fact) fact = verdict;
    return parsed;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::OpenDkim, "opendkim", "reads what OpenDKIM signed and verified");
