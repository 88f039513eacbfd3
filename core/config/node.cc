// Builds the Node tree from yaml-cpp's events, because its own nodes resolve aliases and drop doubled keys
// silently. Main thread.
#include "core/config/node.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <deque>
#include <sstream>
#include <tuple>

#include "core/base/text.h"

namespace mailtrace {
namespace {

constexpr size_t max_depth = 32;

// Ends the parse; stays inside load_yaml.
struct Refused {
  YAML::Mark mark;
  std::string text;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& text, Node& root, ConfigErrors& errors)
      : text_(text), root_(root), errors_(errors) {}

  bool has_document() const { return documents_ > 0; }
  // The list or map being read; null if none.
  const Node* innermost() const { return open_.empty() ? nullptr : open_.back().node; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused{mark, "only one document is allowed in a file"};
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    throw Refused{mark, fmt::format("anchors such as \"&{}\" are not supported", name)};
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{mark, "aliases such as \"*name\" are not supported"};
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (wants_key()) throw Refused{mark, "a key must be a text, this one is empty"};
    place(dash_before(mark), Node::Kind::null);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    refuse_tag(mark, tag);
    if (wants_key()) {
      take_key(mark, value);
      return;
    }
    place(mark, Node::Kind::scalar).scalar = value;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, Node::Kind::list);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, Node::Kind::map);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Open {
    Node* node;
    bool has_key = false;
    std::string key;
    YAML::Mark key_mark;
  };

  bool wants_key() const {
    return !open_.empty() && open_.back().node->kind == Node::Kind::map && !open_.back().has_key;
  }

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refused{mark, fmt::format("tags such as \"{}\" are not supported", tag)};
  }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    Open& parent = open_.back();
    parent.has_key = true;
    parent.key = key;
    parent.key_mark = mark;
  }

  void open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    refuse_tag(mark, tag);
    if (wants_key()) throw Refused{mark, "a key must be a text, not a list or a map"};
    if (open_.size() >= max_depth) throw Refused{mark, fmt::format("more than {} levels", max_depth)};
    Node& node = place(mark, kind);
    open_.push_back({&node, false, {}, {}});
  }

  // yaml-cpp marks a missing value where the next token is, often lines away. For `-` alone: the dash.
  YAML::Mark dash_before(YAML::Mark mark) const {
    auto at = text_.find_last_not_of(" \t\r\n", static_cast<size_t>(std::max(mark.pos, 1)) - 1);
    if (mark.pos < 1 || at == std::string::npos || text_[at] != '-') return mark;
    auto line_start = text_.rfind('\n', at) + 1;  // npos + 1 is 0
    auto lines = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    mark.line = static_cast<int>(lines);
    mark.column = static_cast<int>(at - line_start);
    return mark;
  }

  static void set_place(Node& node, const YAML::Mark& mark) {
    node.line = node.key_line = mark.line + 1;
    node.column = node.key_column = mark.column + 1;
  }

  // The new node stands where its parent says. Parents are not touched again before it is complete, so the
  // pointers in `open_` stay valid.
  Node& place(const YAML::Mark& mark, Node::Kind kind) {
    Node* node = &root_;
    if (!open_.empty()) {
      Open& parent = open_.back();
      node = parent.node->kind == Node::Kind::map ? place_in_map(parent) : place_in_list(*parent.node);
    }
    int key_line = node->key_line, key_column = node->key_column;
    node->kind = kind;
    set_place(*node, mark);
    if (!node->key.empty() || key_line > 0) {
      node->key_line = key_line;
      node->key_column = key_column;
      if (kind == Node::Kind::null) {
        node->line = key_line;
        node->column = key_column;
      }
    }
    return *node;
  }

  Node* place_in_list(Node& parent) {
    Node& node = parent.children.emplace_back();
    node.path = fmt::format("{}[{}]", parent.path, parent.children.size() - 1);
    return &node;
  }

  Node* place_in_map(Open& parent) {
    parent.has_key = false;
    std::string path = parent.node->path.empty() ? parent.key : parent.node->path + "." + parent.key;
    const Node* first = parent.node->find(parent.key);
    Node* node = nullptr;
    if (first) {
      errors_.add(parent.key_mark.line + 1, parent.key_mark.column + 1, path,
                  fmt::format("given twice; first in line {}", first->key_line));
      node = &doubled_.emplace_back();
    } else {
      node = &parent.node->children.emplace_back();
    }
    node->key = parent.key;
    node->path = path;
    node->key_line = parent.key_mark.line + 1;
    node->key_column = parent.key_mark.column + 1;
    return node;
  }

  const std::string& text_;
  Node& root_;
  ConfigErrors& errors_;
  std::vector<Open> open_;
  std::deque<Node> doubled_;  // values of doubled keys are read into these and forgotten
  int documents_ = 0;
};

