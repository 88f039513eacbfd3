// Router: which parser gets a tag.
#include "core/parse/router.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

class Named : public Parser {
 public:
  explicit Named(std::vector<std::string> names) : names_(std::move(names)) {}
  std::span<const std::string> tags() const noexcept override { return names_; }
  Parsed parse(const LogLine&, Fact&) noexcept override { return Parsed::unknown; }

 private:
  std::vector<std::string> names_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(finds_the_parser_of_a_tag) {
  Named postfix({"postfix"}), spf({"policyd-spf", "postfix-policyd-spf-perl"}), late({"postfix", "exim"});
  Router router;
  router.add(postfix);
  router.add(spf);
  router.add(late);
  for (auto tag : {"postfix", "postfix/smtpd", "postfix/submission/smtpd", "postfix-out/smtp",
                   "postfix-out-2/smtp", "postfix-outgoing/submission/smtp", "postfix/smtpd[12"})
    BOOST_CHECK_MESSAGE(router.find(tag) == &postfix, tag);
  for (auto tag : {"policyd-spf", "policyd-spf[12", "postfix-policyd-spf-perl"})
    BOOST_CHECK_MESSAGE(router.find(tag) == &spf, tag);
  BOOST_CHECK(router.find("exim") == &late);
  for (auto tag : {"", "policyd", "postfixadmin", "post", "dovecot", "-postfix"})
    BOOST_CHECK_MESSAGE(!router.find(tag), tag);
}
