// Announces a parser and makes an input, too.
#include "tests/loader/sample.h"

static std::unique_ptr<mailtrace::Input> make_input(const mailtrace::Node&, mailtrace::ConfigErrors&,
                                                    const mailtrace::InputContext&) {
  return nullptr;
}

ANNOUNCE(mailtrace::plugin_abi, MAILTRACE_BUILD, mailtrace::PluginKind::parser, "two_makes",
         &mailtrace::Sample::options, &make_input, mailtrace::make_sample);
