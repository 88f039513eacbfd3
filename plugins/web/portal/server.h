// Server: HTTP on libmicrohttpd. Reads requests within limits of size and time, and hands complete ones on.
// Its own threads; answers may come from any thread.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/net/address.h"
#include "plugins/web/portal/http.h"

namespace mailtrace::portal {

struct KeyPair {
  std::string certificate, key;  // PEM; empty: plain HTTP
};

struct ServerOptions {
  SocketAddress listen{"127.0.0.1", 8080};
  unsigned threads = 2;  // that read and write sockets
  unsigned connections = 1000, connections_per_address = 200;
  size_t largest_body = 256 << 10;
  std::chrono::seconds patience{30};  // for one request to be complete; idle connections end then, too
  KeyPair keys;
  NetworkList proxies;  // believed about the client's address
};

class Server {
 public:
  using Answer = std::function<void(Response)>;
  // Called on a thread of the server, which must not wait for anything. Answers at once, or later, once,
  // through `later`.
  using Handler =
      std::function<std::optional<Response>(std::shared_ptr<Request> request, const Answer& later)>;

  Server(ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Result<void> start();
  // New connections get these keys, on the same sockets; those that are open end as they would have.
  Result<void> renew(KeyPair keys);
  void refuse_new();  // no new connections
  void stop();        // every request must have been answered
  std::vector<int> ports() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace mailtrace::portal
