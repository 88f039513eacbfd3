// Node: one place in the configuration file: a scalar, a list or a map, and where it stands.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

struct Node {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  std::string path;          // "inputs[0].udp.listen"
  int line = 0, column = 0;  // from 1
  std::string key;           // set when the parent is a map
  std::string scalar;        // never typed here: the option's type decides what `no` or `010` means
  std::vector<Node> children;  // of a list or a map, in file order
  const Node* find(std::string_view name) const;
};

// Collects every mistake; the admin sees all of them at once, not the first.
class ConfigErrors {
 public:
  explicit ConfigErrors(std::string file) : file_(std::move(file)) {}
  void add(const Node& at, std::string text);
  void add(int line, int column, std::string path, std::string text);
  void append(const ConfigErrors& others);
  bool empty() const { return entries_.empty(); }
  // "mailtrace.yaml:14:13: inputs[1].relp.listen: expected address:port, got \"2514x\"", by line and column.
  std::vector<std::string> lines() const;
  const std::string& file() const { return file_; }

 private:
  struct Entry {
    int line, column;
    std::string path, text;
  };
  std::string file_;
  std::vector<Entry> entries_;
};

// Reads YAML with yaml-cpp. Refused with a message: syntax errors, empty file, doubled keys, keys that are no
// scalars, anchors and aliases, more than one document. False if anything was refused.
bool load_yaml(const std::string& text, Node& root, ConfigErrors& errors);

}  // namespace mailtrace
