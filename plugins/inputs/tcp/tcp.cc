// Input tcp: syslog over TCP, octet-counted or lines, with or without TLS (RFC 6587, RFC 5425). Loop thread.
// Promise: every complete frame that was read is given to the intake. There is no acknowledgement: what lies
// in the socket buffers when either side dies is the sender's loss.
#include "core/base/log.h"
#include "core/net/framing.h"
#include "core/net/input_counters.h"
#include "core/net/stream_server.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

class Tcp final : public Input {
 public:
  struct Config : StreamOptions {
    Config() { listen = {"127.0.0.1", 5514}; }
  };
  static std::span<const Option> options() {
    static const std::vector<Option> table = stream_option_table<Config>();
    return table;
  }
  static void check(const Config& config, const Node& node, ConfigErrors& errors) {
    check_stream_options(config, node, errors);
  }

  Tcp(const Config& config, const InputContext& context)
      : name_(context.name),
        intake_(*context.intake),
        max_line_(static_cast<size_t>(config.max_line)),
        counters_(context.name),
        broken_frames_(counter("input_broken_frames_total", InputCounters::label(context.name))),
        server_(context, config, {Framer(max_line_).carry(), 0, [this](Stream& stream) {
                                    return std::make_unique<Connection>(*this, stream);
                                  }}) {}

  Result<void> start() noexcept override { return server_.start(); }
  void pause() noexcept override { server_.pause(); }
  void resume() noexcept override { server_.resume(); }
  Result<void> reload() noexcept override { return server_.reload(); }
  std::string describe() const noexcept override { return server_.describe(); }

  void stop(Done done) noexcept override {
    stopping_ = true;
    server_.stop_listening();
    server_.each([](Stream& stream) {
      stream.end();
      stream.close_now();
    });
    server_.close(std::move(done));
  }

 private:
  class Connection final : public StreamHandler {
   public:
    Connection(Tcp& input, Stream& stream) : input_(input), stream_(stream), framer_(input.max_line_) {
      stream_.established();
    }
    size_t received(std::string_view bytes, bool ended) override;

   private:
    Tcp& input_;
    Stream& stream_;
    Framer framer_;
  };

  bool submit(const Stream& stream);

  std::string name_;
  Intake& intake_;
  size_t max_line_;
  bool stopping_ = false;
  InputCounters counters_;
  Counter& broken_frames_;
  std::vector<Frame> frames_;   // of one read
  std::vector<RawLine> lines_;  // of one read
  StreamServer server_;
};

bool Tcp::submit(const Stream& stream) {
  if (frames_.empty()) return true;
  Time received = now();
  lines_.clear();
  for (const Frame& frame : frames_) {
    auto flags = static_cast<uint8_t>(frame.flags | stream.record_flags());
    lines_.push_back({frame.bytes, received, Transport::tcp, flags, stream.peer()});
  }
  if (!intake_.submit(lines_)) return false;
  counters_.add(lines_);
  return true;
}

size_t Tcp::Connection::received(std::string_view bytes, bool ended) {
  Framer before = framer_;
  input_.frames_.clear();
  size_t used = framer_.scan(bytes, input_.frames_);
  if (ended) {
    framer_.finish(bytes.substr(used), input_.frames_);
    used = bytes.size();
  }
  if (!input_.submit(stream_)) {
    if (input_.stopping_) {
      log_rarely(LogLevel::warning, "input.lines_lost",
                 {{"input", input_.name_},
                  {"peer", stream_.peer()},
                  {"lines", std::to_string(input_.frames_.size())},
                  {"reason", "stopped while the spool takes nothing"}});
    }
    framer_ = before;
    stream_.hold(Stream::refused);
    return 0;
  }
  if (uint64_t broken = framer_.broken_frames() - before.broken_frames(); broken > 0) {
    input_.broken_frames_ += broken;
    log_rarely(LogLevel::warning, "input.broken_frame",
               {{"input", input_.name_},
                {"peer", stream_.peer()},
                {"reason", "a frame without octet count on an octet-counted connection"}});
  }
  if (ended) stream_.close();
  return used;
}

}  // namespace

MAILTRACE_INPUT(Tcp, "tcp", "syslog over TCP, octet-counted or LF, with or without TLS");
}  // namespace mailtrace
