// search_bench: fills a database with Traffic and measures searches in it. Started by tests/bench/search/run,
// which has the servers; one thread.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "core/config/node.h"
#include "core/plugin/loader.h"
#include "tests/bench/search/cases.h"

using namespace mailtrace;
using namespace mailtrace::bench;

namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  std::map<std::string, std::string> named;
  std::string text(const char* name, const char* otherwise = "") const {
    auto found = named.find(name);
    return found == named.end() ? otherwise : found->second;
  }
  int64_t number(const char* name, int64_t otherwise) const {
    auto found = named.find(name);
    return found == named.end() ? otherwise : std::stoll(found->second);
  }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double own_cpu() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// CPU seconds of all threads of a process: /proc/PID/schedstat counts nanoseconds.
double cpu_of(const std::filesystem::path& process) {
  double sum = 0;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator(process / "task", gone)) {
    std::ifstream in(thread.path() / "schedstat");
    double ns = 0;
    if (in >> ns) sum += ns / 1e9;
  }
  return sum;
}

// The server's and, where it has one for each connection, its children's.
std::vector<std::filesystem::path> processes_of(int64_t server) {
  std::vector<std::filesystem::path> out;
  if (server == 0) return out;
  std::string root = fmt::format("/proc/{}", server);
  out.emplace_back(root);
  std::ifstream in(fmt::format("{}/task/{}/children", root, server));
  for (int64_t child; in >> child;) out.emplace_back(fmt::format("/proc/{}", child));
  return out;
}

int fail(const std::string& text) {
  fmt::print(stderr, "search_bench: {}\n", text);
  return 1;
}

int fill(Sink& sink, const Traffic& traffic, int64_t mails_a_batch) {
  auto start = Clock::now();
  double said = 0;
  int64_t deliveries = 0, mails = 0;
  for (int64_t at = 0; at < traffic.mails();) {
    Batch batch;
    int64_t end = std::min(traffic.mails(), at + mails_a_batch);
    for (; at < end; ++at) traffic.add(at, batch);
    batch.checkpoint = {"bench", "bench", static_cast<uint64_t>(at), static_cast<uint64_t>(at)};
    mails += static_cast<int64_t>(batch.connects.size());
    deliveries += static_cast<int64_t>(batch.deliveries.size());
    if (auto done = sink.write(batch); !done) return fail(done.error().text);
    if (seconds_since(start) - said > 30) {
      said = seconds_since(start);
      fmt::print("  {:3.0f} %  {:.0f} s\n",
                 100.0 * static_cast<double>(at) / static_cast<double>(traffic.mails()), said);
      std::fflush(stdout);
    }
  }
  fmt::print("  {} mails, {} deliveries in {:.0f} s, {:.1f} us CPU a row here\n", mails, deliveries,
             seconds_since(start), own_cpu() * 1e6 / static_cast<double>(mails + deliveries));
  return 0;
}

struct Figures {
  std::vector<double> first, wall, cpu;  // milliseconds; first: CPU of the first call
  size_t calls = 0, hits = 0, failed = 0;
  std::string error;
};

double at(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  auto index = static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[index];
}

// A page as the web page gets it: call after call, each with a budget, until it is full or everything was
// read.
void once(Reader& reader, Query query, const Arguments& arguments, Figures& figures) {
  auto processes = processes_of(arguments.number("server", 0));
  auto cpu = [&] {
    double sum = own_cpu();
    for (const auto& process : processes) sum += cpu_of(process);
    return sum;
  };
  query.budget_ms = static_cast<int>(arguments.number("budget", 400));
  double before = cpu();
  auto start = Clock::now();
  size_t hits = 0, calls = 0;
  for (auto wanted = static_cast<size_t>(query.limit); hits < wanted;) {
    auto page = reader.search(query);
    if (++calls == 1) figures.first.push_back((cpu() - before) * 1000);
    if (!page) {
      ++figures.failed;
      figures.error = page.error().text;
      break;
    }
    hits += page->hits.size();
    query.after = page->next;
    if (page->next.empty() || seconds_since(start) > 60) break;
  }
  figures.wall.push_back(seconds_since(start) * 1000);
  figures.cpu.push_back((cpu() - before) * 1000);
  figures.hits += hits;
  figures.calls += calls;
}

