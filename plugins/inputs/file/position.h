// Position: how far a log file was read, kept in the state directory so that a restart goes on there. Loop
// thread, save_positions() also in libuv's pool.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/id.h"
#include "core/base/result.h"

namespace mailtrace {

// What a file begins with. An inode alone proves nothing: a new file often gets that of a deleted one.
struct Fingerprint {
  static constexpr size_t most = 1024;
  uint64_t length = 0;
  Hash128 hash;
  auto operator<=>(const Fingerprint&) const = default;
};

struct Position {
  uint64_t device = 0, inode = 0;
  uint64_t offset = 0;  // every line before it is durable
  Fingerprint fingerprint;
  std::string path;  // under which it was followed; no LF in it
};

// The file of the input with that configured name.
std::string positions_file(const std::string& state_directory, const std::string& input);
std::string positions_text(const std::vector<Position>& positions);
// Nothing if the text is damaged or of another version.
std::optional<std::vector<Position>> parse_positions(std::string_view text);

// Replaces the file in one step, durably.
Result<void> save_positions(const std::string& file, const std::string& text);

}  // namespace mailtrace
