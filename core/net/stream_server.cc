// See stream_server.h.
#include "core/net/stream_server.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/net/input_counters.h"

namespace mailtrace {
namespace {
constexpr size_t read_size = 256 * 1024;
constexpr int backlog = 512;

uint64_t milliseconds(Microseconds time) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

template <class H>
uv_handle_t* as_handle(H* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}
}  // namespace

void check_stream_options(const StreamOptions& options, const Node& node, ConfigErrors& errors) {
  auto at = [&node](const char* name) -> const Node& {
    const Node* found = node.find(name);
    return found ? *found : node;
  };
  check_networks(options.allow, "allow", node, errors);
  if (options.has_tls() && options.tls_key.empty())
    errors.add(at("tls_certificate"), "tls_certificate needs tls_key beside it");
  if (!options.tls_key.empty() && !options.has_tls())
    errors.add(at("tls_key"), "tls_key needs tls_certificate beside it");
  if (!options.tls_ca.empty() && !options.has_tls())
    errors.add(at("tls_ca"), "tls_ca needs tls_certificate and tls_key beside it");
  if (!options.tls_permitted_names.empty() && options.tls_ca.empty())
    errors.add(at("tls_permitted_names"), "tls_permitted_names needs tls_ca, which says whose names count");
}

StreamServer::StreamServer(const InputContext& context, const StreamOptions& options, Protocol protocol)
    : context_(context),
      options_(options),
      protocol_(std::move(protocol)),
      allow_(parse_networks(options.allow)),
      connections_(counter("input_connections", InputCounters::label(context.name))),
      rejected_(counter("input_rejected_connections_total", InputCounters::label(context.name))),
      tls_failures_(counter("tls_failures_total", InputCounters::label(context.name))),
      timeouts_(counter("input_handshake_timeouts_total", InputCounters::label(context.name))),
      frame_timeouts_(counter("input_frame_timeouts_total", InputCounters::label(context.name))),
      evicted_(counter("input_evicted_connections_total", InputCounters::label(context.name))) {}

// Handles of a start() that failed delete themselves at the loop's next round.
StreamServer::~StreamServer() {
  auto drop = [](auto* handle) {
    if (!handle) return;
    handle->data = nullptr;
    using H = std::remove_pointer_t<decltype(handle)>;
    uv_close(as_handle(handle), [](uv_handle_t* closed) { delete reinterpret_cast<H*>(closed); });
  };
  for (uv_tcp_t* listener : listeners_) drop(listener);
  drop(timer_);
  drop(prepare_);
  drop(idle_);
}

Result<void> StreamServer::load_tls() {
  if (!options_.has_tls()) return {};
  auto loaded = TlsContext::load(options_.tls());
  if (!loaded) return Error{loaded.error().fault, context_.name + ": " + loaded.error().text};
  tls_ = *std::move(loaded);
  return {};
}

Result<void> StreamServer::start() {
  if (Result<void> loaded = load_tls(); !loaded) return loaded;
  auto addresses = resolve(options_.listen, SOCK_STREAM);
  if (!addresses) return Error{addresses.error().fault, context_.name + ": " + addresses.error().text};
  plain_.resize(protocol_.carry + read_size);
  cipher_.resize(read_size);
  Error failed;
  for (sockaddr_storage& address : *addresses) {
    if (Result<void> bound = bind(address, addresses->size() > 1); !bound) {
      // A machine without IPv6 has ::1 for localhost all the same.
      failed = bound.error();
      if (address.ss_family != AF_INET6 || addresses->size() == 1) return failed;
    }
  }
  if (listeners_.empty()) return failed;
  timer_ = new uv_timer_t;
  prepare_ = new uv_prepare_t;
  idle_ = new uv_idle_t;
  uv_timer_init(context_.loop, timer_);
  uv_prepare_init(context_.loop, prepare_);
  uv_idle_init(context_.loop, idle_);
  timer_->data = prepare_->data = idle_->data = this;
  open_handles_ += 3;
  log(LogLevel::info, "input.listening",
      {{"input", context_.name},
       {"address", listening_},
       {"tls", !tls_               ? "no"
               : tls_->is_mutual() ? "mutual"
                                   : "server only"}});
  return {};
}

Result<void> StreamServer::bind(sockaddr_storage& address, bool only_ipv6) {
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  auto* listener = new uv_tcp_t;
  uv_tcp_init_ex(context_.loop, listener, raw->sa_family);
  listener->data = this;
  bool ipv6 = raw->sa_family == AF_INET6;
  auto failed = [&](const char* what, int code) {
    uv_close(as_handle(listener), [](uv_handle_t* closed) { delete reinterpret_cast<uv_tcp_t*>(closed); });
    return Error{fault_of(code),
                 context_.name + ": " + what + " " + options_.listen.text() + ": " + uv_strerror(code)};
  };
  int code = uv_tcp_bind(listener, raw, only_ipv6 && ipv6 ? UV_TCP_IPV6ONLY : 0);
  if (code != 0) return failed("bind", code);
  uv_os_fd_t socket;
  if (protocol_.max_segment > 0 && uv_fileno(as_handle(listener), &socket) == 0)
    setsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &protocol_.max_segment, sizeof protocol_.max_segment);
  code = uv_listen(reinterpret_cast<uv_stream_t*>(listener), backlog, [](uv_stream_t* handle, int status) {
    static_cast<StreamServer*>(handle->data)->on_connection(handle, status);
  });
  if (code != 0) return failed("listen on", code);
  sockaddr_storage bound{};
  int size = sizeof bound;
  uv_tcp_getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  int port = port_of(reinterpret_cast<sockaddr*>(&bound));
  if (!listening_.empty()) listening_ += ", ";
  listening_ += SocketAddress{address_text(reinterpret_cast<sockaddr*>(&bound)), port}.text();
  listeners_.push_back(listener);
  ++open_handles_;
  return {};
}

