// Stream: one accepted TCP connection, with or without TLS. Made by StreamServer; loop thread.
#pragma once
#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/tls.h"

namespace mailtrace {

class StreamServer;

// What an input does with one connection. Deleted with the stream.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Everything received and not consumed; `ended`: no more will come. Returns how many bytes are done with,
  // the others are given again with what follows. To get the same bytes again later (the intake is full),
  // hold the stream. After `ended` the handler closes the stream, now or when its answers are sent.
  virtual size_t received(std::string_view bytes, bool ended) = 0;
};

class Stream {
 public:
  // Who wants that nothing is read; reading goes on when nobody does.
  enum Hold : unsigned { paused = 1, refused = 2, unanswered = 4, writing = 8, stopping = 16 };

  Stream(StreamServer& server, uint64_t id, size_t carry);

  uint64_t id() const { return id_; }
  const std::string& address() const { return address_; }
  // The client's certificate name with mutual TLS, else its address.
  const std::string& peer() const;
  uint8_t record_flags() const;
  StreamHandler* handler() const { return handler_.get(); }

  // Sent before the loop waits again, together with all else that was given until then.
  void send(std::string_view bytes);
  void hold(Hold who);
  void release(Hold who);
  bool is_held(Hold who) const { return (holds_ & who) != 0; }
  // The protocol's greeting is done: the handshake timeout no longer counts.
  void established() { deadline_ = 0; }
  // As if the peer had ended now: the handler gets what is kept.
  void end();
  // Sends what is waiting, then closes; close_now() does not.
  void close();
  void close_now();
  bool is_closing() const { return closing_ || closed_; }

 private:
  friend class StreamServer;
  struct WriteRequest;

  static void on_allocate(uv_handle_t* handle, size_t, uv_buf_t* out);
  static void on_read(uv_stream_t* handle, ssize_t size, const uv_buf_t*);
  static void on_closed(uv_handle_t* handle);

  bool accept(uv_stream_t* listener);
  void open(const TlsContext* tls, uint64_t deadline);
  void become_ready();
  void read_plain(size_t size);
  void read_tls();
  void tls_failed();
  void process(std::string_view bytes);
  void process_kept();
  void take_end(bool broken);
  void wake();
  void run();
  void flush();
  void write(std::string_view bytes);
  void finish_close();
  void shut_down();
  void start_reading();
  void stop_reading();
  struct Limits {
    uint64_t frame, idle;  // ms; idle 0: never
  };
  void note_progress(size_t used);
  void check_time(uint64_t now, const Limits& limits);
  bool needs_time() const { return deadline_ != 0 || frame_began_ != 0; }
  // How long the peer has finished no frame, in ms; 0 while it is not to blame for it.
  uint64_t idle_time(uint64_t now) const;

  StreamServer& server_;
  uint64_t id_;
  size_t carry_;
  uv_tcp_t handle_;
  uv_shutdown_t shutdown_request_;
  std::string address_;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<StreamHandler> handler_;
  std::string kept_;  // received, not consumed
  std::string out_;   // plain text to send
  unsigned holds_ = 0;
  uint64_t deadline_ = 0;  // loop time at which it is cut off; 0 = none
  uint64_t last_activity_ = 0;
  uint64_t last_frame_ = 0;   // the end of one, or the beginning of the connection
  uint64_t frame_began_ = 0;  // 0: none is unfinished
  bool admitted_ = false;     // counts as a connection
  bool reading_ = false;
  bool woken_ = false;      // run() is due
  bool again_ = false;      // run() is to process what is kept
  bool ended_ = false;      // the peer sends no more
  bool broken_ = false;     // nothing can be sent any more
  bool closing_ = false;    // close() was called
  bool lingering_ = false;  // all is sent; reads and throws away until the peer ends
  bool closed_ = false;     // uv_close() was called
};

}  // namespace mailtrace
