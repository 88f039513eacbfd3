// Control: the socket <state_directory>/control.sock that `mailtrace status` asks. A client sends one line,
// the answer is one JSON object and a line end. Loop thread.
#pragma once
#include <uv.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/base/result.h"

namespace mailtrace {

class Control {
 public:
  // The answer to one command ("status"), without line end.
  using Answer = std::function<std::string(std::string_view command)>;
  Control(uv_loop_t* loop, std::string path, Answer answer);
  ~Control();
  // Removes a socket nobody listens on; mode 0600. After Fault::transient it may be called again.
  Result<void> start();
  void stop();  // closes everything; the loop must run on for the closing

 private:
  struct Client;
  static void on_connection(uv_stream_t* server, int status);
  void drop(Client* client);

  uv_loop_t* loop_;
  std::string path_;
  Answer answer_;
  uv_pipe_t* server_ = nullptr;  // freed by its close callback
  std::set<Client*> clients_;
};

}  // namespace mailtrace
