#include "plugins/web/portal/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "core/base/counters.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/text.h"

namespace mailtrace::portal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t connection_memory = 32 << 10;  // the head of a request must fit into it
constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

// One request on its way.
struct Exchange {
  std::string target;
  std::shared_ptr<Request> request;
  bool bad_target = false, too_large = false;
  size_t received = 0;
  std::optional<Response> response;
};

bool is_text(const std::string& type) {
  return type.starts_with("text/") || type == "application/json" || type == "application/problem+json" ||
         type == "application/javascript" || type == "application/yaml";
}

MHD_Response* make_response(Response& from) {
  if (!from.shared)
    return MHD_create_response_from_buffer(from.body.size(), from.body.data(), MHD_RESPMEM_MUST_COPY);
  auto* kept = new std::shared_ptr<const std::string>(from.shared);
  auto* made = MHD_create_response_from_buffer_with_free_callback_cls(
      (*kept)->size(), const_cast<char*>((*kept)->data()),
      [](void* self) { delete static_cast<std::shared_ptr<const std::string>*>(self); }, kept);
  if (!made) delete kept;
  return made;
}

}  // namespace

struct Server::Inside {
  ServerOptions options;
  Handler handler;
  std::vector<MHD_Daemon*> daemons;
  std::vector<MHD_Daemon*> retired;  // by renew(): they finish what they have; under `mutex`
  // Connections that owe us a complete request, and since when.
  struct Waiting {
    int socket;
    Clock::time_point since;
    bool owes;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<MHD_Connection*, Waiting> connections;
  bool stopping = false;
  std::thread sweeper;

  void sweep();
  void end_retired(std::unique_lock<std::mutex>& lock);
  void owes(MHD_Connection* connection, bool owes_now);
  bool read_head(MHD_Connection* connection, Exchange& exchange);
  MHD_Result queue(MHD_Connection* connection, Exchange& exchange);
  MHD_Result refuse(MHD_Connection* connection, Exchange& exchange, Problem what, int status = 0);
  MHD_Result access(MHD_Connection* connection, const char* method, const char* data, size_t* size,
                    Exchange& exchange);
  MHD_Daemon* listen(MHD_OptionItem where, unsigned flags, Error& error);
};

namespace {

void* on_target(void*, const char* uri, MHD_Connection*) {
  auto* exchange = new Exchange;
  exchange->target = uri;
  return exchange;
}

}  // namespace

// A client that sends a byte now and then would keep its place for hours: MHD's own limit is about silence.
void Server::Inside::sweep() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    changed.wait_for(lock, std::chrono::seconds(1));
    auto late = Clock::now() - options.patience;
    for (auto& [connection, waiting] : connections)
      if (waiting.owes && waiting.since < late) {
        ::shutdown(waiting.socket, SHUT_RDWR);
        waiting.owes = false;
      }
    end_retired(lock);
  }
}

void Server::Inside::end_retired(std::unique_lock<std::mutex>& lock) {
  std::vector<MHD_Daemon*> over;
  std::erase_if(retired, [&](MHD_Daemon* daemon) {
    auto* info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    if (!info || info->num_connections > 0) return false;
    over.push_back(daemon);
    return true;
  });
  if (over.empty()) return;
  lock.unlock();  // their threads may be waiting for it
  for (auto* daemon : over) MHD_stop_daemon(daemon);
  lock.lock();
}

void Server::Inside::owes(MHD_Connection* connection, bool owes_now) {
  std::lock_guard lock(mutex);
  auto found = connections.find(connection);
  if (found == connections.end()) return;
  found->second.owes = owes_now;
  found->second.since = Clock::now();
}

namespace {

struct HeadCounts {
  Request* request;
  int lengths = 0, encodings = 0, hosts = 0;
};

MHD_Result on_header(void* self, MHD_ValueKind, const char* key, const char* value) {
  auto& counts = *static_cast<HeadCounts*>(self);
  std::string name = lower(key);
  counts.lengths += name == "content-length";
  counts.encodings += name == "transfer-encoding";
  counts.hosts += name == "host";
  counts.request->headers.emplace_back(std::move(name), value ? value : "");
  return MHD_YES;
}

std::string last_of_list(const std::string& list) {
  auto comma = list.rfind(',');
  std::string item = comma == std::string::npos ? list : list.substr(comma + 1);
  item.erase(std::remove(item.begin(), item.end(), ' '), item.end());
  return item;
}

}  // namespace

