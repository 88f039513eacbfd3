// Web: serves people and programs that search. Its own threads; reads databases, never writes mails.
#pragma once
#include "core/base/result.h"
#include "core/plugin/sink.h"

namespace mailtrace {

class Web {
 public:
  virtual ~Web() = default;
  virtual Result<void> start() noexcept = 0;  // binds and returns
  virtual void stop() noexcept = 0;           // returns when no request is running
  virtual std::string describe() const noexcept = 0;
};

struct WebContext {
  Sink* sink;  // for open_reader(); outlives the web plugin
  std::string state_directory;
};

}  // namespace mailtrace
