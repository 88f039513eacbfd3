// Input relp: a RELP server that acknowledges a line when it is durable, not earlier. Loop thread.
// librelp cannot do that: it answers as soon as its callback returns.
#include "core/base/log.h"
#include "core/net/stream_input.h"
#include "core/plugin/plugin.h"
#include "plugins/inputs/relp/session.h"

namespace mailtrace {
namespace {

// The client (librelp) sets TCP_CORK around a window of frames. 128 frames are less than one segment of the
// loopback's 64 KiB, so that each window would wait for the cork's 200 ms; with small segments most of it
// leaves at once (measured: 22 times the lines).
constexpr int small_segment = 1400;

class Relp final : public StreamInput {
 public:
  struct Config : StreamOptions {
    Config() { listen = {"127.0.0.1", 2514}; }
    Bytes max_unanswered{4 << 20};
  };
  static std::span<const Option> options() {
    static const std::vector<Option> table = [] {
      std::vector<Option> all = stream_option_table<Config>();
      all.push_back(live(option("max_unanswered", &Config::max_unanswered, Bytes{64 << 10}, Bytes{1ull << 30},
                                "bytes of a connection that may wait for the disk before no more is read")));
      return all;
    }();
    return table;
  }
  static void check(const Config& config, const Node& node, ConfigErrors& errors) {
    check_stream_options(config, node, errors);
  }

  Relp(const Config& config, const InputContext& context)
      : StreamInput(context, config, Transport::relp,
                    {relp::Session::carry(), small_segment,
                     [this](Stream& stream) { return std::make_unique<Connection>(*this, stream); }}),
        max_unanswered_(config.max_unanswered.count),
        answers_(counter("relp_answered_lines_total", InputCounters::label(context.name))),
        broken_(counter("relp_broken_sessions_total", InputCounters::label(context.name))),
        unanswered_(counter("relp_unanswered_bytes", InputCounters::label(context.name))) {}

  void take(Input& fresh) noexcept override {
    StreamInput::take(fresh);
    max_unanswered_ = static_cast<Relp&>(fresh).max_unanswered_;
  }
  void stop(Done done) noexcept override;

 private:
  class Connection final : public StreamHandler {
   public:
    Connection(Relp& input, Stream& stream) : input_(input), stream_(stream), session_(input.max_line_) {}
    ~Connection() override { input_.unanswered_ -= session_.unanswered_bytes(); }
    size_t received(std::string_view bytes, bool ended) override;
    void durable(uint64_t batch, size_t lines, bool stored);
    void stop();

   private:
    void broken(const std::string& error);
    void answer();

    Relp& input_;
    Stream& stream_;
    relp::Session session_;
    bool ended_ = false;     // by the client, or the input stops
    bool stopping_ = false;  // the input stops
  };

  bool submit_batch(const Stream& stream, uint64_t batch);
  void on_durable(uint64_t stream_id, uint64_t batch, size_t lines, bool stored);
  void finish_stop();

  size_t max_unanswered_;
  Counter& answers_;
  Counter& broken_;
  Counter& unanswered_;
  relp::Round round_;   // of one read
  std::string text_;    // answers of one connection
  size_t submits_ = 0;  // whose on_durable is still to come; the connection may be gone by then
  bool closed_ = false;
  Done done_;
};

bool Relp::submit_batch(const Stream& stream, uint64_t batch) {
  size_t count = round_.lines.size();
  ++submits_;
  bool taken = submit(stream, round_.lines, [this, id = stream.id(), batch, count](bool stored) {
    on_durable(id, batch, count, stored);
  });
  if (!taken) --submits_;
  return taken;
}

void Relp::on_durable(uint64_t stream_id, uint64_t batch, size_t lines, bool stored) {
  --submits_;
  Stream* stream = server_.find(stream_id);
  if (stream && !stream->is_closing())
    static_cast<Connection*>(stream->handler())->durable(batch, lines, stored);
  if (closed_) finish_stop();
}

size_t Relp::Connection::received(std::string_view bytes, bool ended) {
  relp::Round& round = input_.round_;
  session_.scan(bytes, round);
  size_t before = session_.unanswered_bytes();
  uint64_t batch = session_.take(round);
  if (round.lines.empty()) {
    session_.durable(batch);
  } else if (!input_.submit_batch(stream_, batch)) {
    session_.give_back();
    if (stopping_) {
      stream_.close_now();  // never acknowledged: the client sends it again
    } else {
      stream_.hold(Stream::refused);
    }
    return 0;
  }
  input_.unanswered_ += session_.unanswered_bytes() - before;
  if (session_.state() == relp::State::broken) {
    broken(round.error);
    return round.consumed;
  }
  if (session_.state() != relp::State::wait_for_open) stream_.established();
  if (session_.state() == relp::State::closing) stream_.hold(Stream::stopping);
  if (session_.unanswered_bytes() >= input_.max_unanswered_) stream_.hold(Stream::unanswered);
  if (ended) ended_ = true;
  answer();
  return round.consumed;
}

// What was read before is with the intake; nothing more is answered, so that the client sends it again.
void Relp::Connection::broken(const std::string& error) {
  ++input_.broken_;
  log_rarely(LogLevel::warning, "relp.broken_session",
             {{"input", input_.name_}, {"peer", stream_.peer()}, {"error", error}});
  stream_.close_now();
}

void Relp::Connection::durable(uint64_t batch, size_t lines, bool stored) {
  if (!stored) {
    log_rarely(LogLevel::warning, "relp.not_stored", {{"input", input_.name_}, {"peer", stream_.peer()}});
    return stream_.close_now();
  }
  session_.durable(batch);
  input_.answers_ += lines;
  answer();
}

void Relp::Connection::answer() {
  size_t before = session_.unanswered_bytes();
  input_.text_.clear();
  session_.answer(input_.text_);
  input_.unanswered_ -= before - session_.unanswered_bytes();
  if (!input_.text_.empty()) stream_.send(input_.text_);
  if (session_.unanswered_bytes() < input_.max_unanswered_ / 2) stream_.release(Stream::unanswered);
  if (!session_.all_answered()) return;
  bool closing = session_.state() == relp::State::closing;
  if (stopping_ && !closing) stream_.send(relp::serverclose());
  if (ended_ || closing) stream_.close();
}

void Relp::Connection::stop() {
  stopping_ = ended_ = true;
  stream_.hold(Stream::stopping);
  answer();
}

void Relp::stop(Done done) noexcept {
  done_ = std::move(done);
  server_.stop_listening();
  server_.each([](Stream& stream) {
    if (stream.handler() && !stream.is_closing()) static_cast<Connection*>(stream.handler())->stop();
  });
  server_.close([this] {
    closed_ = true;
    finish_stop();
  });
}

// The callbacks name this input: it must not go before the last of them came.
void Relp::finish_stop() {
  if (submits_ > 0 || !done_) return;
  auto done = std::exchange(done_, nullptr);
  done();
}

}  // namespace

MAILTRACE_INPUT(Relp, "relp", "RELP, acknowledged when durable, with or without TLS");
}  // namespace mailtrace
