// Of a kind nobody knows.
#include "tests/loader/sample.h"

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, static_cast<mailtrace::PluginKind>(99), "unknown_kind",
         &mailtrace::Sample::options, nullptr, mailtrace::make_sample);
