// The rules of conf/explanations: each explains its own examples.
#include <boost/test/unit_test.hpp>

#include "core/answer/rule.h"

using namespace mailtrace;

namespace {

const Explanations& all() {
  static const Explanations loaded = [] {
    auto result = Explanations::load(MAILTRACE_SOURCE "/conf/explanations");
    BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
    return *result;
  }();
  return loaded;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_rule_explains_its_examples) {
  for (auto& rule : all().rules())
    for (auto& example : rule.examples) {
      ConnectRow connect;
      DeliverRow deliver;
      rows_of_reply(example, connect, deliver);
      auto found = all().explain(connect, deliver);
      BOOST_TEST(found.rule == rule.explanation.rule, rule.file << ":" << rule.line << ": \"" << example
                                                                << "\" is explained by " << found.rule
                                                                << ", not by " << rule.explanation.rule);
    }
}
