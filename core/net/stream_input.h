// StreamInput: what the inputs over TCP share: one server, its limits, the way of lines to the intake. Loop
// thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/net/framing.h"
#include "core/net/input_counters.h"
#include "core/net/stream_server.h"
#include "core/plugin/input.h"

namespace mailtrace {

class StreamInput : public Input {
 public:
  Result<void> start() noexcept override { return server_.start(); }
  void pause() noexcept override { server_.pause(); }
  void resume() noexcept override { server_.resume(); }
  Result<void> prepare() noexcept override { return server_.load_tls(); }
  void take(Input& fresh) noexcept override { server_.take(static_cast<StreamInput&>(fresh).server_); }
  std::string describe() const noexcept override { return server_.describe(); }

 protected:
  StreamInput(const InputContext& context, const StreamOptions& options, Transport transport,
              StreamServer::Protocol protocol)
      : name_(context.name),
        intake_(*context.intake),
        max_line_(static_cast<size_t>(options.max_line)),
        counters_(context.name),
        server_(context, options, std::move(protocol)),
        transport_(transport) {}

  // What one read of a connection gave. False: the intake took nothing.
  bool submit(const Stream& stream, const std::vector<Frame>& frames, Intake::Durable on_durable = {}) {
    Time received = now();
    lines_.clear();
    for (const Frame& frame : frames) {
      auto flags = static_cast<uint8_t>(frame.flags | stream.record_flags());
      lines_.push_back({frame.bytes, received, transport_, flags, stream.peer()});
    }
    if (!intake_.submit(lines_, std::move(on_durable))) return false;
    counters_.add(lines_);
    return true;
  }

  std::string name_;
  Intake& intake_;
  size_t max_line_;
  InputCounters counters_;
  StreamServer server_;  // its streams are gone before the input: see StreamServer::close

 private:
  Transport transport_;
  std::vector<RawLine> lines_;
};

}  // namespace mailtrace
