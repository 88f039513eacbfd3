// core/base/scan and result: the small tools everything is made with.
#include "core/base/scan.h"

#include <boost/test/unit_test.hpp>
#include <memory>

#include "core/base/result.h"

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(scan)

BOOST_AUTO_TEST_CASE(steps) {
  Scan s("to=<a@example.org>, delay=12, x");
  std::string_view address;
  int64_t delay = 0;
  BOOST_TEST((s.skip("to=<") && s.until(">, ", address) && s.skip("delay=") && s.number(delay)));
  BOOST_TEST(address == "a@example.org");
  BOOST_TEST(delay == 12);
  BOOST_TEST(s.rest() == ", x");
  BOOST_TEST(!s.at_end());
}

BOOST_AUTO_TEST_CASE(failed_steps_stay_where_they_are) {
  Scan s("99999999999x");
  std::string_view out = "before";
  int32_t small = 7;
  BOOST_TEST(!s.skip("98"));
  BOOST_TEST(!s.until("y", out));
  BOOST_TEST(!s.number(small));
  BOOST_TEST(out == "before");
  BOOST_TEST(small == 7);
  BOOST_TEST(s.rest() == "99999999999x");
  Scan empty("");
  BOOST_TEST(!empty.skip("a"));
  BOOST_TEST(!empty.number(small));
  BOOST_TEST(empty.skip(""));
  BOOST_TEST(empty.at_end());
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(value_or_error) {
  Result<std::unique_ptr<int>> good = std::make_unique<int>(3);
  BOOST_TEST(bool(good));
  BOOST_TEST(**good == 3);
  std::unique_ptr<int> moved = *std::move(good);
  BOOST_TEST(*moved == 3);
  Result<std::unique_ptr<int>> bad = Error{Fault::transient, "no route"};
  BOOST_TEST(!bad);
  BOOST_TEST((bad.error().fault == Fault::transient));
  Result<void> done;
  BOOST_TEST(bool(done));
  Result<void> failed = Error{Fault::config, "y"};
  BOOST_TEST(!failed);
  BOOST_TEST(failed.error().text == "y");
}

BOOST_AUTO_TEST_SUITE_END()
