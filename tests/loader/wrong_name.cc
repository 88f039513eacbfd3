// A file that was renamed.
#include "tests/loader/sample.h"

MAILTRACE_PARSER(mailtrace::Sample, "right_name", "test of the loader");
