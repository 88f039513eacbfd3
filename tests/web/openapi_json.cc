// Prints a YAML file as JSON: the tests in Python compare openapi.yaml with the server, and Python reads no
// YAML.
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    Json out = Json::object();
    for (auto entry : node) out[entry.first.as<std::string>()] = to_json(entry.second);
    return out;
  }
  if (node.IsSequence()) {
    Json out = Json::array();
    for (auto entry : node) out.push_back(to_json(entry));
    return out;
  }
  if (!node.IsScalar()) return nullptr;
  auto& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  Json number = Json::parse(text, nullptr, false);
  return number.is_number() ? number : Json(text);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  try {
    std::puts(to_json(YAML::LoadFile(argv[1])).dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
    return 1;
  }
  return 0;
}
