// Daemon: builds everything the configuration wants, runs the loop, takes it down in order.
// Main thread is the loop thread. Start: sinks, spool, pipeline, inputs last. Stop: inputs, spool, pipeline,
// web, sinks; a second SIGTERM skips the draining, the spool has it all. The loop waits for none of them: a
// database that does not answer cannot keep the process, nor the watchdog from its signal. Without inputs but
// with a web plugin it is a web server and nothing else: no spool, no writing connection.
#pragma once
#include <uv.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/config/config.h"
#include "core/daemon/control.h"
#include "core/daemon/line_reader.h"
#include "core/intake/spool_intake.h"
#include "core/plugin/instances.h"
#include "core/plugin/plugin.h"
#include "core/spool/spool.h"
#include "core/store/sink_worker.h"

namespace mailtrace {

class Daemon {
 public:
  explicit Daemon(std::string config_file);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Runs until SIGTERM or SIGINT. The exit code: 0, 78 (configuration: starting again would not help), 75 (no
  // descriptors, no memory, a failing disk: it may), 70 (something broke; see stderr).
  int run();
  // `--check`: everything that run() does before it opens a file or a socket. Prints each error. 0 or 78.
  static int check(const std::string& config_file);

 private:
  // Inputs are made before the spool is opened (--check opens nothing), so they get this one.
  struct IntakeSlot final : Intake {
    Intake* target = nullptr;
    bool submit(std::span<const RawLine> lines, Durable on_durable) noexcept override {
      return target && target->submit(lines, std::move(on_durable));
    }
  };

  bool load(ConfigErrors& errors);
  static void take_log_level(const Config& config);
  // Only serves what others write.
  bool is_web_only() const { return plugins_.inputs.empty() && !plugins_.webs.empty(); }
  bool open_state();
  Result<void> open_spool();
  bool start();
  bool start_receiver();
  bool open_control();
  // Logs it; false, and run() ends with the exit code of its fault.
  bool refuse(const char* event, std::string_view what, const std::string& name, const Error& error);
  void resume_spool();
  bool watch_signals();
  void on_signal(int number);
  void reload();
  void take(std::unique_ptr<Config> config, PluginSet& fresh);
  void begin_stop();
  void stop_inputs();
  void stop_spool();
  void stop_storing(bool late);
  void wait_stopped();
  [[noreturn]] void end_at_once();
  void finish();
  void beat();
  std::string answer(std::string_view command) const;
  std::string status_json() const;
  void refresh_status();

  std::string config_file_;
  uv_loop_t loop_{};
  std::unique_ptr<Config> config_;  // of the start
  std::unique_ptr<Config> taken_;   // of the last SIGHUP
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<SpoolIntake> intake_;
  IntakeSlot intake_slot_;
  PluginSet plugins_;  // its sinks are moved into sinks_ if anything is received
  std::vector<std::unique_ptr<SinkWorker>> sinks_;
  std::unique_ptr<LineReader> line_reader_;
  std::unique_ptr<Control> control_;
  mutable std::mutex status_mutex_;
  std::string last_status_;  // what web plugins show: status_json() is for the loop thread only

  uv_signal_t terminate_{}, interrupt_{}, hangup_{};
  uv_timer_t timer_{};  // watchdog while running, then waits for the pipeline
  uint64_t last_heartbeat_ = 0;
  size_t inputs_open_ = 0;
  enum class Phase { starting, running, stopping, draining, closing, stopped } phase_ = Phase::starting;
  std::chrono::steady_clock::time_point drain_until_{};
  Time started_{};
  std::thread closer_;  // ends the threads that may wait for a database, while the loop goes on
  std::atomic<bool> closed_{false};
  bool is_late_ = false, is_torn_ = false;  // torn: inputs or spool are in the middle of closing
  bool loop_made_ = false, control_open_ = false;
  int exit_code_ = 0;
};

}  // namespace mailtrace
