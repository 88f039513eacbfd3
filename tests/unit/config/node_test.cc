// core/config/node: the tree and where everything stands. Errors: tests/config.
#include "core/config/node.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;

namespace {

// "path@line:column/key_line:key_column=scalar" of every node.
void walk(const Node& n, std::string& out) {
  static constexpr const char* kinds[] = {"null", "", "[]", "{}"};
  out += n.path + "@" + std::to_string(n.line) + ":" + std::to_string(n.column) + "/" +
         std::to_string(n.key_line) + ":" + std::to_string(n.key_column) + "=" +
         kinds[static_cast<size_t>(n.kind)] + n.scalar + "\n";
  for (auto& child : n.children) walk(child, out);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(node)

BOOST_AUTO_TEST_CASE(tree_with_places) {
  Node root;
  ConfigErrors errors("x.yaml");
  BOOST_TEST(load_yaml("a: no\nb:\n  - 010\n  - c: {d: \"1e3\"}\n    e:\n  -\nf: |\n  two\n  lines\n", root,
                       errors));
  std::string out;
  walk(root, out);
  BOOST_TEST(out ==
             "@1:1/1:1={}\n"
             "a@1:4/1:1=no\n"
             "b@3:3/2:1=[]\n"
             "b[0]@3:5/3:5=010\n"
             "b[1]@4:5/4:5={}\n"
             "b[1].c@4:8/4:5={}\n"
             "b[1].c.d@4:12/4:9=1e3\n"
             "b[1].e@5:5/5:5=null\n"
             "b[2]@6:3/6:3=null\n"
             "f@7:4/7:1=two\nlines\n");
  BOOST_REQUIRE(root.find("b"));
  BOOST_TEST(root.find("b")->children[0].scalar == "010");
  BOOST_TEST(!root.find("c"));
}

BOOST_AUTO_TEST_CASE(first_of_doubled_keys_stays) {
  Node root;
  ConfigErrors errors("x.yaml");
  BOOST_TEST(load_yaml("a: 1\na: {b: [2]}\nc: 3\n", root, errors));
  BOOST_TEST(errors.lines() == std::vector<std::string>{"x.yaml:2:1: a: given twice; first in line 1"},
             boost::test_tools::per_element());
  BOOST_TEST(root.children.size() == 2u);
  BOOST_TEST(root.find("a")->scalar == "1");
}

BOOST_AUTO_TEST_CASE(depth_is_limited) {
  for (int depth : {32, 33}) {
    Node root;
    ConfigErrors errors("x.yaml");
    auto open = static_cast<size_t>(depth);
    BOOST_TEST(load_yaml(std::string(open, '[') + std::string(open, ']'), root, errors) == (depth == 32));
    BOOST_TEST(errors.empty() == (depth == 32));
  }
  // Deep enough to end a careless reader's stack.
  Node root;
  ConfigErrors errors("x.yaml");
  BOOST_TEST(!load_yaml(std::string(200'000, '['), root, errors));
}

BOOST_AUTO_TEST_CASE(errors_are_sorted_over_files) {
  ConfigErrors main("m.yaml"), other("m.d/a.yaml");
  main.add(7, 2, "p", "third");
  main.add(7, 1, "", "second");
  other.add(1, 1, "q", "fourth");
  main.append(other);
  main.add(0, 0, "", "first");
  BOOST_TEST(main.size() == 4u);
  BOOST_TEST(main.lines() == (std::vector<std::string>{"m.yaml: first", "m.yaml:7:1: second",
                                                       "m.yaml:7:2: p: third", "m.d/a.yaml:1:1: q: fourth"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
