// Session: the server side of the RELP protocol without sockets: bytes in, messages and answers out.
// Called by the relp input and the fuzz target, loop thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/framing.h"

namespace mailtrace::relp {

// A sequence of transactions that is answered alike.
struct Run {
  enum class Kind : uint8_t { open, refused_open, syslog, unknown, close } kind;
  bool ready = true;   // may be answered; syslog only when durable
  uint32_t first = 0;  // transaction number
  uint32_t count = 0;
  size_t bytes = 0;    // of the frames on the wire
  uint64_t batch = 0;  // what Session::take() returned for it
};

// scan() after these: more frames are expected, or not.
enum class State : uint8_t { wait_for_open, opened, closing, broken };

// What one look at the received bytes gave. Nothing of it counts before take().
struct Round {
  size_t consumed = 0;
  std::vector<Frame> lines;  // non-empty syslog messages; point into the scanned bytes
  std::vector<Run> runs;
  uint32_t next = 1;  // transaction number of the next frame
  State state = State::wait_for_open;
  std::string error;  // why the state is broken
};

// Transaction numbers run 1, 2, 3 … 999999999, 1 without gaps; anything else breaks the session.
// Answers are given in the order of the frames: a run waits for those before it.
class Session {
 public:
  static constexpr size_t max_header = 9 + 1 + 32 + 1 + 9 + 1;
  static constexpr size_t max_data = 128 * 1024;  // librelp's own limit

  explicit Session(size_t max_line) : max_line_(max_line) {}

  // Reads the complete frames at the front of `bytes`. Unconsumed bytes are to be given again with what
  // follows; they are never more than carry().
  void scan(std::string_view bytes, Round& out) const;
  static constexpr size_t carry() { return max_header + max_data + 1; }

  // Makes the round count; returns the number to give to durable().
  uint64_t take(const Round& round);
  // Undoes the last take() (the intake refused the lines): scan the same bytes again later.
  void give_back();
  // The lines of that batch are durable.
  void durable(uint64_t batch);
  // Appends all answers that are due, in order. After a close request's answer comes the serverclose hint.
  void answer(std::string& out);

  State state() const { return state_; }
  bool all_answered() const { return runs_.empty(); }
  // Bytes of frames that are taken and not answered: what the caller bounds.
  size_t unanswered_bytes() const { return unanswered_bytes_; }

 private:
  size_t max_line_;
  State state_ = State::wait_for_open;
  uint32_t next_ = 1;
  uint64_t batches_ = 0;
  size_t unanswered_bytes_ = 0;
  std::deque<Run> runs_;
  struct {
    State state = State::wait_for_open;
    uint32_t next = 1;
    size_t runs = 0, bytes = 0;
  } before_;  // the last take()
};

// "0 serverclose 0\n": no more frames are read, the client is to connect again.
std::string_view serverclose();

}  // namespace mailtrace::relp
