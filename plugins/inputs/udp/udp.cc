// Input udp: syslog datagrams (RFC 5426), read in batches by recvmmsg. Loop thread.
// Promise: every datagram that was read is given to the intake; what the kernel drops is counted.
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/net/address.h"
#include "core/net/framing.h"
#include "core/net/input_counters.h"
#include "core/plugin/plugin.h"

namespace mailtrace {
namespace {

constexpr size_t batch_size = 64;
// After so many batches the other inputs have their turn; the loop comes back at once.
constexpr int max_rounds = 32;
// How often the kernel is asked for drops that no datagram has told of.
constexpr uint64_t ask_for_drops_ms = 1000;

class Udp final : public Input {
 public:
  struct Config {
    SocketAddress listen{"127.0.0.1", 5514};
    int64_t max_line = 65536;
    Bytes receive_buffer{64 << 20};
    std::vector<std::string> allow;
  };
  static std::span<const Option> options() {
    static const std::vector<Option> table = {
        option("listen", &Config::listen, "address and port to listen on; * is every address"),
        option("max_line", &Config::max_line, 480, 65536,
               "bytes of a datagram that are kept; a longer one is cut and flagged"),
        option("receive_buffer", &Config::receive_buffer, Bytes{64 << 10}, Bytes{1ull << 30},
               "what the kernel may keep of datagrams not yet read; above net.core.rmem_max it needs "
               "CAP_NET_ADMIN"),
        live(option("allow", &Config::allow,
                    "networks whose datagrams are taken, such as 192.0.2.0/24; empty: all")),
    };
    return table;
  }
  static void check(const Config& config, const Node& node, ConfigErrors& errors) {
    check_networks(config.allow, "allow", node, errors);
  }

  Udp(Config config, const InputContext& context)
      : config_(std::move(config)),
        context_(context),
        allow_(parse_networks(config_.allow)),
        counters_(context.name),
        kernel_drops_(counter("input_kernel_drops_total", InputCounters::label(context.name))),
        rejected_(counter("input_rejected_datagrams_total", InputCounters::label(context.name))) {}
  ~Udp() override { close_sockets(nullptr); }

  Result<void> start() noexcept override;
  // A datagram that is not read is lost anyway; the intake counts what it cannot take.
  void pause() noexcept override {}
  void resume() noexcept override {}
  void take(Input& fresh) noexcept override { allow_ = static_cast<Udp&>(fresh).allow_; }
  void stop(Done done) noexcept override;
  std::string describe() const noexcept override {
    return listening_.empty() ? config_.listen.text() + ", not listening" : listening_;
  }

 private:
  struct Socket {
    uv_poll_t poll;
    Udp* input;
    int descriptor;
    uint32_t dropped = 0;  // the kernel's own count
  };
  // Where recvmmsg puts a batch.
  struct Batch {
    std::array<mmsghdr, batch_size> headers;
    std::array<iovec, batch_size> vectors;
    std::array<sockaddr_storage, batch_size> addresses;
    std::array<std::array<char, CMSG_SPACE(sizeof(uint32_t))>, batch_size> controls;
    std::array<std::string, batch_size> peers;
    std::unique_ptr<char[]> bytes;
  };

  Result<void> bind(const sockaddr_storage& address, bool only_ipv6);
  void set_receive_buffer(int descriptor);
  void receive(Socket& socket);
  bool receive_batch(Socket& socket);
  void read_drops(Socket& socket, msghdr& header);
  void ask_for_drops(Socket& socket);
  void count_drops(Socket& socket, uint32_t total);
  void close_sockets(Done done);

