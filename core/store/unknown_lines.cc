#include "core/store/unknown_lines.h"

#include <algorithm>

#include "core/base/text.h"

namespace mailtrace {
namespace {

// The tag is what a sender says: it must not fill the memory.
constexpr size_t most_programs = 100, longest_name = 100, longest_text = 500;

}  // namespace

void UnknownLines::add(const LogLine& line) {
  std::string name = storable(line.app_name, longest_name);
  std::lock_guard lock(mutex_);
  if (!programs_.contains(name) && programs_.size() >= most_programs) name = "other";
  Program& p = programs_[name];
  p.program = name;
  ++p.lines;
  p.time = line.time;
  p.host = storable(line.hostname, longest_name);
  p.text = storable(line.text, longest_text);
}

std::vector<UnknownLines::Program> UnknownLines::list() const {
  std::vector<Program> out;
  {
    std::lock_guard lock(mutex_);
    for (auto& [name, program] : programs_) out.push_back(program);
  }
  std::stable_sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.lines > b.lines; });
  return out;
}

}  // namespace mailtrace
