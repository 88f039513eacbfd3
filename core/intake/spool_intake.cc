// Counting and back-pressure between the inputs and the spool. Loop thread.
#include "core/intake/spool_intake.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/log.h"

namespace mailtrace {

SpoolIntake::SpoolIntake(Spool& spool)
    : spool_(spool), spooled_(counter("spooled_lines_total")), lost_(counter("unstored_lines_total")) {
  for (auto transport : {Transport::udp, Transport::tcp, Transport::relp, Transport::file, Transport::import})
    dropped_[transport] =
        &counter("dropped_lines_total", fmt::format("transport=\"{}\"", transport_name(transport)));
  spool_.on_room([this] { room(); });
}

bool SpoolIntake::submit(std::span<const RawLine> lines, Durable on_durable) noexcept {
  records_.clear();
  uint64_t datagrams = 0, streamed = 0;  // what their senders do not bring again
  for (auto& line : lines) {
    datagrams += line.transport == Transport::udp;
    streamed += line.transport == Transport::tcp;
    Record& record = records_.emplace_back();
    record.received = line.received;
    record.transport = line.transport;
    record.flags = line.flags;
    record.peer = line.peer;
    record.bytes = line.bytes;
  }
  auto answered = [this, count = lines.size(), datagrams, streamed,
                   call = std::move(on_durable)](bool durable) {
    (durable ? spooled_ : lost_).fetch_add(count, std::memory_order_relaxed);
    if (!durable) {
      dropped_[Transport::udp]->fetch_add(datagrams, std::memory_order_relaxed);
      dropped_[Transport::tcp]->fetch_add(streamed, std::memory_order_relaxed);
    }
    if (call) call(durable);
  };
  if (spool_.append(records_.data(), records_.size(), std::move(answered))) return true;
  refuse(lines);
  return false;
}

void SpoolIntake::refuse(std::span<const RawLine> lines) {
  // Nobody keeps a datagram for us; a stream keeps its bytes and brings them again.
  for (auto& line : lines)
    if (line.transport == Transport::udp) dropped_[line.transport]->fetch_add(1, std::memory_order_relaxed);
  if (paused_) return;
  paused_ = true;
  auto status = spool_.status();
  log_rarely(LogLevel::warning, "intake.pause",
             {{"spool_bytes", fmt::format("{}", status.bytes)},
              {"failed", status.failed ? "yes" : "no"},
              {"last_error", status.last_error}});
  auto inputs = inputs_;
  for (Input* input : inputs) input->pause();
}

void SpoolIntake::room() {
  if (!paused_) return;
  paused_ = false;
  log_rarely(LogLevel::info, "intake.resume");
  auto inputs = inputs_;
  for (Input* input : inputs) {
    // The first ones may fill it again.
    if (paused_) return;
    input->resume();
  }
}

void SpoolIntake::add(Input* input) {
  inputs_.push_back(input);
  if (paused_) input->pause();
}

void SpoolIntake::remove(Input* input) { std::erase(inputs_, input); }

}  // namespace mailtrace
