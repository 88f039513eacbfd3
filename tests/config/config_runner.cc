// Reads configurations and compares every error, to the letter. Run by ctest.
// A case is the text of mailtrace.yaml, a line of at least five dashes, and the expected lines. "-----
// 10-lan.yaml" begins a file of mailtrace.d/ instead. Case files are read as bytes: a fault may be any byte.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "core/plugin/instances.h"
#include "core/plugin/loader.h"

namespace mailtrace {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string main, expected, input;  // `input`: everything before the expected lines
  std::vector<std::pair<std::string, std::string>> drop_ins;
};

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_all(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

bool read_case(const fs::path& file, Case& out) {
  std::string all = read_all(file);
  std::string* to = &out.main;
  bool found = false;
  for (size_t at = 0; at < all.size();) {
    size_t end = std::min(all.find('\n', at), all.size() - 1) + 1;
    std::string line = all.substr(at, end - at);
    at = end;
    if (!found) out.input += line;
    if (found || !line.starts_with("-----")) {
      *to += line;
    } else if (auto name = line.find_first_not_of("-\n"); name != std::string::npos) {
      to = &out.drop_ins.emplace_back(line.substr(name + 1, line.size() - name - 2), "").second;
    } else {
      found = true;
      to = &out.expected;
    }
  }
  return found;
}

// Decodes the whole configuration as the daemon does, plugins included.
std::string errors_of(const Case& c) {
  fs::remove_all("mailtrace.d");
  write_all("mailtrace.yaml", c.main);
  for (auto& [name, text] : c.drop_ins) {
    fs::create_directory("mailtrace.d");
    write_all(fs::path("mailtrace.d") / name, text);
  }
  ConfigErrors errors("mailtrace.yaml");
  auto config = read_config("mailtrace.yaml", errors);
  ConfigErrors again("mailtrace.yaml");
  if ((load_config("mailtrace.yaml", again) != nullptr) != errors.empty())
    return "load_config thinks otherwise\n";
  if (config) {
    load_instances(*config, PluginKind::input, errors);
    for (auto& [entry, plugin] : load_instances(*config, PluginKind::parser, errors))
      plugin->make_parser(*entry.node, errors);
  } else if (errors.empty()) {
    return "refused without a word\n";
  }
  std::string out;
  for (auto& line : errors.lines()) out += line + "\n";
  for (size_t at; (at = out.find(PLUGINS)) != std::string::npos;)
    out.replace(at, std::strlen(PLUGINS), "PLUGINS");
  return out.empty() ? "ok\n" : out;
}

int run(bool bless) {
  setenv("MAILTRACE_PLUGINS", PLUGINS, 1);
  fs::create_directories(SCRATCH);
  fs::current_path(SCRATCH);
  std::set<fs::path> files;
  for (auto& entry : fs::directory_iterator(CASES)) files.insert(entry.path());
  int wrong = 0;
  for (auto& file : files) {
    Case c;
    if (!read_case(file, c)) {
      ++wrong;
      std::cout << file.string() << ": no line of dashes\n";
      continue;
    }
    std::string got = errors_of(c);
    if (got == c.expected) continue;
    if (bless) {
      write_all(file, c.input + got);
      std::cout << "wrote " << file.string() << "\n";
      continue;
    }
    ++wrong;
    std::cout << fmt::format("{}:\n--- want\n{}--- got\n{}", file.string(), c.expected, got);
  }
  std::cout << fmt::format("{} cases, {} wrong\n", files.size(), wrong);
  return wrong == 0 && !files.empty() ? 0 : 1;
}

}  // namespace
}  // namespace mailtrace

int main(int argc, char** argv) { return mailtrace::run(argc > 1 && std::string(argv[1]) == "--bless"); }
