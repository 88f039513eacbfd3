// See stream.h. Whatever a handler calls, nothing is deleted before libuv's close callback.
#include "core/net/stream.h"

#include <cstring>

#include "core/base/faults.h"
#include "core/base/log.h"
#include "core/net/stream_server.h"
#include "core/spool/record.h"

namespace mailtrace {
namespace {
// A peer that does not read its answers is not read from above this.
constexpr size_t max_unsent = 1 << 20;
constexpr uint64_t linger_ms = 1000;
}  // namespace

struct Stream::WriteRequest {
  uv_write_t request;
  std::string bytes;
};

Stream::Stream(StreamServer& server, uint64_t id, size_t carry) : server_(server), id_(id), carry_(carry) {
  uv_tcp_init(server.loop(), &handle_);
  handle_.data = this;
  last_activity_ = last_frame_ = uv_now(server.loop());
}

const std::string& Stream::peer() const {
  return tls_ && !tls_->peer_name().empty() ? tls_->peer_name() : address_;
}

uint8_t Stream::record_flags() const { return tls_ && !tls_->peer_name().empty() ? record_flag::tls : 0; }

bool Stream::accept(uv_stream_t* listener) {
  return uv_accept(listener, reinterpret_cast<uv_stream_t*>(&handle_)) == 0;
}

void Stream::open(const TlsContext* tls, uint64_t deadline) {
  uv_tcp_nodelay(&handle_, 1);
  uv_tcp_keepalive(&handle_, 1, 60);
  deadline_ = deadline;
  if (tls) {
    tls_ = std::make_unique<TlsSession>(*tls);
  } else {
    become_ready();
  }
  start_reading();
}

void Stream::become_ready() { handler_ = server_.protocol_.connected(*this); }

void Stream::start_reading() {
  if (reading_ || closed_ || (ended_ && !lingering_) || (holds_ != 0 && !lingering_)) return;
  reading_ = uv_read_start(reinterpret_cast<uv_stream_t*>(&handle_), on_allocate, on_read) == 0;
}

void Stream::stop_reading() {
  if (!reading_) return;
  uv_read_stop(reinterpret_cast<uv_stream_t*>(&handle_));
  reading_ = false;
}

// libuv reads right after this call: what is kept goes before it, so that the handler sees one piece.
void Stream::on_allocate(uv_handle_t* handle, size_t, uv_buf_t* out) {
  auto& stream = *static_cast<Stream*>(handle->data);
  StreamServer& server = stream.server_;
  if (stream.tls_ || stream.lingering_) {
    *out = uv_buf_init(server.cipher_.data(), static_cast<unsigned>(server.cipher_.size()));
    return;
  }
  std::memcpy(server.plain_.data(), stream.kept_.data(), stream.kept_.size());
  *out = uv_buf_init(server.plain_.data() + stream.kept_.size(),
                     static_cast<unsigned>(server.plain_.size() - stream.kept_.size()));
}

void Stream::on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t*) {
  auto& stream = *static_cast<Stream*>(handle->data);
  if (size == 0 || stream.closed_) return;
  if (stream.lingering_) {
    if (size < 0) stream.close_now();
    return;
  }
  if (size < 0) return stream.take_end(size != UV_EOF);
  stream.last_activity_ = uv_now(stream.server_.loop());
  if (!stream.tls_) return stream.read_plain(static_cast<size_t>(size));
  stream.tls_->put({stream.server_.cipher_.data(), static_cast<size_t>(size)});
  stream.read_tls();
}

void Stream::read_plain(size_t size) { process({server_.plain_.data(), kept_.size() + size}); }

void Stream::read_tls() {
  while (!closed_ && !closing_ && holds_ == 0) {
    std::memcpy(server_.plain_.data(), kept_.data(), kept_.size());
    size_t filled = kept_.size();
    while (filled < server_.plain_.size()) {
      size_t got = tls_->read(server_.plain_.data() + filled, server_.plain_.size() - filled);
      if (got == 0) break;
      filled += got;
    }
    wake();  // handshake messages
    bool open = tls_->state() == TlsSession::State::open || tls_->state() == TlsSession::State::ended;
    if (open && !handler_) become_ready();
    bool more = filled > kept_.size();
    if (more && handler_) process({server_.plain_.data(), filled});
    if (tls_->state() == TlsSession::State::failed) return tls_failed();
    if (more) continue;
    if (tls_->state() == TlsSession::State::ended) take_end(false);
    return;
  }
}

void Stream::tls_failed() {
  ++server_.tls_failures_;
  log_rarely(LogLevel::warning, "input.tls_failed",
             {{"input", server_.context_.name}, {"peer", address_}, {"error", tls_->error()}});
  if (handler_) return take_end(true);
  close();  // sends the alert
}

// `bytes` begin with what is kept.
void Stream::process(std::string_view bytes) {
  if (!handler_) return;
  size_t used = handler_->received(bytes, ended_);
  if (closed_ || used > bytes.size()) return;
  std::string_view rest = bytes.substr(used);
  if (rest.data() == kept_.data() + used) {
    kept_.erase(0, used);
  } else {
    kept_.assign(rest);
  }
  note_progress(used);
  if (holds_ == 0 && !closing_ && kept_.size() > carry_) close_now();  // never with a correct handler
}

void Stream::note_progress(size_t used) {
  uint64_t now = uv_now(server_.loop());
  if (used > 0) last_frame_ = now;
  if (kept_.empty()) {
    frame_began_ = 0;
  } else if (used > 0 || frame_began_ == 0) {
    frame_began_ = now;
    server_.watch_time();
  }
}

void Stream::process_kept() {
  if (!kept_.empty() || ended_) process(kept_);
}