  Config config_;
  InputContext context_;
  NetworkList allow_;
  InputCounters counters_;
  Counter& kernel_drops_;
  Counter& rejected_;
  std::vector<Socket*> sockets_;  // deleted by libuv's close callback
  uv_timer_t* timer_ = nullptr;   // this too
  std::unique_ptr<Batch> batch_;
  std::vector<RawLine> lines_;
  std::string listening_;
};

Result<void> Udp::start() noexcept {
  auto addresses = resolve(config_.listen, SOCK_DGRAM);
  if (!addresses) return Error{addresses.error().fault, context_.name + ": " + addresses.error().text};
  batch_ = std::make_unique<Batch>();
  // Pages that no datagram reaches are never touched, and so cost nothing.
  batch_->bytes.reset(new char[batch_size * static_cast<size_t>(config_.max_line)]);
  Error failed;
  for (const sockaddr_storage& address : *addresses) {
    Result<void> bound = bind(address, addresses->size() > 1);
    if (bound) continue;
    failed = bound.error();
    if (address.ss_family != AF_INET6 || addresses->size() == 1) return failed;
  }
  if (sockets_.empty()) return failed;
  timer_ = new uv_timer_t;
  uv_timer_init(context_.loop, timer_);
  timer_->data = this;
  uv_timer_start(
      timer_,
      [](uv_timer_t* timer) {
        auto* input = static_cast<Udp*>(timer->data);
        for (Socket* socket : input->sockets_) input->ask_for_drops(*socket);
      },
      ask_for_drops_ms, ask_for_drops_ms);
  log(LogLevel::info, "input.listening", {{"input", context_.name}, {"address", listening_}});
  return {};
}

Result<void> Udp::bind(const sockaddr_storage& address, bool only_ipv6) {
  bool ipv6 = address.ss_family == AF_INET6;
  int descriptor = ::socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  auto failed = [&](const char* what) {
    std::string text =
        context_.name + ": " + what + " " + config_.listen.text() + ": " + std::strerror(errno);
    Fault fault = fault_of(errno);
    if (descriptor >= 0) ::close(descriptor);
    return Error{fault, text};
  };
  if (descriptor < 0) return failed("open a socket for");
  int on = 1;
  if (ipv6 && only_ipv6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  set_receive_buffer(descriptor);
  socklen_t size = ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) != 0) return failed("bind");
  sockaddr_storage bound{};
  size = sizeof bound;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
  auto* raw = reinterpret_cast<sockaddr*>(&bound);
  if (!listening_.empty()) listening_ += ", ";
  listening_ += SocketAddress{address_text(raw), port_of(raw)}.text();

  auto* socket = new Socket{{}, this, descriptor};
  uv_poll_init(context_.loop, &socket->poll, descriptor);
  socket->poll.data = socket;
  sockets_.push_back(socket);
  uv_poll_start(&socket->poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
    auto* ready = static_cast<Socket*>(handle->data);
    ready->input->receive(*ready);
  });
  return {};
}

void Udp::set_receive_buffer(int descriptor) {
  auto wanted = static_cast<int>(config_.receive_buffer.count);
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
  int got = 0;
  socklen_t size = sizeof got;
  getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &got, &size);
  got /= 2;  // socket(7): the kernel doubles it for its own book-keeping
  bool enough = got >= wanted;
  log(enough ? LogLevel::info : LogLevel::warning, "udp.receive_buffer",
      {{"input", context_.name},
       {"wanted", std::to_string(wanted)},
       {"got", std::to_string(got)},
       {"hint", enough ? "none" : "raise net.core.rmem_max or grant CAP_NET_ADMIN"}});
}

void Udp::receive(Socket& socket) {
  for (int i = 0; i < max_rounds; ++i)
    if (!receive_batch(socket)) return;
}

// The counter is the socket's total, and comes with each datagram that is queued once it is above zero.
void Udp::read_drops(Socket& socket, msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_RXQ_OVFL) continue;
    uint32_t total = 0;
    std::memcpy(&total, CMSG_DATA(control), sizeof total);
    count_drops(socket, total);
  }
}

