#include "plugins/inputs/file/position.h"

#include <fmt/format.h>

#include <memory>

#include "core/base/file.h"
#include "core/base/scan.h"

namespace mailtrace {
namespace {
constexpr std::string_view head = "mailtrace file positions 1\n";
}

std::string positions_file(const std::string& state_directory, const std::string& input) {
  std::string name;
  for (char c : input) name += c == '/' || c == '%' ? fmt::format("%{:02X}", c) : std::string(1, c);
  return state_directory + "/input-" + name + ".positions";
}

// A line each: "<device> <inode> <offset> <length> <hash high> <hash low> <path>", then "end <count>".
std::string positions_text(const std::vector<Position>& positions) {
  std::string text(head);
  for (const Position& p : positions)
    text += fmt::format("{} {} {} {} {} {} {}\n", p.device, p.inode, p.offset, p.fingerprint.length,
                        p.fingerprint.hash.high, p.fingerprint.hash.low, p.path);
  return text + fmt::format("end {}\n", positions.size());
}

std::optional<std::vector<Position>> parse_positions(std::string_view text) {
  std::vector<Position> out;
  Scan scan(text);
  if (!scan.skip(head)) return std::nullopt;
  auto number = [&scan](uint64_t& to) { return scan.number(to) && scan.skip(" "); };
  while (!scan.skip("end ")) {
    Position p;
    std::string_view path;
    auto& print = p.fingerprint;
    if (!number(p.device) || !number(p.inode) || !number(p.offset) || !number(print.length) ||
        !number(print.hash.high) || !number(print.hash.low) || !scan.until("\n", path))
      return std::nullopt;
    p.path = path;
    out.push_back(std::move(p));
  }
  size_t count = 0;
  if (!scan.number(count) || count != out.size() || scan.rest() != "\n") return std::nullopt;
  return out;
}

Result<void> save_positions(const std::string& file, const std::string& text) {
  FileSystem& files = FileSystem::real();
  std::string fresh = file + ".new";
  int error = 0;
  auto failed = [&](const char* what) {
    return Error{fault_of(error), fmt::format("{} {}: {}", what, file, error_text(error))};
  };
  auto to = files.open(fresh, FileSystem::Mode::write, error);
  if (!to) return failed("make");
  if ((error = to->truncate(0)) != 0 || (error = write_fully(*to, text.data(), text.size(), 0)) != 0)
    return failed("write");
  // Without this, a power loss may leave an empty file under the name.
  if ((error = to->sync_data()) != 0) return failed("sync");
  to.reset();
  if ((error = files.rename(fresh, file)) != 0) return failed("replace");
  if ((error = files.sync_directory(file.substr(0, file.rfind('/')))) != 0)
    return failed("sync directory of");
  return {};
}

}  // namespace mailtrace
