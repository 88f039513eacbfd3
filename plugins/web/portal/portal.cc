// Web plugin portal: the page and /api/v1. Its own threads: some read and write sockets, some answer; each of
// the latter has one Reader. start(), stop() and user(): main thread.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/net/address.h"
#include "core/net/tls.h"
#include "core/plugin/plugin.h"
#include "plugins/web/accounts/command.h"
#include "plugins/web/portal/api.h"
#include "plugins/web/portal/server.h"
#include "plugins/web/portal/static_files.h"

namespace mailtrace::portal {

extern const char openapi_text[];

struct PortalConfig {
  SocketAddress listen{"127.0.0.1", 8080};
  std::vector<std::string> host_names;
  std::string tls_certificate, tls_key;
  int64_t workers = 6;
  std::string page_directory, public_address;
  Microseconds session_idle{std::chrono::hours(1)};
  Microseconds session_life{std::chrono::hours(12)};
  Microseconds audit_kept{std::chrono::days(365)};
  std::vector<std::string> trusted_proxies, metrics_from;
  std::string user_header;
  int64_t max_connections = 1000, max_connections_per_address = 200;
  Bytes max_body{256 << 10};
  Microseconds request_timeout{std::chrono::seconds(30)};
  int64_t requests_per_second = 20;
  int64_t max_export = 100'000;
};

namespace {

constexpr size_t login_threads = 2;  // argon2id: 64 MiB each
constexpr size_t most_waiting = 256, most_logins_waiting = 32;
constexpr std::chrono::minutes tidy_every{10};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// "[::1]:8080" is ::1, "Mail.Example.org:443" is mail.example.org.
std::string host_without_port(const std::string& host) {
  if (host.starts_with('['))
    return host.substr(1, host.find(']') == std::string::npos ? 0 : host.find(']') - 1);
  return lower(host.substr(0, host.find(':')));
}

bool is_address(std::string_view text) {
  for (std::string_view scheme : {"https://", "http://"})
    if (text.starts_with(scheme) && text.size() > scheme.size())
      return text.find_first_of(" \t\r\n\"<>#?") == std::string_view::npos;
  return false;
}

}  // namespace

class Portal : public Web {
 public:
  using Config = PortalConfig;
  static std::span<const Option> options();
  static void check(const Config& config, const Node& node, ConfigErrors& errors);
  Portal(const Config& config, const WebContext& context) : config_(config), context_(context) {}
  ~Portal() override { stop(); }

  Result<void> start() noexcept override;
  void stop() noexcept override;
  std::string describe() const noexcept override {
    return (config_.tls_certificate.empty() ? "http://" : "https://") + config_.listen.text();
  }
  Result<std::string> user(const UserCommand& command) noexcept override;
  std::string public_address() const noexcept override;
  Result<void> prepare() noexcept override;
  void take(Web& fresh) noexcept override;

 private:
  Result<void> open_accounts();
  Result<void> load_page();
  Result<void> serve();
  std::optional<Response> dispatch(const std::shared_ptr<Request>& request, const Server::Answer& later);
  bool is_our_host(const std::string& host) const;
  void tidy();

