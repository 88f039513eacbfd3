// A plugin that is right.
#include "tests/loader/sample.h"

MAILTRACE_PARSER(mailtrace::Sample, "good", "test of the loader");
