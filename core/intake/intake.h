// Intake: what input plugins hand lines to. Loop thread only.
#pragma once
#include <functional>
#include <span>
#include <string_view>

#include "core/spool/record.h"

namespace mailtrace {

struct RawLine {
  std::string_view
      bytes;  // one syslog message without framing and trailing LF; borrowed until submit returns
  Time received;
  Transport transport;
  uint8_t flags = 0;      // record_flag
  std::string_view peer;  // borrowed until submit returns
};

class Intake {
 public:
  // Called on the loop thread, once: true when all lines of the call are durable (G2: acknowledge now, not
  // earlier); false when they could not be stored (never acknowledge; close the connection, it resends).
  using Durable = std::function<void(bool)>;

  virtual ~Intake() = default;
  // Copies the lines. False: nothing was taken and `on_durable` will not be called (spool full or dead);
  // a datagram is then lost and counted by the intake, a stream keeps its bytes and waits for resume().
  virtual bool submit(std::span<const RawLine> lines, Durable on_durable = {}) noexcept = 0;
};

}  // namespace mailtrace
