// Any bytes as a configuration: the core's options, and a table with every type for each parser entry.
#include <cstdlib>

#include "core/config/config.h"

namespace {

using namespace mailtrace;

struct Everything {
  std::string text, choice;
  bool flag = false;
  int64_t number = 0;
  double ratio = 0;
  Microseconds wait{0};
  Bytes size;
  Secret secret;
  SocketAddress address;
  std::vector<std::string> list;
};

std::span<const Option> everything() {
  using E = Everything;
  static const Option table[] = {
      required(option("text", &E::text, "h")),
      one_of("choice", &E::choice, {"one", "two"}, "h"),
      option("flag", &E::flag, "h"),
      option("number", &E::number, -5, 5, "h"),
      option("ratio", &E::ratio, "h"),
      option("wait", &E::wait, std::chrono::seconds(1), std::chrono::hours(1), "h"),
      option("size", &E::size, 1, 1 << 20, "h"),
      option("address", &E::address, "h"),
      option("list", &E::list, "h"),
  };
  return table;
}

// What must hold of every tree and every decoded value.
void require(bool holds) {
  if (!holds) std::abort();
}

void check_places(const Node& n, int depth) {
  require(depth <= 33 && n.line >= 0 && n.column >= 0);
  for (auto& child : n.children) check_places(child, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  ConfigErrors tree_errors("fuzz.yaml");
  Node root;
  if (load_yaml(text, root, tree_errors))
    check_places(root, 0);
  else
    require(!tree_errors.empty());

  ConfigErrors errors("fuzz.yaml");
  auto config = load_config_text(text, errors);
  require((config != nullptr) == errors.empty());
  if (config) {
    for (auto& entry : config->parsers) {
      Everything values;
      decode_options(*entry.node, &values, everything(), errors);
      require(values.number >= -5 && values.number <= 5);
    }
  }
  for (auto& line : errors.lines())
    for (char c : line) require(static_cast<unsigned char>(c) >= 0x20);
  return 0;
}
