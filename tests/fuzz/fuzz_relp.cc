// Fuzzes the RELP session: the same lines and answers whether the bytes come whole or cut, whatever becomes
// durable when. Byte 0: bit 0 puts an open frame before the stream. Bytes 1-2: sizes of the pieces. Then the
// stream.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "plugins/inputs/relp/session.h"
// Plugins are no libraries: the session is compiled into this program.
#include "plugins/inputs/relp/session.cc"  // NOLINT(bugprone-suspicious-include)

using namespace mailtrace;
using namespace mailtrace::relp;

namespace {
constexpr size_t max_line = 40;

struct Talk {
  std::string lines, answers;
  State state = State::wait_for_open;
  bool operator==(const Talk&) const = default;
};

void add_lines(const Round& round, Talk& talk) {
  for (auto& line : round.lines) {
    if (line.bytes.empty() || line.bytes.size() > max_line) abort();
    talk.lines += std::to_string(line.bytes.size()) + "/" + std::to_string(line.flags) + ":";
    talk.lines += line.bytes;
  }
}

Talk whole(std::string_view stream) {
  Session session(max_line);
  Round round;
  Talk talk;
  session.scan(stream, round);
  add_lines(round, talk);
  session.durable(session.take(round));
  session.answer(talk.answers);
  if (!session.all_answered() || session.unanswered_bytes() != 0) abort();
  talk.state = session.state();
  return talk;
}

// Refused every third time, durable one batch late.
Talk cut(std::string_view stream, const size_t (&pieces)[2]) {
  Session session(max_line);
  Round round;
  Talk talk;
  std::string kept;
  uint64_t late = 0;
  for (size_t at = 0, turn = 0; at < stream.size(); at += pieces[turn++ % 2]) {
    kept += stream.substr(at, pieces[turn % 2]);
    session.scan(kept, round);
    if (round.consumed > kept.size()) abort();
    uint64_t batch = session.take(round);
    if (turn % 3 == 2) {
      session.give_back();
      session.scan(kept, round);
      batch = session.take(round);
    }
    add_lines(round, talk);
    if (late != 0) session.durable(late);
    session.answer(talk.answers);
    late = batch;
    kept.erase(0, round.consumed);
    if (session.state() == State::broken || session.state() == State::closing) break;
    if (kept.size() > Session::carry()) abort();
  }
  if (late != 0) session.durable(late);
  session.answer(talk.answers);
  if (!session.all_answered() || session.unanswered_bytes() != 0) abort();
  talk.state = session.state();
  return talk;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  size_t pieces[2] = {1 + data[1] % 64u, 1 + data[2] % 64u};
  std::string stream = data[0] & 1 ? "1 open 15 commands=syslog\n" : "";
  stream.append(reinterpret_cast<const char*>(data) + 3, size - 3);
  if (whole(stream) != cut(stream, pieces)) abort();
  return 0;
}
