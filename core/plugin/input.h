// Input: receives lines and gives them to the intake. Every call and callback is on the loop thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/intake/intake.h"

struct uv_loop_s;

namespace mailtrace {

class Input {
 public:
  using Done = std::function<void()>;
  virtual ~Input() = default;
  // Binds its sockets. Lines may be submitted before it returns. Fault::config, or Fault::transient for what
  // another start of the program may overcome.
  virtual Result<void> start() noexcept = 0;
  // The spool cannot take more: stop reading (streams) or go on and let the intake count drops (datagrams).
  virtual void pause() noexcept = 0;
  virtual void resume() noexcept = 0;
  // SIGHUP makes a second input from the new options and never starts it. prepare() is called on that one
  // and opens the files the options name, certificates and keys; if one of all inputs fails, nothing changes.
  virtual Result<void> prepare() noexcept { return {}; }
  // Then, on the running one: takes from `fresh`, which is of the same plugin, the options that are live.
  virtual void take(Input& fresh) noexcept { static_cast<void>(fresh); }
  // Stops reading, submits what was read, answers what becomes durable, closes; `done` after the last libuv
  // handle is closed. Safe without start().
  virtual void stop(Done done) noexcept = 0;
  // For `mailtrace status`: "127.0.0.1:2514, 3 connections".
  virtual std::string describe() const noexcept = 0;
};

struct InputContext {
  std::string name;               // as configured: "relp", "tcp/lan"; label of its counters
  uv_loop_s* loop;                // outlives the input
  Intake* intake;                 // outlives the input
  std::string state_directory{};  // for what must survive a restart
};

}  // namespace mailtrace
