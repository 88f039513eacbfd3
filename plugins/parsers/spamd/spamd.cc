// Reads the log of SpamAssassin's spamd 3.4 and 4.0 (spamd/spamd.raw): the line "result:" of each mail.
// Pipeline thread.
#include <string>
#include <vector>

#include "core/base/scan.h"
#include "core/parse/pieces.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

// "Y 15 - TEST,TEST scantime=…,size=…,user=…,uid=…,required_score=…,rhost=…,raddr=…,rport=…,mid=<…>,…":
// blanks and commas of the Message-ID are written as "_".
bool read_result(Scan scan, Verdict& verdict) {
  if (scan.skip("Y "))
    verdict.action = "spam";
  else if (scan.skip(". "))
    verdict.action = "ham";
  else
    return false;
  scan.skip(" ");
  double score = 0;
  if (!scan.number(score) || !scan.skip(" - ")) return false;
  verdict.score = score;
  if (!scan.until(" scantime=", verdict.text)) return false;
  std::string_view skipped, id;
  if (!scan.until(",mid=", skipped)) return true;
  if (!scan.until(",", id)) id = scan.rest();
  if (id.size() > 2 && id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
  if (id != "(unknown)") verdict.message_id = id;
  return true;
}

// "Use of uninitialized value $x in … at /usr/share/perl5/Mail/SpamAssassin/….pm line 64, <GEN20> line 12."
bool is_perl_warning(std::string_view text) {
  size_t file = text.find(" at /");
  return !text.starts_with("spamd: ") && file != std::string_view::npos &&
         text.find(" line ", file) != std::string_view::npos;
}

class Spamd : public Parser {
 public:
  struct Config {
    std::vector<std::string> names = {"spamd"};
  };
  static std::span<const Option> options() {
    static const Option table[] = {option("names", &Config::names, "program names in the log")};
    return table;
  }
  explicit Spamd(Config config) : tags_(std::move(config.names)) {}

  std::span<const std::string> tags() const noexcept override { return tags_; }

  Parsed parse(const LogLine& line, Fact& fact) noexcept override {
    fact.emplace<std::monostate>();
    Scan scan(line.text);
    std::string_view module;
    // "spamd: …", "prefork: …", "config: …": each says which part of it speaks
    if (is_perl_warning(line.text)) return Parsed::ignored;
    if (!read_word(scan, "_-:", module) || !module.ends_with(':') || !scan.skip(" ")) return Parsed::unknown;
    if (module != "spamd:" || !scan.skip("result: ")) return Parsed::ignored;
    Verdict verdict;
    verdict.program = "spamd";
    if (!read_result(scan, verdict)) return Parsed::unknown;
    fact = verdict;
    return Parsed::fact;
  }

 private:
  std::vector<std::string> tags_;
};

}  // namespace
}  // namespace mailtrace

MAILTRACE_PARSER(mailtrace::Spamd, "spamd", "reads the result of spamd for each mail");