// At the end of a burst no datagram follows that would tell.
void Udp::ask_for_drops(Socket& socket) {
  std::array<uint32_t, SK_MEMINFO_VARS> figures{};
  socklen_t size = sizeof figures;
  if (getsockopt(socket.descriptor, SOL_SOCKET, SO_MEMINFO, figures.data(), &size) == 0 &&
      size > SK_MEMINFO_DROPS * sizeof figures[0])
    count_drops(socket, figures[SK_MEMINFO_DROPS]);
}

void Udp::count_drops(Socket& socket, uint32_t total) {
  // Right also when it wraps, and for a datagram that was queued before we asked.
  auto more = static_cast<int32_t>(total - socket.dropped);
  if (more <= 0) return;
  kernel_drops_ += static_cast<uint32_t>(more);
  socket.dropped = total;
  log_rarely(LogLevel::warning, "udp.kernel_drops",
             {{"input", context_.name}, {"datagrams", std::to_string(more)}});
}

// False: nothing is left to read.
bool Udp::receive_batch(Socket& socket) {
  Batch& batch = *batch_;
  auto max_line = static_cast<size_t>(config_.max_line);
  for (size_t i = 0; i < batch_size; ++i) {
    batch.vectors[i] = {batch.bytes.get() + i * max_line, max_line};
    msghdr& header = batch.headers[i].msg_hdr;
    header = {};
    header.msg_name = &batch.addresses[i];
    header.msg_namelen = sizeof(sockaddr_storage);
    header.msg_iov = &batch.vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = batch.controls[i].data();
    header.msg_controllen = batch.controls[i].size();
  }
  int got = recvmmsg(socket.descriptor, batch.headers.data(), batch_size, MSG_DONTWAIT, nullptr);
  if (got <= 0) return false;
  Time received = now();
  lines_.clear();
  for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
    msghdr& header = batch.headers[i].msg_hdr;
    if (header.msg_controllen > 0) read_drops(socket, header);
    auto* address = reinterpret_cast<sockaddr*>(&batch.addresses[i]);
    if (!allow_.empty() && !allow_.contains(address)) {
      ++rejected_;
      continue;
    }
    bool cut = (header.msg_flags & MSG_TRUNC) != 0;
    std::string_view datagram(static_cast<char*>(batch.vectors[i].iov_base), batch.headers[i].msg_len);
    std::string_view line = cut ? datagram : without_line_end(datagram);
    if (line.empty()) continue;
    batch.peers[i] = address_text(address);
    lines_.push_back(
        {line, received, Transport::udp, cut ? record_flag::truncated : uint8_t{0}, batch.peers[i]});
  }
  if (!lines_.empty() && context_.intake->submit(lines_)) counters_.add(lines_);
  return static_cast<size_t>(got) == batch_size;
}

void Udp::stop(Done done) noexcept {
  for (Socket* socket : sockets_) {
    receive(*socket);
    ask_for_drops(*socket);
  }
  close_sockets(std::move(done));
}

void Udp::close_sockets(Done done) {
  // Shared by the close callbacks: the last one calls it, when this input may be gone.
  auto last = std::make_shared<Done>(std::move(done));
  if (sockets_.empty() && *last) return (*last)();
  auto left = std::make_shared<size_t>(sockets_.size());
  struct Closing {
    Socket* socket;
    std::shared_ptr<Done> last;
    std::shared_ptr<size_t> left;
  };
  for (Socket* socket : std::exchange(sockets_, {})) {
    int descriptor = socket->descriptor;
    socket->poll.data = new Closing{socket, last, left};
    uv_close(reinterpret_cast<uv_handle_t*>(&socket->poll), [](uv_handle_t* handle) {
      std::unique_ptr<Closing> closing(static_cast<Closing*>(handle->data));
      delete closing->socket;
      if (--*closing->left == 0 && *closing->last) (*closing->last)();
    });
    ::close(descriptor);
  }
  if (timer_)
    uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(timer_, nullptr)),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_timer_t*>(handle); });
}

}  // namespace

MAILTRACE_INPUT(Udp, "udp", "syslog over UDP, read in batches, kernel drops counted");
}  // namespace mailtrace
