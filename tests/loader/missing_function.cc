// Needs a function of the core that does not exist.
#include "tests/loader/sample.h"

namespace mailtrace {
bool function_of_another_version();
}

static std::unique_ptr<mailtrace::Parser> make(const mailtrace::Node&, mailtrace::ConfigErrors&) {
  return mailtrace::function_of_another_version() ? nullptr : nullptr;
}

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, mailtrace::PluginKind::parser, "missing_function",
         &mailtrace::Sample::options, nullptr, &make);