void Stream::take_end(bool broken) {
  if (ended_ || closed_) return;
  stop_reading();
  ended_ = true;
  if (broken) broken_ = true;
  if (!handler_) return close_now();
  if (!closing_) process(kept_);
}

void Stream::end() { take_end(false); }

void Stream::send(std::string_view bytes) {
  if (broken_ || closed_) return;
  out_ += bytes;
  wake();
}

void Stream::hold(Hold who) {
  holds_ |= who;
  if (!lingering_) stop_reading();
  if (who == refused) server_.watch_time();
}

void Stream::release(Hold who) {
  if ((holds_ & who) == 0) return;
  holds_ &= ~static_cast<unsigned>(who);
  if (holds_ != 0) return;
  again_ = true;
  wake();
}

void Stream::wake() {
  if (woken_ || closed_) return;
  woken_ = true;
  server_.wake(*this);
}

// At the end of the loop round.
void Stream::run() {
  woken_ = false;
  if (again_ && holds_ == 0 && !closing_ && !closed_) {
    again_ = false;
    process_kept();
    if (tls_ && !ended_) read_tls();
    if (!closing_) start_reading();
  }
  flush();
  if (closing_ && !closed_) finish_close();
}

void Stream::flush() {
  if (closed_) return;
  if (broken_) {
    out_.clear();
    return;
  }
  if (!tls_) {
    write(out_);
    out_.clear();
    return;
  }
  if (!out_.empty()) {
    tls_->write(out_);
    out_.clear();
  }
  std::string ciphertext;
  tls_->take_output(ciphertext);
  write(ciphertext);
}

void Stream::write(std::string_view bytes) {
  if (bytes.empty()) return;
  auto* stream = reinterpret_cast<uv_stream_t*>(&handle_);
  uv_buf_t buffer = uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  crash_point("answer.before");
  int written = uv_try_write(stream, &buffer, 1);
  crash_point("answer.after");
  if (written < 0 && written != UV_EAGAIN) {
    // What the peer sent before it broke off is still read.
    broken_ = true;
    return;
  }
  if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  if (bytes.empty()) return;
  auto* request = new WriteRequest{{}, std::string(bytes)};
  request->request.data = this;
  buffer = uv_buf_init(request->bytes.data(), static_cast<unsigned>(request->bytes.size()));
  auto on_written = [](uv_write_t* done, int status) {
    auto* self = static_cast<Stream*>(done->data);
    delete reinterpret_cast<WriteRequest*>(done);
    if (self->closed_) return;
    if (status < 0) self->broken_ = true;
    if (uv_stream_get_write_queue_size(reinterpret_cast<uv_stream_t*>(&self->handle_)) <= max_unsent / 2)
      self->release(writing);
    if (self->closing_) self->wake();
  };
  if (uv_write(&request->request, stream, &buffer, 1, on_written) != 0) {
    delete request;
    broken_ = true;
    return;
  }
  if (uv_stream_get_write_queue_size(stream) > max_unsent) hold(writing);
}

void Stream::close() {
  if (closing_ || closed_) return;
  closing_ = true;
  stop_reading();
  deadline_ = uv_now(server_.loop()) + linger_ms;
  server_.watch_time();
  wake();
}

// Closing with unread bytes makes the kernel send a reset, which may overtake the last answers: so first say
// that nothing more comes, then wait a moment for the peer to end.
void Stream::finish_close() {
  if (broken_) return close_now();
  auto* stream = reinterpret_cast<uv_stream_t*>(&handle_);
  if (lingering_ || uv_stream_get_write_queue_size(stream) > 0) return;
  if (tls_) {
    tls_->close();
    flush();
  }
  if (ended_ && uv_stream_get_write_queue_size(stream) == 0) return close_now();
  shut_down();
}

void Stream::shut_down() {
  lingering_ = true;
  shutdown_request_.data = this;
  auto on_shut_down = [](uv_shutdown_t* request, int status) {
    auto* self = static_cast<Stream*>(request->data);
    if (self->closed_) return;
    if (status < 0 || self->ended_) return self->close_now();
    self->start_reading();
  };
  if (uv_shutdown(&shutdown_request_, reinterpret_cast<uv_stream_t*>(&handle_), on_shut_down) != 0)
    close_now();
}

void Stream::close_now() {
  if (closed_) return;
  stop_reading();
  closing_ = closed_ = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), on_closed);
}

void Stream::on_closed(uv_handle_t* handle) {
  auto* stream = static_cast<Stream*>(handle->data);
  stream->server_.gone(*stream);  // deletes it
}

void Stream::check_time(uint64_t now, const Limits& limits) {
  if (closed_) return;
  if (deadline_ != 0 && now >= deadline_) {
    if (!closing_) {
      ++server_.timeouts_;
      log_rarely(LogLevel::warning, "input.no_greeting",
                 {{"input", server_.context_.name}, {"peer", address_}});
    }
    return close_now();
  }
  // Whoever we do not read from cannot be called idle.
  if (holds_ != 0) {
    last_activity_ = now;
    if (frame_began_ != 0) frame_began_ = now;
  }
  if (closing_) return;
  if (frame_began_ != 0 && now - frame_began_ >= limits.frame) {
    ++server_.frame_timeouts_;
    log_rarely(LogLevel::warning, "input.unfinished_frame",
               {{"input", server_.context_.name}, {"peer", address_}});
    return end();
  }
  if (limits.idle != 0 && now - last_activity_ >= limits.idle) end();
}

uint64_t Stream::idle_time(uint64_t now) const {
  // Who does not read its answers is to blame itself.
  bool ours = (holds_ & ~static_cast<unsigned>(writing)) != 0;
  return ours || ended_ || is_closing() ? 0 : now - last_frame_;
}

}  // namespace mailtrace