void StreamServer::take(StreamServer& fresh) {
  auto started = std::move(options_);
  options_ = fresh.options_;
  options_.listen = started.listen;
  options_.max_line = started.max_line;
  allow_ = fresh.allow_;
  tls_ = std::move(fresh.tls_);
  if (timer_) watch_time();
}

void StreamServer::on_connection(uv_stream_t* listener, int status) {
  if (closing_) return;
  if (status < 0) {
    log_rarely(LogLevel::warning, "input.accept_failed",
               {{"input", context_.name}, {"error", uv_strerror(status)}});
    return;
  }
  uint64_t id = ++last_id_;
  Stream& stream = *streams_.emplace(id, std::make_unique<Stream>(*this, id, protocol_.carry)).first->second;
  if (!stream.accept(listener)) return stream.close_now();
  sockaddr_storage address{};
  int size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (uv_tcp_getpeername(&stream.handle_, raw, &size) != 0) return stream.close_now();
  stream.address_ = address_text(raw);
  if (const char* reason = why_not(stream, raw)) return reject(stream, reason);
  stream.admitted_ = true;
  ++admitted_;
  ++connections_;
  ++by_address_[stream.address_];
  if (paused_) stream.hold(Stream::paused);
  stream.open(tls_.get(), uv_now(context_.loop) + milliseconds(options_.handshake_timeout));
  watch_time();
}

const char* StreamServer::why_not(const Stream& stream, const sockaddr* address) {
  if (!allow_.empty() && !allow_.contains(address)) return "not in allow";
  int64_t own = connections_of(stream.address_);
  if (own >= options_.max_connections_per_address && !make_room(stream.address_))
    return "max_connections_per_address";
  if (admitted_ < options_.max_connections) return nullptr;
  auto busiest = std::max_element(by_address_.begin(), by_address_.end(),
                                  [](const auto& a, const auto& b) { return a.second < b.second; });
  // Who has as many is served no worse than the new one.
  bool fair = busiest != by_address_.end() && busiest->second > own + 1;
  return fair && make_room(busiest->first) ? nullptr : "max_connections";
}

int64_t StreamServer::connections_of(const std::string& address) const {
  auto known = by_address_.find(address);
  return known == by_address_.end() ? 0 : known->second;
}

// Connections that say nothing must not lock out a sender that comes back. One that has been silent for
// a moment only stays, so that a flood of new ones closes nobody who is at work.
bool StreamServer::make_room(const std::string& address) {
  uint64_t now = uv_now(context_.loop), longest = 0;
  Stream* idle = nullptr;
  for (auto& [id, stream] : streams_) {
    if (!stream->admitted_ || stream->address_ != address || stream->idle_time(now) <= longest) continue;
    longest = stream->idle_time(now);
    idle = stream.get();
  }
  if (!idle || longest < milliseconds(options_.handshake_timeout)) return false;
  ++evicted_;
  log_rarely(LogLevel::warning, "input.evicted",
             {{"input", context_.name},
              {"peer", idle->address()},
              {"idle_s", std::to_string(longest / 1000)},
              {"reason", "room for a new connection"}});
  leave(*idle);
  idle->end();
  return true;
}

void StreamServer::reject(Stream& stream, const char* reason) {
  ++rejected_;
  log_rarely(LogLevel::warning, "input.rejected",
             {{"input", context_.name}, {"peer", stream.address()}, {"reason", reason}});
  stream.close_now();
}

