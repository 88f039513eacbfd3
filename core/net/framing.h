// Framer: finds the syslog messages in a TCP byte stream (RFC 6587). Called by the tcp input, loop thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mailtrace {

struct Frame {
  std::string_view bytes;  // points into what was given to scan() or finish()
  uint8_t flags = 0;       // record_flag::truncated, record_flag::partial
};

// Without its line end: one LF and one CR before it.
std::string_view without_line_end(std::string_view line);

// The first frame decides for the whole connection. "57 <22>…" (1-7 digits, blank, PRI) is octet counting;
// everything else is lines that end in LF. rsyslog decides anew at each frame by its first digit; then a line
// whose text begins with a digit, or an LF smuggled into a message, would swallow the frames behind it.
// In octet counting a frame without a count (broken sender) is read as a line up to its LF.
// Holds no bytes: a copy of the framer is a complete snapshot, taken back when the intake refuses the frames.
class Framer {
 public:
  explicit Framer(size_t max_line) : max_line_(max_line) {}

  // Appends the complete, non-empty frames at the front of `bytes` to `out`; returns how many bytes are done
  // with. The others are to be given again with what comes after them; they are never more than carry().
  // A frame longer than max_line comes out cut and flagged as soon as that many bytes are there.
  size_t scan(std::string_view bytes, std::vector<Frame>& out);
  // The connection ended: what is left of `bytes` comes out flagged partial.
  void finish(std::string_view bytes, std::vector<Frame>& out);

  size_t carry() const { return max_line_ + 16; }
  // Frames without a count in an octet-counted connection.
  uint64_t broken_frames() const { return broken_frames_; }

 private:
  enum class Mode : uint8_t { unknown, octets, lines };
  struct Count {
    enum { none, valid, incomplete } state;
    size_t header = 0;  // digits and blank
    size_t octets = 0;
  };
  Count read_count(std::string_view bytes) const;
  bool decide(std::string_view bytes, Count& count);
  size_t scan_octets(std::string_view bytes, const Count& count, std::vector<Frame>& out);
  size_t scan_line(std::string_view bytes, std::vector<Frame>& out);
  void emit(std::string_view bytes, bool cut, uint8_t flags, std::vector<Frame>& out) const;

  size_t max_line_;
  size_t skip_octets_ = 0;  // rest of a frame that was cut
  uint64_t broken_frames_ = 0;
  Mode mode_ = Mode::unknown;
  bool skip_line_ = false;  // rest of a line that was cut
};

}  // namespace mailtrace