// False: two readings of where the body ends, which is how a request is smuggled past a proxy (RFC 9112 6.3).
bool Server::Inside::read_head(MHD_Connection* connection, Exchange& exchange) {
  Request& request = *exchange.request;
  HeadCounts counts{&request};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &on_header, &counts);
  auto* peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  request.peer = address_text(peer);
  request.secure = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_PROTOCOL) != nullptr;  // of TLS
  if (options.proxies.contains(peer)) {
    request.through_proxy = true;
    // Each proxy appends whom it spoke to: the last one is what ours says.
    std::string client = last_of_list(request.header("x-forwarded-for"));
    if (!client.empty() && client.size() < 64) request.peer = client;
    request.secure = request.secure || last_of_list(request.header("x-forwarded-proto")) == "https";
  }
  return counts.lengths <= 1 && counts.encodings <= 1 && counts.lengths + counts.encodings <= 1 &&
         counts.hosts == 1;
}

MHD_Result Server::Inside::queue(MHD_Connection* connection, Exchange& exchange) {
  Response& response = *exchange.response;
  MHD_Response* made = make_response(response);
  if (!made) return MHD_NO;
  if (!response.type.empty()) {
    std::string type = response.type + (is_text(response.type) ? "; charset=utf-8" : "");
    MHD_add_response_header(made, "Content-Type", type.c_str());
  }
  MHD_add_response_header(made, "Content-Security-Policy", policy);
  MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(made, "X-Frame-Options", "DENY");
  MHD_add_response_header(made, "Referrer-Policy", "no-referrer");
  MHD_add_response_header(made, "Cross-Origin-Opener-Policy", "same-origin");
  MHD_add_response_header(made, "Cross-Origin-Resource-Policy", "same-origin");
  if (exchange.request && exchange.request->secure)
    MHD_add_response_header(made, "Strict-Transport-Security", "max-age=31536000");
  // MHD refuses values with line breaks: what it does not take is left out.
  for (auto& [name, value] : response.headers) MHD_add_response_header(made, name.c_str(), value.c_str());
  auto queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), made);
  MHD_destroy_response(made);
  return queued;
}

MHD_Result Server::Inside::refuse(MHD_Connection* connection, Exchange& exchange, Problem what, int status) {
  static Counter& refused = counter("web_requests_refused_total");
  ++refused;
  exchange.response = problem(what, exchange.request->language());
  if (status != 0) exchange.response->status = status;
  exchange.response->add("Connection", "close");
  owes(connection, false);
  return queue(connection, exchange);
}

MHD_Result Server::Inside::access(MHD_Connection* connection, const char* method, const char* data,
                                  size_t* size, Exchange& exchange) {
  if (exchange.response) return queue(connection, exchange);  // resumed
  if (!exchange.request) {
    exchange.request = std::make_shared<Request>();
    exchange.request->method = method;
    if (!read_head(connection, exchange)) return refuse(connection, exchange, Problem::invalid, 400);
    if (!read_target(exchange.target, *exchange.request))
      return refuse(connection, exchange, Problem::invalid, 400);
    const std::string& length = exchange.request->header("content-length");
    if (length.size() > 9 || std::strtoull(length.c_str(), nullptr, 10) > options.largest_body)
      return refuse(connection, exchange, Problem::too_large);
    return MHD_YES;
  }
  if (*size > 0) {
    exchange.received += *size;
    if (exchange.received <= options.largest_body)
      exchange.request->body.append(data, *size);
    else
      exchange.too_large = true;
    *size = 0;
    // Not even read to its end.
    return exchange.received > 4 * options.largest_body ? MHD_NO : MHD_YES;
  }
  if (exchange.too_large) return refuse(connection, exchange, Problem::too_large);
  owes(connection, false);
  auto* waiting = &exchange;
  MHD_suspend_connection(connection);
  auto at_once = handler(exchange.request, [waiting, connection](Response response) {
    waiting->response = std::move(response);
    MHD_resume_connection(connection);
  });
  if (at_once) {
    exchange.response = std::move(at_once);
    MHD_resume_connection(connection);
  }
  return MHD_YES;
}

