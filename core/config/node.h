// Node: one place in the configuration file: a scalar, a list or a map, and where it stands.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mailtrace {

struct Node {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  std::string path;                  // "inputs[0].udp.listen"
  int line = 0, column = 0;          // of the value, from 1; of the key where there is no value
  std::string key;                   // set when the parent is a map
  int key_line = 0, key_column = 0;  // where the key stands; the value's place if there is no key
  std::string file;                  // set for a drop-in file; empty: the main file
  std::string scalar;                // never typed here: the option's type decides what `no` or `010` means
  std::vector<Node> children;        // of a list or a map, in file order
  const Node* find(std::string_view name) const;
};

// Collects every mistake; the admin sees all of them at once, not the first.
class ConfigErrors {
 public:
  explicit ConfigErrors(std::string file) : file_(std::move(file)) {}
  void add(const Node& at, std::string text);
  void add_at_key(const Node& at, std::string text);
  void add(int line, int column, std::string path, std::string text);
  void append(const ConfigErrors& others);
  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  // "mailtrace.yaml:14:13: inputs[1].relp.listen: expected address:port, got \"2514x\"", by file, line and
  // column. Control characters come out escaped.
  std::vector<std::string> lines() const;
  const std::string& file() const { return file_; }

 private:
  struct Entry {
    std::string file;  // empty: file_
    int line, column;
    std::string path, text;
  };
  std::string file_;
  std::vector<Entry> entries_;
};

// Reads YAML with yaml-cpp. Reported: bytes that are no UTF-8, control characters, syntax errors, empty file,
// keys that are no scalars, anchors, aliases and tags, more than one document, more than 32 levels; and
// doubled keys, of which the first is kept. True if the tree is complete, so that its other mistakes can be
// told too.
bool load_yaml(const std::string& text, Node& root, ConfigErrors& errors);

}  // namespace mailtrace
