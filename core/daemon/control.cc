#include "core/daemon/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file.h"

namespace mailtrace {
namespace {

constexpr size_t longest_command = 256;

// A socket file left by a killed daemon refuses connections; a live one does not and is never taken away.
int check_nobody_listens(const std::string& path) {
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
  bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected ? UV_EADDRINUSE : 0;
}

}  // namespace

struct Control::Client {
  Control* control;
  uv_pipe_t pipe;
  uv_write_t write;
  std::string command, answer;
  char buffer[longest_command];

  static void on_space(uv_handle_t* handle, size_t, uv_buf_t* out) {
    auto* self = static_cast<Client*>(handle->data);
    *out = uv_buf_init(self->buffer, sizeof self->buffer);
  }
  static void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
    auto* self = static_cast<Client*>(stream->data);
    if (n < 0) return self->control->drop(self);
    self->command.append(buffer->base, static_cast<size_t>(n));
    auto end = self->command.find('\n');
    if (end == std::string::npos) {
      if (self->command.size() > longest_command) self->control->drop(self);
      return;
    }
    uv_read_stop(stream);
    self->answer = self->control->answer_(std::string_view(self->command).substr(0, end)) + "\n";
    auto out = uv_buf_init(self->answer.data(), static_cast<unsigned>(self->answer.size()));
    int failed = uv_write(&self->write, stream, &out, 1, [](uv_write_t* done, int) {
      auto* client = static_cast<Client*>(done->handle->data);
      client->control->drop(client);
    });
    if (failed) self->control->drop(self);
  }
};

Control::Control(uv_loop_t* loop, std::string path, Answer answer)
    : loop_(loop), path_(std::move(path)), answer_(std::move(answer)) {}

Control::~Control() { stop(); }

Result<void> Control::start() {
  auto failed = [&](int code) {
    return Error{code == UV_EADDRINUSE ? Fault::config : fault_of(code),
                 "control socket " + path_ + ": " + uv_strerror(code)};
  };
  if (path_.size() >= sizeof(sockaddr_un::sun_path)) return failed(UV_ENAMETOOLONG);
  if (int code = check_nobody_listens(path_); code) return failed(code);
  // One that is left and cannot be removed would only say that its address is in use.
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return failed(uv_translate_sys_error(errno));
  server_ = new uv_pipe_t;
  uv_pipe_init(loop_, server_, 0);
  server_->data = this;
  mode_t mask = ::umask(0177);
  int code = uv_pipe_bind(server_, path_.c_str());
  ::umask(mask);
  if (!code) code = uv_listen(reinterpret_cast<uv_stream_t*>(server_), 16, on_connection);
  if (!code) return {};
  stop();
  return failed(code);
}

void Control::on_connection(uv_stream_t* server, int status) {
  auto* self = static_cast<Control*>(server->data);
  if (status < 0) return;
  auto* client =
      new Client{.control = self, .pipe = {}, .write = {}, .command = {}, .answer = {}, .buffer = {}};
  uv_pipe_init(self->loop_, &client->pipe, 0);
  client->pipe.data = client;
  self->clients_.insert(client);
  auto* stream = reinterpret_cast<uv_stream_t*>(&client->pipe);
  if (uv_accept(server, stream) != 0 || uv_read_start(stream, Client::on_space, Client::on_read) != 0)
    self->drop(client);
}

void Control::drop(Client* client) {
  if (!clients_.erase(client)) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&client->pipe),
           [](uv_handle_t* handle) { delete static_cast<Client*>(handle->data); });
}

void Control::stop() {
  if (!server_) return;
  while (!clients_.empty()) drop(*clients_.begin());
  uv_close(reinterpret_cast<uv_handle_t*>(server_),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_pipe_t*>(handle); });
  server_ = nullptr;
}

}  // namespace mailtrace
