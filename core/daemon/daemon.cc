#include "core/daemon/daemon.h"

#include <fcntl.h>
#include <pthread.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/plugin/changes.h"
#include "core/store/backoff.h"

namespace mailtrace {
namespace {

constexpr int exit_broken = 70;                             // EX_SOFTWARE
constexpr int exit_shortage = 75;                           // EX_TEMPFAIL
constexpr int exit_config = 78;                             // EX_CONFIG
constexpr Microseconds patience{std::chrono::seconds(20)};  // draining; systemd's own limit is 90 s
constexpr Microseconds wait_for_sinks{std::chrono::seconds(2)};
constexpr std::chrono::seconds wait_for_calls{
    3};  // after draining, for calls of databases that are under way
constexpr uint64_t beat_ms = 5000, drain_beat_ms = 50;
constexpr Backoff::Milliseconds first_wait_for_disk{200}, most_wait_for_disk{5000};

void print(const ConfigErrors& errors) {
  for (auto& line : errors.lines()) std::fprintf(stderr, "%s\n", line.c_str());
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// Without descriptors much goes wrong that says no more than "cannot open": a plugin, a certificate, a name.
bool is_short_of_descriptors() {
  std::array<int, 16> spare;
  for (int& fd : spare) fd = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  bool is_short = spare.back() < 0 && (errno == EMFILE || errno == ENFILE);
  for (int fd : spare)
    if (fd >= 0) ::close(fd);
  return is_short;
}

int exit_code_of(Fault fault) {
  if (fault != Fault::config) return exit_shortage;
  if (!is_short_of_descriptors()) return exit_config;
  log(LogLevel::error, "daemon.descriptors", {{"error", "too few: raise the limit (LimitNOFILE)"}});
  return exit_shortage;
}

void close_handle(uv_handle_t* handle) {
  if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle)) uv_close(handle, nullptr);
}

}  // namespace

Daemon::Daemon(std::string config_file) : config_file_(std::move(config_file)) {
  loop_made_ = uv_loop_init(&loop_) == 0;
}

