#include "tests/sinks/servers.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "core/config/node.h"
#include "core/plugin/loader.h"

namespace mailtrace::test {
namespace {

namespace fs = std::filesystem;

// Tests need no durability; a benchmark with MAILTRACE_DURABLE=1 does.
bool durable() { return std::getenv("MAILTRACE_DURABLE") != nullptr; }

// A folder that other users may enter: the servers do not run as root.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string name = (fs::temp_directory_path() / "mailtrace-sinks-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    chmod(name.c_str(), 0755);
    path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};
Scratch& folder() {
  static Scratch instance;
  return instance;
}

pid_t start(const std::string& command, const fs::path& log) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  setsid();
  execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
  _exit(127);
}

struct Server {
  pid_t pid = -1;
  fs::path data;
  int stop_signal = SIGTERM;
  ~Server() {
    if (pid <= 0) return;
    kill(pid, stop_signal);
    int status;
    waitpid(pid, &status, 0);
  }
  void wait(const std::string& question, const fs::path& log) {
    for (int i = 0; i < 600; ++i) {
      if (std::system((question + " >/dev/null 2>&1").c_str()) == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    BOOST_FAIL("server did not start: " + shell("tail -n 20 " + log.string(), false));
  }
};

std::string as(const std::string& user) {
  return geteuid() == 0 ? "setpriv --reuid=" + user + " --regid=" + user + " --clear-groups " : "";
}

void own(const fs::path& path, const std::string& user) {
  fs::create_directories(path);
  if (geteuid() == 0) shell("chown " + user + " " + path.string());
  chmod(path.c_str(), 0711);
}

struct Postgresql : Server {
  Postgresql() {
    std::string bin = shell("ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1");
    bin.erase(bin.find_last_not_of('\n') + 1);
    data = folder().path / "postgresql";
    own(data, "postgres");
    fs::path cluster = data / "cluster", log = data / "log";
    shell("cd / && " + as("postgres") + bin + "/initdb -D " + cluster.string() +
          " -A trust -U owner -E UTF8 --locale=C.UTF-8 --no-sync");
    std::ofstream(log).close();
    if (geteuid() == 0) shell("chown postgres " + log.string());
    pid = start(as("postgres") + bin + "/postgres -D " + cluster.string() + " -k " + data.string() +
                    " -c listen_addresses='' -c max_connections=50 -c shared_buffers=256MB -c "
                    "max_wal_size=4GB -c fsync=" +
                    (durable() ? "on" : "off"),
                log);
    stop_signal = SIGINT;
    wait("psql -h " + data.string() + " -U owner -d postgres -c 'SELECT 1'", log);
  }
  std::string client(const std::string& database) const {
    return "PGTZ=UTC psql -X -q -A -t -v ON_ERROR_STOP=1 -h " + data.string() + " -U owner -d " + database;
  }
};

// $MAILTRACE_MYSQLD, the path of a mysqld, puts a MySQL in its place.
struct Mariadb : Server {
  Mariadb() {
    data = folder().path / "mariadb";
    own(data, "mysql");
    fs::path store = data / "data", log = data / "log", temporary = data / "tmp";
    own(temporary, "mysql");
    std::string where = " --no-defaults" + std::string(geteuid() == 0 ? " --user=mysql" : "") +
                        " --datadir=" + store.string();
    std::string server = "mariadbd" + where;
    if (const char* mysqld = std::getenv("MAILTRACE_MYSQLD")) {
      shell("cd / && " + std::string(mysqld) + where + " --initialize-insecure");
      server = mysqld + where + " --mysqlx=OFF --secure-file-priv=";
    } else {
      shell("cd / && mariadb-install-db" + where +
            " --auth-root-authentication-method=normal --skip-test-db");
    }
    std::ofstream(log).close();
    // Not /tmp: every server that starts deletes the temporary tables that lie in its tmpdir.
    server += " --tmpdir=" + temporary.string();
    pid = start(server + " --socket=" + socket().string() + " --pid-file=" + (data / "pid").string() +
                    " --skip-networking --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=" +
                    (durable() ? "1" : "0"),
                log);
    wait(client("mysql") + " -e 'SELECT 1'", log);
  }
  fs::path socket() const { return data / "socket"; }
  std::string client(const std::string& database) const {
    return "mariadb --no-defaults --batch --raw --skip-column-names --default-character-set=utf8mb4 -u root "
           "--socket=" +
           socket().string() + " " + database;
  }
};

Postgresql& postgresql() {
  folder();
  static Postgresql instance;
  return instance;
}
Mariadb& mariadb() {
  folder();
  static Mariadb instance;
  return instance;
}

std::string piped(const std::string& client, const std::string& statement, bool check = true) {
  static std::atomic<int> number = 0;
  fs::path file = folder().path / ("statement" + std::to_string(++number));
  std::ofstream(file) << statement;
  std::string out = shell(client + " < " + file.string(), check);
  fs::remove(file);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

std::string scratch() { return folder().path.string(); }

void must(const Result<void>& result) { BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text)); }

std::string shell(const std::string& command, bool check) {
  std::string out;
  FILE* pipe = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  char buffer[4096];
  while (size_t got = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, got);
  int status = pclose(pipe);
  if (check && status != 0) BOOST_FAIL("failed: " + command + "\n" + out);
  return out;
}

Database::Database(const std::string& kind) : kind_(kind) {
  static int number = 0;
  name_ = "trace" + std::to_string(++number);
  if (kind == "sqlite") fs::create_directories(fs::path(scratch()) / name_);
  if (kind == "postgresql") piped(postgresql().client("postgres"), "CREATE DATABASE " + name_);
  if (kind == "mysql") piped(mariadb().client("mysql"), "CREATE DATABASE " + name_);
}

Database::~Database() {
  // Servers keep the others' databases small in number: the data directories live in memory on some machines.
  if (kind_ == "sqlite") fs::remove_all(fs::path(scratch()) / name_);
  if (kind_ == "postgresql")
    shell(postgresql().client("postgres") + " -c 'DROP DATABASE " + name_ + " WITH (FORCE)'", false);
  if (kind_ == "mysql") shell(mariadb().client("mysql") + " -e 'DROP DATABASE " + name_ + "'", false);
}

std::string Database::file() const { return (fs::path(scratch()) / name_ / "mail.db").string(); }

std::unique_ptr<Sink> Database::sink(const std::string& more) const {
  std::map<std::string, std::string> lines;
  if (kind_ == "sqlite") lines["file"] = file();
  if (kind_ == "postgresql")
    lines["connection"] = "host=" + postgresql().data.string() + " user=owner dbname=" + name_;
  if (kind_ == "mysql") {
    lines["socket"] = mariadb().socket().string();
    lines["user"] = "root";
    lines["database"] = name_;
  }
  std::string text = more;
  for (const auto& [name, value] : lines) {
    if (more.find(name + ":") == std::string::npos) text += name + ": \"" + value + "\"\n";
  }
  ConfigErrors errors("test.yaml");
  Node node;
  auto plugin = load_plugin(MAILTRACE_PLUGIN_OUTPUT, PluginKind::sink, kind_);
  BOOST_REQUIRE_MESSAGE(plugin, "plugin");
  load_yaml(text, node, errors);
  auto sink = (*plugin)->make_sink(node, errors, StoreContext{kind_, scratch()});
  for (const auto& line : errors.lines()) BOOST_TEST_MESSAGE(line);
  BOOST_REQUIRE(sink);
  return sink;
}

std::string Database::run(const std::string& statement) const {
  if (kind_ == "sqlite")
    return piped("sqlite3 -batch -separator '|' -cmd '.timeout 10000' " + file(), statement);
  if (kind_ == "postgresql") return piped(postgresql().client(name_), statement);
  std::string out = piped(mariadb().client(name_), statement);
  std::replace(out.begin(), out.end(), '\t', '|');
  return out;
}

void Database::run_until_killed(const std::string& statement) const {
  if (kind_ == "postgresql") piped(postgresql().client(name_), statement, false);
  if (kind_ == "mysql") piped(mariadb().client(name_), statement, false);
}

int Database::server() const {
  if (kind_ == "sqlite") return 0;
  return kind_ == "postgresql" ? postgresql().pid : mariadb().pid;
}

std::string Database::place() const { return "host=" + postgresql().data.string() + " dbname=" + name_; }

void Database::cut_connections() const {
  if (kind_ == "postgresql") {
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name_ +
        "' AND pid <> pg_backend_pid()");
  } else if (kind_ == "mysql") {
    std::string list =
        piped(mariadb().client("mysql"),
              "SELECT concat('KILL ', id, ';') FROM information_schema.processlist WHERE db = '" + name_ +
                  "' ORDER BY info LIKE '%sleep(300)%'");
    // One that has ended by itself meanwhile is no failure.
    piped(mariadb().client("mysql") + " --force", list, false);
  }
}

}  // namespace mailtrace::test
