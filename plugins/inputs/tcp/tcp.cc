// Input tcp: syslog over TCP, octet-counted or lines, with or without TLS (RFC 6587, RFC 5425). Loop thread.
// Promise: every complete frame that was read is given to the intake. There is no acknowledgement: what lies
// in the socket buffers when either side dies is the sender's loss.
#include "core/base/log.h"
#include "core/net/stream_input.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

class Tcp final : public StreamInput {
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
      : StreamInput(context, config, Transport::tcp,
                    {Framer(static_cast<size_t>(config.max_line)).carry(), 0,
                     [this](Stream& stream) { return std::make_unique<Connection>(*this, stream); }}),
        broken_frames_(counter("input_broken_frames_total", InputCounters::label(context.name))) {}

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

  bool stopping_ = false;
  Counter& broken_frames_;
  std::vector<Frame> frames_;  // of one read
};

size_t Tcp::Connection::received(std::string_view bytes, bool ended) {
  Framer before = framer_;
  input_.frames_.clear();
  size_t used = framer_.scan(bytes, input_.frames_);
  if (ended) {
    framer_.finish(bytes.substr(used), input_.frames_);
    used = bytes.size();
  }
  if (!input_.frames_.empty() && !input_.submit(stream_, input_.frames_)) {
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
