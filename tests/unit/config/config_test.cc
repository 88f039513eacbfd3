// core/config/config and manual: decoded values, drop-in files, texts for people. Errors: tests/config.
#include "core/config/config.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "core/config/manual.h"

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(defaults) {
  ConfigErrors errors("x.yaml");
  auto config = load_config_text("inputs: []", errors);
  BOOST_REQUIRE(config);
  char host[256];
  gethostname(host, sizeof host);
  BOOST_TEST(config->core.name == host);
  BOOST_TEST(config->core.state_directory == "/var/lib/mailtrace");
  BOOST_TEST(config->core.spool.max_size.count == 20ull << 30);
  BOOST_TEST(config->core.tracker.own_networks.size() == 6u);
  BOOST_TEST(config->inputs.empty());
}

BOOST_AUTO_TEST_CASE(values_and_plugins) {
  ConfigErrors errors("x.yaml");
  auto config = load_config_text(
      "name: mx\nlog_level: debug\nspool: {max_size: 1 GiB}\ntracker: {reorder: 0, keep_lines: no, "
      "own_networks: []}\n"
      "inputs: [relp, udp/lan: {listen: 'x'}]\nparsers:\n- postfix:\nsinks: [sqlite: {}]\ncaches: "
      "[memcached]\n"
      "web: [search]\n",
      errors);
  for (auto& line : errors.lines()) BOOST_ERROR(line);
  BOOST_REQUIRE(config);
  BOOST_TEST(config->core.name == "mx");
  BOOST_TEST(config->core.log_level == "debug");
  BOOST_TEST(config->core.spool.max_size.count == 1ull << 30);
  BOOST_TEST(config->core.spool.segment_size.count == 64ull << 20);
  BOOST_TEST(config->core.tracker.reorder.count() == 0);
  BOOST_TEST(!config->core.tracker.keep_lines);
  BOOST_TEST(config->core.tracker.own_networks.empty());
  BOOST_REQUIRE(config->inputs.size() == 2u);
  BOOST_TEST(config->inputs[0].plugin == "relp");
  BOOST_TEST(config->inputs[0].name == "relp");
  BOOST_TEST((config->inputs[0].node->kind == Node::Kind::null));
  BOOST_TEST(config->inputs[0].node->line == 5);
  BOOST_TEST(config->inputs[0].node->path == "inputs[0].relp");
  BOOST_TEST(config->inputs[1].plugin == "udp");
  BOOST_TEST(config->inputs[1].name == "udp/lan");
  BOOST_REQUIRE(config->inputs[1].node->find("listen"));
  BOOST_TEST(config->inputs[1].node->find("listen")->scalar == "x");
  BOOST_TEST(config->parsers[0].name == "postfix");
  BOOST_TEST(config->sinks[0].name == "sqlite");
  BOOST_TEST(config->caches[0].name == "memcached");
  BOOST_TEST(config->web[0].name == "search");
}

BOOST_AUTO_TEST_CASE(missing_file) {
  ConfigErrors errors("/nonexistent/mailtrace.yaml");
  BOOST_TEST(!load_config("/nonexistent/mailtrace.yaml", errors));
  BOOST_TEST(errors.lines().at(0) ==
             "/nonexistent/mailtrace.yaml: cannot read the file: No such file or directory");
  ConfigErrors folder("/");
  BOOST_TEST(!load_config("/", folder));
  BOOST_TEST(folder.lines().at(0) == "/: cannot read the file: it is a directory");
}

BOOST_AUTO_TEST_CASE(every_core_option_says_what_it_is) {
  for (auto table : {top_options(), SpoolConfig::options(), TrackerConfig::options()})
    for (auto& o : table) {
      BOOST_TEST(!o.type.empty(), o.name);
      BOOST_TEST(std::string(o.help).size() > 10, o.name);
    }
}

BOOST_AUTO_TEST_CASE(option_texts) {
  struct Sample {
    std::string path;
    int64_t count = 3;
  };
  const Option table[] = {required(option("path", &Sample::path, ".hidden file-name with \\")),
                          option("count", &Sample::count, 1, 5, "how many")};
  BOOST_TEST(describe_options("sink.sample: a sample", table) ==
             "sink.sample: a sample\n"
             "  path   .hidden file-name with \\\n"
             "         (text, required)\n"
             "  count  how many\n"
             "         (whole number 1..5, default 3)\n");
  BOOST_TEST(describe_options("parser.plain", {}) == "parser.plain\n  no options\n");
  BOOST_TEST(roff_options("sample", "What it is.", table, true) ==
             ".SS \"sample\"\nWhat it is.\n"
             ".TP\n\\fBpath\\fR (\\fItext\\fR)\n\\&.hidden file\\-name with \\e; required.\n"
             ".TP\n\\fBcount\\fR (\\fIwhole number 1..5\\fR)\nhow many; default 3.\n");
  BOOST_TEST(roff_options("PLAIN", "", {}, false) == ".SH \"PLAIN\"\n.PP\nNo options.\n");
  std::string core = roff_core_options();
  for (auto name : {"state_directory", "segment_size", "own_networks", "caches"})
    BOOST_TEST(core.find(std::string("\\fB") + name + "\\fR") != std::string::npos, name);
}

BOOST_AUTO_TEST_SUITE_END()
