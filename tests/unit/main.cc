// main() of every unit test program; its other files have the cases.
#define BOOST_TEST_MODULE mailtrace
#include <boost/test/unit_test.hpp>
