// core/base/counters: one table for the process.
#include "core/base/counters.h"

#include <boost/test/unit_test.hpp>
#include <thread>

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(counters)

BOOST_AUTO_TEST_CASE(same_name_and_label_same_counter) {
  Counter& a = counter("test_lines_total", "input=\"relp\"");
  BOOST_TEST(&a == &counter("test_lines_total", "input=\"relp\""));
  BOOST_TEST(&a != &counter("test_lines_total", "input=\"udp\""));
  BOOST_TEST(&a != &counter("test_lines_total"));
}

BOOST_AUTO_TEST_CASE(threads_share_and_listing_is_sorted) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 1000; ++i) {
        ++counter("sorted_b_total");
        counter("sorted_a_total", "t=\"" + std::to_string(t) + "\"") += 2;
      }
    });
  for (auto& thread : threads) thread.join();
  std::string listed;
  for (auto& value : all_counters())
    if (value.name.starts_with("sorted_"))
      listed += value.name + "{" + value.label + "}" + std::to_string(value.value) + " ";
  BOOST_TEST(listed ==
             "sorted_a_total{t=\"0\"}2000 sorted_a_total{t=\"1\"}2000 sorted_a_total{t=\"2\"}2000 "
             "sorted_a_total{t=\"3\"}2000 sorted_b_total{}4000 ");
}

BOOST_AUTO_TEST_SUITE_END()
