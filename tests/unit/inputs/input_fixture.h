// A loop, an intake that does what the test says, and clients over real sockets, all on one thread.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/counters.h"
#include "core/plugin/loader.h"
#include "core/plugin/plugin.h"

namespace mailtrace::test {

class FakeIntake final : public Intake {
 public:
  struct Line {
    std::string bytes, peer;
    Transport transport;
    int flags;
  };
  bool submit(std::span<const RawLine> lines, Durable on_durable) noexcept override {
    if (refuse) {
      ++refused;
      return false;
    }
    ++submits;
    for (auto& line : lines)
      taken.push_back({std::string(line.bytes), std::string(line.peer), line.transport, line.flags});
    if (on_durable) waiting.push_back(std::move(on_durable));
    return true;
  }
  // Ends the oldest `count` commits.
  void settle(bool stored = true, size_t count = SIZE_MAX) {
    for (; count > 0 && !waiting.empty(); --count) {
      auto next = std::move(waiting.front());
      waiting.pop_front();
      next(stored);
    }
  }
  std::string all() const {
    std::string text;
    for (auto& line : taken) text += line.bytes + "|";
    return text;
  }
  bool refuse = false;
  int refused = 0, submits = 0;
  std::vector<Line> taken;
  std::deque<Durable> waiting;
};

// A non-blocking TCP client; the fixture turns the loop while it waits.
class Client {
 public:
  explicit Client(int port, const char* from = nullptr) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (from) {
      inet_pton(AF_INET, from, &address.sin_addr);
      ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    address.sin_port = htons(static_cast<uint16_t>(port));
    BOOST_REQUIRE_EQUAL(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  ~Client() {
    SSL_free(session_);
    SSL_CTX_free(context_);
    if (socket_ >= 0) ::close(socket_);
  }
  Client(const Client&) = delete;

  void use_tls(const std::string& certificate, const std::string& key) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (!certificate.empty()) {
      SSL_CTX_use_certificate_chain_file(context_, certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM);
    }
    session_ = SSL_new(context_);
    SSL_set_fd(session_, socket_);
    SSL_set_connect_state(session_);
  }
  void send(std::string_view bytes) { out_ += bytes; }
  void half_close() { ::shutdown(socket_, SHUT_WR); }
  void reset() {
    linger hard{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(socket_, -1));
  }
  // Moves what can be moved; closes when the server has.
  void turn() {
    if (socket_ < 0) return;
    move();
    if (closed) ::close(std::exchange(socket_, -1));
  }
  bool all_sent() const { return out_.empty(); }
  std::string received;
  int reads_with_data = 0;
  bool closed = false;
  bool reads = true;

 private:
  void move() {
    ERR_clear_error();  // of other clients of this thread
    while (!out_.empty()) {
      ssize_t sent = session_ ? SSL_write(session_, out_.data(), static_cast<int>(out_.size()))
                              : ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      out_.erase(0, static_cast<size_t>(sent));
    }
    if (!reads) return;
    char buffer[65536];
    for (;;) {
      ssize_t got =
          session_ ? SSL_read(session_, buffer, sizeof buffer) : ::recv(socket_, buffer, sizeof buffer, 0);
      if (got > 0) {
        received.append(buffer, static_cast<size_t>(got));
        ++reads_with_data;
        continue;
      }
      if (session_) {
        int reason = SSL_get_error(session_, static_cast<int>(got));
        closed = reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE;
      } else {
        closed = got == 0 || errno != EAGAIN;
      }
      return;
    }
  }
  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* session_ = nullptr;
  std::string out_;
};

struct InputFixture {
  InputFixture() { uv_loop_init(&loop); }
  ~InputFixture() {
    stop();
    input.reset();
    uv_run(&loop, UV_RUN_DEFAULT);
    BOOST_TEST(uv_loop_close(&loop) == 0);  // nothing is left open
  }

  // `yaml`: the options, such as "listen: 127.0.0.1:0".
  void start(const std::string& plugin, const std::string& yaml) {
    Result<void> started = try_start(plugin, yaml);
    BOOST_REQUIRE_MESSAGE(started, (started ? "" : started.error().text));
    std::string text = input->describe();
    port = std::stoi(text.substr(text.find(':') + 1));
    BOOST_REQUIRE_GT(port, 0);
  }
  Result<void> try_start(const std::string& plugin, const std::string& yaml) {
    input = make(plugin, yaml);
    if (!input) return Error{Fault::config, wrong.empty() ? "" : wrong.front()};
    return input->start();
  }
  // Null: `wrong` says why.
  std::unique_ptr<Input> make(const std::string& plugin, const std::string& yaml) {
    auto found = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::input, plugin);
    BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
    ConfigErrors errors("test.yaml");
    Node node;
    BOOST_REQUIRE(load_yaml(yaml, node, errors));
    auto made = (*found)->make_input(node, errors, InputContext{plugin, &loop, &intake, state_directory});
    wrong = errors.lines();
    return made;
  }
  void stop() {
    if (!input || stopping) return;
    begin_stop();
    intake.settle();
    BOOST_TEST(until([this] { return stopped; }));
  }
  void begin_stop() {
    stopping = true;
    input->stop([this] { stopped = true; });
  }

  Client& connect(const char* from = nullptr) {
    clients.push_back(std::make_unique<Client>(port, from));
    return *clients.back();
  }
  void turn() {
    uv_run(&loop, UV_RUN_NOWAIT);
    for (auto& client : clients) client->turn();
  }
  // Turns until it holds; gives up after a while that no correct program needs.
  bool until(const std::function<bool()>& holds) {
    for (int i = 0; i < 20000; ++i) {
      if (holds()) return true;
      turn();
      if (i > 100) ::poll(nullptr, 0, 1);
    }
    return holds();
  }
  // Long enough for what must not happen to happen.
  void settle_down() {
    for (int i = 0; i < 200; ++i) turn();
    for (int i = 0; i < 20; ++i) {
      turn();
      ::poll(nullptr, 0, 1);
    }
  }
  uint64_t count(const char* name) const { return counter(name, "input=\"" + label + "\""); }

  uv_loop_t loop;
  FakeIntake intake;
  std::unique_ptr<Input> input;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::string> wrong;
  std::string label = "relp", state_directory;
  int port = 0;
  bool stopping = false, stopped = false;
};

}  // namespace mailtrace::test