Daemon::~Daemon() {
  plugins_.webs.clear();  // they read from a sink
  line_reader_.reset();
  sinks_.clear();
  control_.reset();
  plugins_.inputs.clear();
  intake_.reset();
  spool_.reset();
  if (!loop_made_) return;
  uv_walk(
      &loop_, [](uv_handle_t* handle, void*) { close_handle(handle); }, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

int Daemon::check(const std::string& config_file) {
  ConfigErrors errors(config_file);
  bool good = check_configuration(config_file, errors);
  print(errors);
  if (good) std::fprintf(stderr, "%s: ok\n", config_file.c_str());
  return good ? 0 : exit_config;
}

bool Daemon::load(ConfigErrors& errors) {
  config_ = read_config(config_file_, errors);
  auto status = [this] {
    std::lock_guard lock(status_mutex_);
    return last_status_;
  };
  if (config_) plugins_ = make_plugins(*config_, &loop_, intake_slot_, errors, status);
  return errors.empty();
}

void Daemon::take_log_level(const Config& config) {
  if (LogLevel level; parse_log_level(config.core.log_level, level)) set_log_level(level);
}

bool Daemon::refuse(const char* event, std::string_view what, const std::string& name, const Error& error) {
  log(LogLevel::error, event, {{what, name}, {"error", error.text}});
  exit_code_ = exit_code_of(error.fault);
  return false;
}

// A disk in trouble is waited for. Nothing is received yet, so SIGTERM may still end the process at once.
bool Daemon::open_state() {
  const auto& core = config_->core;
  for (Backoff backoff(first_wait_for_disk, most_wait_for_disk);;) {
    std::error_code failed;
    bool made = std::filesystem::create_directories(core.state_directory, failed);
    if (made)  // mail addresses are nobody else's business
      std::filesystem::permissions(core.state_directory, std::filesystem::perms(0750), failed);
    Result<void> opened;
    if (failed)
      opened = Error{fault_of(failed.value()), "cannot make it: " + failed.message()};
    else if (!is_web_only())
      opened = open_spool();
    if (opened) return true;
    if (opened.error().fault != Fault::transient)
      return refuse("state.open", "directory", core.state_directory, opened.error());
    log_rarely(LogLevel::error, "state.wait",
               {{"directory", core.state_directory}, {"error", opened.error().text}});
    sd_notify(0, "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=waiting for the disk of the state directory");
    std::this_thread::sleep_for(backoff.next());
  }
}

Result<void> Daemon::open_spool() {
  const auto& core = config_->core;
  auto spool = Spool::open(core.spool, core.spool_directory(), &loop_);
  if (!spool) return spool.error();
  spool_ = std::move(*spool);
  auto status = spool_->status();
  log(LogLevel::info, "spool.open",
      {{"directory", core.spool_directory()},
       {"segments", std::to_string(status.segments)},
       {"bytes", std::to_string(status.bytes)},
       {"next", std::to_string(status.next_sequence)},
       {"gaps", std::to_string(status.gaps.size())}});
  intake_ = std::make_unique<SpoolIntake>(*spool_);
  for (auto& named : plugins_.inputs) intake_->add(named.plugin.get());
  intake_slot_.target = intake_.get();
  return {};
}

// A spool that lost its end must not give out numbers a database has stored already. Lines are received even
// if the database is away: when it has refused, or said nothing for a while, the spool's own state must do.
void Daemon::resume_spool() {
  uint64_t sequence = 0;
  Time until = now() + wait_for_sinks;
  for (auto& sink : sinks_) {
    Checkpoint stored;
    if (sink->wait_first_try(stored, std::max(Microseconds(0), until - now())) &&
        stored.spool == spool_->status().id)
      sequence = std::max({sequence, stored.sequence, stored.counted});
  }
  if (sequence) spool_->resume_at(sequence);
}

bool Daemon::start() {
  if (!is_web_only() && !start_receiver()) return false;
  refresh_status();
  for (auto& named : plugins_.webs) {
    if (auto serving = named.plugin->start(); !serving) {
      if (is_web_only()) return refuse("web.start", "web", named.name, serving.error());
      log(LogLevel::error, "web.start", {{"web", named.name}, {"error", serving.error().text}});
      continue;  // a port that is taken must not keep lines from coming in
    }
    log(LogLevel::info, "web.start", {{"web", named.name}, {"at", named.plugin->describe()}});
  }
  return true;
}

bool Daemon::start_receiver() {
  const auto& core = config_->core;
  control_ = std::make_unique<Control>(&loop_, core.state_directory + "/control.sock",
                                       [this](std::string_view command) { return answer(command); });
  if (!open_control()) return false;
  if (plugins_.cache) {
    if (auto opened = plugins_.cache->open(); !opened)
      return refuse("cache.open", "cache", plugins_.cache->describe(), opened.error());
    log(LogLevel::info, "cache.open", {{"cache", plugins_.cache->describe()}});
  }
  LineReader::Parts parts{.receiver = core.name,
                          .spool_directory = core.spool_directory(),
                          .state_directory = core.state_directory,
                          .tracker = core.tracker,
                          .header = {.zone = plugins_.zone, .import = false},
                          .hosts = plugins_.hosts,
                          .spool = spool_.get(),
                          .router = &plugins_.router,
                          .cache = plugins_.cache.get(),
                          .sinks = {}};
  for (auto& named : plugins_.sinks)
    sinks_.push_back(std::make_unique<SinkWorker>(std::move(named.plugin), core.name, core.state_directory,
                                                  spool_->status().id));
  for (auto& sink : sinks_) {
    sink->start();
    parts.sinks.push_back(sink.get());
  }
  resume_spool();
  line_reader_ = std::make_unique<LineReader>(std::move(parts));
  line_reader_->start();
  for (auto& named : plugins_.inputs) {
    if (auto listening = named.plugin->start(); !listening)
      return refuse("input.start", "input", named.name, listening.error());
  }
  return true;
}

// False: it can never be. What the disk does not allow now is tried again by beat(): only `mailtrace status`
// misses it.
bool Daemon::open_control() {
  auto listening = control_->start();
  control_open_ = listening.operator bool();
  if (control_open_) return true;
  if (listening.error().fault == Fault::config && phase_ == Phase::starting)
    return refuse("control.start", "directory", config_->core.state_directory, listening.error());
  log_rarely(LogLevel::error, "control.start", {{"error", listening.error().text}});
  return true;
}

bool Daemon::watch_signals() {
  auto watch = [this](uv_signal_t& handle, int number) {
    int code = uv_signal_init(&loop_, &handle);
    if (code)
      return refuse("signal.watch", "signal", std::to_string(number), {fault_of(code), uv_strerror(code)});
    handle.data = this;
    uv_signal_start(
        &handle, [](uv_signal_t* at, int signal) { static_cast<Daemon*>(at->data)->on_signal(signal); },
        number);
    return true;
  };
  if (!watch(terminate_, SIGTERM) || !watch(interrupt_, SIGINT) || !watch(hangup_, SIGHUP)) return false;
  uv_timer_init(&loop_, &timer_);
  timer_.data = this;
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<Daemon*>(timer->data)->beat(); }, beat_ms, beat_ms);
  return true;
}

