// Announces a parser and makes none.
#include "tests/loader/sample.h"

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, mailtrace::PluginKind::parser, "no_make",
         &mailtrace::Sample::options, nullptr, nullptr);
