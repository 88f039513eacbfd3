// core/plugin/loader and instances against plugins that are wrong on purpose.
#include "core/plugin/loader.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "core/plugin/instances.h"

using namespace mailtrace;
namespace fs = std::filesystem;

namespace {

std::string shortened(std::string text, const std::string& folder = PLUGINS) {
  for (size_t at; (at = text.find(folder)) != std::string::npos;) text.replace(at, folder.size(), "DIR");
  return text;
}

// The sentence `name` is refused with; "loaded".
std::string refusal(const std::string& name, PluginKind kind = PluginKind::parser) {
  auto loaded = load_plugin(PLUGINS, kind, name);
  if (loaded) return "loaded";
  BOOST_TEST((loaded.error().fault == Fault::config));
  return shortened(loaded.error().text);
}

// A folder of files that are no shared objects.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("loader_test_" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string refusal(const std::string& name) const {
    auto loaded = load_plugin(path.string(), PluginKind::parser, name);
    return loaded ? "loaded" : shortened(loaded.error().text, path.string());
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(loader)

BOOST_AUTO_TEST_CASE(good_plugin_works) {
  auto loaded = load_plugin(PLUGINS, PluginKind::parser, "good");
  BOOST_REQUIRE(bool(loaded));
  const PluginInfo& info = **loaded;
  BOOST_TEST(info.summary == std::string("test of the loader"));
  BOOST_TEST(info.options().size() == 1u);
  Node node;
  ConfigErrors errors("x.yaml");
  BOOST_TEST(load_yaml("tag: one", node, errors));
  auto parser = info.make_parser(node, errors);
  BOOST_REQUIRE(parser);
  BOOST_TEST(parser->tags()[0] == "one");
  auto again = load_plugin(PLUGINS, PluginKind::parser, "good");
  BOOST_TEST((bool(again) && *again == *loaded));
}

BOOST_AUTO_TEST_CASE(each_refusal_is_one_sentence) {
  BOOST_TEST(refusal("no_symbol") ==
             "DIR/parser_no_symbol.so: not a Mailtrace plugin (no symbol mailtrace_plugin)");
  BOOST_TEST(refusal("wrong_abi") == "DIR/parser_wrong_abi.so: built for plugin ABI 4711, this is " +
                                         std::to_string(plugin_abi) + "; build it again");
  BOOST_TEST(refusal("wrong_build") ==
             "DIR/parser_wrong_build.so: built as \"mailtrace-0.0 Other-1.2\", this is \"" MAILTRACE_BUILD
             "\"; build it again");
  BOOST_TEST(refusal("wrong_kind") ==
             "DIR/parser_wrong_kind.so: is sink \"wrong_kind\", the file name says parser \"wrong_kind\"");
  BOOST_TEST(refusal("unknown_kind") == "DIR/parser_unknown_kind.so: is of no known kind (99)");
  BOOST_TEST(refusal("wrong_name") ==
             "DIR/parser_wrong_name.so: is parser \"right_name\", the file name says parser \"wrong_name\"");
  std::string incomplete =
      ": announces no complete parser: options, summary and make_parser alone must be set";
  BOOST_TEST(refusal("no_make") == "DIR/parser_no_make.so" + incomplete);
  BOOST_TEST(refusal("two_makes") == "DIR/parser_two_makes.so" + incomplete);
  BOOST_TEST(refusal("no_options") == "DIR/parser_no_options.so" + incomplete);
  BOOST_TEST(refusal("missing_function") ==
             "DIR/parser_missing_function.so: cannot be loaded: undefined symbol: "
             "_ZN9mailtrace27function_of_another_versionEv");
}

BOOST_AUTO_TEST_CASE(files_that_are_no_shared_objects) {
  Folder folder;
  std::ofstream(folder.path / "parser_text.so")
      << "this is only text, but it is long enough to be looked at as if it were the header of something\n";
  std::ofstream empty(folder.path / "parser_empty.so");
  fs::create_directory(folder.path / "parser_folder.so");
  std::ifstream whole(PLUGINS "/parser_good.so", std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(whole), {});
  std::ofstream(folder.path / "parser_half.so", std::ios::binary) << bytes.substr(0, 300);
  BOOST_TEST(folder.refusal("text") == "DIR/parser_text.so: cannot be loaded: invalid ELF header");
  BOOST_TEST(folder.refusal("empty") == "DIR/parser_empty.so: cannot be loaded: file too short");
  BOOST_TEST(folder.refusal("folder").starts_with("DIR/parser_folder.so: cannot be loaded: "));
  BOOST_TEST(folder.refusal("half").starts_with("DIR/parser_half.so: cannot be loaded: "));
}

BOOST_AUTO_TEST_CASE(missing_files) {
  BOOST_TEST(refusal("goood") == "no parser plugin \"goood\" in DIR; did you mean \"good\"?");
  BOOST_TEST(refusal("good", PluginKind::sink) == "no sink plugin \"good\" in DIR");
  BOOST_TEST(refusal("completely_different")
                 .starts_with("no parser plugin \"completely_different\" in DIR; there are good, "));
  auto loaded = load_plugin("/nonexistent", PluginKind::cache, "memcached");
  BOOST_TEST(loaded.error().text == "no cache plugin \"memcached\" in /nonexistent");
}

BOOST_AUTO_TEST_CASE(names_cannot_leave_the_folder) {
  for (auto name : {"", "../parser_good", "a/b", "Good", "good.so", "a b"})
    BOOST_TEST(refusal(name).starts_with("expected the name of a plugin in a-z, 0-9 and _, got \""), name);
}

BOOST_AUTO_TEST_CASE(directory_and_names) {
  setenv("MAILTRACE_PLUGINS", PLUGINS, 1);
  BOOST_TEST(plugin_directory() == PLUGINS);
  BOOST_TEST(bool(load_plugin("", PluginKind::parser, "good")));
  unsetenv("MAILTRACE_PLUGINS");
  BOOST_TEST(plugin_directory() == MAILTRACE_PLUGIN_OUTPUT);
  auto names = plugin_names(PLUGINS, PluginKind::parser);
  BOOST_TEST(names.size() == 12u);
  BOOST_TEST(names.front() == "good");
  BOOST_TEST(std::is_sorted(names.begin(), names.end()));
  BOOST_TEST(plugin_names(PLUGINS, PluginKind::input).empty());
  BOOST_TEST(plugin_names("/nonexistent", PluginKind::input).empty());
}

BOOST_AUTO_TEST_CASE(instances_point_into_the_file) {
  ConfigErrors errors("x.yaml");
  auto config = load_config_text("plugin_directory: " PLUGINS
                                 "\nparsers:\n  - good\n  - goood/b:\n  - wrong_abi: {}\n  - make_fails\n"
                                 "  - good/c: {tag: forbidden}\nsinks: [good]\n",
                                 errors);
  BOOST_REQUIRE(config);
  PluginInstances parsers = load_instances(*config, PluginKind::parser, errors);
  load_instances(*config, PluginKind::sink, errors);
  BOOST_REQUIRE(parsers.size() == 3u);
  BOOST_TEST(parsers[2].first.name == "good/c");
  for (auto& [entry, info] : parsers)
    BOOST_TEST((info->make_parser(*entry.node, errors) != nullptr) == (entry.name == "good"));
  add_instance_error(parsers[0].first, "the port is taken", errors);
  std::string all;
  for (auto& line : errors.lines()) all += shortened(line) + "\n";
  BOOST_TEST(
      all ==
      "x.yaml:3:5: parsers[0].good: the port is taken\n"
      "x.yaml:4:5: parsers[1].goood/b: no parser plugin \"goood\" in DIR; did you mean \"good\"?\n"
      "x.yaml:5:5: parsers[2].wrong_abi: DIR/parser_wrong_abi.so: built for plugin ABI 4711, this is " +
          std::to_string(plugin_abi) +
          "; build it again\n"
          "x.yaml:6:5: parsers[3].make_fails: the moon is full\n"
          "x.yaml:7:13: parsers[4].good/c: this tag is never read\n"
          "x.yaml:8:9: sinks[0].good: no sink plugin \"good\" in DIR\n");
}

BOOST_AUTO_TEST_SUITE_END()