int Daemon::run() {
  if (!loop_made_) return exit_broken;
  std::signal(SIGPIPE, SIG_IGN);
  started_ = now();
  ConfigErrors errors(config_file_);
  if (!load(errors)) {
    print(errors);
    return exit_code_of(Fault::config);
  }
  take_log_level(*config_);
  if ((plugins_.inputs.empty() && !is_web_only()) || plugins_.sinks.empty())
    log(LogLevel::warning, "config.incomplete",
        {{"inputs", std::to_string(plugins_.inputs.size())},
         {"sinks", std::to_string(plugins_.sinks.size())}});
  if (!open_state() || !watch_signals()) return exit_code_;
  if (!start()) {
    begin_stop();
  } else {
    phase_ = Phase::running;
    sd_notify(0, is_web_only() ? "READY=1\nSTATUS=serving" : "READY=1\nSTATUS=receiving");
    log(LogLevel::info, "daemon.ready", {{"name", config_->core.name}, {"version", MAILTRACE_VERSION}});
  }
  uv_run(&loop_, UV_RUN_DEFAULT);
  log(LogLevel::info, "daemon.stopped");
  return exit_code_;
}

void Daemon::on_signal(int number) {
  if (number == SIGHUP) {
    if (phase_ == Phase::running) reload();
    return;
  }
  if (phase_ == Phase::running) return begin_stop();
  // A second one: do not wait for databases any longer.
  log(LogLevel::warning, "daemon.hurry");
  drain_until_ = std::chrono::steady_clock::now();
}

namespace {

template <class Plugin>
void prepare_all(std::vector<NamedPlugin<Plugin>>& fresh, std::vector<std::string>& faults) {
  for (auto& named : fresh)
    if (auto prepared = named.plugin->prepare(); !prepared) faults.push_back(prepared.error().text);
}

template <class Plugin>
void take_all(std::vector<NamedPlugin<Plugin>>& running, std::vector<NamedPlugin<Plugin>>& fresh) {
  for (auto& named : running)
    for (auto& other : fresh)
      if (other.name == named.name) named.plugin->take(*other.plugin);
}

}  // namespace

// All or nothing: a broken new configuration, or one whose certificates cannot be read, changes nothing. What
// only a restart takes over is named, so that nobody believes it took effect.
void Daemon::reload() {
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", static_cast<unsigned long long>(uv_hrtime() / 1000));
  ConfigErrors errors(config_file_);
  auto config = read_config(config_file_, errors);
  IntakeSlot nothing;
  PluginSet fresh;
  if (config) fresh = make_plugins(*config, &loop_, nothing, errors);
  auto faults = errors.lines();
  if (faults.empty()) {
    prepare_all(fresh.inputs, faults);
    prepare_all(fresh.webs, faults);
  }
  if (faults.empty())
    take(std::move(config), fresh);
  else
    log(LogLevel::error, "config.reload", {{"result", "refused, the old one stays in use"}});
  for (auto& fault : faults) log(LogLevel::error, "config.mistake", {{"at", fault}});
  sd_notify(0, "READY=1");
}

void Daemon::take(std::unique_ptr<Config> config, PluginSet& fresh) {
  auto changed = compare_configs(taken_ ? *taken_ : *config_, *config).live;
  auto waiting = compare_configs(*config_, *config).restart;
  take_log_level(*config);
  if (line_reader_) line_reader_->use(fresh.hosts);
  take_all(plugins_.inputs, fresh.inputs);
  take_all(plugins_.webs, fresh.webs);
  taken_ = std::move(config);
  log(waiting.empty() ? LogLevel::info : LogLevel::warning, "config.reload",
      {{"result", "certificates read again"},
       {"taken", changed.empty() ? "nothing else changed" : joined(changed)},
       {"needs_restart", waiting.empty() ? "nothing" : joined(waiting)}});
}

