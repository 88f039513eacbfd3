// Fuzzes TCP framing: the same frames whether the bytes come whole or cut where the fuzzer says.
// Byte 0: the line limit. Bytes 1-2: sizes of the pieces. Then the stream.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/net/framing.h"

using namespace mailtrace;

namespace {
std::string collect(std::vector<Frame>& frames, size_t max_line) {
  std::string text;
  for (auto& frame : frames) {
    if (frame.bytes.empty() || frame.bytes.size() > max_line) abort();
    text += std::to_string(frame.bytes.size()) + "/" + std::to_string(frame.flags) + ":";
    text += frame.bytes;
  }
  frames.clear();
  return text;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  size_t max_line = 1 + data[0] % 64u;
  size_t pieces[2] = {1 + data[1] % 32u, 1 + data[2] % 32u};
  std::string_view stream(reinterpret_cast<const char*>(data) + 3, size - 3);

  std::vector<Frame> frames;
  Framer whole(max_line);
  size_t used = whole.scan(stream, frames);
  std::string wanted = collect(frames, max_line);
  if (used > stream.size() || stream.size() - used > whole.carry()) abort();
  whole.finish(stream.substr(used), frames);
  wanted += collect(frames, max_line);

  Framer cut(max_line);
  std::string kept, got;
  for (size_t at = 0, turn = 0; at < stream.size(); at += pieces[turn++ % 2]) {
    kept += stream.substr(at, pieces[turn % 2]);
    Framer snapshot = cut;  // as after a refusal: once more from the same place
    size_t first = cut.scan(kept, frames);
    frames.clear();
    cut = snapshot;
    used = cut.scan(kept, frames);
    if (used != first || used > kept.size()) abort();
    got += collect(frames, max_line);
    kept.erase(0, used);
    if (kept.size() > cut.carry()) abort();
  }
  cut.finish(kept, frames);
  got += collect(frames, max_line);
  if (got != wanted || cut.broken_frames() != whole.broken_frames()) abort();
  return 0;
}
