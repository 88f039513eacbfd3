// main() of every unit test program; the cases are in its other files, which include <boost/test/unit_test.hpp>.
#define BOOST_TEST_MODULE mailtrace
#include <boost/test/unit_test.hpp>
