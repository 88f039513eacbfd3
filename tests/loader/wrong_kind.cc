// Its file name says parser.
#include "tests/loader/sample.h"

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, mailtrace::PluginKind::sink, "wrong_kind",
         &mailtrace::Sample::options, nullptr, mailtrace::make_sample);
