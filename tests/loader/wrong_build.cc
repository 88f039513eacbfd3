// Built by another compiler for another version.
#include "tests/loader/sample.h"

ANNOUNCE(mailtrace::plugin_abi, "mailtrace-0.0 Other-1.2", mailtrace::PluginKind::parser, "wrong_build",
         &mailtrace::Sample::options, nullptr, mailtrace::make_sample);