void Daemon::begin_stop() {
  phase_ = Phase::stopping;
  sd_notify(0, "STOPPING=1\nSTATUS=writing what was received");
  log(LogLevel::info, "daemon.stop");
  drain_until_ = std::chrono::steady_clock::now() + patience;
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { static_cast<Daemon*>(timer->data)->beat(); }, drain_beat_ms,
      drain_beat_ms);
  stop_inputs();
}

void Daemon::stop_inputs() {
  inputs_open_ = plugins_.inputs.size();
  if (!inputs_open_) return stop_spool();
  for (auto& named : plugins_.inputs)
    named.plugin->stop([this] {
      if (--inputs_open_ == 0) stop_spool();
    });
}

void Daemon::stop_spool() {
  intake_slot_.target = nullptr;
  auto closed = [this] {
    if (phase_ != Phase::stopping) return;  // in a hurry the end has begun without it
    phase_ = Phase::draining;
    if (line_reader_) line_reader_->drain();
  };
  spool_ ? spool_->close(closed) : closed();
}

// Every few seconds while running, every 50 ms while draining.
void Daemon::beat() {
  if (phase_ == Phase::running) {
    if (control_ && !control_open_) open_control();
    refresh_status();
    if (!line_reader_) {
      sd_notify(0, "WATCHDOG=1");
      return;
    }
    // Alive means: this loop turns, and the pipeline moves or waits for a database.
    bool waiting = line_reader_->waits_for_sink();
    for (auto& sink : sinks_) waiting = waiting || sink->status().state != "running";
    uint64_t heartbeat = line_reader_->heartbeat();
    if (waiting || heartbeat != last_heartbeat_) sd_notify(0, "WATCHDOG=1");
    last_heartbeat_ = heartbeat;
    return;
  }
  sd_notify(0, "WATCHDOG=1");
  bool late = std::chrono::steady_clock::now() >= drain_until_;
  if (phase_ == Phase::closing) return wait_stopped();
  if (phase_ == Phase::draining && (late || !line_reader_ || line_reader_->ended())) stop_storing(late);
  if (phase_ == Phase::stopping && late) {
    log(LogLevel::warning, "daemon.hurry", {{"reason", "inputs or spool did not close in time"}});
    is_torn_ = true;
    stop_storing(true);
  }
}

// Each of these waits for a thread that may be in a call of a database.
void Daemon::stop_storing(bool late) {
  phase_ = Phase::closing;
  is_late_ = late;
  closer_ = std::thread([this, late, until = drain_until_] {
    pthread_setname_np(pthread_self(), "closer");
    for (auto& named : plugins_.webs) named.plugin->stop();
    for (auto& sink : sinks_) {
      auto left = std::chrono::duration_cast<Microseconds>(until - std::chrono::steady_clock::now());
      sink->stop(late ? Microseconds(0) : std::max(Microseconds(0), left));
    }
    if (line_reader_) line_reader_->abandon();
    closed_ = true;
  });
}

// A call that does not return is left to the end of the process: the checkpoint did not move, so the batch is
// made and written again after the next start, as it is after a crash.
void Daemon::wait_stopped() {
  bool over = std::chrono::steady_clock::now() >= drain_until_ + wait_for_calls;
  if (!closed_ && !over) return;
  if (is_late_ || !closed_)
    log(LogLevel::warning, "daemon.undrained",
        {{"reason", "a database did not take everything; the spool keeps the rest"}});
  if (!closed_ || is_torn_) end_at_once();
  finish();
}

// Nobody else can close what inputs and spool were closing, or end a thread that waits for an answer. What is
// not acknowledged comes again.
void Daemon::end_at_once() {
  log(LogLevel::info, "daemon.stopped");
  std::fflush(nullptr);
  ::_exit(exit_code_);
}

void Daemon::finish() {
  phase_ = Phase::stopped;
  closer_.join();
  control_.reset();
  uv_walk(
      &loop_, [](uv_handle_t* handle, void*) { close_handle(handle); }, nullptr);
}

std::string Daemon::answer(std::string_view command) const {
  if (command == "status") return status_json();
  return R"({"error":"unknown command"})";
}

}  // namespace mailtrace
