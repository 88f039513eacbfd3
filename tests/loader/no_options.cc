// Has no option table.
#include "tests/loader/sample.h"

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, mailtrace::PluginKind::parser, "no_options", nullptr,
         nullptr, mailtrace::make_sample);
