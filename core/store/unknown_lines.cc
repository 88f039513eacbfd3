#include "core/store/unknown_lines.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/mail/plausible.h"

namespace mailtrace {
namespace {

// The tag is what a sender says: it must not fill the memory.
constexpr size_t most_programs = 100, longest_name = 100, longest_text = 500;
// Neither must the text.
constexpr size_t most_shapes = 1000, longest_shape = 120, most_rows = 10'000;
constexpr uint64_t samples = 3;

// Letters alone, perhaps with a mark of the sentence behind them.
bool is_plain_word(std::string_view word) {
  while (!word.empty() && std::string_view(",;:.!?)").find(word.back()) != std::string_view::npos)
    word.remove_suffix(1);
  if (word.starts_with('(')) word.remove_prefix(1);
  return std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '\'';
  });
}

}  // namespace

std::string shape_of(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < longest_shape) {
    char close = text.front() == '<' ? '>' : text.front() == '"' ? '"' : '\0';
    size_t end = text.find(close ? close : ' ', 1);
    if (close && end != std::string_view::npos) ++end;
    auto word = text.substr(0, end);
    text.remove_prefix(word.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
    // "key=value" keeps its key.
    size_t equals = word.find('=');
    if (!close && equals != std::string_view::npos && is_plain_word(word.substr(0, equals)))
      out.append(word.substr(0, equals + 1)) += '*';
    else if (!close && is_plain_word(word))
      out += word;
    else if (!out.ends_with("* "))
      out += '*';
    else
      continue;
    out += ' ';
  }
  return out;
}

void UnknownLines::add(const LogLine& line, bool counted) {
  std::string name = storable(line.app_name, longest_name);
  {
    std::lock_guard lock(mutex_);
    if (!programs_.contains(name) && programs_.size() >= most_programs) name = "other";
    Program& p = programs_[name];
    p.program = name;
    ++p.lines;
    p.time = line.time;
    p.host = storable(line.hostname, longest_name);
    p.text = storable(line.text, longest_text);
  }
  if (!counted) sample(line, name);
}

void UnknownLines::sample(const LogLine& line, const std::string& program) {
  Time time = counted_time(line.time, line.received);
  // A new day may have new shapes; by the clock of this host, because a stamp says what its sender likes.
  if (Day today = day_of(line.received); today > shapes_of_) {
    shapes_of_ = today;
    shapes_.clear();
  }
  Hash128 hash = hash_fields({program, shape_of(line.text)});
  Id shape = make_id(Time{}, hash);
  if (!shapes_.contains(shape)) {
    if (shapes_.size() < most_shapes)
      shapes_.insert(shape);
    else
      shape = make_id(Time{}, hash_fields({program}));
  }
  auto slot = static_cast<int64_t>(line.identity.low % samples);
  UnknownRow& row = rows_[{day_of(time), program, shape, slot}];
  if (row.program.empty() || time >= row.last_time) {
    row.host = storable(line.hostname, longest_name);
    row.text = storable(line.text, longest_text);
  }
  row.first_time = row.program.empty() ? time : std::min(row.first_time, time);
  row.last_time = row.program.empty() ? time : std::max(row.last_time, time);
  row.day = day_of(time);
  row.program = program;
  row.shape = shape;
  row.slot = slot;
  if (line.sequence)
    waiting_.emplace_back(line.sequence, &row);
  else
    ++row.lines;
}

void UnknownLines::collect(uint64_t mark, std::vector<UnknownRow>& rows) {
  if (rows_.empty()) return;
  std::erase_if(waiting_, [&](const auto& waiting) {
    if (waiting.first >= mark) return false;
    ++waiting.second->lines;
    return true;
  });
  for (auto& [key, row] : rows_) {
    if (!row.lines) continue;
    rows.push_back(row);
    row.lines = 0;
  }
  if (!waiting_.empty()) return;
  if (rows_.size() > most_rows) rows_.clear();
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