  Config config_;
  WebContext context_;
  KeyPair keys_;
  std::unique_ptr<accounts::Accounts> accounts_;
  Shared shared_;
  StaticFiles files_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Lane> searches_, logins_;
  std::unique_ptr<Server> server_;
  std::thread tidier_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
};

std::span<const Option> Portal::options() {
  using C = PortalConfig;
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  static const Option table[] = {
      option("listen", &C::listen,
             "where browsers come in; anything but loopback needs TLS, here or at a proxy"),
      option("host_names", &C::host_names,
             "names the page is called by; default: this host's name, localhost, and every IP address"),
      option(
          "public_address", &C::public_address,
          "where people call the page, such as https://mailtrace.example.org: mailtrace show --ticket ends "
          "with a link to it"),
      live(option("tls_certificate", &C::tls_certificate,
                  "PEM file of the certificate and its chain; default: plain HTTP")),
      live(option("tls_key", &C::tls_key, "PEM file of its key, not encrypted")),
      option("workers", &C::workers, 1, 64, "requests answered at once; each has one database connection"),
      option("page_directory", &C::page_directory, "folder of the page's files; default: the installed ones"),
      option("session_idle", &C::session_idle, minutes(1), hours(24 * 30),
             "a session unused for so long ends"),
      option("session_life", &C::session_life, minutes(1), hours(24 * 90),
             "a session ends after so long in any case"),
      option("audit_kept", &C::audit_kept, hours(24), hours(24 * 3660),
             "how long it is kept who searched for whom"),
      option("trusted_proxies", &C::trusted_proxies,
             "networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"),
      option("user_header", &C::user_header,
             "header in which a trusted proxy says who has logged in there, such as X-Remote-User; the user "
             "must exist"),
      option("metrics_from", &C::metrics_from, "networks that may read /api/v1/metrics without login"),
      option("max_connections", &C::max_connections, 10, 100'000, "most connections at once"),
      option("max_connections_per_address", &C::max_connections_per_address, 1, 100'000,
             "most connections of one address; behind a proxy as many as max_connections"),
      option("max_body", &C::max_body, 1 << 10, 16 << 20, "largest body of a request"),
      option("request_timeout", &C::request_timeout, seconds(1), minutes(10),
             "a request must be complete after this long; idle connections end then, too"),
      option("requests_per_second", &C::requests_per_second, 1, 100'000,
             "of one user, for long; five times as many at once"),
      option("max_export", &C::max_export, 1, 10'000'000, "most results in one export"),
  };
  return table;
}

void Portal::check(const Config& config, const Node& node, ConfigErrors& errors) {
  if (!config.public_address.empty() && !is_address(config.public_address)) {
    const Node* at = node.find("public_address");
    errors.add(at ? *at : node, fmt::format("public_address: expected an address such as "
                                            "https://mailtrace.example.org, found \"{}\"",
                                            printable(config.public_address)));
  }
  check_networks(config.trusted_proxies, "trusted_proxies", node, errors);
  check_networks(config.metrics_from, "metrics_from", node, errors);
  if (config.tls_certificate.empty() != config.tls_key.empty())
    errors.add(node, "tls_certificate and tls_key go together: expected both or none");
  for (auto& [name, path] :
       {std::pair("tls_certificate", &config.tls_certificate), std::pair("tls_key", &config.tls_key)}) {
    const Node* at = node.find(name);
    if (at && !path->empty() && read_file(*path).empty())
      errors.add(*at, fmt::format("cannot read \"{}\", or it is empty", *path));
  }
  if (!config.user_header.empty() && config.trusted_proxies.empty()) {
    const Node* at = node.find("user_header");
    errors.add(at ? *at : node, "user_header is believed only from trusted_proxies: expected their networks");
  }
}

Result<void> Portal::open_accounts() {
  if (accounts_) return {};
  accounts::Options options{
      .idle = config_.session_idle, .life = config_.session_life, .audit_kept = config_.audit_kept};
  std::error_code failed;
  std::filesystem::create_directories(context_.state_directory, failed);
  auto path = (std::filesystem::path(context_.state_directory) / "accounts.db").string();
  auto opened = accounts::Accounts::open(path, options);
  if (!opened) return opened.error();
  accounts_ = std::move(*opened);
  return {};
}

Result<void> Portal::load_page() {
  std::string directory =
      config_.page_directory.empty() ? StaticFiles::default_directory() : config_.page_directory;
  if (!directory.empty()) return files_.load(directory);
  log(LogLevel::warning, "web.page", {{"found", "no page beside this program; only the API is served"}});
  return {};
}

bool Portal::is_our_host(const std::string& given) const {
  std::string host = host_without_port(given);
  if (!config_.host_names.empty()) {
    for (auto& name : config_.host_names)
      if (lower(name) == host) return true;
    return false;
  }
  // A name that an attacker makes point to us is the danger (DNS rebinding); addresses and our own names are
  // none.
  Network address;
  char own[256] = {};
  ::gethostname(own, sizeof own - 1);
  return host == "localhost" || host == lower(own) || lower(own).starts_with(host + ".") ||
         host.starts_with(lower(own) + ".") || host == lower(config_.listen.host) ||
         parse_network(host, address);
}

// On a thread of the server: nothing here waits.
std::optional<Response> Portal::dispatch(const std::shared_ptr<Request>& request,
                                         const Server::Answer& later) {
  Language language = request->language();
  if (!is_our_host(request->header("host"))) {
    auto out = problem(Problem::invalid, language,
                       {"this is not a name of this server; see host_names in its configuration",
                        "so heißt dieser Server nicht; siehe host_names in seiner Konfiguration"},
                       "host");
    out.status = 421;  // RFC 9110 15.5.20
    return out;
  }
  if (request->segments.front() != "api") {
    if (request->method != "GET" && request->method != "HEAD") {
      auto out = problem(Problem::method_not_allowed, language);
      out.add("Allow", "GET, HEAD");
      return out;
    }
    if (auto file = files_.answer(*request)) return file;
    return problem(Problem::not_found, language);
  }
  auto job = [this, request, later](Worker& worker) { later(api_->answer(*request, worker)); };
  Lane& lane = api_->checks_password(*request) ? *logins_ : *searches_;
  if (lane.add(job)) return std::nullopt;
  auto out = problem(Problem::too_many_requests, language);
  out.add("Retry-After", "2");
  return out;
}

Result<void> Portal::start() noexcept {
  try {
    if (auto opened = open_accounts(); !opened) return opened;
    if (auto loaded = load_page(); !loaded) return loaded;
    auto explanations = Explanations::load();
    if (!explanations) return explanations.error();
    shared_.accounts = accounts_.get();
    shared_.explanations = std::move(*explanations);
    shared_.status = context_.status;
    shared_.openapi = openapi_text;
    shared_.most_exported = config_.max_export;
    ApiOptions options{.user_header = lower(config_.user_header),
                       .metrics_from = parse_networks(config_.metrics_from),
                       .requests_per_second = static_cast<double>(config_.requests_per_second)};
    api_ = std::make_unique<Api>(shared_, std::move(options));
    return serve();
  } catch (const std::exception& error) {
    return Error{Fault::config, fmt::format("start the web server: {}", error.what())};
  }
}

// OpenSSL reads them first: it says what is wrong with which file.
Result<void> Portal::prepare() noexcept {
  if (config_.tls_certificate.empty()) return {};
  try {
    TlsOptions files;
    files.certificate = config_.tls_certificate;
    files.key = config_.tls_key;
    if (auto loaded = TlsContext::load(files); !loaded) return loaded.error();
    keys_ = {read_file(config_.tls_certificate), read_file(config_.tls_key)};
    return {};
  } catch (const std::exception& error) {
    return Error{Fault::config, fmt::format("read {}: {}", config_.tls_certificate, error.what())};
  }
}

void Portal::take(Web& fresh) noexcept {
  auto& other = static_cast<Portal&>(fresh);
  if (!server_ || (other.keys_.certificate == keys_.certificate && other.keys_.key == keys_.key)) return;
  auto renewed = server_->renew(other.keys_);
  if (!renewed) {
    log(LogLevel::error, "web.certificate",
        {{"result", "the old one stays in use"}, {"why", renewed.error().text}});
    return;
  }
  keys_ = other.keys_;
  config_.tls_certificate = other.config_.tls_certificate;
  config_.tls_key = other.config_.tls_key;
}

Result<void> Portal::serve() {
  if (auto prepared = prepare(); !prepared) return prepared;
  ServerOptions options{.listen = config_.listen,
                        .connections = static_cast<unsigned>(config_.max_connections),
                        .connections_per_address = static_cast<unsigned>(config_.max_connections_per_address),
                        .largest_body = static_cast<size_t>(config_.max_body.count),
                        .patience = std::chrono::duration_cast<std::chrono::seconds>(config_.request_timeout),
                        .keys = keys_,
                        .proxies = parse_networks(config_.trusted_proxies)};
  searches_ = std::make_unique<Lane>(context_.sink, static_cast<size_t>(config_.workers), most_waiting);
  logins_ = std::make_unique<Lane>(context_.sink, login_threads, most_logins_waiting);
  server_ = std::make_unique<Server>(
      std::move(options), [this](const std::shared_ptr<Request>& request, const Server::Answer& later) {
        return dispatch(request, later);
      });
  if (auto serving = server_->start(); !serving) {
    server_.reset();
    return serving;
  }
  for (int port : server_->ports()) config_.listen.port = port;
  tidier_ = std::thread([this] { tidy(); });
  return {};
}

void Portal::tidy() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    accounts_->tidy();
    lock.lock();
    changed_.wait_for(lock, tidy_every, [this] { return stopping_; });
  }
}

void Portal::stop() noexcept {
  if (server_) server_->refuse_new();
  // Every request that was begun is answered, then the server may go.
  if (searches_) searches_->stop();
  if (logins_) logins_->stop();
  server_.reset();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (tidier_.joinable()) tidier_.join();
}

std::string Portal::public_address() const noexcept {
  auto out = config_.public_address;
  while (out.ends_with('/')) out.pop_back();
  return out;
}

Result<std::string> Portal::user(const UserCommand& command) noexcept {
  try {
    if (auto opened = open_accounts(); !opened) return opened.error();
    return accounts::run_command(*accounts_, command);
  } catch (const std::exception& error) {
    return Error{Fault::transient, error.what()};
  }
}

}  // namespace mailtrace::portal

MAILTRACE_WEB(mailtrace::portal::Portal, "portal", "page and API for people who search");