// `where` is an address to bind or a socket that listens; `flags` those of its family.
MHD_Daemon* Server::Inside::listen(MHD_OptionItem where, unsigned flags, Error& error) {
  flags |= MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  std::vector<MHD_OptionItem> more{where};
  if (!options.keys.certificate.empty()) {
    flags |= MHD_USE_TLS;
    more.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, options.keys.certificate.data()});
    more.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, options.keys.key.data()});
    more.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0,
                    const_cast<char*>("NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE")});
  }
  more.push_back({MHD_OPTION_END, 0, nullptr});
  errno = 0;
  auto on_access = [](void* self, MHD_Connection* connection, const char*, const char* method, const char*,
                      const char* data, size_t* size, void** state) {
    return static_cast<Inside*>(self)->access(connection, method, data, size,
                                              *static_cast<Exchange*>(*state));
  };
  MHD_RequestCompletedCallback on_end = [](void* self, MHD_Connection* connection, void** state,
                                           MHD_RequestTerminationCode) {
    delete static_cast<Exchange*>(*state);
    *state = nullptr;
    static_cast<Inside*>(self)->owes(connection, true);
  };
  MHD_NotifyConnectionCallback on_connection = [](void* self, MHD_Connection* connection, void**,
                                                  MHD_ConnectionNotificationCode code) {
    auto& inside = *static_cast<Inside*>(self);
    std::lock_guard lock(inside.mutex);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
      inside.connections.erase(connection);
      return;
    }
    int socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    inside.connections[connection] = {socket, Clock::now(), true};
  };
  void (*on_error)(void*, const char*, va_list) = [](void*, const char* format, va_list values) {
    char text[512];
    std::vsnprintf(text, sizeof text, format, values);
    log_rarely(LogLevel::warning, "web.http", {{"said", text}});
  };
  auto* daemon = MHD_start_daemon(
      flags, 0, nullptr, nullptr, on_access, this,  //
      MHD_OPTION_EXTERNAL_LOGGER, on_error, nullptr, MHD_OPTION_URI_LOG_CALLBACK, &on_target, nullptr,
      MHD_OPTION_NOTIFY_COMPLETED, on_end, this, MHD_OPTION_NOTIFY_CONNECTION, on_connection, this,
      MHD_OPTION_THREAD_POOL_SIZE, options.threads > 1 ? options.threads : 0U, MHD_OPTION_CONNECTION_LIMIT,
      options.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, options.connections_per_address,
      MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(options.patience.count()),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_ARRAY, more.data(), MHD_OPTION_END);
  if (!daemon)
    error = {Fault::config, fmt::format("listen for web browsers on {}: {}", options.listen.text(),
                                        errno != 0 ? error_text(errno) : "see the log")};
  return daemon;
}

Server::Server(ServerOptions options, Handler handler) : inside_(std::make_unique<Inside>()) {
  inside_->options = std::move(options);
  inside_->handler = std::move(handler);
}

Server::~Server() { stop(); }

Result<void> Server::start() {
  auto addresses = resolve(inside_->options.listen, SOCK_STREAM);
  if (!addresses) return addresses.error();
  inside_->sweeper = std::thread([this] { inside_->sweep(); });
  for (auto& address : *addresses) {
    Error error;
    unsigned family = MHD_NO_FLAG;
    if (address.ss_family == AF_INET6) family = MHD_USE_IPv6;
    auto* daemon = inside_->listen({MHD_OPTION_SOCK_ADDR, 0, &address}, family, error);
    if (!daemon) {
      stop();
      return error;
    }
    inside_->daemons.push_back(daemon);
  }
  return {};
}

// libmicrohttpd takes keys only when it starts: new daemons accept on the sockets of the old ones.
Result<void> Server::renew(KeyPair keys) {
  auto& inside = *inside_;
  std::swap(inside.options.keys, keys);
  std::vector<MHD_Daemon*> fresh;
  Error error;
  for (auto* old : inside.daemons) {
    auto* info = MHD_get_daemon_info(old, MHD_DAEMON_INFO_LISTEN_FD);
    int socket = info ? ::fcntl(info->listen_fd, F_DUPFD_CLOEXEC, 0) : -1;
    auto* daemon = inside.listen({MHD_OPTION_LISTEN_SOCKET, socket, nullptr}, 0, error);
    if (!daemon) {
      if (socket >= 0) ::close(socket);
      for (auto* each : fresh) MHD_stop_daemon(each);
      std::swap(inside.options.keys, keys);
      return error;
    }
    fresh.push_back(daemon);
  }
  refuse_new();
  std::swap(inside.daemons, fresh);
  std::lock_guard lock(inside.mutex);
  inside.retired.insert(inside.retired.end(), fresh.begin(), fresh.end());
  return {};
}

void Server::refuse_new() {
  for (auto* daemon : inside_->daemons) {
    auto socket = MHD_quiesce_daemon(daemon);
    if (socket != MHD_INVALID_SOCKET) ::close(socket);
  }
}

void Server::stop() {
  for (auto* daemon : inside_->daemons) MHD_stop_daemon(daemon);
  inside_->daemons.clear();
  {
    std::lock_guard lock(inside_->mutex);
    inside_->stopping = true;
  }
  inside_->changed.notify_all();
  if (inside_->sweeper.joinable()) inside_->sweeper.join();
  for (auto* daemon : inside_->retired) MHD_stop_daemon(daemon);
  inside_->retired.clear();
}

std::vector<int> Server::ports() const {
  std::vector<int> out;
  for (auto* daemon : inside_->daemons)
    if (auto* info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)) out.push_back(info->port);
  return out;
}

}  // namespace mailtrace::portal
