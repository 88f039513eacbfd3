// Cannot be made, whatever its options say.
#include "tests/loader/sample.h"

static std::unique_ptr<mailtrace::Parser> fail(const mailtrace::Node& n, mailtrace::ConfigErrors& errors) {
  errors.add(n, "the moon is full");
  return nullptr;
}

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, mailtrace::PluginKind::parser, "make_fails",
         &mailtrace::Sample::options, nullptr, &fail);
