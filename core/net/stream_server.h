// StreamServer: listens, admits and keeps the connections of the tcp and relp inputs. Loop thread.
#pragma once
#include <uv.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/counters.h"
#include "core/net/address.h"
#include "core/net/stream.h"
#include "core/net/stream_options.h"
#include "core/plugin/input.h"

namespace mailtrace {

class StreamServer {
 public:
  // What tells one protocol from the other.
  struct Protocol {
    size_t carry;         // a handler that is not held leaves at most so many bytes unconsumed
    int max_segment = 0;  // TCP_MAXSEG of the connections; 0: the system's
    // A connection is ready for its first byte.
    std::function<std::unique_ptr<StreamHandler>(Stream&)> connected;
  };

  StreamServer(const InputContext& context, const StreamOptions& options, Protocol protocol);
  // After a successful start(): only when close() has called back.
  ~StreamServer();

  Result<void> start();
  Result<void> load_tls();
  // The limits, networks and certificates of a server that was made from new options and never started.
  // Connections that are open stay open.
  void take(StreamServer& fresh);
  void pause();
  void resume();
  void stop_listening();
  // Calls `done` when every stream has been closed by its handler and all handles are gone. Streams that are
  // still greeting are cut off.
  void close(std::function<void()> done);

  Stream* find(uint64_t id);  // null: gone
  void each(const std::function<void(Stream&)>& visit);
  std::string describe() const;
  uv_loop_t* loop() const { return context_.loop; }

 private:
  friend class Stream;
  struct Handles;

  Result<void> bind(sockaddr_storage& address, bool only_ipv6);
  void on_connection(uv_stream_t* listener, int status);
  const char* why_not(const Stream& stream, const sockaddr* address);
  int64_t connections_of(const std::string& address) const;
  bool make_room(const std::string& address);
  void reject(Stream& stream, const char* reason);
  void leave(Stream& stream);
  void gone(Stream& stream);
  void wake(Stream& stream);
  void run_woken();
  void tick();
  void watch_time();
  void close_when_empty();
  void handle_closed();

  InputContext context_;
  StreamOptions options_;
  Protocol protocol_;
  NetworkList allow_;
  std::unique_ptr<TlsContext> tls_;
  std::vector<uv_tcp_t*> listeners_;
  std::string listening_;  // "127.0.0.1:2514, [::1]:2514"
  uv_timer_t* timer_ = nullptr;
  // Answers wait for the end of the loop round: a prepare handle runs before the loop sleeps, and the idle
  // handle keeps it from sleeping should the wake-up come after the prepare handles of this round.
  uv_prepare_t* prepare_ = nullptr;
  uv_idle_t* idle_ = nullptr;
  int open_handles_ = 0;
  std::map<uint64_t, std::unique_ptr<Stream>> streams_;
  std::unordered_map<std::string, int64_t> by_address_;
  std::vector<uint64_t> woken_;
  std::vector<char> plain_, cipher_;  // reads of all streams go here, one at a time
  uint64_t last_id_ = 0;
  int64_t admitted_ = 0;
  bool paused_ = false;
  bool closing_ = false;
  std::function<void()> done_;
  Counter& connections_;
  Counter& rejected_;
  Counter& tls_failures_;
  Counter& timeouts_;
  Counter& frame_timeouts_;
  Counter& evicted_;
};

}  // namespace mailtrace