// Run by run through all cases, so that they disturb each other's caches as people do.
int measure(Reader& reader, const Traffic& traffic, Day last, const Arguments& arguments) {
  std::vector<Case> cases = search_cases(traffic, last);
  std::string only = arguments.text("only");
  if (!only.empty()) {
    std::erase_if(cases, [&](const Case& c) { return c.name.find(only) == std::string::npos; });
  }
  int64_t runs = arguments.number("runs", 60);
  Random random(static_cast<uint64_t>(arguments.number("seed", 1)));
  std::vector<Figures> figures(cases.size());
  for (int64_t run = 0; run < runs; ++run) {
    for (size_t i = 0; i < cases.size(); ++i) {
      // What takes seconds is known after a few times.
      if (figures[i].wall.size() >= 2 && at(figures[i].wall, 0.5) > 500) continue;
      once(reader, cases[i].query(random), arguments, figures[i]);
    }
  }
  if (!arguments.text("quiet").empty()) return 0;
  fmt::print("{:32} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6} {:>6}\n", "search", "runs", "p50 ms", "p95 ms",
             "CPU p50", "CPU p95", "first p95", "calls", "hits");
  for (size_t i = 0; i < cases.size(); ++i) {
    const Figures& f = figures[i];
    auto count = static_cast<double>(f.wall.size());
    double p95 = at(f.wall, 0.95), cpu95 = at(f.cpu, 0.95);
    const char* verdict = cases[i].goal == 0       ? ""
                          : p95 <= cases[i].goal   ? "reached"
                          : cpu95 <= cases[i].goal ? "reached in CPU time"
                                                   : "MISSED";
    fmt::print("{:32} {:>5} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>9.2f} {:>6.1f} {:>6.1f}  {}{}\n",
               cases[i].name, f.wall.size(), at(f.wall, 0.5), p95, at(f.cpu, 0.5), cpu95, at(f.first, 0.95),
               static_cast<double>(f.calls) / count, static_cast<double>(f.hits) / count,
               cases[i].goal == 0 ? "" : fmt::format("goal {:.0f} ms ", cases[i].goal), verdict);
    if (f.failed != 0) fmt::print("    {} failed: {}\n", f.failed, f.error);
  }
  return 0;
}

std::unique_ptr<Sink> make_sink(const Arguments& arguments, std::string& error) {
  std::string kind = arguments.text("sink");
  auto plugin = load_plugin(plugin_directory(), PluginKind::sink, kind);
  if (!plugin) {
    error = plugin.error().text;
    return nullptr;
  }
  ConfigErrors errors("options");
  Node node;
  std::stringstream text;
  text << std::ifstream(arguments.text("options")).rdbuf();
  load_yaml(text.str(), node, errors);
  auto sink = (*plugin)->make_sink(node, errors, StoreContext{kind, "."});
  for (const auto& line : errors.lines()) error += line + "\n";
  return sink;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 2; i + 1 < argc; i += 2)
    arguments.named[argv[i] + (std::string_view(argv[i]).starts_with("--") ? 2 : 0)] = argv[i + 1];
  std::string what = argc > 1 ? argv[1] : "";
  Time last{};
  if (!parse_time(arguments.text("last"), last) ||
      (what != "schema" && what != "fill" && what != "measure")) {
    return fail(
        "usage: search_bench schema|fill|measure --sink KIND --options FILE --last DAY --deliveries N …");
  }
  std::string error;
  auto sink = make_sink(arguments, error);
  if (!sink) return fail(error);
  Traffic traffic(arguments.number("deliveries", 10'000'000), day_of(last));
  if (what != "measure") {
    if (auto opened = sink->open(); !opened) return fail(opened.error().text);
    return what == "schema" ? 0 : fill(*sink, traffic, arguments.number("batch", 4000));
  }
  auto reader = sink->open_reader();
  if (!reader) return fail(reader.error().text);
  return measure(**reader, traffic, day_of(last), arguments);
}