std::string line_of(const std::string& text, int number) {
  std::istringstream in(text);
  std::string line;
  for (int i = 0; i <= number && std::getline(in, line); ++i) {
  }
  return line;
}

// yaml-cpp's errors in the words of somebody who wrote the file.
void report_syntax(const YAML::Exception& e, const std::string& text, const Node* innermost,
                   ConfigErrors& errors) {
  namespace Msg = YAML::ErrorMsg;
  int line = e.mark.line + 1, column = e.mark.column + 1;
  std::string said = e.msg;
  std::string source = line_of(text, e.mark.line);
  if (source.substr(0, source.find_first_not_of(" \t")).find('\t') != std::string::npos) {
    said = "a tab in the indentation; use blanks";
    column = static_cast<int>(source.find('\t')) + 1;
  } else if (e.msg == Msg::EOF_IN_SCALAR) {
    said = "a quoted text is not closed before the end of the file";
  } else if (e.msg == Msg::UNKNOWN_ANCHOR) {
    said = "aliases such as \"*name\" are not supported";
  } else if (e.msg == Msg::MAP_VALUE) {
    said = "unexpected \":\"; put a text that holds \": \" in quotes, and each key on a line of its own";
  } else if (e.msg == Msg::END_OF_MAP || e.msg == Msg::END_OF_SEQ) {
    said = "this line is not indented like the ones before it";
  } else if ((e.msg == Msg::END_OF_SEQ_FLOW || e.msg == Msg::END_OF_MAP_FLOW) && innermost) {
    line = innermost->line;
    column = innermost->column;
    said = e.msg == Msg::END_OF_SEQ_FLOW ? "the list that begins here is not closed with \"]\""
                                         : "the map that begins here is not closed with \"}\"";
  }
  errors.add(line, column, "", said);
}

// What yaml-cpp would pass on silently (it takes U+0004 for the end of the file).
bool check_bytes(const std::string& text, ConfigErrors& errors) {
  int line = 1;
  size_t line_start = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    auto c = static_cast<unsigned char>(text[at]);
    if (c == '\n') {
      if (!is_valid_utf8({text.data() + line_start, at - line_start})) break;
      ++line;
      line_start = at + 1;
    } else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
      errors.add(line, static_cast<int>(at - line_start) + 1, "",
                 fmt::format("control character U+{:04X} is not allowed", static_cast<unsigned>(c)));
      return false;
    }
  }
  if (is_valid_utf8({text.data() + line_start, text.size() - line_start})) return true;
  errors.add(line, 1, "", "this line is not valid UTF-8");
  return false;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (auto& child : children)
    if (child.key == name) return &child;
  return nullptr;
}

void ConfigErrors::add(const Node& at, std::string text) {
  entries_.push_back({at.file, at.line, at.column, at.path, std::move(text)});
}

void ConfigErrors::add_at_key(const Node& at, std::string text) {
  entries_.push_back({at.file, at.key_line, at.key_column, at.path, std::move(text)});
}

void ConfigErrors::add(int line, int column, std::string path, std::string text) {
  entries_.push_back({"", line, column, std::move(path), std::move(text)});
}

void ConfigErrors::append(const ConfigErrors& others) {
  for (auto entry : others.entries_) {
    if (entry.file.empty() && others.file_ != file_) entry.file = others.file_;
    entries_.push_back(std::move(entry));
  }
}

std::vector<std::string> ConfigErrors::lines() const {
  auto sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  std::vector<std::string> out;
  for (auto& entry : sorted) {
    std::string line = entry.file.empty() ? file_ : entry.file;
    if (entry.line > 0) line += fmt::format(":{}:{}", entry.line, entry.column);
    line += ": ";
    if (!entry.path.empty()) line += entry.path + ": ";
    out.push_back(printable(line + entry.text));
  }
  return out;
}

bool load_yaml(const std::string& bytes, Node& root, ConfigErrors& errors) {
  if (!check_bytes(bytes, errors)) return false;
  // yaml-cpp takes a quoted text that is still open when the last line ends for a complete one, but notices
  // it when the file ends without a line end.
  const std::string text = bytes.substr(0, bytes.find_last_not_of(" \t\r\n") + 1);
  TreeBuilder builder(text, root, errors);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    errors.add(refused.mark.line + 1, refused.mark.column + 1, "", refused.text);
    return false;
  } catch (const YAML::Exception& e) {
    report_syntax(e, text, builder.innermost(), errors);
    return false;
  } catch (const std::exception& e) {
    errors.add(0, 0, "", e.what());
    return false;
  }
  if (!builder.has_document() || root.kind == Node::Kind::null) {
    errors.add(1, 1, "", "the file is empty");
    return false;
  }
  return true;
}

}  // namespace mailtrace