void StreamServer::leave(Stream& stream) {
  if (!std::exchange(stream.admitted_, false)) return;
  --admitted_;
  --connections_;
  auto known = by_address_.find(stream.address_);
  if (--known->second == 0) by_address_.erase(known);
}

void StreamServer::gone(Stream& stream) {
  leave(stream);
  streams_.erase(stream.id());
  if (closing_) close_when_empty();
}

Stream* StreamServer::find(uint64_t id) {
  auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

// Streams are only ever deleted by the loop, so `visit` may close any of them.
void StreamServer::each(const std::function<void(Stream&)>& visit) {
  for (auto& [id, stream] : streams_) visit(*stream);
}

void StreamServer::pause() {
  paused_ = true;
  each([](Stream& stream) { stream.hold(Stream::paused); });
}

void StreamServer::resume() {
  paused_ = false;
  each([](Stream& stream) {
    stream.release(Stream::paused);
    stream.release(Stream::refused);
  });
}

void StreamServer::wake(Stream& stream) {
  if (woken_.empty()) {
    uv_prepare_start(prepare_,
                     [](uv_prepare_t* handle) { static_cast<StreamServer*>(handle->data)->run_woken(); });
    uv_idle_start(idle_, [](uv_idle_t*) {});
  }
  woken_.push_back(stream.id());
}

void StreamServer::run_woken() {
  uv_prepare_stop(prepare_);
  uv_idle_stop(idle_);
  std::vector<uint64_t> now;
  now.swap(woken_);
  for (uint64_t id : now)
    if (Stream* stream = find(id)) stream->run();
}

// The timer runs only while somebody has a deadline, so that a quiet receiver sleeps.
void StreamServer::watch_time() {
  if (!timer_ || uv_is_active(as_handle(timer_))) return;
  uint64_t shortest = std::min({uint64_t{250}, milliseconds(options_.handshake_timeout) / 2,
                                milliseconds(options_.frame_timeout) / 2});
  if (uint64_t idle = milliseconds(options_.idle_timeout); idle != 0) shortest = std::min(shortest, idle / 2);
  uint64_t every = std::max<uint64_t>(20, shortest);
  uv_timer_start(
      timer_, [](uv_timer_t* handle) { static_cast<StreamServer*>(handle->data)->tick(); }, every, every);
}

void StreamServer::tick() {
  uint64_t now = uv_now(context_.loop);
  Stream::Limits limits{milliseconds(options_.frame_timeout), milliseconds(options_.idle_timeout)};
  bool needed = false;
  for (auto& [id, stream] : streams_) {
    stream->check_time(now, limits);
    // Should nobody call resume(): what was refused is offered again.
    if (stream->is_held(Stream::refused)) {
      stream->release(Stream::refused);
      needed = true;
    }
    if (limits.idle != 0 || stream->needs_time()) needed = true;
  }
  if (!needed) uv_timer_stop(timer_);
}

void StreamServer::stop_listening() {
  for (uv_tcp_t* listener : listeners_) {
    uv_close(as_handle(listener), [](uv_handle_t* closed) {
      auto* server = static_cast<StreamServer*>(closed->data);
      delete reinterpret_cast<uv_tcp_t*>(closed);
      if (server) server->handle_closed();
    });
  }
  listeners_.clear();
}

void StreamServer::close(std::function<void()> done) {
  done_ = std::move(done);
  closing_ = true;
  stop_listening();
  each([](Stream& stream) {
    if (!stream.handler()) stream.close_now();
  });
  close_when_empty();
}

void StreamServer::close_when_empty() {
  if (!streams_.empty()) return;
  if (!timer_) {  // never started
    if (open_handles_ == 0 && done_) std::exchange(done_, nullptr)();
    return;
  }
  auto drop = [](auto*& handle) {
    using H = std::remove_pointer_t<std::remove_reference_t<decltype(handle)>>;
    uv_close(as_handle(handle), [](uv_handle_t* closed) {
      auto* server = static_cast<StreamServer*>(closed->data);
      delete reinterpret_cast<H*>(closed);
      if (server) server->handle_closed();
    });
    handle = nullptr;
  };
  drop(timer_);
  drop(prepare_);
  drop(idle_);
}

// `done` may delete this.
void StreamServer::handle_closed() {
  if (--open_handles_ > 0 || !done_) return;
  auto done = std::exchange(done_, nullptr);
  done();
}

std::string StreamServer::describe() const {
  std::string text = listening_.empty() ? options_.listen.text() + ", not listening" : listening_;
  return text + ", " + std::to_string(admitted_) + (admitted_ == 1 ? " connection" : " connections");
}

}  // namespace mailtrace
